"""What stands around a batch is named where it is known, and never called fine where it is not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.system_state import database_blocked, mode_mismatch
from bot.diagnosis.evidence import system_state
from bot.diagnosis.evidence.system_state import SystemState, provider_state
from bot.domain.batch import BatchRows, BlockedSession, PairCounts
from bot.domain.evidence import Missing, SourceState
from bot.domain.log import LogSearch
from bot.domain.queue import QueueReading
from bot.domain.report import Severity
from bot.domain.service_state import ContainerState, ServiceHealth
from bot.ports import Deadline, Sources
from tests.population.evidence import rows_of
from tests.population.healthy import healthy
from tests.support.fakes.sources import CJ, LPS, FakeDatabase, down, event

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)
DOWN = Missing("service_health", "nobody listens", SourceState.MISSING)
OPENED = "Circuit breaker 'kafka_producer' transitioned to OPEN. Blocking calls for 60s"


def _health(mock: bool | None, *open_circuits: str) -> tuple[ServiceHealth, ...]:
    return (
        ServiceHealth("cj_assessment_service", NOW, "healthy"),
        ServiceHealth("llm_provider_service", NOW, "healthy", mock, open_circuits),
    )


@pytest.mark.parametrize(
    ("health", "providers", "mock"),
    [
        (_health(True), (), True),
        (_health(False), (), False),
        (_health(None), (), None),
        (_health(None), ("anthropic",), None),
        (_health(False), ("mock",), False),
        (DOWN, (), None),
        (DOWN, ("mock",), None),
        (DOWN, ("anthropic", ""), None),
        ((), ("Mock",), None),
    ],
)
def test_mock_mode_is_told_by_the_service_and_a_request_for_the_mock_is_no_setting_of_it(
    health: tuple[ServiceHealth, ...] | Missing, providers: Sequence[str], mock: bool | None
) -> None:
    state = provider_state(health, (), providers)
    assert state.mock_mode is mock
    assert ("mock mode" in state.words) is bool(mock)
    asked = any("mock" in one.casefold() for one in providers)
    assert ("ask for the mock" in state.words) is asked


def test_an_open_circuit_now_outweighs_one_that_a_line_tells_of() -> None:
    line = event(NOW, "Circuit breaker open: anthropic", LPS, level="error")
    now = provider_state(_health(False, "anthropic"), (line,))
    then = provider_state(_health(False), (line,))
    assert "is open (anthropic)" in now.words
    assert "was open at 2026-01-09T12:00:00+00:00" in then.words
    assert now.facts()["open_circuits"] == ["anthropic"]
    assert not provider_state(_health(False)).words


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("OPEN. Blocking calls for 60.0s",), "was open at 2026-01-09T12:00:00+00:00."),
        (
            ("OPEN.", "CLOSED"),
            "was open at 2026-01-09T12:00:00+00:00, and closed again at 2026-01-09T12:01:00+00:00.",
        ),
        (("CLOSED", "OPEN."), "was open at 2026-01-09T12:01:00+00:00."),
        (("HALF_OPEN", "CLOSED"), ""),
    ],
)
def test_a_breaker_is_told_of_as_its_lines_say_it(texts: Sequence[str], words: str) -> None:
    turned = "Circuit breaker 'llm_provider_anthropic' transitioned to"
    events = [
        event(NOW + timedelta(minutes=n), f"{turned} {text}", LPS) for n, text in enumerate(texts)
    ]
    assert str(provider_state(_health(False), events).words).endswith(words)
    assert bool(words) is bool(provider_state(_health(False), events).words)


def test_a_start_of_the_provider_closes_the_breaker_that_the_process_before_it_opened() -> None:
    opened = event(NOW, "Circuit breaker 'llm_provider_anthropic' transitioned to OPEN.", LPS)
    started = event(NOW + timedelta(minutes=2), "Queue processor started", LPS)
    again = replace(opened, at=NOW + timedelta(minutes=5))
    closed_at = provider_state(_health(False), (opened, started)).circuit_closed_at
    assert closed_at == started.at
    twin = replace(started, container="llm_provider_2")
    assert provider_state(_health(False), (opened, twin)).circuit_closed_at is None
    assert provider_state(_health(False), (opened, started, again)).circuit_closed_at is None


def test_the_breaker_of_another_service_is_none_of_the_providers() -> None:
    line = event(NOW, "Circuit breaker open: kafka_producer for outbox", CJ, level="error")
    assert not provider_state(_health(False), (line,)).words


async def test_every_source_is_listed_and_a_failed_one_is_not_fine() -> None:
    sources = Sources(database=FakeDatabase(error=down("cj_database")))
    found = await system_state.collect(sources, Deadline.after(2))
    states = {one.name: one.state for one in found.readings}
    assert states == {
        "service_health": SourceState.NOT_CONFIGURED,
        "containers": SourceState.NOT_CONFIGURED,
        "database_sessions": SourceState.MISSING,
        "runners": SourceState.NOT_CONFIGURED,
    }


def _evidence(
    around: SystemState,
    *,
    mode: str | None = None,
    worked: str = "",
    later: timedelta = timedelta(0),
) -> BatchEvidence:
    world, _ = healthy(0)
    rows = rows_of(world)
    object.__setattr__(rows.header, "batching_mode", mode)
    fields = {"queue_processing_mode": worked} if worked else {}
    lines = (event(world.last_activity + later, "queue_metrics_snapshot", LPS, **fields),)
    return BatchEvidence(rows, LogSearch(lines, ()), QueueReading(NOW, 0), {}, around)


BEFORE = datetime(2025, 1, 1, tzinfo=UTC)


def _containers(
    cj: str | None, provider: str | None, started: datetime | None = BEFORE
) -> tuple[ContainerState, ...]:
    return (
        ContainerState(CJ.name, CJ.container, "1", "running", BEFORE,
                       modes={} if cj is None else {"CJ_ASSESSMENT_SERVICE_LLM_BATCHING_MODE": cj}),
        ContainerState(LPS.name, LPS.container, "2", "running", started,
                       modes={} if provider is None else {"QUEUE_PROCESSING_MODE": provider}),
        ContainerState(LPS.name, LPS.container, "3", "exited", BEFORE,
                       modes={"QUEUE_PROCESSING_MODE": "of an older container"}),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cj", "provider", "mode", "worked", "found"),
    [
        ("serial_bundle", "serial_bundle", None, "", False),
        ("per_request", "serial_bundle", None, "", True),
        ("provider_batch_api", "batch_api", None, "", False),
        ("", "serial_bundle", None, "", True),
        (None, "serial_bundle", None, "", False),
        (None, "serial_bundle", "per_request", "", True),
        (None, None, "serial_bundle", "serial_bundle", False),
    ],
)
def test_two_modes_that_differ_are_info(
    cj: str | None, provider: str | None, mode: str | None, worked: str, found: bool
) -> None:
    around = SystemState(containers=_containers(cj, provider))
    finding = mode_mismatch(_evidence(around, mode=mode, worked=worked), NOW)
    assert (finding is not None) is found
    if finding:
        assert finding.severity is Severity.INFO
        assert len(finding.evidence) == 2


@pytest.mark.parametrize("started", [NOW, None])
def test_a_container_that_started_after_the_batch_accuses_none_of_its_time(
    started: datetime | None,
) -> None:
    """The provider was started anew in another mode; what ran before is not known by it."""
    around = SystemState(containers=_containers("per_request", "serial_bundle", started)[:2])
    assert mode_mismatch(_evidence(around), NOW) is None
    told_then = _evidence(around, worked="per_request")
    assert mode_mismatch(told_then, NOW) is None


def test_without_containers_lines_and_rows_tell_the_modes() -> None:
    evidence = _evidence(SystemState(), mode="per_request", worked="serial_bundle")
    finding = mode_mismatch(evidence, NOW)
    assert finding is not None
    assert finding.confidence.value == "medium"
    assert mode_mismatch(_evidence(SystemState(), mode="per_request"), NOW) is None


@pytest.mark.parametrize("later", [timedelta(minutes=10), timedelta(days=-1)])
def test_a_mode_of_before_or_after_a_batch_is_not_that_of_its_time(later: timedelta) -> None:
    """A provider that takes requests one by one logs no mode, and one that starts anew may."""
    evidence = _evidence(SystemState(), mode="per_request", worked="serial_bundle", later=later)
    assert mode_mismatch(evidence, NOW) is None


@pytest.mark.parametrize("started_before", [10, 0])
def test_a_mode_of_a_worker_that_started_while_answers_lack_is_not_that_of_its_time(
    started_before: int,
) -> None:
    """It may say its mode in the second in which it says that it started."""
    evidence = _evidence(SystemState(), mode="per_request", worked="serial_bundle")
    (line, *_) = evidence.nearby
    assert line.at is not None
    begun = line.at - timedelta(seconds=20)
    start = event(line.at - timedelta(seconds=started_before), "Queue processor started", LPS)
    pairs = PairCounts(total=8, essay_a=4, pending=4, first_submitted_at=begun)
    rows = replace(evidence.rows, pairs=pairs)
    assert mode_mismatch(evidence.having(rows=rows), NOW) is not None
    logs = LogSearch((start, *evidence.nearby), ())
    assert mode_mismatch(evidence.having(rows=rows, logs=logs), NOW) is None


def test_the_session_that_blocks_is_named_with_the_step_that_is_never_done() -> None:
    waits = BlockedSession(41, "active", "Lock:transactionid", 90.0, (77,), "cj_batch_states")
    sessions = (waits, BlockedSession(78, "idle in transaction", "", 61.0, (), "", "psql"))
    finding = database_blocked(_evidence(SystemState(sessions=sessions)), NOW)
    assert finding is not None
    assert finding.severity is Severity.ERROR
    assert "pid 77 holds" in finding.what
    assert any("pg_terminate_backend(77)" in step for step in finding.next)
    assert [line.source for line in finding.evidence] == ["database_sessions"]


def test_a_transaction_that_nobody_waits_for_blocks_nothing() -> None:
    left = BlockedSession(78, "idle in transaction", "", 900.0, (), "", "cj_assessment")
    assert database_blocked(_evidence(SystemState(sessions=(left,))), NOW) is None


def test_a_session_that_waits_for_a_moment_is_normal() -> None:
    young = (BlockedSession(41, "active", "Lock:tuple", 59.0),)
    assert database_blocked(_evidence(SystemState(sessions=young)), NOW) is None
    assert database_blocked(_evidence(SystemState(sessions=DOWN)), NOW) is None


@pytest.mark.parametrize(
    ("after", "is_open"),
    [
        ([], True),
        (["Queue processor started"], False),
        (["Circuit breaker 'kafka_producer' transitioned to CLOSED."], False),
        (["Queue processor started", OPENED], True),
    ],
)
def test_a_breaker_to_kafka_is_closed_by_the_next_process(after: list[str], is_open: bool) -> None:
    """It lives in the provider's memory: what opened hours before a restart is open no more."""
    lines = [event(NOW, text) for text in (OPENED, *after)]
    told = provider_state((), lines)
    assert told.broker_open is is_open
    assert ("Kafka's circuit breaker is open" in str(told.words)) is is_open


