"""What a tick sees is held against what was known: what is new is a change, once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from bot.diagnosis.changes.differences import noted
from bot.diagnosis.changes.sighting import Own, Sighting, Value
from bot.domain.callbacks.callback import ConsumerBacklog
from bot.domain.changes.change import Change, ChangeKind, untimed
from tests.support.fakes.sources import at

START = at("2025-11-19T23:00:00")
SERVICE = "llm_provider_service"


def container(
    image: str = "a1a1a1a1a1a1",
    state: str = "running",
    started: datetime | None = None,
    health: str = "",
) -> dict[str, Any]:
    stamp = started.isoformat() if started else None
    return {"image": image, "state": state, "health": health, "started_at": stamp}


def engine(minutes: float, **rows: Mapping[str, Any]) -> Sighting:
    return Sighting(START + timedelta(minutes=minutes), containers={SERVICE: rows} if rows else {})


def told(*sightings: Sighting) -> list[str]:
    """What is told over several ticks, in words."""
    known: Mapping[str, Any] = {}
    found: list[Change] = []
    for one in sightings:
        result = noted(known, one)
        known, found = result.known, [*found, *result.changes]
    return [untimed(one) for one in found]


def test_what_is_seen_first_is_no_change() -> None:
    assert told(engine(0, a=container()), engine(1, a=container())) == []


def test_a_recreated_container_is_told_with_both_images() -> None:
    after = container("c3c3c3c3c3c3", started=START + timedelta(minutes=1))
    assert told(engine(0, a=container()), engine(1, b=after), engine(2, b=after)) == [
        f"{SERVICE} recreated, image a1a1a1a1a1a1 → c3c3c3c3c3c3"
    ]
    (change,) = noted(noted({}, engine(0, a=container())).known, engine(1, b=after)).changes
    assert (change.at, change.is_exact) == (START + timedelta(minutes=1), True)


def test_a_container_that_is_seen_removed_in_between_is_told_as_recreated_all_the_same() -> None:
    assert told(engine(0, a=container()), engine(1), engine(2, b=container())) == [
        f"{SERVICE} running → removed",
        f"{SERVICE} recreated, same image",
    ]


def test_one_more_container_of_a_service_is_no_recreation() -> None:
    both = engine(1, a=container(), b=container())
    assert told(engine(0, a=container()), both, both) == [
        f"another {SERVICE} started, image a1a1a1a1a1a1"
    ]


def test_a_service_that_was_not_there_before_starts_and_is_neither_restarted_nor_another() -> None:
    line = f"{SERVICE} started, image a1a1a1a1a1a1"
    assert told(engine(0), engine(1, a=container()), engine(2, a=container())) == [line]
    created = engine(0, a=container(state="created"))
    assert told(created, engine(1, a=container())) == [line]
    assert told(Sighting(START), engine(1, a=container())) == []


def test_a_restart_is_told_once_when_it_happened_and_a_loop_of_them_is_counted() -> None:
    def tick(minutes: float) -> Sighting:
        moment = START + timedelta(minutes=minutes)
        return engine(minutes, a=container(started=moment))

    assert told(tick(0), tick(1)) == [f"{SERVICE} restarted"]
    once = f"{SERVICE} restarted"
    assert told(*(tick(minutes / 2) for minutes in range(14))) == [once] * 13
    loop = [tick(seconds / 60) for seconds in range(0, 310, 5)]
    assert told(*loop) == [*[once] * 20, f"{SERVICE} restarted 41 times"]


def test_an_engine_that_forgot_when_a_container_started_tells_no_restart() -> None:
    before, after = container(started=START), container()
    assert told(engine(0, a=before), engine(1, a=after), engine(2, a=before)) == []


def test_ends_and_health_are_told_and_starting_is_neither() -> None:
    rows = [
        container(health="starting"),
        container(health="healthy"),
        container(health="unhealthy"),
        container(health="starting"),
        container(state="exited"),
    ]
    assert told(*(engine(n, a=row) for n, row in enumerate(rows))) == [
        f"{SERVICE} healthy → unhealthy",
        f"{SERVICE} running → exited",
    ]


def test_containers_that_could_not_be_read_say_nothing() -> None:
    assert told(engine(0, a=container()), Sighting(START), engine(2, a=container())) == []


def test_a_start_is_told_by_its_line_where_no_engine_tells_it_and_once() -> None:
    def lines(at: float, *minutes: float) -> Sighting:
        starts = tuple((SERVICE, START + timedelta(minutes=one), "started") for one in minutes)
        return Sighting(START + timedelta(minutes=at), starts=starts)

    assert told(lines(0, -1), lines(1, 0.4, 0.41), lines(8, 8)) == [f"{SERVICE} restarted"] * 2
    two = ((SERVICE, START + timedelta(minutes=one), text) for one, text in (
        (4, "started"), (4.06, "listens"), (5, "started"), (5.06, "listens"), (9, "listens"),
    ))  # fmt: skip
    told_of = told(lines(0, -1), Sighting(START + timedelta(minutes=9), starts=tuple(two)))
    assert told_of == [f"{SERVICE} restarted"] * 3
    seen = engine(1, a=container(started=START + timedelta(minutes=1)))
    by_both = Sighting(seen.at, containers=seen.containers, starts=((SERVICE, seen.at, "started"),))
    assert told(engine(0, a=container(started=START)), by_both) == [f"{SERVICE} restarted"]


def test_an_older_start_line_that_is_read_later_hides_no_newer_one_and_repeats_none() -> None:
    def line(minutes: float, text: str, *, read: float) -> Sighting:
        start = (SERVICE, START + timedelta(minutes=minutes), text)
        return Sighting(START + timedelta(minutes=read), starts=(start,))

    first = line(-1, "started", read=0)
    later, older = line(5.6, "listens", read=6), line(5, "started", read=7)
    assert told(first, later, older, line(6.6, "started", read=8)) == [f"{SERVICE} restarted"]


@pytest.mark.parametrize(
    ("heard", "line"),
    [
        ({}, "started"),
        ({SERVICE: START + timedelta(minutes=4.9)}, "started"),  # lines of the start itself
        ({SERVICE: START}, "restarted"),
    ],
)
def test_a_start_line_is_a_restart_only_of_what_was_heard_before(
    heard: dict[str, datetime], line: str
) -> None:
    begins = START + timedelta(minutes=5)
    start = Sighting(begins, starts=((SERVICE, begins, "started"),), heard=heard)
    assert told(Sighting(START), start) == [f"{SERVICE} {line}"]


def test_a_start_before_watching_began_is_no_restart_however_late_its_line_is_read() -> None:
    """The demo's services start seconds before the bot, after an hour of older lines."""
    heard = {SERVICE: START - timedelta(hours=1)}
    first = (SERVICE, START - timedelta(seconds=3), "started")
    again = (SERVICE, START + timedelta(seconds=5), "started")
    late = Sighting(START + timedelta(seconds=15), starts=(first,), heard=heard)
    assert told(Sighting(START), late) == []
    both = Sighting(START + timedelta(seconds=15), starts=(first, again), heard=heard)
    assert told(Sighting(START), both) == [f"{SERVICE} restarted"]


