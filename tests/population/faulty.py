# ruff: noqa: E501
"""For each rule a way in which the services, or what stands around them, really break."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from bot.demo.incident.log_lines import CJ, LLM
from bot.domain.batch import BlockedSession
from bot.domain.report import Severity
from tests.population.evidence import Around
from tests.population.healthy import faulty_options
from tests.population.world import (
    BEGIN,
    Faults,
    World,
    heartbeat,
    life,
    run,
    runner_dies,
)

Made = tuple[World, Around]
Break = Callable[[random.Random, int], Made]
REVISIONS = (True, False)


def _live(
    rng: random.Random, variant: int, faults: Faults, *, later: float | None = None, **changes: Any
) -> World:
    """Live a batch with faults and ask `later` minutes after its last step; hours by default."""
    then = changes.pop("then", REVISIONS[variant // 2 % 2])
    options = faulty_options(rng, then=then, **changes)
    last = max(at for at, _ in life(World(variant, faults=faults, **options)))
    minutes = rng.uniform(60, 6_000) if later is None else later
    return run(World(variant, now=last + timedelta(minutes=minutes), faults=faults, **options))


def _frozen(rng: random.Random, variant: int, phase: str, later: float, **changes: Any) -> World:
    """Live a batch until the first step of a phase is done, and ask minutes later."""
    options = faulty_options(rng, then=REVISIONS[variant // 2 % 2], **changes)
    times = [at for at, name in life(World(variant, **options)) if name == phase]
    at = rng.choice(times[: max(1, len(times) // 2)])
    world = run(World(variant, now=at, **options))
    world.now = at + timedelta(minutes=later)
    return world


def _overcounted(rng: random.Random, variant: int) -> Made:
    if variant % 3:
        return _live(rng, variant, Faults(wave_denominator=True), then=True), Around()
    world = _live(rng, variant, Faults(), logs=False)
    world.completed += rng.randint(1, 30)
    return world, Around()


def _overwritten(rng: random.Random, variant: int) -> Made:
    outage = Faults(outage=rng.uniform(0.4, 0.9))
    return _live(rng, variant, outage, then=True, mode="serial_bundle"), Around()


def _counted_as_done(rng: random.Random, variant: int) -> Made:
    return _live(rng, variant, Faults(outage=rng.uniform(0.5, 0.9))), Around()


def _biased(rng: random.Random, variant: int) -> Made:
    share = rng.choice([rng.uniform(0.82, 1.0), rng.uniform(0.0, 0.18)])
    sizes: dict[str, Any] = {"essays": 20, "anchors": 10, "budget": 100}
    return _live(rng, variant, Faults(anchors_first=share), logs=False, **sizes), Around()


def _early(rng: random.Random, variant: int) -> Made:
    faults = Faults(budget_counts_sent=True)
    return _live(
        rng, variant, faults, then=True, budget=10, wave=10, bundle=rng.choice([5, 8])
    ), Around()


def _repeated(rng: random.Random, variant: int) -> Made:
    kind = ("violation", "events", "left over")[variant % 3]
    # Of today's services the state alone says nothing: their monitor leaves it behind as well.
    changes: dict[str, Any] = {"then": True} if kind == "left over" else {}
    return _live(rng, variant, Faults(no_terminal_guard=kind), **changes), Around()


def _stuck(rng: random.Random, variant: int) -> Made:
    return _live(rng, variant, Faults(scoring_breaks=True), later=rng.uniform(11, 900)), Around()


def _foreign(rng: random.Random, variant: int) -> Made:
    world = _live(rng, variant, Faults())
    _reject(world, variant, UUID(int=rng.getrandbits(128), version=4))
    return world, Around()


def _metadata(rng: random.Random, variant: int) -> Made:
    world = _live(rng, variant, Faults())
    own = rng.choice(world.comparisons)
    words = ("essay identifiers", "prompt hash")[variant % 2]
    runner_dies(world, world.last_activity, own.correlation, words)
    return world, Around()


def _reject(world: World, variant: int, id: UUID) -> None:
    at = world.last_activity - timedelta(seconds=2)
    if variant % 3 == 2:
        text = f"Error in callback processing: [CJ_CALLBACK_CORRELATION_FAILED] Cannot find comparison pair for callback with correlation ID: {id}"
        world.say(at, CJ, text, "error", exception_type="HuleEduError")
        return
    runner_dies(world, at, id, ("essay identifiers", "prompt hash")[variant % 2])


def _provider(rng: random.Random, variant: int) -> Made:
    return _live(rng, variant, Faults(outage=rng.uniform(0.35, 0.9))), Around()


def _collateral(rng: random.Random, variant: int) -> Made:
    outage = Faults(outage=rng.uniform(0.35, 0.9))
    return _live(rng, variant, outage, mode="serial_bundle", bundle=8), Around()


def _duplicates(rng: random.Random, variant: int) -> Made:
    kind = ("same", "differing")[variant % 2]
    return _live(rng, variant, Faults(bundle_again=kind), mode="serial_bundle"), Around()


def _lost(rng: random.Random, variant: int) -> Made:
    if variant % 7 == 6:
        # The service died between writing the rows and sending them.
        return _frozen(rng, variant, "rows", rng.uniform(16, 900)), Around()
    ways = ("expired", "publish", "consumer", "evicted", "never_sent", "orphan")
    faults = Faults(lost=ways[variant % len(ways)])
    world = _live(rng, variant, faults, later=rng.uniform(16, 200))
    heartbeat(world, world.now - timedelta(minutes=12))
    return world, Around(runner_running=False, no_queue=variant % 5 == 4)


def _held_back(rng: random.Random, variant: int) -> Made:
    """Kafka refuses the answers, or its breaker holds them back, in any minute after that."""
    way = ("refused", "blocked", "publish")[variant % 3]
    faults = Faults(lost=way, lost_share=1.0)
    return _live(rng, variant, faults, later=rng.uniform(1, 200)), Around(runner_running=False)


def _untaken(rng: random.Random, variant: int) -> Made:
    faults = Faults(lost="consumer", lost_share=1.0)
    return _live(rng, variant, faults, later=rng.uniform(2, 200)), Around(runner_running=False)


def _flushed(rng: random.Random, variant: int) -> Made:
    """Redis is flushed, or some entries are deleted by hand, and no line says so."""
    faults = Faults(lost="flushed", lost_share=(0.0, 1.0)[variant % 2])
    return _live(rng, variant, faults, later=rng.uniform(3, 200)), Around(runner_running=False)


def _expired(rng: random.Random, variant: int) -> Made:
    faults = Faults(lost="expired", lost_share=(0.0, 1.0)[variant % 2])
    return _live(rng, variant, faults, later=rng.uniform(17, 200)), Around(
        no_queue=variant % 3 == 0
    )


def _kept_in_memory(rng: random.Random, variant: int) -> Made:
    """Redis fails, the provider keeps requests in its own memory, and is started anew."""
    world = _live(rng, variant, Faults(lost="local", lost_share=(0.0, 1.0)[variant % 2]),
                  later=rng.uniform(17, 200))  # fmt: skip
    world.say(world.last_activity + timedelta(seconds=9), LLM, "Queue processor started")
    return world, Around(no_queue=variant % 3 == 0)


def _unstored(rng: random.Random, variant: int) -> Made:
    faults = Faults(lost="unstored", lost_share=(0.0, 1.0)[variant % 2])
    return _live(rng, variant, faults, later=rng.uniform(1, 200)), Around()


def _unaccounted(rng: random.Random, variant: int) -> Made:
    """The same, while the log of one of the provider's workers cannot be read."""
    world, _ = _flushed(rng, variant)
    return world, Around(logs_gap=True)