@pytest.mark.parametrize("name", ["kafka_producer", "llm_provider_anthropic"])
@pytest.mark.parametrize(
    ("ended_after", "closed_after", "words"),
    [
        # It opened when nothing of what is asked about was left to be harmed.
        (-5, None, ""),
        (-5, 3, ""),
        # It was over before the time that is asked about, or no line of that time says that it was.
        (9, 3, "was open at 2026-01-09T12:00:00+00:00, and closed again at"),
        (2, 3, "was open at 2026-01-09T12:00:00+00:00, and closed again at"),
        (2, None, "was open at 2026-01-09T12:00:00+00:00."),
    ],
)
def test_a_breaker_is_told_as_it_stood_in_the_time_that_is_asked_about(
    name: str, ended_after: int, closed_after: int | None, words: str
) -> None:
    texts = {0: "OPEN.", closed_after: "CLOSED"}
    lines = [
        event(NOW + timedelta(minutes=n), f"Circuit breaker '{name}' transitioned to {text}", LPS)
        for n, text in texts.items()
        if n is not None
    ]
    told = provider_state((), lines, last=NOW + timedelta(minutes=ended_after))
    assert not told.broker_open
    assert words in str(told.words)
    assert bool(words) is bool(told.words)


@pytest.mark.parametrize(("pending", "tense"), [(0, ""), (2, "was open at")])
def test_an_outage_after_a_batch_is_told_of_it_only_where_it_lacks_answers(
    pending: int, tense: str
) -> None:
    ended = NOW - timedelta(hours=2)
    header = replace(
        _evidence(SystemState()).header,
        status="COMPLETE_STABLE", state="COMPLETED", last_activity_at=ended,
    )  # fmt: skip
    rows = BatchRows(header, PairCounts(total=8, essay_a=8 - pending, pending=pending))
    logs = LogSearch((event(ended + timedelta(minutes=4), OPENED, LPS),), ())
    told = str(_evidence(SystemState()).having(rows=rows, logs=logs).provider.words)
    assert "is open" not in told
    assert tense in told
    assert bool(told) is bool(tense)
