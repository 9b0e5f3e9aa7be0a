# ruff: noqa: E501
"""A simulated batch: the services' way from request to grades, step by step, with faults in it.

The simulator knows how HuleEdu works and nothing of the rules: it moves rows, queue items and log
lines as the services do, on either revision, and stops at the moment of asking.
"""

import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bot.demo.incident.log_lines import CJ, LLM, Said

BEGIN = datetime(2025, 11, 20, 8, 0, tzinfo=UTC)
END = datetime(2100, 1, 1, tzinfo=UTC)
TOPIC = "huleedu.llm_provider.comparison_result.v1"
TAKEN_IN = "Request queued for processing - results will be delivered via callback"
Step = tuple[datetime, str]


FAIR = 0.5


@dataclass(eq=False)
class Comparison:
    """One pair on its way; `place` is its status in Redis, empty when it is not there."""

    a: str
    b: str
    correlation: UUID
    request: UUID
    created: datetime
    generation: str = "coverage"
    sent: datetime | None = None
    taken: datetime | None = None
    answered: datetime | None = None
    winner: str | None = None
    root: UUID | None = None
    place: str = ""
    retries: int = 0


@dataclass
class Faults:
    """What goes wrong, as things that happen; the defaults are a healthy night.

    `blips` and `outage` are the chance that a provider call raises (single hiccups, a real
    outage); `anchors_first` the chance that an anchor stands in slot A (half: shuffled).
    """

    blips: float = 0.0
    outage: float = 0.0
    anchors_first: float = FAIR
    budget_counts_sent: bool = False
    no_terminal_guard: str = ""
    scoring_breaks: bool = False
    relay: str = ""
    lost: str = ""
    lost_share: float = 0.4
    no_continuation: bool = False
    bundle_again: str = ""
    capped_at_pairs: bool = False
    stray: str = ""
    own_stray: str = ""
    no_content: int = 0
    forced_short: bool = False
    gave_up: bool = False
    wave_denominator: bool = False
    worth: str = ""


@dataclass
class World:
    """Everything that exists of one batch at the moment `now`."""

    seed: int
    then: bool
    faults: Faults = field(default_factory=Faults)
    essays: int = 12
    anchors: int = 4
    budget: int = 40
    mode: str = "serial_bundle"
    bundle: int = 8
    wave: int = 10
    stop: str = "budget"
    seconds_each: float = 2.0
    logs: bool = True
    now: datetime = END
    status: str = "PENDING"
    state: str | None = "INITIALIZING"
    total: int = 0
    submitted: int = 0
    completed: int = 0
    failed: int = 0
    iteration: int = 0
    last_activity: datetime = BEGIN
    comparisons: list[Comparison] = field(default_factory=list)
    projected: datetime | None = None
    outbox: list[tuple[datetime, datetime | None, int]] = field(default_factory=list)
    scores: dict[str, tuple[float, float]] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    runner: list[tuple[datetime, str, str]] = field(default_factory=list)
    straggling: list[Comparison] = field(default_factory=list)
    forced: str | None = None
    mixed: int = 0
    in_a: int = 0
    twins: tuple[tuple[Any, ...], ...] = ()
    other_model: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.id = self.seed % 900_000 + 1
        self.bos, self.event_id = self.uuid(), self.uuid()
        marks = [f"{self.rng.getrandbits(32):08x}" for _ in range(self.essays)]
        self.names = [
            f"ANCHOR_{n}_{mark}" if n < self.anchors else str(self.uuid())
            for n, mark in enumerate(marks)
        ]
        self.ability = {name: self.rng.gauss(0, 1) for name in self.names}
        self.iteration = 1 if self.then else 0

    def uuid(self) -> UUID:
        """Return a fresh id."""
        return UUID(int=self.rng.getrandbits(128), version=4)

    def is_anchor(self, name: str) -> bool:
        """Say whether an essay is an anchor."""
        return name.startswith("ANCHOR_")

    def say(
        self, at: datetime, container: str, event: str, level: str = "info", **extra: object
    ) -> None:
        """Write a log line."""
        if self.logs or level == "error":
            raised = extra.pop("raised", ("", ""))
            self.said.append(Said(container, at, event, level, extra=extra, raised=raised))  # type: ignore[arg-type]

    @property
    def worked(self) -> str:
        """The mode under the LLM provider's own name."""
        return "batch_api" if self.mode == "provider_batch_api" else self.mode

    @property
    def open(self) -> list[Comparison]:
        """Comparisons without an answer."""
        return [one for one in self.comparisons if one.winner is None]