def _unsent(rng: random.Random, variant: int) -> Made:
    faults = Faults(lost="never_sent", lost_share=1.0)
    return _live(rng, variant, faults, later=rng.uniform(1, 200)), Around(runner_running=False)


def _monitored(rng: random.Random, variant: int) -> Made:
    faults = Faults(no_continuation=True)
    return _live(rng, variant, faults, later=rng.uniform(1.2, 4.5)), Around()


def _small_net(rng: random.Random, variant: int) -> Made:
    sizes: dict[str, Any] = {
        "essays": rng.randint(4, 9),
        "anchors": 1,
        "budget": 350,
        "stop": "small_net",
    }
    return _live(rng, variant, Faults(capped_at_pairs=True), then=False, **sizes), Around()


def _degenerate(rng: random.Random, variant: int) -> Made:
    sizes: dict[str, Any] = {"essays": 24, "anchors": 8, "budget": 40, "bundle": 8}
    return _live(rng, variant, Faults(outage=rng.uniform(0.93, 0.99)), **sizes), Around()


def _gave_up(rng: random.Random, variant: int) -> Made:
    ways = ("expired", "evicted", "never_sent")
    faults = Faults(lost=ways[variant % len(ways)], gave_up=True)
    return _live(rng, variant, faults), Around()


