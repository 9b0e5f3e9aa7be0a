"""The systemd unit is one that systemd understands, and treats each end of the bot as meant."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.formats import Exit
from tests.support.paths import ROOT

UNIT = ROOT / "deploy" / "batchbot.service"


def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    """`python -m tests.fresh.unit` runs it; this needs no system that was booted by systemd."""
    if shutil.which("systemd-analyze") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no systemd-analyze here")
    unit = tmp_path / UNIT.name
    program = Path(sys.executable).with_name("batchbot")
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/batchbot/bin/batchbot", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_only_a_wrong_setting_is_not_tried_again() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNIT, encoding="utf-8")
    service = unit["Service"]
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == str(int(Exit.USAGE))
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