def run(world: World) -> World:
    """Let a world live until its `now`."""
    for at, _ in life(world):
        if at > world.now:
            break
    return world


def life(world: World) -> Iterator[Step]:
    """Live a batch: yields when, and in which phase, the next thing happens; then it happens."""
    yield from _begin(world)
    at = BEGIN + timedelta(seconds=4)
    for wave in _waves(world):
        at = yield from _submit(world, wave, at)
        at = yield from _work(world, wave, at)
        if world.status.startswith("COMPLETE"):
            return
        if world.straggling or (not world.then and _is_stable(world)):
            break
        if world.stop == "cancel" and len(world.comparisons) > world.budget // 2:
            yield at, "cancelled"
            world.state, world.last_activity = "CANCELLED", at
            return
    if world.stop == "insufficient":
        yield at, "ended"
        world.status, world.state = "COMPLETE_INSUFFICIENT_ESSAYS", "FAILED"
        world.last_activity = at
        return
    if world.stop == "forced":
        yield from _force(world, at)
        return
    if world.faults.gave_up:
        yield from _give_up(world, at)
        return
    if world.open and world.stop != "stability":
        return
    if not world.faults.no_continuation:
        yield from finalise(world, at + timedelta(seconds=world.rng.randint(5, 50)))


def _force(world: World, at: datetime) -> Iterator[Step]:
    """CJ's monitor waits for four hours, then scores what there is."""
    at += timedelta(hours=4, minutes=world.rng.randint(1, 6))
    yield at, "forced"
    world.forced = "stuck_timeout"
    world.say(at, CJ, "Forcing stuck batch to SCORING state", batch_id=world.id)
    yield from finalise(world, at)
    yield at + timedelta(minutes=1), "over"
    if not world.then:
        world.status = "COMPLETE_FORCED_RECOVERY"


def _give_up(world: World, at: datetime) -> Iterator[Step]:
    """CJ's monitor fails a batch that got too few of its answers; the upload's status stays."""
    at += timedelta(hours=4, minutes=world.rng.randint(1, 6))
    yield at, "gave up"
    world.say(at, CJ, "Marking stuck batch as FAILED", "warning", batch_id=world.id)
    world.status, world.state, world.last_activity = "FETCHING_CONTENT", "FAILED", at


def _begin(world: World) -> Iterator[Step]:
    yield BEGIN, "new"
    world.last_activity = BEGIN
    label = f"run-{world.seed}"
    world.runner += [
        (BEGIN - timedelta(seconds=3), "runner_invocation", "mode=execute"),
        (
            BEGIN - timedelta(seconds=2),
            "uuid",
            f"Canonical batch UUID: {world.bos} (label: {label})",
        ),
        (BEGIN - timedelta(seconds=1), "kafka_publish_success", str(world.event_id)),
        (BEGIN, "collector_started", ""),
    ]
    if world.stop != "insufficient":
        yield BEGIN + timedelta(seconds=2), "generating"
        world.status, world.state = "PERFORMING_COMPARISONS", "GENERATING_PAIRS"


def _waves(world: World) -> Iterator[list[tuple[str, str, str]]]:
    """The pairs of each wave; once every pair was compared only resampling makes more."""
    if world.stop == "insufficient":
        return
    every = _rounds(world)
    pairs = [(*_slots(world, pair), "coverage") for pair in every]
    if world.stop == "resampling":
        pairs += [(b, a, "resampling") for a, b, _ in pairs]
    least = len(every) if world.stop == "small_net" else world.budget
    left = pairs[: min(world.budget, least)]
    while left:
        wave, left = left[: world.wave], left[world.wave :]
        yield wave