def _cancelled(rng: random.Random, variant: int) -> Made:
    return _live(rng, variant, Faults(), stop="cancel"), Around()


def _incomplete(rng: random.Random, variant: int) -> Made:
    if variant % 2:
        return _live(rng, variant, Faults(forced_short=True), stop="forced"), Around()
    world = _live(rng, variant, Faults(), then=False)
    for one in rng.sample(world.comparisons, 3):
        one.winner = one.answered = None
    return world, Around()


def _planned(rng: random.Random, variant: int) -> Made:
    return _live(rng, variant, Faults(), then=False, stop="stability"), Around()


def _asked_again(rng: random.Random, variant: int) -> Made:
    world = _live(rng, variant, Faults(), then=False, stop="stability")
    world.twins = ((world.id + rng.randint(1, 3), "COMPLETE_STABLE"),)
    return world, Around()


def _moved(rng: random.Random, variant: int) -> Made:
    world = _live(rng, variant, Faults(), then=False, stop="stability")
    begin = world.comparisons[0].created
    taken = world.id + rng.randint(1, 3)
    at, essays = begin + timedelta(seconds=20), rng.randint(1, 5)
    world.twins = ((taken, "COMPLETE_STABLE", at, "COMPLETED", False, essays),)
    return world, Around()


def _fast_clock(rng: random.Random, variant: int) -> Made:
    world = _live(rng, variant, Faults())
    ahead = timedelta(minutes=rng.uniform(2, 90))
    for one in world.comparisons:
        one.answered = one.answered and one.answered + ahead
    return world, Around()


def _two_models(rng: random.Random, variant: int) -> Made:
    world = _live(rng, variant, Faults(), then=False, stop="stability")
    world.other_model = rng.randint(1, 5)
    return world, Around()


def _over(rng: random.Random, variant: int) -> Made:
    world = _live(rng, variant, Faults(), then=False, stop="stability")
    at = world.last_activity - timedelta(seconds=1)
    text = f"Failed scoring finalization for batch {world.id}: No space left on device"
    world.say(at, CJ, text, "error", cj_batch_id=world.id)
    return world, Around()


def _worth(kind: str) -> Break:
    def made(rng: random.Random, variant: int) -> Made:
        return _live(rng, variant, Faults(worth=kind)), Around()

    return made


def _without_content(rng: random.Random, variant: int) -> Made:
    faults = Faults(no_content=rng.randint(1, 30))
    return _live(rng, variant, faults, anchors=0), Around()


def _idle(rng: random.Random, variant: int) -> Made:
    return _frozen(rng, variant, "new", rng.uniform(16, 900)), Around()


def _mocked(rng: random.Random, variant: int) -> Made:
    return _live(rng, variant, Faults(), later=rng.uniform(1, 50)), Around(mock=True)


def _unpublished(rng: random.Random, variant: int) -> Made:
    dead = variant % 2 == 0
    faults = Faults(relay="dead" if dead else "gave up")
    later = rng.uniform(6, 900) if dead else rng.uniform(0.5, 4)
    return _live(rng, variant, faults, later=later), Around()


