"""The files that messages name are in the wheel, and a hint says how to get one."""

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.shipped import FILES, place_of, with_places
from bot.errors import UsageError
from tests.support.paths import ROOT
from tests.support.servers.tcp_ports import lasting_port

NAMED = re.compile(r"(?<![\w/])(deploy/[\w./-]*\w|\.env\.example)")
# Named as folders: the files in them are.
FOLDERS = {"deploy/docker-proxy"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it lies in site-packages."""
    folder = tmp_path_factory.mktemp("site-packages")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def named() -> Iterator[str]:
    """Yield what the strings of the code name."""
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "commands").rglob("*.py")]:
        if path.name != "docs.py":
            yield from NAMED.findall(path.read_text(encoding="utf-8"))


def test_what_messages_name_can_be_printed() -> None:
    assert set(named()) - FOLDERS <= set(FILES)
    for name in FILES:
        assert place_of(name).read_text(encoding="utf-8") == (ROOT / name).read_text("utf-8")
    assert place_of("readonly_role.sql") == ROOT / "deploy" / "readonly_role.sql"
    with pytest.raises(UsageError, match=r"no file \.\./\.\./etc/passwd"):
        place_of("../../etc/passwd")


def test_a_hint_says_how_to_get_what_is_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hint = "Use a read-only role: deploy/readonly_role.sql."
    monkeypatch.chdir(ROOT)
    assert with_places(hint) == hint
    monkeypatch.chdir(tmp_path)
    assert with_places(hint).endswith("(`batchbot files readonly_role.sql` prints it.)")
    assert with_places("Correct it.") == "Correct it."


def _program(unpacked: Path, *words: str) -> list[str]:
    start = f"import sys; sys.path.insert(0, {str(unpacked)!r}); from bot.__main__ import main"
    return [sys.executable, "-c", f"{start}; sys.argv[1:] = {list(words)!r}; main()"]


def test_the_wheel_holds_them_and_prints_them(unpacked: Path, tmp_path: Path) -> None:
    for name in FILES:
        assert (unpacked / "bot" / "shipped" / name).read_bytes() == (ROOT / name).read_bytes()
    done = subprocess.run(
        _program(unpacked, "files", "readonly_role.sql"),
        cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == (ROOT / "deploy" / "readonly_role.sql").read_text(encoding="utf-8")


def test_the_demo_runs_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    """As `pipx install` and `uv tool install` leave it: no checkout, another folder."""
    process = subprocess.Popen(
        _program(unpacked, "demo", "--port", str(lasting_port())),
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if "http://127.0.0.1:" in line or "http://localhost:" in line:
                break
        else:
            pytest.fail("".join(said))
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, "".join(said) + rest
