"""Sources that hold what a test gives them and keep every promise of their ports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from bot.border.outside import raw
from bot.domain.batch import (
    BatchMatch,
    BatchRows,
    BatchSummary,
    BlockedSession,
    ComparisonTotals,
    PairCounts,
    PairRow,
    TraceRows,
)
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.callbacks.callback import ConsumerBacklog, SeenCallback
from bot.domain.followed import Followed
from bot.domain.ids import RunLabel
from bot.domain.log import LogCoverage, LogEvent, LogQuery, LogSearch, Role, Service
from bot.domain.queue import QueueFront, QueueItem, QueueReading, Requeued
from bot.errors import SourceError
from bot.ports import Asker, CommandContext, CommandOptions, Progress, Sources, no_progress
from bot.ports.rights import TriedRight
from tests.support.fakes.memory import FakeAlerts

CJ = Service("cj_assessment_service", "huleedu_cj_assessment_service", Role.CJ)
LPS = Service("llm_provider_service", "huleedu_llm_provider_service", Role.LLM_PROVIDER)
RUNNER = Service("eng5_np_runner", "huledu-reboot-eng5_np_runner-run-1a2b", Role.RUNNER)
SERVICES = (CJ, LPS, RUNNER)


def at(text: str) -> datetime:
    """Return an aware UTC time from ISO text; a date alone or a space separator will do."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def event(
    time: str | datetime,
    text: str,
    service: Service = LPS,
    *,
    level: str = "info",
    **fields: object,
) -> LogEvent:
    """Return a log event as the line parser would fold it; its raw text holds the fields too."""
    when = at(time) if isinstance(time, str) else time
    tail = " ".join(f"{key}={value}" for key, value in fields.items())
    return LogEvent(
        at=when,
        service=service.name,
        container=service.container,
        role=service.role,
        level=level,
        event=text,
        logger=f"{service.name}.test",
        fields=dict(fields),
        text=f"{when.isoformat()} [{level}] {text} {tail}",
    )