def _blocked(rng: random.Random, variant: int) -> Made:
    age = rng.uniform(61, 90_000)
    waiting = BlockedSession(
        41, "active", "Lock:transactionid", age, (77,), "cj_batch_states", "cj"
    )
    left = BlockedSession(77, "idle in transaction", "Client:ClientRead", age + 9, (), "", "psql")
    sessions = (waiting,) if variant % 2 else (waiting, left)
    return _live(rng, variant, Faults(), logs=False), Around(sessions=sessions)


def _mismatch(rng: random.Random, variant: int) -> Made:
    cj = ("per_request", "", "provider_batch_api", "serial_bundle")[variant % 4]
    provider = "per_request" if cj == "serial_bundle" else "serial_bundle"
    world = _live(rng, variant, Faults(), logs=False)
    return world, Around(cj_mode=cj, provider_mode=provider)


def _schema(rng: random.Random, variant: int) -> Made:
    world = _live(rng, variant, Faults(), logs=False)
    path = "/app/docs/reference/schemas/eng5_np/assessment_run.schema.json"
    words = f"ENG5 schema missing at {path}. Did you move Documentation/schemas?"
    world.runner.append((world.last_activity, "collector_error", words))
    world.now = world.last_activity + timedelta(hours=rng.uniform(0.1, 20))
    return world, Around(runner_running=bool(variant % 2))


def _runner_waits(rng: random.Random, variant: int) -> Made:
    world = _frozen(rng, variant, "taken", rng.uniform(11, 300))
    return world, Around(runner_running=True)


def _orphan(rng: random.Random, variant: int) -> Made:
    world = _live(rng, variant, Faults(lost="orphan", lost_share=0.0), later=rng.uniform(6, 200))
    heartbeat(world, world.last_activity)
    return world, Around()


def _hung(rng: random.Random, variant: int) -> Made:
    return _frozen(rng, variant, "taken", rng.uniform(7, 120), seconds_each=2.0), Around()


def _leak(rng: random.Random, variant: int) -> Made:
    world = _frozen(rng, variant, "sent", 0.2)
    # One of them at least is lost: what was answered and left behind is none, and a warning.
    lost, *others = rng.sample([one for one in world.comparisons if one.place], 3)
    lost.place = rng.choice(["leaked", "failed"])
    for one in others:
        one.place = rng.choice(["leaked", "failed", "completed"])
    return world, Around()


def _poison(rng: random.Random, variant: int) -> Made:
    world = _frozen(rng, variant, "sent", 0.2)
    one = rng.choice([one for one in world.comparisons if one.place])
    one.retries = rng.randint(2, 3)
    # Another request is answered meanwhile: the provider works.
    text = f"Request {world.uuid()} completed successfully, correlation_id: {world.uuid()}"
    world.say(world.now - timedelta(seconds=1), LLM, text)
    return world, Around()


def _head(rng: random.Random, variant: int) -> Made:
    world = _frozen(rng, variant, "sent", rng.uniform(6, 60))
    since = world.now - timedelta(minutes=5.9)
    ids = [str(world.uuid()) for _ in range(rng.randint(10, 30))]
    dead = {"status": "failed", "queued_at": BEGIN.isoformat(), "ttl": "PT4H"}
    heartbeat(world, since)
    system = Around(extra_items=[(id, {**dead, "queue_id": id}) for id in ids], extra_first=True)
    return world, system


def _not_draining(rng: random.Random, variant: int) -> Made:
    world = _live(rng, variant, Faults(), logs=True, mode="serial_bundle", later=40)
    size = rng.randint(5, 60)
    for half in range(60, -1, -1):
        at = world.now - timedelta(seconds=30 * half + 1)
        size += rng.randint(1, 4)
        world.say(at, LLM, "queue_metrics_snapshot", "error", queue_processing_mode="serial_bundle",
                  queue_current_size=size, queue_queued_count=size, accepting_requests=True)  # fmt: skip
        world.say(at, LLM, "serial_bundle_dispatch", "error", bundle_size=8,
                  queue_processing_mode="serial_bundle")  # fmt: skip
    return world, Around(no_queue=True)


