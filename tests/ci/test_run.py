"""The gate leaves the machine as it was, however it ends, and tells a race from a failure."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.paths import ROOT

GATE = ROOT / ".ci/run"
REAL = ("bash", "chmod", "dirname", "env", "id", "mkdir", "rm", "sleep", "tee")
FORBIDS = "#!/bin/sh\nexit 101\n"
# Notes what the policy says while packages are installed, which is what matters of it.
APT_GET = 'if [ "$1" = install ]; then cat <"$POLICY_RC_D" >"$SEEN"; %s; fi'

INI = "[pytest]\naddopts = -p no:asyncio -p no:hypothesispytest -p no:playwright\n"
PYTEST = ".venv/bin/pytest -n 0"


def _machine(folder: Path, install: str) -> dict[str, str]:
    """Return the environment of a bare machine, on which installing does `install`."""
    programs = folder / "programs"
    programs.mkdir()
    for name in (*REAL, "cat"):
        path = shutil.which(name)
        assert path is not None
        (programs / name).symlink_to(path)
    written = {"apt-get": APT_GET % install, "sudo": '"$@"', "make": "echo made $1", "npm": ""}
    for name, text in written.items():
        program = programs / name
        program.write_text(f"#!/usr/bin/env bash\n{text}\n")
        program.chmod(0o755)
    return {
        "PATH": str(programs),
        "POLICY_RC_D": str(folder / "policy-rc.d"),
        "SEEN": str(folder / "seen"),
    }


@pytest.mark.parametrize(("install", "code"), [("true", 0), ("exit 100", 100)])
@pytest.mark.parametrize("before", [None, "#!/bin/sh\nexit 104\n"])
def test_what_was_there_is_there_afterwards(
    tmp_path: Path, install: str, code: int, before: str | None
) -> None:
    policy = tmp_path / "policy-rc.d"
    if before is not None:
        policy.write_text(before)
    done = subprocess.run(
        [GATE], env=_machine(tmp_path, install), capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    made = re.findall(r"made (\w+)", done.stdout)
    assert made == ([] if code else ["setup", "lint", "test", "marathon"])
    assert (tmp_path / "seen").read_text() == (before or FORBIDS)
    assert (policy.read_text() if policy.exists() else None) == before


FAILS = "def test_{0}():\n    assert False\n"
# Fails once, as a race does, and leaves a note by which it knows the next time.
FAILS_ONCE = """
def test_{0}():
    from pathlib import Path
    seen = Path(__file__).with_name("seen_{0}")
    again = seen.exists()
    seen.touch()
    assert again
"""


def _gate(folder: Path, tests: str, command: str = PYTEST) -> subprocess.CompletedProcess[str]:
    """Run the gate, with the real make and pytest, on a project that has these tests."""
    environment = _machine(folder, "true")
    (folder / "programs/make").unlink()
    environment["PATH"] += f":{os.environ['PATH']}"
    (folder / ".ci").mkdir()
    shutil.copy(GATE, folder / ".ci/run")
    (folder / ".venv").symlink_to(Path(sys.prefix))
    (folder / "Makefile").write_text(f"setup lint marathon:\n\t@true\ntest:\n\t{command}\n")
    (folder / "pytest.ini").write_text(INI)
    (folder / "test_it.py").write_text("def test_right():\n    pass\n" + tests)
    return subprocess.run(
        [folder / ".ci/run"], env=environment, capture_output=True, text=True, check=False
    )


def _races(*names: str) -> str:
    return "".join(FAILS_ONCE.format(name) for name in names)


def test_what_passes_only_the_second_time_passes_and_is_named_loudly(tmp_path: Path) -> None:
    done = _gate(tmp_path, _races("one", "two", "three"))
    assert done.returncode == 0, done.stdout + done.stderr
    named = [f"test_it.py::test_{name}" for name in ("one", "two", "three")]
    said = done.stdout.split("== passed only the second time (a race):\n")[1]
    assert sorted(said.split()) == sorted(named)


def test_what_passes_at_once_is_not_said_to_race(tmp_path: Path) -> None:
    done = _gate(tmp_path, "")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "second time" not in done.stdout


TWICE, TOO_MANY, NOT_ALL = "failed twice", "too many failed for a race", "not everything ran"


@pytest.mark.parametrize(
    ("tests", "command", "said"),
    [
        pytest.param(FAILS.format("it") + _races("once"), PYTEST, TWICE, id="one of two twice"),
        pytest.param(_races(*"abcd"), PYTEST, TOO_MANY, id="four"),
        pytest.param(_races("once"), f"{PYTEST} --nonsense", NOT_ALL, id="usage"),
        pytest.param("", "false", NOT_ALL, id="never ran"),
    ],
)
def test_what_is_no_race_fails_the_gate(
    tmp_path: Path, tests: str, command: str, said: str
) -> None:
    done = _gate(tmp_path, tests, command)
    assert done.returncode != 0
    assert said in done.stdout
    assert "second time" not in done.stdout


def test_every_test_is_in_one_of_the_gate_s_two_targets() -> None:
    told = subprocess.run(
        ["make", "-n", "test", "marathon"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert re.findall(r"pytest .* -m (.+)", told) == ["'not marathon'", "marathon"]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_it_while_it_installs_finds_the_machine_as_before(
    tmp_path: Path, by: signal.Signals
) -> None:
    environment = _machine(tmp_path, 'echo >"$SEEN.too"; sleep 30')
    # A shell ignores for good what it finds ignored, as whatever runs in the background does.
    gate = subprocess.Popen(
        [GATE],
        env=environment,
        start_new_session=True,
        stdout=-3,
        stderr=-3,
        preexec_fn=lambda: signal.signal(by, signal.SIG_DFL),
    )
    until = time.monotonic() + 20
    while not (tmp_path / "seen.too").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert (tmp_path / "policy-rc.d").exists()
    os.killpg(gate.pid, by)
    assert gate.wait(20) != 0
    assert not (tmp_path / "policy-rc.d").exists()
