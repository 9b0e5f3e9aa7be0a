"""A simulated batch as its sources show it: rows, lines of either format, items of the queue."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import hypot

import orjson

from bot.demo.incident.log_lines import CJ, LLM, RUNNER, Said, as_console, as_json
from bot.domain.batch import (
    AnsweredCounts,
    BatchHeader,
    BatchRows,
    BlockedSession,
    ErrorGroup,
    PairCounts,
    PairRow,
    PendingPair,
    PositionCounts,
    ProjectionCounts,
    ScoreCounts,
    Twin,
)
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.log import LogEvent, Role, Service
from bot.domain.queue import QueueReading
from bot.domain.runner import Runner, RunnerKind, RunnerListing
from bot.domain.service_state import ContainerState, ServiceHealth
from bot.errors import SourceError
from bot.ports import Sources
from bot.sources.log_format.parser import LineParser
from bot.sources.redis.item import item_of
from tests.population.world import BEGIN, Comparison, World
from tests.population.worth import worth_of
from tests.support.fakes.sources import FakeDatabase, FakeLogs, FakeQueue

EVENT_TYPE = "huleedu.cj_assessment.completed.v1"
SERVICES = (
    Service("cj_assessment_service", CJ, Role.CJ),
    Service("llm_provider_service", LLM, Role.LLM_PROVIDER),
    Service("eng5_np_runner", RUNNER, Role.RUNNER),
)


@dataclass
class Around:
    """What stands around a batch: sessions, settings, health and its runner; healthy by default."""

    sessions: tuple[BlockedSession, ...] = ()
    cj_mode: str = "serial_bundle"
    provider_mode: str = "serial_bundle"
    runner_running: bool = False
    mock: bool = False
    queue_down: bool = False
    no_queue: bool = False
    logs_gap: bool = False
    extra_first: bool = False
    extra_items: list[tuple[str, dict[str, object] | None]] = field(default_factory=list)

    name = "around"

    async def health(self) -> Sequence[ServiceHealth]:
        return (ServiceHealth("llm_provider_service", BEGIN, "healthy", mock_mode=self.mock),)

    async def containers(self) -> Sequence[ContainerState]:
        cj = {"LLM_BATCHING_MODE": self.cj_mode}
        provider = {"QUEUE_PROCESSING_MODE": self.provider_mode}
        return (
            ContainerState("cj_assessment_service", CJ, "c", "running", BEGIN, modes=cj),
            ContainerState("llm_provider_service", LLM, "l", "running", BEGIN, modes=provider),
        )

    async def list(self) -> RunnerListing:
        runner = Runner("r1", RunnerKind.CONTAINER, RUNNER, BEGIN, self.runner_running)
        return RunnerListing((runner,))

    async def stop(self, id: str, *, grace_seconds: float) -> str:
        raise SourceError("runners", "nothing is stopped here")

    async def check(self) -> str:
        return "fake"


def sources_of(world: World, around: Around) -> Sources:
    """Return the sources that show a world; odd worlds log JSON, even ones console text."""
    rows = rows_of(world)
    pairs = [_traced(world, number, one) for number, one in enumerate(world.comparisons)]
    database = FakeDatabase([rows, *_twins(rows)], pairs, around.sessions)
    logs = FakeLogs(
        events_of(world, json=bool(world.seed % 2)),
        SERVICES,
        BEGIN - timedelta(days=1),
        missing=((f"{LLM}_2", "gone"),) if around.logs_gap else (),
    )
    error = SourceError("llm_queue", "nobody listens at that address")
    queue = FakeQueue(queue_of(world, around), error if around.queue_down else None)
    return Sources(
        database=database,
        logs=logs,
        queue=None if around.no_queue else queue,
        containers=around,
        probe=around,
        runners=around,
    )


def _twins(rows: BatchRows) -> list[BatchRows]:
    """Return the batches that asked for the same, so that what names them finds them."""
    return [
        replace(rows, header=replace(rows.header, batch_id=one.batch_id), twins=())
        for one in rows.twins
    ]


def rows_of(world: World) -> BatchRows:
    """Return what the database holds, counted here as the queries count it."""
    found = world.comparisons
    errors = [one for one in found if one.winner == "error"]
    ended = world.outbox[0][0] if world.outbox else None
    times = [one for one in (ended, world.projected) if one]
    rows = BatchRows(
        header=_header(world),
        pairs=_counts(found),
        errors=_groups(errors),
        position=_positions(world),
        projections=ProjectionCounts(world.essays - world.anchors, world.projected, world.projected)
        if world.projected
        else ProjectionCounts(),
        outbox=_outbox(world),
        scores=_scores(world),
        pending=tuple(
            PendingPair(number, one.correlation, one.sent, one.created, one.a, one.b)
            for number, one in enumerate(found)
            if one.winner is None
        )[:50],
        at_first_finalisation=_by_then(found, min(times)) if times else None,
        models=_models(world),
        twins=tuple(Twin(*one) for one in world.twins),
    )
    return worth_of(rows, world.faults.worth)


def _models(world: World) -> dict[str, int]:
    valid = sum(one.winner not in (None, "error") for one in world.comparisons)
    other = min(world.other_model, valid)
    found = {"anthropic/claude": valid - other, "anthropic/claude-next": other}
    return {name: count for name, count in found.items() if count}


def events_of(world: World, *, json: bool) -> list[LogEvent]:
    """Return the world's lines, rendered as the services write them and parsed again."""
    events: list[LogEvent] = []
    lines = lines_of(world, json=json)
    for service in SERVICES:
        parser = LineParser(service.name, service.container, service.role, UTC)
        for line in lines[service.container]:
            for part in line.split("\n"):
                if event := parser.feed(part.encode()):
                    events.append(event)
        if event := parser.flush():
            events.append(event)
    return events