def _rounds(world: World) -> list[tuple[str, str]]:
    """Every pair once, in rounds that each meet every essay once, as in a tournament."""
    ring: list[str] = list(world.names)
    world.rng.shuffle(ring)
    ring += [""] * (len(ring) % 2)
    half, pairs = len(ring) // 2, []
    for _ in range(len(ring) - 1):
        pairs += list(zip(ring[:half], reversed(ring[half:]), strict=True))
        ring = [ring[0], ring[-1], *ring[1:-1]]
    return [pair for pair in pairs if all(pair)]


def _slots(world: World, pair: tuple[str, str]) -> tuple[str, str]:
    first, second = pair
    if world.is_anchor(first) == world.is_anchor(second):
        return (first, second) if world.rng.random() < 0.5 else (second, first)
    anchor, student = (first, second) if world.is_anchor(first) else (second, first)
    if world.faults.anchors_first == FAIR:
        # Balanced as the service's orientation strategy does it; a fair coin alone strays.
        first_in_a = 2 * world.in_a < world.mixed + world.rng.randint(0, 1)
    else:
        first_in_a = world.rng.random() < world.faults.anchors_first
    world.mixed, world.in_a = world.mixed + 1, world.in_a + first_in_a
    return (anchor, student) if first_in_a else (student, anchor)


def _submit(
    world: World, wave: list[tuple[str, str, str]], at: datetime
) -> Generator[Step, None, datetime]:
    yield at, "rows"
    fresh = [Comparison(a, b, world.uuid(), world.uuid(), at, kind) for a, b, kind in wave]
    world.comparisons += fresh
    world.last_activity = at
    at += timedelta(seconds=1)
    yield at, "sent"
    _count_sent(world, len(fresh))
    world.state, world.last_activity = "WAITING_CALLBACKS", at
    for one in fresh:
        one.sent, one.place = at, "queued"
        world.say(at, CJ, f"Sending LLM comparison request with correlation_id: {one.correlation}")
        world.say(
            at,
            LLM,
            f"Queuing LLM request for provider anthropic (async-only architecture). correlation_id: {one.correlation}",
        )
        world.say(at, LLM, f"Queued request {one.request} with priority 5, TTL 14400s")
        ids = {} if world.then else {"queue_id": str(one.request)}
        world.say(at, CJ, TAKEN_IN, correlation_id=str(one.correlation), **ids)
    return at


def _count_sent(world: World, count: int) -> None:
    """The older revision overwrites its counters with each wave; the newer adds up."""
    if world.then:
        world.total = world.submitted = count
        return
    world.total += count
    world.submitted += count
    world.iteration += 1


def _work(
    world: World, wave: list[tuple[str, str, str]], at: datetime
) -> Generator[Step, None, datetime]:
    todo = world.comparisons[-len(wave) :]
    sizes = {"serial_bundle": world.bundle, "provider_batch_api": len(wave)}
    size = sizes.get(world.mode, 1)
    while todo:
        bundle, todo = todo[:size], todo[size:]
        at += timedelta(seconds=0.5)
        if _leaves_last(world) and not todo:
            world.straggling = bundle
            return at
        yield at, "taken"
        _take(world, bundle, at)
        ended = at + timedelta(seconds=world.seconds_each * len(bundle))
        gone = _keeps_in_memory(world, bundle) or _cannot_store(world, bundle, ended)
        if gone or _lose(world, bundle, ended):
            at = ended
            continue
        failing = next((one for one in bundle if world.rng.random() < _risk(world)), None)
        at = ended
        for one in bundle:
            at += timedelta(milliseconds=5)
            yield at, "answered"
            _answer(world, one, failing, at)
            if _early(world):
                yield from finalise(world, at + timedelta(milliseconds=500))
                at += timedelta(seconds=1)
        if world.faults.bundle_again and failing is None:
            _again(world, bundle, at)
    return at


def _leaves_last(world: World) -> bool:
    """Whether the batch ends without the answers of its last bundle."""
    if world.stop == "forced":
        return world.faults.forced_short and len(world.comparisons) >= world.budget
    # The newer revision waits for what is on its way before it scores.
    return world.then and _is_stable(world)


def _is_stable(world: World) -> bool:
    return world.stop == "stability" and len(world.comparisons) >= world.budget // 2