@dataclass
class FakeDatabase:
    """A CJ database that owns the given batches and pairs; `error` makes every read fail."""

    batches: Sequence[BatchRows] = ()
    pairs: Sequence[PairRow] = ()
    blocked: Sequence[BlockedSession] = ()
    error: SourceError | None = None
    revision: str = ""
    name: str = "cj_database"
    calls: list[str] = field(default_factory=list)

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self.error is not None:
            raise self.error

    async def find(self, ref: str) -> Sequence[BatchMatch]:
        self._called(f"find {ref}")
        headers = [rows.header for rows in self.batches]
        looks = (
            ("cj_id", [h for h in headers if str(h.batch_id) == ref]),
            ("bos_batch_id", [h for h in headers if h.bos_batch_id == ref]),
            ("prefix", [h for h in headers if len(ref) >= 6 and h.bos_batch_id.startswith(ref)]),
        )
        for how, found in looks:
            if found:
                return [
                    BatchMatch(h.batch_id, h.bos_batch_id, h.status, h.created_at, how)
                    for h in sorted(found, key=lambda h: h.created_at, reverse=True)[:20]
                ]
        return []

    async def batch(self, batch_id: int) -> BatchRows | None:
        self._called(f"batch {batch_id}")
        return next((rows for rows in self.batches if rows.header.batch_id == batch_id), None)

    async def rows_of(self, batch_ids: Sequence[int]) -> Mapping[int, BatchRows]:
        self._called("rows_of")
        found = {rows.header.batch_id: rows for rows in self.batches}
        return {id: found[id] for id in batch_ids if id in found}

    async def members(self, batch_id: int, *, limit: int = 20_000) -> Sequence[UUID]:
        self._called(f"members {batch_id}")
        ids = (pair.request_correlation_id for pair in self.pairs if pair.batch_id == batch_id)
        return [id for id in ids if id is not None][:limit]

    async def essay_batches(self, essay_ids: Sequence[str]) -> Mapping[str, int]:
        self._called("essay_batches")
        return {
            essay: pair.batch_id
            for pair in self.pairs
            for essay in (pair.essay_a, pair.essay_b)
            if essay in essay_ids
        }

    async def begun_by(self, prefix: str, *, limit: int = 20) -> Sequence[UUID]:
        self._called(f"begun_by {prefix}")
        ids = (pair.request_correlation_id for pair in self.pairs)
        return [id for id in ids if id is not None and str(id).startswith(prefix)][:limit]

    async def newest(
        self, *, limit: int = 20, state: str | None = None, before: int | None = None
    ) -> Sequence[BatchSummary]:
        self._called("newest")
        wanted = state.casefold() if state else None
        rows = [
            row
            for row in self.batches
            if wanted is None
            or wanted in (row.header.status.casefold(), (row.header.state or "").casefold())
        ]
        rows = [row for row in rows if before is None or row.header.batch_id < before]
        rows.sort(key=lambda row: row.header.created_at, reverse=True)
        return [self._summary(row) for row in rows[:limit]]

    async def open_batches(self, *, limit: int = 500) -> Sequence[BatchSummary]:
        self._called("open_batches")
        ended = ("COMPLETE", "ERROR")
        return [
            self._summary(row) for row in self.batches if not row.header.status.startswith(ended)
        ][:limit]

    async def failed_batches(self, since: datetime, *, limit: int = 100) -> Sequence[BatchSummary]:
        self._called("failed_batches")
        ended = [row for row in self.batches if row.header.failed]
        return [self._summary(row) for row in ended][:limit]

    async def trace(self, id: UUID, *, since: datetime | None = None) -> TraceRows:
        self._called(f"trace {id}")
        pairs = [
            pair
            for pair in self.pairs
            if id in (pair.request_correlation_id, pair.error_correlation_id)
        ]
        batches = [
            BatchMatch(h.batch_id, h.bos_batch_id, h.status, h.created_at, how)
            for h in (rows.header for rows in self.batches)
            for how in ("event_correlation_id", "bos_batch_id")
            if getattr(h, how) == str(id)
        ]
        return TraceRows(tuple(pairs), tuple(batches))

    async def owned(self, correlation_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        self._called("owned")
        return {
            pair.request_correlation_id: pair.batch_id
            for pair in self.pairs
            if pair.request_correlation_id in correlation_ids and pair.request_correlation_id
        }

    async def totals(self, batch_ids: Sequence[int]) -> ComparisonTotals:
        self._called("totals")
        rows = [row for row in self.batches if row.header.batch_id in batch_ids]
        names = ("total", "essay_a", "essay_b", "error", "pending", "unsent")
        sums = {name: sum(getattr(row.pairs, name) for row in rows) for name in names}
        costs = [row.cost for row in rows if row.cost is not None]
        return ComparisonTotals(
            batches=len(rows),
            pairs=PairCounts(**sums),
            errors=tuple(group for row in rows for group in row.errors),
            projections=sum(row.projections.count for row in rows),
            finalised=sum(bool(row.projections.count) for row in rows),
            cost=sum(costs) if costs else None,
            priced=sum(row.pairs.valid for row in rows if row.cost is not None),
            response_ms=next((row.response_ms for row in rows if row.response_ms), None),
        )

    async def answered_by(self, batch_ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
        self._called("answered_by")
        named = {row.header.batch_id: next(iter(row.models), "") for row in self.batches}
        found = {id: named.get(id, "").partition("/") for id in batch_ids}
        return {id: (provider, model) for id, (provider, _, model) in found.items() if provider}

    async def blocked_sessions(self, *, older_than_seconds: float = 60) -> Sequence[BlockedSession]:
        self._called("blocked_sessions")
        return [row for row in self.blocked if row.age_seconds > older_than_seconds]

    async def unpublished(self) -> Sequence[OutboxGroup]:
        self._called("unpublished")
        return [group for rows in self.batches for group in rows.outbox if group.unpublished]

    async def schema_revision(self) -> str:
        self._called("schema_revision")
        return self.revision

    async def tried_rights(self) -> Sequence[TriedRight]:
        return ()

    async def check(self) -> str:
        self._called("check")
        return "fake"

    @staticmethod
    def _summary(rows: BatchRows) -> BatchSummary:
        events = sum(group.count for group in rows.outbox)
        essays = rows.scores.essays
        return BatchSummary(rows.header, rows.pairs, rows.projections, events, essays)


@dataclass
class FakeLogs:
    """Logs that are a list of events; each service's horizon is `begins_at` or its first event."""

    events: Sequence[LogEvent] = ()
    known: Sequence[Service] = SERVICES
    begins_at: datetime | None = None
    missing: tuple[tuple[str, str], ...] = ()
    truncated: bool = False
    error: SourceError | None = None
    name: str = "logs"
    queries: list[LogQuery] = field(default_factory=list)
    needles: Sequence[str] | None = None
    newest: datetime | None = None

    async def search(self, query: LogQuery) -> LogSearch:
        self.queries.append(query)
        if self.error is not None:
            raise self.error
        services = [
            service
            for service in self.known
            if (not query.roles or service.role in query.roles)
            and (not query.services or service.name in query.services)
        ]
        found = [self._one(service, query) for service in services]
        events = sorted((e for part, _ in found for e in part), key=_time)
        return LogSearch(tuple(events), tuple(cover for _, cover in found), self.missing,
                         self.newest, query.until)  # fmt: skip

    def _one(self, service: Service, query: LogQuery) -> tuple[list[LogEvent], LogCoverage]:
        mine = sorted((e for e in self.events if e.service == service.name), key=_time)
        inside = [e for e in mine if _inside(e, query)]
        matched = [i for i, e in enumerate(inside) if _matches(e, query)]
        kept = matched[-query.max_events :]
        wanted = {
            j for i in kept for j in range(i - query.context, i + query.context + 1) if j >= 0
        }
        shown = [e for i, e in enumerate(inside) if i in wanted]
        horizon = self.begins_at or (mine[0].at if mine else None)
        cover = LogCoverage(
            container=service.container,
            service=service.name,
            begins_at=horizon,
            scanned=len(inside),
            matched=len(matched),
            shown=len(shown),
            truncated=self.truncated or len(kept) < len(matched),
            is_least=self.truncated,
        )
        return shown, cover

    async def follow(
        self, *, since: datetime, needles: Sequence[str] | None = None
    ) -> "FakeFollow":
        self.needles = needles
        if self.error is not None:
            raise self.error
        return FakeFollow([e for e in self.events if e.at is None or e.at >= since])

    async def services(self) -> Sequence[tuple[Service, str]]:
        if self.error is not None:
            raise self.error
        return [(service, service.container) for service in self.known]

    async def check(self) -> str:
        if self.error is not None:
            raise self.error
        return "fake"


@dataclass
class FakeFollow:
    """Hands out its events once; a test may append to `pending`."""

    pending: list[LogEvent]
    closed: bool = False

    def take(self) -> Followed:
        events, self.pending = tuple(self.pending), []
        return Followed(events=events, containers={e.container: e.role for e in events})

    async def close(self) -> None:
        self.closed = True


@dataclass
class FakeQueue:
    """A queue that is a fixed reading."""

    reading: QueueReading | None = None
    error: SourceError | None = None
    name: str = "llm_queue"
    others: dict[str, QueueReading] = field(default_factory=dict)
    requeued: list[tuple[str, bool]] = field(default_factory=list)

    async def read(self, *, max_items: int = 2_000) -> QueueReading:
        if self.error is not None:
            raise self.error
        reading = self.reading or QueueReading(at("2025-11-19T00:30:00"), 0)
        if len(reading.items) <= max_items:
            return reading
        return replace(reading, items=reading.items[:max_items], truncated=True)

    async def requeue(self, item: QueueItem, *, dry_run: bool) -> Requeued:
        self.requeued.append((item.queue_id, dry_run))
        return Requeued.WOULD if dry_run else Requeued.DONE

    async def read_other(self, prefix: str) -> QueueReading:
        if self.error is not None:
            raise self.error
        if prefix not in self.others:
            raise SourceError(self.name, f"no queue {prefix!r} is configured")
        return self.others[prefix]

    async def fronts(self) -> Sequence[QueueFront]:
        return [
            QueueFront(prefix, *((one.items[0].queue_id, one.items[0].status) if one.items else ()))
            for prefix, one in self.others.items()
        ]

    async def find(self, id: UUID) -> Sequence[QueueItem]:
        reading = await self.read()
        return [i for i in reading.items if str(id) in (i.queue_id, i.correlation_id)]

    async def check(self) -> str:
        if self.error is not None:
            raise self.error
        return "fake"


@dataclass
class FakeCallbacks:
    """A callback topic that remembers the given callbacks."""

    seen: Sequence[SeenCallback] = ()
    error: SourceError | None = None
    name: str = "callback_topic"
    labels: dict[str, RunLabel] = field(default_factory=dict)
    behind: ConsumerBacklog = field(default_factory=lambda: ConsumerBacklog("cj_group", 0))
    started: bool = False

    def take(self) -> Sequence[SeenCallback]:
        seen, self.seen = self.seen, ()
        return seen

    async def find(self, id: UUID) -> Sequence[SeenCallback]:
        if self.error is not None:
            raise self.error
        return [c for c in self.seen if str(id) in (c.correlation_id, c.request_id)]

    async def start(self) -> None:
        self.started = True

    async def backlog(self) -> ConsumerBacklog:
        if self.error is not None:
            raise self.error
        return self.behind

    async def label(self, label: str) -> RunLabel | None:
        if self.error is not None:
            raise self.error
        return self.labels.get(label)

    async def check(self) -> str:
        if self.error is not None:
            raise self.error
        return "fake"


@dataclass
class FakeMemory(FakeAlerts):
    """The bot's memory in dicts and lists."""

    aliases: dict[str, str] = field(default_factory=dict)
    labels: list[RunLabel] = field(default_factory=list)
    error: SourceError | None = None
    name: str = "memory"
    audited: list[tuple[str, str, str, str]] = field(default_factory=list)

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

    async def alias(self, label: str) -> str | None:
        self._check()
        return self.aliases.get(label)

    async def set_alias(self, label: str, ref: str, *, by: str) -> None:
        self._check()
        self.aliases[label] = ref

    async def learn(self, labels: Sequence[RunLabel]) -> None:
        self._check()
        self.labels.extend(labels)

    async def learned(self, label: str) -> Sequence[str]:
        self._check()
        found = (one.bos_batch_id for one in reversed(self.labels) if one.label == label)
        return list(dict.fromkeys(found))

    async def audit(self, who: str, where: str, what: str, outcome: str) -> None:
        self._check()
        self.audited.append((who, where, what, outcome))


def down(
    source: str, message: str = "connection refused", *, timed_out: bool = False
) -> SourceError:
    """Return the error of a source that cannot be read."""
    return SourceError(source, message, timed_out=timed_out)


def context(
    sources: Sources,
    now: datetime,
    *,
    operator: bool = False,
    options: Mapping[str, Any] | None = None,
    progress: Progress = no_progress,
) -> CommandContext:
    """Return a command's context with a fixed clock."""
    return CommandContext(
        sources=sources,
        now=lambda: now,
        asker=Asker("U-ONCALL", "C-INCIDENTS", operator=operator),
        environment="test",
        options=CommandOptions(**(options or {})),
        progress=progress,
    )


def _time(event: LogEvent) -> datetime:
    return event.at or datetime.min.replace(tzinfo=UTC)


def _inside(event: LogEvent, query: LogQuery) -> bool:
    if event.at is None:
        return query.since is None and query.until is None
    return (query.since is None or event.at >= query.since) and (
        query.until is None or event.at <= query.until
    )


def _matches(event: LogEvent, query: LogQuery) -> bool:
    if query.levels and event.level not in query.levels:
        return False
    if not query.any_of:
        return True
    squeezed = "".join(raw(event.text).split())
    for text in _squeezed(query.any_of):  # noqa: SIM110 - a generator takes twice the time
        if text in squeezed:
            return True
    return False


@lru_cache(maxsize=20_000)
def _squeezed(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("".join(text.split()) for text in texts)