def lines_of(world: World, *, json: bool) -> dict[str, list[str]]:
    """Return each container's log; the runner writes JSON whatever the services do."""
    write = as_json if json else as_console
    said = sorted((one for one in world.said if one.at <= world.now), key=lambda one: one.at)
    lines = {name: [write(one) for one in said if one.container == name] for name in (CJ, LLM)}
    told = sorted((one for one in world.runner if one[0] <= world.now), key=lambda one: one[0])
    lines[RUNNER] = [line for one in told for line in _runner_lines(*one)]
    return lines


def queue_of(world: World, around: Around) -> QueueReading:
    """Return the queue as stored JSON read back."""
    mine = [(str(one.request), _stored(world, one)) for one in world.comparisons if one.place]
    others = [(id, None if item is None else orjson.dumps(item)) for id, item in around.extra_items]
    stored = others + mine if around.extra_first else mine + others
    items = tuple(item for id, value in stored if (item := item_of(id, value)) is not None)
    return QueueReading(world.now, len(stored), items)


def _stored(world: World, one: Comparison) -> bytes | None:
    if one.place == "leaked":
        return None
    return orjson.dumps(
        {
            "queue_id": str(one.request),
            "status": one.place,
            "queued_at": one.sent,
            "processing_started_at": one.taken if one.place == "processing" else None,
            "ttl": "PT4H",
            "retry_count": one.retries,
            "correlation_id": str(one.correlation),
            "request_data": {
                "user_prompt": "PLANTED STUDENT TEXT",
                "metadata": {"cj_batch_id": str(world.id), "bos_batch_id": str(world.bos)},
            },
        }
    )


def _runner_lines(at: datetime, event: str, words: str) -> Iterable[str]:
    if event == "uuid":
        return (words,)
    said = Said(RUNNER, at, event, logger="cli")
    match event:
        case "kafka_publish_success":
            return (as_json(said, correlation_id=words),)
        case "runner_publish_failed" | "collector_error":
            kind = "FileNotFoundError" if "schema" in words else "ValueError"
            died = Said(RUNNER, at, event, "error", "cli", raised=(kind, words))
            return (as_json(died, error_type=kind),)
        case _:
            return (as_json(said),)


