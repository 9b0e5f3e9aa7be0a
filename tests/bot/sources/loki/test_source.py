import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnosis.evidence.freshness import heard
from bot.domain.log import LogEvent, LogQuery, Role, Service
from bot.errors import SourceError
from bot.settings import HULEEDU_SERVICES
from bot.sources.log_files import LogFiles
from bot.sources.log_follow.prefilter import KEPT_BEHIND
from bot.sources.loki import follow as follow_module
from bot.sources.loki.entries import Entry, entries_of, nanoseconds
from bot.sources.loki.follow import Intake
from bot.sources.loki.http import LokiHttp
from bot.sources.loki.labels import quoted
from bot.sources.loki.layouts import MOST_PIECES
from bot.sources.loki.memory import Memory
from bot.sources.loki.paging import MOST_REQUESTS, Pager
from bot.sources.loki.source import MOST_FIRST, Loki
from tests.support.paths import ROOT
from tests.support.servers.loki import LokiServer, running
from tests.support.shipping import NOW, ship_to_files, ship_to_loki, shipped

LOGS = ROOT / "bot/demo/incident/logs"
CJ = "huleedu_cj_assessment_service"
PROVIDER = "huleedu_llm_provider_service"
FOREIGN = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"


@asynccontextmanager
async def loki(
    server: LokiServer, services: Sequence[Service] = HULEEDU_SERVICES, **access: str
) -> AsyncIterator[Loki]:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async with running(server):
        source = Loki(
            LokiHttp(server.url, sleep=sleep, **access),
            services,
            UTC,
            clock=lambda: NOW,
        )
        try:
            yield source
        finally:
            await source.close()


def seen(events: tuple[LogEvent, ...]) -> list[tuple[object, ...]]:
    return [(e.at, e.container, e.level, e.event, e.error, e.fields, e.text) for e in events]


QUERIES = [
    LogQuery(any_of=(FOREIGN,)),
    LogQuery(any_of=("IntegrityError", "PendingRollbackError")),
    LogQuery(any_of=("batch",), levels=("error",)),
    LogQuery(any_of=("serial_bundle_dispatch",), context=3),
    LogQuery(any_of=(FOREIGN,), context=10),
    LogQuery(any_of=('"bundle_size": 8', "'bundle_size': 8")),
    LogQuery(any_of=("grade_projections_pkey",), roles=(Role.CJ,)),
    LogQuery(any_of=("no such words",)),
    LogQuery(any_of=("callback",), max_events=7),
    LogQuery(
        since=datetime(2025, 11, 18, 23, 40, tzinfo=UTC),
        until=datetime(2025, 11, 18, 23, 50, tzinfo=UTC),
    ),
    LogQuery(services=("llm_provider_service",), any_of=("Request",)),
]


@pytest.mark.parametrize("shape", ["console", "json"])
async def test_loki_and_files_give_the_same_answer(shape: str, tmp_path: Path) -> None:
    rows = shipped(LOGS / shape)
    ship_to_files(tmp_path, rows)
    files = LogFiles(tmp_path, HULEEDU_SERVICES, UTC)
    server = LokiServer(max_entries=500)
    ship_to_loki(server, rows)
    async with loki(server) as source:
        for query in QUERIES:
            ours, theirs = await source.search(query), await files.search(query)
            assert seen(ours.events) == seen(theirs.events), query
            assert {row.container: row.shown for row in ours.coverage} == {
                row.container: row.shown for row in theirs.coverage
            }


async def test_the_older_layout_gives_level_logger_and_correlation_id_back() -> None:
    server = LokiServer()
    at = nanoseconds(NOW - timedelta(hours=1))
    labels = {"container": CJ, "service": "cj_assessment_service", "logger_name": "cj.handlers"}
    server.put(at, "Processing callback", level="info", correlation_id=FOREIGN, **labels)
    server.put(at + 1, "another line", level="error", **labels)
    async with loki(server) as source:
        (event,) = (await source.search(LogQuery(any_of=(FOREIGN,)))).events
        assert (event.event, event.level, event.logger) == (
            "Processing callback",
            "info",
            "cj.handlers",
        )
        assert event.fields["correlation_id"] == FOREIGN
        both = await source.search(LogQuery())
        assert [row.level for row in both.events] == ["info", "error"]


