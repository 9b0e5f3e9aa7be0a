"""The canary plug-in fails a test by which outside text comes out, on each way out."""

import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.alerts.store import serialization
from bot.border.outside import Outside
from bot.cli import output
from bot.diagnosis.export import page
from bot.domain.alert import Sample
from bot.domain.report import Report
from bot.log import Json, Redacted
from bot.monitoring.metrics import Metrics
from bot.slack.blocks.renderer import BlockKit
from bot.text import privacy
from tests.support import canaries
from tests.support.canaries import CANARY
from tests.support.paths import ROOT

AT = datetime(2026, 2, 10, tzinfo=UTC)
REPORT = Report("logs", f"A {CANARY}")
RECORD = logging.makeLogRecord({"name": "bot.test", "msg": f"read {CANARY}"})


def _metric() -> object:
    metrics = Metrics()
    metrics.observe(CANARY, "read", "ok", 1.0)
    return metrics.exposition()


@pytest.mark.parametrize(
    "way",
    [
        lambda: privacy.presentable(REPORT),
        lambda: privacy.presentable(Report("logs", "A title", facts={CANARY: 1})),
        lambda: Sample(AT, {"seen": [CANARY]}),
        lambda: Sample(AT, {CANARY: 1}),
        lambda: serialization.text_column(CANARY),
        lambda: output.to_json({"a": CANARY}),
        lambda: page.page(REPORT, AT),
        lambda: BlockKit(None).report(REPORT),
        lambda: Redacted().format(RECORD),
        lambda: Json().format(RECORD),
        _metric,
    ],
)
def test_a_canary_is_caught_on_each_way_out(way: Callable[[], object]) -> None:
    with canaries.caught() as found:
        way()
    assert found


def test_text_that_did_not_pass_is_caught_wherever_it_stands() -> None:
    with canaries.caught() as found:
        canaries.judge("report", Report("logs", "A title", facts={"a": [{Outside("x"): 1}]}))
    assert found == ["report/facts/a/0/key holds text that did not pass the border"]


def test_what_passed_is_not_caught() -> None:
    with canaries.caught() as found:
        privacy.presentable(Report("logs", "A title", facts={"a": Outside(f"elev {CANARY}")}))
    assert found == []


def test_the_test_that_let_it_out_fails(tmp_path: Path) -> None:
    test = tmp_path / "test_leak.py"
    test.write_text(
        "from datetime import UTC, datetime\n"
        "from bot.domain.alert import Sample\n\n\n"
        "def test_leak():\n"
        f"    Sample(datetime(2026, 2, 10, tzinfo=UTC), {{'seen': '{CANARY}'}})\n\n\n"
        "def test_none():\n"
        "    Sample(datetime(2026, 2, 10, tzinfo=UTC), {'seen': 1})\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.support.canaries",
        "-p",
        "no:cacheprovider",
    ]
    ended = subprocess.run(
        [*command, "-q", "--rootdir", tmp_path, test],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "1 failed, 1 passed" in ended.stdout
    assert f"sample/data/seen holds the canary {CANARY}" in ended.stdout