def _take(world: World, bundle: list[Comparison], at: datetime) -> None:
    for one in bundle:
        one.place, one.taken = "processing", at
    mode = {"queue_processing_mode": world.worked}
    if world.mode != "per_request":
        event = "serial_bundle_dispatch" if world.worked == world.mode else "batch_api_job_dispatch"
        world.say(at, LLM, event, bundle_size=len(bundle), provider="anthropic", **mode)
    else:
        one = bundle[0]
        world.say(
            at,
            LLM,
            f"Processing queued request {one.request}, correlation_id: {one.correlation}",
            **mode,
        )


def _risk(world: World) -> float:
    return world.faults.outage or world.faults.blips


def _answer(world: World, one: Comparison, failing: Comparison | None, at: datetime) -> None:
    one.place, one.answered = "", at
    blip = failing is not None and world.faults.outage == 0 and one is not failing
    if failing is not None and not blip:
        one.winner, one.root = "error", failing.correlation
        world.failed += 1
    else:
        edge = world.ability[one.a] - world.ability[one.b] + world.rng.gauss(0, 0.4)
        one.winner = "essay_a" if edge > 0 else "essay_b"
        world.completed += 1
    world.last_activity = at
    world.runner.append((at, "llm_comparison_hydrated", ""))
    _say_answer(world, one, at)
    if world.faults.wave_denominator:
        done = world.completed + world.failed
        world.say(at, CJ, f"Batch {world.id} completion check: {done}/{world.total}", "info",
                  batch_id=world.id, completion_rate=done / world.total)  # fmt: skip


def _say_answer(world: World, one: Comparison, at: datetime) -> None:
    ids = {"correlation_id": str(one.correlation), "request_id": str(one.request)}
    kind = "error" if one.winner == "error" else "success"
    if kind == "success":
        world.say(
            at,
            LLM,
            f"Request {one.request} completed successfully, correlation_id: {one.correlation}",
        )
    world.say(
        at,
        LLM,
        f"Published {kind} callback event for request {one.request}, correlation_id: {one.correlation}, topic: {TOPIC}",
    )
    world.say(at, CJ, f"Processing LLM comparison callback for request {one.request}", **ids)
    if kind == "success":
        said = {"essay_a": "Essay A", "essay_b": "Essay B"}[str(one.winner)]
        world.say(
            at,
            CJ,
            f"Received successful comparison result for request {one.request}",
            winner=said,
            **ids,
        )
    world.say(
        at, CJ, f"Updated comparison pair {world.comparisons.index(one)} with {kind} result", **ids
    )


def _again(world: World, bundle: list[Comparison], at: datetime) -> None:
    """A bundle that broke off after its answers were sent is asked again as a whole."""
    for one in bundle:
        ids = {"correlation_id": str(one.correlation), "request_id": str(one.request)}
        world.say(at, LLM, f"Published success callback event for request {one.request}, "
                  f"correlation_id: {one.correlation}, topic: {TOPIC}")  # fmt: skip
        other = {"essay_a": "Essay B", "essay_b": "Essay A"} if world.faults.bundle_again == "differing" else {
            "essay_a": "Essay A", "essay_b": "Essay B"}  # fmt: skip
        world.say(
            at, CJ, f"Processing LLM comparison callback for request {one.request}", "error", **ids
        )
        world.say(at, CJ, f"Received successful comparison result for request {one.request}", "error",
                  winner=other[str(one.winner)], **ids)  # fmt: skip
        world.say(at, CJ, f"Comparison pair {world.comparisons.index(one)} already has result, skipping update",
                  "error", request_id=str(one.request), existing_winner=one.winner)  # fmt: skip
        if world.faults.bundle_again == "differing":
            return