def value(kind: ChangeKind, word: str, minutes: float, subject: str = "x") -> Sighting:
    moment = START + timedelta(minutes=minutes)
    return Sighting(moment, values=(Value(kind, subject, word, moment, "logs"),))


@pytest.mark.parametrize("kind", [ChangeKind.MODE, ChangeKind.SCHEMA, ChangeKind.MOCK_MODE])
def test_a_word_that_changes_is_told_with_both(kind: ChangeKind) -> None:
    ticks = [value(kind, word, n) for n, word in enumerate(("a", "a", "b", "b", "a"))]
    assert told(*ticks) == ["x a → b", "x b → a"]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_in_whatever_order_lines_are_read_the_newest_is_what_is_known(order: list[int]) -> None:
    ticks = [value(ChangeKind.MODE, word, n) for n, word in enumerate("abca")]
    known: Mapping[str, Any] = {}
    for one in order:
        result = noted(known, ticks[one])
        known = result.known
        newest = max(order[: order.index(one) + 1])
        assert known["values"]["x"]["value"] == "abca"[newest]


def test_an_older_batch_that_is_seen_later_changes_nothing() -> None:
    kind = ChangeKind.MODE
    assert told(value(kind, "a", 1), value(kind, "b", 2), value(kind, "a", 1)) == ["x a → b"]


