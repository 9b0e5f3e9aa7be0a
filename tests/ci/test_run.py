"""The gate leaves the machine's own policy on daemons as it was, however it ends."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.paths import ROOT

GATE = ROOT / ".ci/run"
REAL = ("bash", "chmod", "dirname", "env", "id", "rm", "sleep", "tee")
FORBIDS = "#!/bin/sh\nexit 101\n"
# Notes what the policy says while packages are installed, which is what matters of it.
APT_GET = 'if [ "$1" = install ]; then cat <"$POLICY_RC_D" >"$SEEN"; %s; fi'


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
    assert ("made test" in done.stdout) is (code == 0)
    assert (tmp_path / "seen").read_text() == (before or FORBIDS)
    assert (policy.read_text() if policy.exists() else None) == before


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
