"""HuleEdu's services as they move: batches come, the worker takes requests, answers come back.

The simulation knows how the services work and nothing of the detectors. Each service writes the
lines it would write, in either format, and they are read back by the real parser.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bot.domain.batch import BatchHeader, BatchSummary, BlockedSession, PairCounts
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueFront, QueueItem, QueueReading
from bot.domain.service_state import ContainerState, ServiceHealth
from bot.sources.log_format.parser import parse_lines
from tests.traffic.further import Further

START = datetime(2025, 11, 18, 8, 0, tzinfo=UTC)
TICK = timedelta(seconds=15)
# As many items as a look at a real queue reads; the rest is counted.
READ_ITEMS = 2_000
LPS, CJ = "llm_provider_service", "cj_assessment_service"
ROLES = {LPS: Role.LLM_PROVIDER, CJ: Role.CJ}
TOPIC = "huleedu.llm_provider.comparison_result.v1"
# How often CJ's monitor looks for batches that rest, and for how long one may.
SWEEP_EVERY, BATCH_TIMEOUT = timedelta(minutes=5), timedelta(hours=4)


@dataclass(eq=False)
class Request:
    """One comparison as the provider's queue holds it."""

    id: str
    correlation: str
    batch: "Batch"
    queued_at: datetime
    status: str = "queued"
    started_at: datetime | None = None
    retries: int = 0
    poison: bool = False
    shown: QueueItem | None = None

    @property
    def item(self) -> QueueItem:
        """How Redis shows it now; made anew only when it changed, for most of a queue waits."""
        old = self.shown
        if old is None or (old.status, old.processing_started_at, old.retry_count) != (
            self.status,
            self.started_at,
            self.retries,
        ):
            self.shown = _item(self)
        return self.shown  # type: ignore[return-value]


@dataclass(eq=False)
class Batch:
    """One batch of comparisons and how far it has come."""

    number: int
    uuid: str
    pairs: int
    created_at: datetime
    answered: int = 0
    errors: int = 0
    state: str = "WAITING_CALLBACKS"
    status: str = "PERFORMING_COMPARISONS"
    active_at: datetime = START
    scored_at: datetime | None = None

    @property
    def pending(self) -> int:
        return self.pairs - self.answered


