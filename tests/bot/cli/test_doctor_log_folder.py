"""DOCKER_LOG_DIR: what is said of a folder that cannot be read works when it is typed."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.doctor import log_folder
from bot.cli.doctor.examined import CheckState
from bot.cli.doctor.log_folder import IN_A_CONTAINER, commands_for, examine_log_folder
from tests.support.paths import ROOT

NOBODY = 65_534
# Imported before it becomes somebody else: the packages may lie where only root may read.
EXAMINES = f"""
import os, sys
from pathlib import Path
from bot.cli.doctor import log_folder
log_folder.MARKS = ()
os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
(told,) = log_folder.examine_log_folder(Path(sys.argv[1]))
print(told.state.value, told.fix, sep="\\n")
"""


@pytest.fixture
def containers() -> Iterator[Path]:
    """The folder as the Engine makes it: root's, and passed through by nobody else."""
    if os.geteuid() != 0 or shutil.which("setfacl") is None:
        pytest.skip("needs root, who may become somebody else, and setfacl")
    top = Path(tempfile.mkdtemp(prefix="bb-log-folder-"))
    top.chmod(0o711)
    folder = top / "docker" / "containers"
    (folder / "c1").mkdir(parents=True)
    for one in (folder / "c1", folder, folder.parent):
        one.chmod(0o710)
    (folder / "c1" / "c1-json.log").write_text("a line")
    (folder / "c1" / "c1-json.log").chmod(0o640)
    (folder / "c1" / "config.v2.json").write_text("a secret")
    (folder / "c1" / "config.v2.json").chmod(0o600)
    yield folder
    shutil.rmtree(top)


def _as_nobody(*command: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, user=NOBODY, group=NOBODY,
        extra_groups=(), cwd="/",
    )  # fmt: skip
    return done.stdout or done.stderr


def _examined(folder: Path) -> list[str]:
    typed = [sys.executable, "-c", EXAMINES, str(folder)]
    done = subprocess.run(typed, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_commands_that_it_names_let_the_bots_user_read_logs_and_nothing_else(
    containers: Path,
) -> None:
    state, fix = _examined(containers)
    assert state == CheckState.WARNING.value
    for command in fix.split(" by: ")[1].split(" && "):
        subprocess.run(["/bin/sh", "-c", command.removeprefix("sudo ")], cwd=ROOT, check=True)
    assert _examined(containers)[0] == CheckState.OK.value
    assert _as_nobody("cat", str(containers / "c1" / "c1-json.log")) == "a line"
    assert "Permission denied" in _as_nobody("cat", str(containers / "c1" / "config.v2.json"))
    assert "Permission denied" in _as_nobody("ls", str(containers))


def test_a_folder_that_is_not_there_is_told_apart(tmp_path: Path) -> None:
    (told,) = examine_log_folder(tmp_path / "nowhere" / "containers")
    assert (told.state, "there is no" in told.detail) == (CheckState.WARNING, True)
    assert "docker info" in told.fix
    (fine,) = examine_log_folder(tmp_path)
    assert fine.state is CheckState.OK
    assert list(examine_log_folder(None)) == []


def test_in_a_container_it_names_the_script_and_the_file_of_compose(
    containers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_folder, "MARKS", (Path("/"),))
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != containers)
    (told,) = examine_log_folder(containers)
    assert told.fix == IN_A_CONTAINER


def test_the_folders_own_grant_is_enough_where_the_way_there_is_open() -> None:
    folder = Path("/srv/logs")
    fix = commands_for(folder, folder, 1_000)
    assert fix.endswith("sudo DOCKER_LOG_GID=1000 deploy/direct-logs.sh grant /srv/logs")
