"""What a detector wants is never left out by the byte prefilter."""

from datetime import UTC, timedelta
from pathlib import Path

import pytest

from bot.domain.alert import Sample
from bot.domain.log import LogEvent, Role
from bot.ports.detectors import all_needles, needles_of
from bot.registry import detectors
from bot.replay.logs import Tally, merged
from bot.replay.run import _Grid, _watches, longest_quiet, samples_of
from bot.replay.samples import readings_of
from bot.replay.wanted import Wanted
from bot.service.watched import build_detectors
from bot.settings.services import HULEEDU_SERVICES
from bot.sources.log_format.parser import parse_lines
from tests.support.paths import ROOT

TICK = timedelta(seconds=15)
RECORDED = sorted(ROOT.glob("bot/demo/incident/logs/*/*.log"))


def events(path: Path) -> list[LogEvent]:
    role = Role.CJ if "cj_assess" in path.name else Role.LLM_PROVIDER
    lines = path.read_bytes().splitlines()
    return list(parse_lines(lines, service="s", container="c", role=role, zone=UTC))


@pytest.mark.parametrize("name", detectors())
def test_every_wanted_event_holds_a_needle(name: str) -> None:
    (detector,) = (one for one in build_detectors() if one.name == name)
    needles = getattr(detector, "needles", None)
    assert needles is not None, "without needles every line of every container is parsed"
    wanted = [event for path in RECORDED for event in events(path) if detector.wants(event)]
    assert [event.text[:200] for event in wanted if not any(n in event.text for n in needles)] == []


def test_one_detector_without_needles_has_everything_parsed() -> None:
    class Silent:
        needles = ("a", "b")

    class Curious:
        pass

    assert all_needles([Silent(), Silent()]) == ("a", "b")  # type: ignore[list-item]
    assert all_needles([Silent(), Curious()]) is None  # type: ignore[list-item]


@pytest.mark.parametrize("folder", sorted({path.parent for path in RECORDED}), ids=lambda p: p.name)
def test_a_line_without_its_needles_changes_nothing_for_a_detector(folder: Path) -> None:
    assert _sampled(folder, own=True) == _sampled(folder, own=False)


def _sampled(folder: Path, *, own: bool) -> list[dict[str, Sample]]:
    """Return what the detectors read of a recording: their own lines of it, or all."""
    made = {one.name: one for one in build_detectors()}
    wanted = Wanted({name: needles_of(one) if own else None for name, one in made.items()}, TICK)
    tally = Tally()
    events = merged(folder, HULEEDU_SERVICES, UTC, tally, wanted)
    grid = _Grid(TICK, longest_quiet(made, TICK), tally)
    watches = _watches(events, readings_of([], UTC, TICK), grid, "np", wanted)
    return [samples_of(watch, made, wanted) for watch in watches]