@dataclass
class Town:
    """Everything there is; faults are switches that a story sets while time passes."""

    seed: int
    mode: str = "serial_bundle"
    shape: str = "json"
    witness: str = "all"
    now: datetime = START
    hung: bool = False
    hangs_answering: bool = False
    stopped: bool = False
    crash: bool = False
    leak: bool = False
    poison: bool = False
    loses: bool = False
    broker_away: bool = False
    deaf: bool = False
    scoring_breaks: bool = False
    forgotten: bool = False
    failing: float = 0.004
    rush: bool = False
    least: int = 0
    stray: bool = False
    violation: bool = False
    queue: list[Request] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    sessions: tuple[BlockedSession, ...] = ()
    outbox: tuple[OutboxGroup, ...] = ()
    down: str = ""
    redis_away: bool = False
    mocked: bool = False
    batch_timeout: timedelta = BATCH_TIMEOUT

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        sizes = [1, 2, 4, 8, 8, 16, 32, 64]
        self.bundle = self.dice.choice(sizes) if self.mode != "per_request" else 1
        # A longest bundle takes three minutes or so.
        self.pace = self.dice.uniform(0.6, 5.0 if self.bundle < 64 else 2.5)
        self._lines: list[tuple[datetime, str, str]] = []
        self._taken: list[Request] = []
        self._free_at = self._snapshot_at = self._heartbeat_at = self.now
        self._next_batch = self.now + timedelta(seconds=self.dice.uniform(5, 120))
        self._sweep_at = self.now + SWEEP_EVERY * self.dice.random()
        self._number = 100
        self._born = dict.fromkeys((LPS, CJ), self.now - timedelta(days=3))
        self.gauge = (0, 0)
        self._fails = False
        self.further = [Further(f"other_{n}:queue", random.Random(n), self.now) for n in range(2)]

    def pass_tick(self) -> Followed | None:
        """Let a tick's time pass; return what the services logged meanwhile, if logs are read."""
        self.live(TICK)
        followed = self._followed()
        return followed if self.witness in ("all", "logs") else None

    def live(self, span: timedelta) -> None:
        """Let time pass, second by second."""
        end = self.now + span
        while self.now < end:
            self.now += timedelta(seconds=1)
            self._arrive()
            self._work()
            self._finish_batches()
            self._sweep()

    def reading(self) -> QueueReading | Missing | None:
        """Return the queue as Redis shows it."""
        if self.witness in ("logs", "metrics"):
            return None
        if self.redis_away:
            return Missing("llm_queue", "connection refused")
        items = tuple(one.item for one in self.queue[:READ_ITEMS])
        size = len(self.queue)
        return QueueReading(self.now, size, items, truncated=size > len(items))

    def fronts(self) -> tuple[QueueFront, ...] | Missing | None:
        """Return the fronts of the further queues as Redis shows them."""
        if self.witness in ("logs", "metrics"):
            return None
        if self.redis_away:
            return Missing("llm_queue", "connection refused")
        return tuple(one.at(self.now) for one in self.further)

    def open_batches(self) -> tuple[BatchSummary, ...]:
        """Return the rows of the batches that have not ended."""
        return tuple(_summary(one, self.queue) for one in self.batches if not _ended(one))

    def containers(self) -> tuple[ContainerState, ...]:
        """Return the services' containers."""
        return tuple(
            ContainerState(name, f"huleedu_{name}", name, "running", self._born[name])
            for name in (LPS, CJ)
            if name != self.down
        )

    def health(self) -> tuple[ServiceHealth, ...]:
        """Return what the services say of themselves."""
        total, queued = self.gauge if self.witness == "metrics" else (None, None)
        return (
            ServiceHealth(
                LPS, self.now, "healthy", mock_mode=False, queue_total=total, queue_queued=queued
            ),
        )

    def restart_worker(self) -> None:
        """Start the worker anew; what it had in hand stays as it was."""
        self._taken = []
        self._free_at = self.now + timedelta(seconds=2)
        self._say(LPS, "Queue processor started")

    def restart_container(self, name: str) -> None:
        """Start a service anew, and its worker with it."""
        self._born[name] = self.now
        if name == LPS:
            self.restart_worker()

    def _arrive(self) -> None:
        if self.now < self._next_batch:
            return
        pairs = max(self.least, self.dice.choice([2, 4, 10, 10, 40, 100, 250]))
        # In a rush three times as much comes as can be answered.
        gap = pairs * self.pace / 3 if self.rush else self.dice.uniform(240, 2_400)
        self._next_batch = self.now + timedelta(seconds=gap)
        self._number += 1
        batch = Batch(self._number, str(self._uuid()), pairs, self.now, active_at=self.now)
        self.batches.append(batch)
        # A batch that was forgotten has no pairs to ask for.
        if self.forgotten:
            batch.pairs, batch.state = 0, "GENERATING_PAIRS"
            return
        self._say(CJ, f"Stored 0 new comparison pairs for CJ Batch ID: {batch.number}")
        for _ in range(pairs):
            self._queue(Request(str(self._uuid()), str(self._uuid()), batch, self.now))

    def _queue(self, one: Request) -> None:
        self.queue.append(one)
        self._say(LPS, f"Queued request {one.id} with priority 5, TTL 14400s")

    def _work(self) -> None:
        if self.down == LPS or self.stopped:
            return
        if self._taken and not self.hung and self.now >= self._free_at:
            self._answer()
        if self._taken:
            return
        self._beat()
        self.gauge = len(self.queue), sum(one.status == "queued" for one in self.queue)
        waiting = [one for one in self.queue[:10] if one.status == "queued"]
        if waiting and self.now >= self._free_at:
            self._take(waiting[0])

    def _beat(self) -> None:
        if self.mode != "per_request" and self.now >= self._snapshot_at:
            self._snapshot_at = self.now + timedelta(seconds=30)
            queued = sum(one.status == "queued" for one in self.queue)
            self._say(LPS, "queue_metrics_snapshot", {
                "queue_current_size": len(self.queue), "queue_queued_count": queued,
                "queue_processing_mode": self.mode, "queue_usage_percent": 0.1,
            })  # fmt: skip
        if self.now >= self._heartbeat_at:
            self._heartbeat_at = self.now + timedelta(minutes=5)
            self._say(LPS, "Queue processor stats - Processed: 7")

    def _take(self, first: Request) -> None:
        alike = [one for one in self.queue if one.status == "queued"]
        self._taken = [one for one in alike if one.batch is first.batch][: self.bundle]
        for one in self._taken:
            one.status, one.started_at = "processing", self.now
        self._say_taken(first)
        pace = 0.0 if self.mocked else self.pace
        seconds = sum(pace * self.dice.uniform(0.5, 1.6) for _ in self._taken)
        if self.poison:
            self.poison, first.poison = False, True
        poisoned = any(one.poison for one in self._taken)
        self._fails = poisoned or self.dice.random() < self.failing
        if self._fails:
            # The first failing call ends the bundle; what poisons it runs into time-outs.
            seconds = self.dice.uniform(75, 280) if poisoned else self.dice.uniform(0.3, 5)
        self._free_at = self.now + timedelta(seconds=seconds)
        if self.crash:
            self.crash = False
            self.restart_worker()

    def _say_taken(self, first: Request) -> None:
        extra: dict[str, object] = {"queue_processing_mode": self.mode}
        if self.mode == "per_request":
            text = f"Processing queued request {first.id}, correlation_id: {first.correlation}"
            self._say(LPS, text, extra)
            return
        name = "batch_api_job_dispatch" if self.mode == "batch_api" else "serial_bundle_dispatch"
        more = {"bundle_size": len(self._taken), "provider": "anthropic"}
        self._say(LPS, name, extra | more)

    def _answer(self) -> None:
        taken, self._taken = self._taken, []
        if self._fails:
            self._fail(taken)
            return
        for one in taken:
            if self.leak:
                self.leak = False
                one.status = "failed"
                words = "for retry, marking as failed to prevent infinite loop"
                self._say(LPS, f"Failed to re-enqueue request {one.id} {words}", level="error")
                continue
            self.queue.remove(one)
            took = 0 if self.mocked else round(self.pace * 1_000)
            self._say(
                LPS,
                "Comparison processing successful for provider anthropic, "
                f"correlation_id: {one.correlation}, response_time: {took}ms",
            )
            self._say(LPS, f"Request {one.id} completed successfully, correlation_id: "
                           f"{one.correlation}")  # fmt: skip
            self._callback(one)
            if self.hangs_answering and len(taken) > 1:
                self.hung, self._taken = True, taken[1:]
                return

    def _callback(self, one: Request) -> None:
        if self.loses:
            return
        if self.broker_away:
            self._say(LPS, f"Failed to publish callback event for request {one.id}: broker away, "
                           f"correlation_id: {one.correlation}", level="error")  # fmt: skip
            return
        self._say(LPS, f"Published success callback event for request {one.id}, correlation_id: "
                       f"{one.correlation}, topic: {TOPIC}")  # fmt: skip
        if self.deaf:
            return
        one.batch.answered += 1
        one.batch.active_at = self.now
        self._say(CJ, f"Processing LLM comparison callback for request {one.id}",
                  {"correlation_id": one.correlation, "is_error": False})  # fmt: skip
        self._say(CJ, "Recording 0 comparison results for CJ Batch ID: 7")

    def _fail(self, taken: list[Request]) -> None:
        if self.mode == "per_request":
            self._say(LPS, f"LLM service error processing request {taken[0].id}: "
                           "[EXTERNAL_SERVICE_ERROR] overloaded", level="error")  # fmt: skip
        else:
            job = self.mode == "batch_api"
            self._say(LPS, "BATCH_API job processing failed" if job
                      else "Serial bundle processing hit provider error",
                      {"bundle_size": len(taken), "queue_processing_mode": self.mode},
                      level="error")  # fmt: skip
            for one in taken if job else ():
                self._say(LPS, f"Request {one.id} failed with HuleEduError: job expired",
                          level="error")  # fmt: skip
        for one in taken:
            if one.retries < 3:
                self._requeue(one)
                continue
            self.queue.remove(one)
            one.batch.answered += 1
            one.batch.errors += 1
            one.batch.active_at = self.now
            self._say(LPS, f"Published error callback event for request {one.id}, correlation_id: "
                           f"{one.correlation}, topic: {TOPIC}")  # fmt: skip
            self._say(CJ, f"Processing LLM comparison callback for request {one.id}",
                      {"correlation_id": one.correlation, "is_error": True})  # fmt: skip

    def _requeue(self, one: Request) -> None:
        one.status, one.started_at = "queued", None
        one.retries += 1
        self._say(LPS, f"Requeueing request {one.id} for retry ({one.retries}/3)")

    def _finish_batches(self) -> None:
        for one in self.batches:
            if one.state != "SCORING" and one.pairs and not one.pending and not _ended(one):
                one.state, one.active_at = "SCORING", self.now
                one.scored_at = self.now + timedelta(seconds=self.dice.uniform(2, 40))
            if one.state == "SCORING" and one.scored_at and self.now >= one.scored_at:
                if self.scoring_breaks:
                    one.scored_at = None
                    continue
                one.state, one.status = "COMPLETED", "COMPLETE_STABLE"
        if self.stray:
            self.stray = False
            self._say(CJ, "Error in callback processing: [CJ_CALLBACK_CORRELATION_FAILED] Cannot "
                          f"find comparison pair for callback with correlation ID: {self._uuid()}",
                      level="error")  # fmt: skip
        if self.violation:
            self.violation = False
            self._say(CJ, "Failed scoring finalization", trace=(
                "Traceback (most recent call last):\n"
                "sqlalchemy.exc.IntegrityError: duplicate key value violates unique constraint "
                '"grade_projections_pkey"\n(Background on this error at: '
                "https://sqlalche.me/e/20/gkpj)"
            ), level="error")  # fmt: skip

    def _sweep(self) -> None:
        """Let CJ's monitor end what rested for longer than it may."""
        if self.now < self._sweep_at:
            return
        self._sweep_at = self.now + SWEEP_EVERY
        before = self.now - self.batch_timeout
        stuck = [one for one in self.batches if not _ended(one) and one.active_at <= before]
        if not stuck:
            self._say(CJ, "BatchMonitor heartbeat: no stuck batches detected")
            return
        found = {"stuck_batch_count": len(stuck), "stuck_threshold": before.isoformat()}
        self._say(CJ, "Found stuck batches", found, level="warning")
        for one in stuck:
            self._say(CJ, "Marking stuck batch as FAILED", {"batch_id": one.number},
                      level="warning")  # fmt: skip
            one.state, one.status = "FAILED", "ERROR_PROCESSING"

    def _uuid(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)

    def _say(
        self,
        service: str,
        event: str,
        extra: dict[str, object] | None = None,
        *,
        level: str = "info",
        trace: str = "",
    ) -> None:
        if service == self.down:
            return
        shape = self.dice.choice(list(SHAPES)) if self.shape == "mixed" else self.shape
        write = SHAPES[shape]
        line = write(self.now, service, event, extra or {}, level, trace)
        self._lines.append((self.now, service, line))

    def _followed(self) -> Followed:
        lines, self._lines = self._lines, []
        events = [event for name in (LPS, CJ) for event in _parsed(lines, name)]
        events.sort(key=lambda event: event.at or START)
        names = {f"huleedu_{name}": ROLES[name] for name in (CJ, LPS) if name != self.down}
        return Followed(tuple(events), containers=names)