def _lose(world: World, bundle: list[Comparison], at: datetime) -> bool:
    """Lose a bundle's answers on their way, as the fault says; the batch waits for them."""
    how = world.faults.lost
    spared = world.comparisons[0] is not bundle[0]
    if how in ("", "local", "unstored") or (
        spared and world.rng.random() > world.faults.lost_share
    ):
        return False
    for one in bundle:
        # What was flushed leaves no line.
        one.place = ""
        end = f"request {one.request}, correlation_id: {one.correlation}"
        match how:
            case "expired":
                world.say(
                    at,
                    LLM,
                    f"Request {one.request} has expired, correlation_id: {one.correlation}",
                    "warning",
                )
            case "publish":
                failed = f"Failed to publish callback event for request {one.request}: broker down, correlation_id: {one.correlation}"
                world.say(at, LLM, failed, "error", raised=("KafkaError", "broker down"))
                world.say(at, LLM, f"Published success callback event for {end}, topic: {TOPIC}")
            case "refused" | "blocked":
                kept = f"topic='{TOPIC}', event_id={one.root or one.correlation}"
                words = (
                    f"Kafka publish failed for topic '{TOPIC}': gone. Queuing message for retry."
                    if how == "refused"
                    else f"Circuit breaker is open for Kafka publisher 'p', queuing message for topic '{TOPIC}'"
                )
                world.say(at, LLM, words, "error")
                world.say(at, LLM, f"Queued message for retry: {kept}, queue_size=1")
                world.say(at, LLM, f"Published success callback event for {end}, topic: {TOPIC}")
            case "consumer":
                world.say(
                    at,
                    LLM,
                    f"Request {one.request} completed successfully, correlation_id: {one.correlation}",
                )
                world.say(at, LLM, f"Published success callback event for {end}, topic: {TOPIC}")
            case "evicted":
                world.say(at, LLM, f"Cleaned up {len(bundle)} orphaned queue entries")
            case "never_sent":
                world.say(one.created, CJ, f"Unexpected error processing task {one.a}-{one.b}: refused", "error",
                          correlation_id=str(one.correlation))  # fmt: skip
            case "orphan" | "hang":
                one.place = "processing"
    return True


def _keeps_in_memory(world: World, bundle: list[Comparison]) -> bool:
    """Redis fails, so that the provider keeps a bundle in its own memory."""
    spared = world.comparisons[0] is not bundle[0]
    if world.faults.lost != "local" or (spared and world.rng.random() > world.faults.lost_share):
        return False
    for one in bundle:
        one.place = ""
        world.say(one.sent or world.now, LLM, f"Using local queue for request {one.request}",
                  correlation_id=str(one.correlation))  # fmt: skip
    return True


def _cannot_store(world: World, bundle: list[Comparison], at: datetime) -> bool:
    """CJ's database is away while a bundle's callbacks come: it acknowledges them all the same."""
    spared = world.comparisons[0] is not bundle[0]
    if world.faults.lost != "unstored" or (spared and world.rng.random() > world.faults.lost_share):
        return False
    away = "Error in callback processing: [Errno 111] Connect call failed ('10.0.0.2', 5432)"
    for one in bundle:
        one.place = ""
        ids = {"correlation_id": str(one.correlation), "request_id": str(one.request)}
        world.say(
            at,
            LLM,
            f"Published success callback event for request {one.request}, correlation_id: {one.correlation}, topic: {TOPIC}",
        )
        world.say(at, CJ, f"Processing LLM comparison callback for request {one.request}", **ids)
        world.say(at, CJ, away, "error", **ids)
    return True


def _early(world: World) -> bool:
    """The older check at each fifth callback took a budget that was sent for one that was used."""
    done = world.completed + world.failed
    spent = len(world.comparisons) >= world.budget
    return (
        world.faults.budget_counts_sent
        and world.then
        and spent
        and done % 5 == 0
        and not world.projected
    )