def _header(world: World) -> BatchHeader:
    now = not world.then
    return BatchHeader(
        batch_id=world.id,
        bos_batch_id=str(world.bos),
        event_correlation_id=str(world.event_id),
        status=world.status,
        state=world.state,
        created_at=BEGIN,
        updated_at=BEGIN,
        expected_essay_count=world.essays - world.anchors + world.faults.no_content,
        has_total_budget=now,
        total_budget=world.budget if now else None,
        requested_budget=world.budget,
        total_comparisons=world.total,
        submitted_comparisons=world.submitted,
        completed_comparisons=world.completed,
        failed_comparisons=world.failed,
        completion_threshold_pct=95,
        current_iteration=world.iteration,
        last_activity_at=world.last_activity,
        batching_mode=world.mode if now else None,
        forced_to_scoring_reason=world.forced,
        assigned=False,
    )


def _counts(found: Sequence[Comparison]) -> PairCounts:
    by = Counter(one.winner for one in found)
    created = [one.created for one in found]
    sent = [one.sent for one in found if one.sent]
    done = [one.answered for one in found if one.answered]
    waiting = [one.sent for one in found if one.sent and one.winner is None]
    valid = [one.answered for one in found if one.answered and one.winner != "error"]
    return PairCounts(
        total=len(found),
        essay_a=by["essay_a"],
        essay_b=by["essay_b"],
        error=by["error"],
        pending=by[None],
        unsent=sum(one.sent is None for one in found),
        first_created_at=min(created, default=None),
        first_submitted_at=min(sent, default=None),
        last_completed_at=max(done, default=None),
        last_valid_at=max(valid, default=None),
        pending_first_submitted_at=min(waiting, default=None),
    )


def _groups(errors: Sequence[Comparison]) -> tuple[ErrorGroup, ...]:
    if not errors:
        return ()
    roots = Counter(one.root for one in errors).values()
    times = [one.answered for one in errors if one.answered]
    return (
        ErrorGroup(
            "EXTERNAL_SERVICE_ERROR",
            "llm_provider_service",
            "anthropic",
            rows=len(errors),
            roots=len(roots),
            bundled_rows=sum(count for count in roots if count > 1),
            bundles=sum(count > 1 for count in roots),
            largest=max(roots),
            first_at=min(times),
            last_at=max(times),
        ),
    )


def _positions(world: World) -> PositionCounts:
    mixed = [one for one in world.comparisons if world.is_anchor(one.a) != world.is_anchor(one.b)]
    return PositionCounts(len(mixed), sum(world.is_anchor(one.a) for one in mixed))


def _outbox(world: World) -> tuple[OutboxGroup, ...]:
    if not world.outbox:
        return ()
    times = [written for written, _, _ in world.outbox]
    late = [written for written, sent, _ in world.outbox if sent is None]
    tries = max(count for _, _, count in world.outbox)
    oldest = min(late, default=None)
    return (
        OutboxGroup(EVENT_TYPE, len(times), min(times), max(times), len(late), oldest, tries, ""),
    )


def _scores(world: World) -> ScoreCounts:
    shown = Counter(fit for fit, _ in world.scores.values())
    met = Counter(
        name
        for one in world.comparisons
        if one.winner not in (None, "error")
        for name in (one.a, one.b)
    )
    rows = [(shown[fit] > 1, cap >= 2.0) for fit, cap in world.scores.values()]
    both = [*combinations(world.scores.values(), 2)]
    return ScoreCounts(
        essays=world.essays,
        anchors=world.anchors,
        scored=len(world.scores),
        sharing=sum(shared for shared, _ in rows),
        at_se_cap=sum(capped for _, capped in rows),
        degenerate=sum(shared or capped for shared, capped in rows),
        uncompared=sum(not met[name] for name in world.names),
        pairs=len(both),
        close=sum(abs(one[0] - other[0]) <= hypot(one[1], other[1]) for one, other in both),
    )


def _by_then(found: Sequence[Comparison], at: datetime) -> AnsweredCounts:
    done = [one for one in found if one.answered and one.answered <= at]
    return AnsweredCounts(
        at,
        submitted=sum(bool(one.sent and one.sent <= at) for one in found),
        answered=len(done),
        valid=sum(one.winner != "error" for one in done),
    )


def _traced(world: World, number: int, one: Comparison) -> PairRow:
    return PairRow(
        number, world.id, str(world.bos), world.status, world.state,
        one.correlation, "request_correlation_id", one.created, one.sent, one.answered, one.winner,
    )  # fmt: skip