def _parsed(lines: list[tuple[datetime, str, str]], name: str) -> Iterator[LogEvent]:
    raw = [row.encode() for _, service, text in lines if service == name
           for row in text.split("\n")]  # fmt: skip
    return parse_lines(raw, service=name, container=f"huleedu_{name}", role=ROLES[name], zone=UTC)


def _json(
    at: datetime, service: str, event: str, extra: dict[str, object], level: str, trace: str
) -> str:
    import json

    line = {"event": event, "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000000Z", "level": level,
            "logger_name": f"{service}.x", "extra": extra}  # fmt: skip
    return json.dumps(line | ({"exception": trace} if trace else {}))


def _console(
    at: datetime, service: str, event: str, extra: dict[str, object], level: str, trace: str
) -> str:
    tail = f" extra={extra}" if extra else ""
    head = f"{at:%Y-%m-%dT%H:%M:%S}.000000Z [{level:<9}] {event:<30} [{service}.x]{tail} lineno=1"
    return f"{head}\n{trace}" if trace else head


def _plain(
    at: datetime, service: str, event: str, extra: dict[str, object], level: str, trace: str
) -> str:
    """What a logger writes that was made before logging was configured."""
    fields = f" extra={extra}" if extra else ""
    head = f"{at:%Y-%m-%d %H:%M:%S} [{level:<9}] {event:<30} [{service}.x]{fields}"
    return f"{head}\n{trace}" if trace else head


SHAPES = {"json": _json, "console": _console, "plain": _plain}


def _item(one: Request) -> QueueItem:
    return QueueItem(
        one.id,
        one.status,
        queued_at=one.queued_at,
        processing_started_at=one.started_at,
        ttl=timedelta(hours=4),
        retry_count=one.retries,
        correlation_id=one.correlation,
        bos_batch_id=one.batch.uuid,
        cj_batch_id=str(one.batch.number),
    )


def _summary(one: Batch, queue: list[Request]) -> BatchSummary:
    header = BatchHeader(
        one.number, one.uuid, one.uuid, one.status, one.state, one.created_at,
        last_activity_at=one.active_at, total_budget=one.pairs or None,
    )  # fmt: skip
    pairs = PairCounts(
        total=one.pairs,
        essay_a=one.answered - one.errors,
        error=one.errors,
        pending=one.pending,
        last_completed_at=one.active_at if one.answered else None,
        pending_first_submitted_at=one.created_at if one.pending else None,
    )
    return BatchSummary(header, pairs)


def _ended(one: Batch) -> bool:
    return one.state in ("COMPLETED", "FAILED")