def _freeze(rng: random.Random, variant: int) -> Made:
    world = _frozen(rng, variant, "sent", rng.uniform(7, 200))
    if variant % 2:
        world.say(world.last_activity, LLM, "Queue processor stopped", "error")
    return world, Around()


def _unreadable(rng: random.Random, variant: int) -> Made:
    return _live(rng, variant, Faults(), logs=bool(variant % 2)), Around(queue_down=True)


FAULTS: Mapping[str, tuple[Break, Severity]] = {
    "batch-failed": (_gave_up, Severity.ERROR),
    "batch-cancelled": (_cancelled, Severity.WARN),
    "batch-idle": (_idle, Severity.WARN),
    "answers-missing": (_incomplete, Severity.WARN),
    "asked-twice": (_asked_again, Severity.WARN),
    "essays-moved": (_moved, Severity.WARN),
    "clock-ahead": (_fast_clock, Severity.INFO),
    "models-mixed": (_two_models, Severity.WARN),
    "passed": (_over, Severity.INFO),
    "ended-as-planned": (_planned, Severity.INFO),
    "content-missing": (_without_content, Severity.WARN),
    "no-grades": (_worth("ungraded"), Severity.WARN),
    "answers-alike": (_worth("alike"), Severity.ERROR),
    "set-by-hand": (_worth("by hand"), Severity.ERROR),
    "mock-mode": (_mocked, Severity.WARN),
    "completion-overcounted": (_overcounted, Severity.WARN),
    "counters-overwritten": (_overwritten, Severity.WARN),
    "errors-counted-as-done": (_counted_as_done, Severity.ERROR),
    "position-bias": (_biased, Severity.WARN),
    "early-finalisation": (_early, Severity.ERROR),
    "repeated-finalisation": (_repeated, Severity.WARN),
    "finalisation-stuck": (_stuck, Severity.ERROR),
    "foreign-callback": (_foreign, Severity.INFO),
    "callback-metadata-lost": (_metadata, Severity.ERROR),
    "provider-failures": (_provider, Severity.WARN),
    "bundle-collateral": (_collateral, Severity.WARN),
    "orphaned-item": (_orphan, Severity.ERROR),
    "worker-hung": (_hung, Severity.ERROR),
    "leaked-item": (_leak, Severity.ERROR),
    "poison-item": (_poison, Severity.ERROR),
    "head-of-line-blocked": (_head, Severity.ERROR),
    "queue-not-draining": (_not_draining, Severity.WARN),
    "queue-frozen": (_freeze, Severity.ERROR),
    "queue-unreadable": (_unreadable, Severity.WARN),
    "duplicate-callbacks": (_duplicates, Severity.WARN),
    "left-unanswered": (_flushed, Severity.ERROR),
    "not-accounted-for": (_unaccounted, Severity.INFO),
    "callbacks-not-stored": (_unstored, Severity.ERROR),
    "expired-unanswered": (_expired, Severity.ERROR),
    "local-queue": (_kept_in_memory, Severity.ERROR),
    "lost-callbacks": (_lost, Severity.ERROR),
    "callbacks-unpublished": (_held_back, Severity.WARN),
    "consumer-silent": (_untaken, Severity.ERROR),
    "submission-lost": (_unsent, Severity.ERROR),
    "waiting-on-monitor": (_monitored, Severity.WARN),
    "small-net-finalised": (_small_net, Severity.WARN),
    "degenerate-scores": (_degenerate, Severity.WARN),
    "mode-mismatch": (_mismatch, Severity.INFO),
    "outbox-unpublished": (_unpublished, Severity.ERROR),
    "database-blocked": (_blocked, Severity.ERROR),
    "runner-schema-missing": (_schema, Severity.WARN),
    "runner-waiting": (_runner_waits, Severity.WARN),
}
