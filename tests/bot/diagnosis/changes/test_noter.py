"""A tick's sources are read for what changes, and lines tell what no other source does."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.diagnosis.changes.noter import Noter
from bot.diagnosis.changes.sighting import Own
from bot.domain.changes.change import untimed
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent
from bot.domain.service_state import ContainerState, ServiceHealth
from tests.support.fakes.sources import CJ, LPS, at, event
from tests.support.watches import GivenWatch

START = at("2025-11-19T23:00:00")


async def told(*watches: GivenWatch, own: Own | None = None) -> list[str]:
    """Return what is told over several ticks."""
    noter, known, found = Noter(own or Own("1")), dict[str, Any](), list[str]()
    for watch in watches:
        noted = await noter.note(watch, known)
        known, found = dict(noted.known), [*found, *map(untimed, noted.changes)]
    return found


def tick(minutes: float, *events: LogEvent, **given: Any) -> GivenWatch:
    now = START + timedelta(minutes=minutes)
    return GivenWatch(now, now - timedelta(seconds=15), logs=Followed(events), **given)


def dispatch(minutes: float, mode: str) -> LogEvent:
    moment = START + timedelta(minutes=minutes)
    return event(moment, "serial_bundle_dispatch", queue_processing_mode=mode)


def answer(minutes: float, model: str, *, is_error: bool = False) -> LogEvent:
    return event(
        START + timedelta(minutes=minutes),
        "Processing LLM comparison callback for request 1",
        CJ,
        provider="anthropic",
        model=model,
        is_error=is_error,
    )


async def test_modes_and_models_are_read_from_lines() -> None:
    found = await told(
        tick(0, dispatch(0, "per_request"), answer(0, "claude-haiku-4-5")),
        tick(9, dispatch(9, "serial_bundle"), answer(9, "claude-sonnet-4-5")),
        tick(20, answer(20, "unknown", is_error=True)),
    )
    assert sorted(found) == [
        "LLM provider's mode per_request → serial_bundle",
        "model anthropic/claude-haiku-4-5 → anthropic/claude-sonnet-4-5",
    ]


async def test_start_up_lines_tell_starts_and_default_models() -> None:
    def start(minutes: float, model: str) -> tuple[LogEvent, ...]:
        moment = START + timedelta(minutes=minutes)
        text = "Anthropic provider initialized with manifest configuration"
        lines = event(moment, text, default_model=model), event(moment, "Queue processor started")
        return (*lines, event(moment, "CJ Assessment Kafka consumer started", CJ))

    found = await told(tick(0, *start(0, "claude-a")), tick(9, *start(9, "claude-b")))
    assert sorted(found) == sorted(
        [
            *[f"{service.name} restarted" for service in (LPS, CJ)],
            "Anthropic's default model claude-a → claude-b",
        ]
    )


async def test_the_engine_the_services_and_the_database_are_asked_with_the_detectors() -> None:
    def state(image: str, id: str) -> Mapping[str, Any]:
        engine = [ContainerState(LPS.name, LPS.container, id, "running", image_id=image)]
        return {"engine": engine}

    def health(minutes: float, *, mock: bool) -> list[ServiceHealth]:
        return [ServiceHealth(LPS.name, START + timedelta(minutes=minutes), mock_mode=mock)]

    missing = Missing("containers", "gone")
    found = await told(
        tick(0, **state("a1a1", "1"), services=health(0, mock=True), revision="20251119_1200"),
        tick(1, engine=missing, services=None, revision=missing),
        tick(2, **state("b2b2", "2"), services=health(2, mock=False), revision="20251208_1200"),
    )
    assert found == [
        f"{LPS.name} recreated, image a1a1 → b2b2",
        "mock mode on → off",
        "CJ's schema 20251119_1200 → 20251208_1200",
    ]


async def test_runners_that_come_and_go_are_no_changes() -> None:
    def runner(id: str) -> list[ContainerState]:
        return [ContainerState("eng5_np_runner", "x-eng5_np_runner-run-1", id, "running")]

    assert await told(tick(0, engine=runner("1")), tick(1, engine=runner("2"))) == []


async def test_hostile_names_of_images_and_models_do_not_leave() -> None:
    name = "sk-ant-api03-PLANTED0123456789abcdef"
    engine = [ContainerState(LPS.name, LPS.container, "2", "running", image=name)]
    old = [ContainerState(LPS.name, LPS.container, "1", "running", image="x")]
    found = await told(
        tick(0, answer(0, "claude-a"), engine=old), tick(9, answer(9, name), engine=engine)
    )
    assert len(found) == 2
    assert "PLANTED" not in f"{found}"