def test_models_that_alternate_are_none_and_one_that_took_over_is_told_since_it_was_seen() -> None:
    def use(word: str, minutes: float) -> Sighting:
        return value(ChangeKind.MODEL, word, minutes, "model")

    assert told(*(use("ab"[n % 2], n) for n in range(30))) == []
    ticks = [use("a", 0), use("b", 1), use("b", 4), use("b", 6)]
    assert told(*ticks) == ["model a → b"]
    known: Mapping[str, Any] = {}
    for one in ticks:
        result = noted(known, one)
        known = result.known
    assert [one.at for one in result.changes] == [START + timedelta(minutes=1)]
    assert told(use("a", 0), use("b", 60)) == ["model a → b"]


CALLBACKS, REQUESTS = "huleedu.llm_provider.comparison_result.v1", "huleedu.els.requested.v1"


def test_a_topic_made_anew_is_told_by_its_name_and_by_a_consumer_beyond_its_end() -> None:
    def tick(callbacks: int, requests: int = 0, *, beyond: bool = False) -> Sighting:
        counts = {CALLBACKS: callbacks, REQUESTS: requests}
        backlog = ConsumerBacklog("g", 0, beyond, counts, CALLBACKS)
        return Sighting(START, topic=backlog)

    line, other = (f"topic {name} was made anew" for name in (CALLBACKS, REQUESTS))
    assert told(tick(0), tick(1), tick(1)) == [line]
    assert told(tick(0), tick(0, 1), tick(0, 1)) == [other]
    assert told(tick(0), tick(1, 1)) == [other, line]
    assert told(tick(0), tick(1, beyond=True), tick(1, beyond=True)) == [line]
    assert told(tick(0), tick(0, beyond=True), tick(0, beyond=True)) == [line]
    assert told(tick(3), tick(0), tick(0)) == []


def test_what_a_version_before_kept_of_topics_is_no_reason_to_tell_one() -> None:
    kept = {"since": START.isoformat(), "topic": {"recreations": 0, "beyond": False}}
    seen = Sighting(START, topic=ConsumerBacklog("g", 0, False, {CALLBACKS: 2}, CALLBACKS))
    now = noted(kept, seen)
    assert now.changes == ()
    assert now.known["topic"]["recreations"] == 2


def own(version: str, **settings: str) -> Sighting:
    moment = Value(ChangeKind.VERSION, "batchbot", version, START, "")
    return Sighting(START, own=Own(version, settings), values=(moment,))


def test_of_the_bots_own_settings_only_names_are_told() -> None:
    ticks: Sequence[Sighting] = (
        own("1", TICK_SECONDS="aa", SECRET="bb"),
        own("2", TICK_SECONDS="ab", OTHER="cc"),
    )
    assert told(*ticks) == [
        "batchbot 1 → 2",
        "batchbot's setting OTHER added",
        "batchbot's setting SECRET removed",
        "batchbot's setting TICK_SECONDS changed",
    ]


def test_lines_of_before_make_no_restart_of_a_first_start() -> None:
    """The demo's worker starts seconds after the bot, whose log holds a night of older lines."""
    old = Sighting(START + timedelta(seconds=3), heard={SERVICE: START - timedelta(hours=9)})
    begins = START + timedelta(seconds=7)
    first = Sighting(begins, starts=((SERVICE, begins, "started"),))
    assert told(Sighting(START), old, first) == [f"{SERVICE} started"]