def finalise(world: World, at: datetime) -> Iterator[Step]:
    """Score, project, publish; the newer revision decides in words first."""
    yield at, "scoring"
    world.state, world.last_activity = "SCORING", at
    early = len(world.open) and world.stop not in ("stability", "forced")
    if world.forced:
        world.say(at, CJ, "Triggering scoring for a batch without further callbacks")
    elif early:
        world.say(at, CJ, "Comparison budget exhausted; finalizing batch despite incomplete threshold",
                  "error", batch_id=world.id)  # fmt: skip
    elif world.then:
        world.say(at, CJ, "Completion threshold reached; finalizing scoring", batch_id=world.id)
    else:
        _decide(world, at)
    if world.faults.scoring_breaks:
        world.say(at, CJ, "Failed scoring finalization: boom", "error", batch_id=world.id,
                  raised=("ValueError", "user_id is None for batch"))  # fmt: skip
        return
    at += timedelta(seconds=world.rng.randint(2, 20) if not early else 0.2)
    yield at, "ended"
    for one in world.straggling:
        one.place = ""
    score(world)
    world.projected = at if world.anchors else None
    stable = world.stop in ("stability", "small_net")
    world.status = "COMPLETE_STABLE" if stable else "COMPLETE_MAX_COMPARISONS"
    world.state, world.last_activity = "COMPLETED", at
    _publish(world, at)
    _second_time(world, at)


def _decide(world: World, at: datetime) -> None:
    done = world.completed + world.failed
    capped, small = world.faults.capped_at_pairs, world.stop == "small_net"
    world.say(at, CJ, "Continuation decision evaluated", "error" if capped else "info",
              batch_id=world.id, decision="finalize_scoring", callbacks_received=done,
              callbacks_reached_cap=capped or done >= world.budget,
              budget_exhausted=done >= world.budget and not capped,
              max_score_change=0.01 if world.stop == "stability" else 0.4,
              is_small_net=small, small_net_cap_reached=small and not capped)  # fmt: skip


def score(world: World) -> None:
    """Score the essays by their valid comparisons; without any, an essay has only its prior."""
    for name in world.names:
        won = lost = 0
        for one in world.comparisons:
            if one.winner in ("essay_a", "essay_b") and name in (one.a, one.b):
                mine = (one.winner == "essay_a") == (one.a == name)
                won, lost = won + mine, lost + (not mine)
        met = won + lost
        # On the scale of a real ranking, whose scores lie several standard errors apart.
        fit = 2.5 * (won - lost) / (met + 1) + world.ability[name] * 0.25
        world.scores[name] = (fit, min(1.9, 1.5 / met**0.5)) if met else (0.0, 2.0)


def _publish(world: World, at: datetime) -> None:
    count = world.rng.randint(2, 83) if world.faults.no_terminal_guard == "events" else 1
    for number in range(count):
        written = at + timedelta(milliseconds=70 * number)
        match world.faults.relay:
            case "dead":
                world.outbox.append((written, None, 0))
            case "gave up":
                world.outbox.append((written, None, 5))
            case _:
                world.outbox.append((written, written + timedelta(seconds=3), 0))


def _second_time(world: World, at: datetime) -> None:
    kind = world.faults.no_terminal_guard
    if kind not in ("violation", "left over"):
        return
    world.state, later = "SCORING", at + timedelta(seconds=4)
    world.last_activity = later
    if kind == "violation":
        text = (
            "(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) <class 'asyncpg.exceptions."
            "UniqueViolationError'>: duplicate key value violates unique constraint "
            '"grade_projections_pkey" (Background on this error at: https://sqlalche.me/e/20/gkpj)'
        )
        world.state = "COMPLETED"
        world.say(later, CJ, f"Failed scoring finalization: {text}", "error", batch_id=world.id,
                  error_type="IntegrityError", raised=("sqlalchemy.exc.IntegrityError", text))  # fmt: skip


def heartbeat(world: World, since: datetime) -> None:
    """Let the idle loop write its snapshots and its five-minute line until now."""
    places = [one.place for one in world.comparisons if one.place]
    at = since
    while at < world.now:
        world.say(at, LLM, "queue_metrics_snapshot", "error", queue_processing_mode=world.worked,
                  queue_current_size=len(places), queue_queued_count=places.count("queued"),
                  accepting_requests=True)  # fmt: skip
        at += timedelta(seconds=30)
    world.say(world.now - timedelta(seconds=40), LLM, "Queue processor stats - Processed: 7")


def runner_dies(world: World, at: datetime, correlation: UUID, words: str) -> None:
    """Let the runner reject a callback and break off."""
    world.runner.append(
        (
            at,
            "runner_publish_failed",
            f"Comparison callback missing {words}; correlation={correlation}",
        )
    )