async def test_services_are_found_by_label_and_else_by_container_name() -> None:
    server = LokiServer()
    at = nanoseconds(NOW - timedelta(hours=1))
    server.put(at, '{"event": "by label"}', container="x1", service="cj_assessment_service")
    server.put(at, '{"event": "by name"}', container="p-eng5_np_runner-run-1", service="other")
    server.put(at, '{"event": "not ours"}', container="redis", service="redis")
    async with loki(server) as source:
        found = await source.search(LogQuery())
        assert sorted(event.event for event in found.events) == ["by label", "by name"]


async def test_paging_goes_past_the_servers_limits_without_gap_or_repeat() -> None:
    server = LokiServer(max_entries=7, max_hours=10)
    times = [nanoseconds(NOW - timedelta(minutes=10 * n // 3)) for n in range(100)]
    for number, at in enumerate(times):
        server.put(at, f'{{"event": "n{number}"}}', container=CJ, service="cj_assessment_service")
    async with loki(server) as source:
        found = await source.search(LogQuery(any_of=("event",)))
        assert len({event.event for event in found.events}) == len(found.events) == 100
        assert found.coverage[0].matched == 100
        assert not found.coverage[0].truncated


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=60),
    st.integers(4, 9),
    st.sampled_from(["back", "ahead"]),
)
def test_pages_give_every_entry_once_in_either_direction(
    offsets: list[int], limit: int, direction: str
) -> None:
    async def run() -> list[Entry]:
        server = LokiServer(max_entries=limit)
        seen_at: dict[int, int] = {}
        for number, offset in enumerate(offsets):
            if seen_at.setdefault(offset, 0) >= limit - 1:
                continue
            seen_at[offset] += 1
            server.put(1_000 + offset, f"line {number}", container=f"c{number % 3}")
        async with running(server):
            http = LokiHttp(server.url)
            pager = Pager(http)
            try:
                pages = getattr(pager, direction)('{container=~"c.*"}', 0, 2_000)
                rows = [page async for page in pages]
            finally:
                await http.close()
        ordered = rows[::-1] if direction == "back" else rows
        found = [entry for page in ordered for entry in page]
        assert len(found) == sum(seen_at.values())
        return found

    found = asyncio.run(run())
    assert len(set(found)) == len(found)
    assert [entry.at for entry in found] == sorted(entry.at for entry in found)


async def test_more_lines_in_one_nanosecond_than_an_answer_holds_are_said_to_be_hidden() -> None:
    server = LokiServer(max_entries=5)
    at = nanoseconds(NOW - timedelta(hours=1))
    for number in range(20):
        server.put(at, f'{{"event": "n{number}"}}', container=CJ, service="cj_assessment_service")
    async with loki(server) as source:
        (coverage,) = (await source.search(LogQuery(any_of=("event",)))).coverage
        assert coverage.truncated
        assert "more matching lines" in coverage.note


async def test_the_horizon_is_the_oldest_line_that_loki_still_has() -> None:
    server = LokiServer()
    for hours in (30, 2):
        at = nanoseconds(NOW - timedelta(hours=hours))
        server.put(at, '{"event": "tick"}', container=CJ, service="cj_assessment_service")
    async with loki(server) as source:
        query = LogQuery(any_of=("tick",), since=NOW - timedelta(hours=3))
        (coverage,) = (await source.search(query)).coverage
        assert coverage.begins_at == NOW - timedelta(hours=30)
        assert coverage.shown == 1


def both_until(server: LokiServer, cj: float, provider: float) -> None:
    """Put lines of both services, the last of each so many minutes before NOW."""
    for name, service, minutes in (
        (CJ, "cj_assessment_service", cj), (PROVIDER, "llm_provider_service", provider),
    ):  # fmt: skip
        for before in (60, minutes):
            at = nanoseconds(NOW - timedelta(minutes=before))
            server.put(at, '{"event": "tick"}', container=name, service=service)


@pytest.mark.parametrize(("minutes", "silent"), [(0.0, []), (5.0, []), (7.0, [PROVIDER])])
async def test_a_service_whose_lines_no_longer_come_is_named(
    minutes: float, silent: list[str]
) -> None:
    server = LokiServer()
    both_until(server, 0.0, minutes)
    async with loki(server) as source:
        asked = LogQuery(any_of=("nowhere",), since=NOW - timedelta(minutes=2), until=NOW)
        found = heard(await source.search(asked))
        ends = {str(one.container): one.newest for one in found.coverage}
        assert ends == {CJ: NOW, PROVIDER: NOW - timedelta(minutes=minutes)}
        assert [str(name) for name, _ in found.missing] == silent


async def test_a_follow_knows_how_far_each_service_s_lines_reach() -> None:
    server = LokiServer()
    both_until(server, 1.0, 30.0)
    async with loki(server) as source:
        follow = await source.follow(since=NOW - timedelta(minutes=2))
        try:
            await taken(follow, 1)
            reached = follow.take().reached
            # Of whom no line came, nothing is known of before the follow began.
            assert reached == {CJ: NOW - timedelta(minutes=1), PROVIDER: NOW}
        finally:
            await follow.close()


async def test_an_id_without_a_lower_bound_is_looked_for_month_by_month() -> None:
    server = LokiServer(max_hours=721)
    at = nanoseconds(NOW - timedelta(days=200))
    server.put(at, f'{{"event": "{FOREIGN}"}}', container=CJ, service="cj_assessment_service")
    async with loki(server) as source:
        found = await source.search(LogQuery(any_of=(FOREIGN,)))
        assert [event.event for event in found.events] == [FOREIGN]
        assert found.coverage[0].begins_at == NOW - timedelta(days=200)
        assert "searched back to 2025-04" in found.coverage[0].note
        nothing = await source.search(LogQuery(any_of=("absent",)))
        assert "searched back to 2023-11" in nothing.coverage[0].note


@pytest.mark.parametrize("since", [None, NOW - timedelta(days=700)])
async def test_a_server_that_searches_little_at_once_is_asked_a_bounded_number_of_times(
    since: datetime | None,
) -> None:
    server = LokiServer(max_hours=1)
    at = nanoseconds(NOW - timedelta(minutes=9))
    server.put(at, '{"event": "tick"}', container=CJ, service="cj_assessment_service")
    async with loki(server) as source:
        found = await source.search(LogQuery(any_of=("absent",), since=since))
        assert len(server.requests) <= 3 * (MOST_PIECES + 2) + MOST_REQUESTS + MOST_FIRST + 20
        (coverage,) = found.coverage
        assert coverage.truncated
        assert "searched back to 2025-1" in coverage.note
        near = await source.search(LogQuery(any_of=("tick",), since=since))
        assert [event.event for event in near.events] == ["tick"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_busy_server_is_asked_again(status: int) -> None:
    server = LokiServer(busy=3, busy_status=status)
    at = nanoseconds(NOW - timedelta(hours=1))
    server.put(at, '{"event": "tick"}', container=CJ, service="cj_assessment_service")
    async with loki(server) as source:
        assert len((await source.search(LogQuery())).events) == 1


@pytest.mark.parametrize(
    ("server", "access", "words"),
    [
        (LokiServer(busy=99, busy_status=503), {}, "HTTP 503"),
        (LokiServer(tenant="school"), {}, "wants a tenant"),
        (LokiServer(authorization="Bearer right"), {"token": "wrong-t0ken"}, "refuses us"),
    ],
)
async def test_a_refusal_is_an_error_that_says_what_to_check_and_no_secret(
    server: LokiServer, access: dict[str, Any], words: str
) -> None:
    async with loki(server, **access) as source:
        with pytest.raises(SourceError, match=words) as error:
            await source.search(LogQuery())
        assert "t0ken" not in error.value.message + error.value.hint


@pytest.mark.parametrize(
    ("server", "access"),
    [
        (LokiServer(tenant="school"), {"tenant": "school"}),
        (LokiServer(authorization="Bearer right"), {"token": "right"}),
        (
            LokiServer(authorization=aiohttp.encode_basic_auth("user", "päss")),
            {"username": "user", "password": "päss"},
        ),
    ],
)
async def test_tenant_token_and_password_are_sent(
    server: LokiServer, access: dict[str, Any]
) -> None:
    server.put(nanoseconds(NOW), '{"event": "tick"}', service="cj_assessment_service")
    async with loki(server, **access) as source:
        assert "1 of the services" in await source.check()


async def test_what_is_no_loki_is_said_to_be_none() -> None:
    source = Loki(LokiHttp("http://127.0.0.1:9"), HULEEDU_SERVICES, UTC)
    with pytest.raises(SourceError, match="could not be reached"):
        await source.check()
    await source.close()


async def taken(follow: object, count: int) -> list[LogEvent]:
    """Take until so many events came; the suite's own time limit bounds the wait."""
    events: list[LogEvent] = []
    while len(events) < count:
        events += follow.take().events  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)
    return events


@pytest.mark.parametrize(
    ("labels", "services", "roles"),
    [
        ({"container": CJ}, (*HULEEDU_SERVICES, Service("rest", "huleedu_*", Role.OTHER)),
         {CJ: Role.CJ}),
        ({"service": "cj_assessment_service"}, HULEEDU_SERVICES,
         {"cj_assessment_service": Role.CJ}),
    ],
)  # fmt: skip
async def test_a_follow_knows_whose_logs_it_reads(
    labels: dict[str, str], services: Sequence[Service], roles: dict[str, Role]
) -> None:
    server = LokiServer()
    server.put(nanoseconds(NOW - timedelta(minutes=1)), "quiet since", **labels)
    async with loki(server, services) as source:
        follow = await source.follow(since=NOW - timedelta(minutes=2))
        assert follow.take().containers == roles
        await follow.close()


async def test_a_follow_brings_each_line_once_through_broken_and_dropping_tails() -> None:
    server = LokiServer()
    labels = {"container": CJ, "service": "cj_assessment_service"}
    start = nanoseconds(NOW - timedelta(minutes=1))

    def line(number: int) -> str:
        return f'{{"event": "n{number}"}}'

    for number in range(3):
        server.put(start + number * 10**9, line(number), **labels)
    async with loki(server) as source:
        follow = await source.follow(since=NOW - timedelta(minutes=2))
        try:
            await server.tails()
            events = await taken(follow, 3)
            await server.push(start + 3 * 10**9, line(3), **labels)
            await server.push(start + 4 * 10**9, line(4), **labels)
            events += await taken(follow, 2)
            await server.break_tails()
            server.put(start + 5 * 10**9, line(5), **labels)
            await server.tails()
            server.drop_next = True
            await server.push(start + 6 * 10**9, line(6), **labels)
            server.drop_next = False
            await server.push(start + 7 * 10**9, line(7), **labels)
            events += await taken(follow, 3)
            assert [event.event for event in events] == [f"n{number}" for number in range(8)]
            assert follow.take().containers == {CJ: Role.CJ}
        finally:
            await follow.close()


async def test_a_follow_is_behind_until_what_was_stored_has_come() -> None:
    server = LokiServer()
    labels = {"container": CJ, "service": "cj_assessment_service"}
    server.put(nanoseconds(NOW - timedelta(minutes=1)), '{"event": "before"}', **labels)
    async with loki(server) as source:
        follow = await source.follow(since=NOW - timedelta(minutes=2))
        try:
            taken_now, brought = follow.take(), list[LogEvent]()
            assert taken_now.behind
            while taken_now.behind:
                brought += taken_now.events
                await asyncio.sleep(0.01)
                taken_now = follow.take()
            brought += taken_now.events
            assert [event.event for event in brought] == ["before"]
        finally:
            await follow.close()


async def test_a_follow_says_when_loki_is_away_and_goes_on_when_it_is_back() -> None:
    server = LokiServer()
    labels = {"container": CJ, "service": "cj_assessment_service"}
    at = nanoseconds(NOW - timedelta(minutes=1))
    server.put(at, '{"event": "first"}', **labels)
    async with loki(server) as source:
        follow = await source.follow(since=NOW - timedelta(minutes=2))
        try:
            await taken(follow, 1)
            server.busy, server.busy_status = 10**6, 503
            await server.break_tails()
            while "Loki" not in follow.take().missing:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            server.put(at + 10**9, '{"event": "second"}', **labels)
            server.busy = 0
            assert [event.event for event in await taken(follow, 1)] == ["second"]
        finally:
            await follow.close()


async def test_range_queries_in_place_of_a_tail_find_what_a_shipper_sends_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follow_module, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(follow_module, "RELOOK_SECONDS", 0.02)
    monkeypatch.setattr(follow_module, "RETRY_SECONDS", (0.01,))
    server = LokiServer(has_tail=False)
    labels = {"container": CJ, "service": "cj_assessment_service"}
    at = nanoseconds(NOW - timedelta(seconds=1))
    server.put(at, '{"event": "now"}', **labels)
    async with loki(server) as source:
        follow = await source.follow(since=NOW - timedelta(minutes=10))
        try:
            assert [event.event for event in await taken(follow, 1)] == ["now"]
            server.put(at - 240 * 10**9, '{"event": "four minutes late"}', **labels)
            assert [event.event for event in await taken(follow, 1)] == ["four minutes late"]
            server.put(at + 1, '{"event": "next"}', **labels)
            assert [event.event for event in await taken(follow, 1)] == ["next"]
        finally:
            await follow.close()


@given(
    st.lists(st.integers(0, 900), min_size=1, max_size=60, unique=True),
    st.integers(1, 30),
    st.sampled_from(["late_at", "resume_at"]),
)
def test_no_entry_is_new_twice_where_a_range_is_read_again(
    seconds: list[int], most: int, which: str
) -> None:
    memory = Memory(100 * 10**9, most)
    entries = [Entry(one * 10**9, CJ, "cj", "info", str(one)) for one in seconds]
    first = [entry for entry in entries if memory.is_new(entry)]
    assert [one.at for one in first] == [one.at for one in entries if one.at >= 100 * 10**9]
    again = [entry for entry in sorted(entries) if entry.at >= getattr(memory, which)]
    assert not [entry for entry in again if memory.is_new(entry)]


@given(st.text(max_size=60))
def test_any_words_become_a_literal_that_means_them(text: str) -> None:
    body = quoted(text)[1:-1]
    assert '"' not in body.replace('\\"', "").replace("\\\\", "")
    assert "\n" not in body


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["stream", "values", "level", "x"]), inner, max_size=4
            )
        ),
        max_leaves=20,
    )
)
def test_any_answer_is_survived(answer: object) -> None:
    assert all(isinstance(entry, Entry) for entry in entries_of(answer))


