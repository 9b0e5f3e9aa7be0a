"""Whose silence a detector takes for one: each that reads lines says so, and none errs by it."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import registry
from bot.replay.run import replay_directory
from bot.settings.services import HULEEDU_SERVICES
from tests.support.paths import ROOT

SUBJECTS = sorted(
    folder
    for day in ("day", "day_3")
    for folder in (ROOT / "tests/fixtures" / day / "alerts").iterdir()
)
SERVICES = ("huleedu_cj_assessment_service", "huleedu_llm_provider_service")
TICK, LATER = 60.0, timedelta(minutes=45)
_AT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def of_lines() -> dict[str, Any]:
    """Return the detectors that read lines."""
    return {name: one for name, one in registry.detectors().items() if getattr(one, "needles", ())}


@pytest.mark.parametrize("name", of_lines())
def test_a_detector_that_reads_lines_states_what_it_rests_on(name: str) -> None:
    detector = of_lines()[name]
    own = [base for base in detector.__mro__ if base.__module__ == detector.__module__]
    assert any("rests_on" in vars(base) for base in own), (
        f"{name} reads lines: say in `rests_on` whose silence it takes for one, or () and why none"
    )


def continued(folder: Path, target: Path, *, own: bool) -> Path:
    """Copy a case's logs; the other service, or its own, writes on for a while after its end."""
    shutil.copytree(folder, target)
    logs = sorted(target.glob("*.log"))
    last = max(datetime.fromisoformat(at) for log in logs for at in _AT.findall(log.read_text()))
    idle = [
        f"{last + timedelta(minutes=one):%Y-%m-%d %H:%M:%S} [debug    ] idle [a_service.loop]\n"
        for one in range(1, int(LATER.total_seconds()) // 60)
    ]
    for name in SERVICES:
        with (target / f"{name}.log").open("a") as log:
            if (target / f"{name}.log") not in logs or own:
                log.writelines(idle)
    return target


def events_of(folder: Path) -> list[tuple[str, str]]:
    """Return what a replay says of alerts: the event and its detector, of the whole case."""
    found = replay_directory(folder, HULEEDU_SERVICES, UTC, TICK)
    return [(one["event"], one["detector"]) for one in found]


@pytest.mark.parametrize("folder", SUBJECTS, ids=lambda folder: folder.name)
def test_the_silence_of_a_log_ends_no_alert(folder: Path, tmp_path: Path) -> None:
    events = events_of(continued(folder, tmp_path / "case", own=False))
    opened = {detector for event, detector in events if event == "open"}
    assert opened - {"source_unreadable"}
    assert not {detector for event, detector in events if event == "resolve"}


def test_the_silence_of_a_service_that_writes_on_ends_some(tmp_path: Path) -> None:
    ended = {
        folder.name
        for folder in SUBJECTS
        if "resolve" in dict(events_of(continued(folder, tmp_path / folder.name, own=True)))
    }
    assert len(ended) > len(SUBJECTS) / 2
