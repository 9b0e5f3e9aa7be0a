"""What a detector wants is never left out by the byte prefilter."""

from datetime import UTC
from pathlib import Path

import pytest

from bot.domain.log import LogEvent, Role
from bot.ports.detectors import all_needles
from bot.registry import detectors
from bot.service.watched import build_detectors
from bot.sources.log_format.parser import parse_lines
from tests.support.paths import ROOT

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