async def test_a_custom_service_is_found_by_its_own_name() -> None:
    server = LokiServer()
    at = nanoseconds(NOW - timedelta(hours=1))
    server.put(at, '{"event": "tick"}', container="grader-7", service="grader")
    service = Service("grader", "grader-*", Role.OTHER)
    async with running(server):
        source = Loki(LokiHttp(server.url), (service,), UTC, clock=lambda: NOW)
        assert await source.services() == [(service, "grader-7")]
        await source.close()


async def test_with_needles_only_their_events_come_and_they_come_whole() -> None:
    server = LokiServer()
    labels = {"container": CJ, "service": "cj_assessment_service"}
    lines = [
        "2025-11-19T00:59:00.000001Z [info     ] tick [cj.worker] n=1",
        "2025-11-19T00:59:00.000002Z [error    ] Failed to finalise [cj.worker] batch=34",
        "Traceback (most recent call last):",
        '  File "/app/worker.py", line 3, in run',
        "ValueError: no scores",
        "2025-11-19T00:59:00.000003Z [info     ] tick [cj.worker] n=2",
    ]
    start = nanoseconds(NOW - timedelta(minutes=1))
    for number, line in enumerate(lines):
        server.put(start + number, line, **labels)
    async with loki(server) as source:
        follow = await source.follow(since=NOW - timedelta(minutes=2), needles=("Failed to",))
        try:
            (event,) = await taken(follow, 1)
            assert event.error is not None
            assert (event.error.kind, event.text.count("\n")) == ("ValueError", 3)
            assert follow.take().events == ()
        finally:
            await follow.close()


def test_who_falls_behind_counts_lines_and_keeps_those_with_a_needle() -> None:
    def line(at: datetime, text: str) -> Entry:
        body = f'{{"event": "{text}", "timestamp": "{at.isoformat()}"}}'
        return Entry(nanoseconds(at), CJ, "cj_assessment_service", "info", body)

    late = NOW - timedelta(minutes=5)
    chatter = [line(late, f"chatter {n}") for n in range(1_000)]
    entries = [line(NOW, "now"), *chatter, line(late, "rare failure"), line(late, "end")]
    intake = Intake(HULEEDU_SERVICES, UTC, ("chatter", "rare"), lambda: NOW)
    intake.feed(entries[:1])
    intake.feed(entries[1:])
    followed = intake.buffer.take({}, {})
    assert followed.lost == 1_000 - KEPT_BEHIND
    assert [event.event for event in followed.events if "rare" in event.event] == ["rare failure"]
