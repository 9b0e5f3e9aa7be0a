"""What goes wrong in the town, and under which name it has to be told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.batch import BlockedSession
from bot.domain.batch.outbox import OutboxGroup
from tests.traffic.town import CJ, LPS, Request, Town

ALL_MODES = ("serial_bundle", "per_request", "batch_api")
BUNDLES = ("serial_bundle", "batch_api")


@dataclass(frozen=True, slots=True)
class Witness:
    """By what a fault can be told: words of the title (by bars), in which batching modes."""

    words: str
    modes: tuple[str, ...] = ALL_MODES


@dataclass(frozen=True, slots=True)
class Story:
    """A fault: who must tell it, words of the title (rules' names, by bars), and what it changes.

    `each` runs at every tick once it began. `modes` are the batching modes in which it can happen.
    `others` says what is expected where less than everything can be read: "logs" without Redis,
    "redis" without logs, "metrics" with neither. What it leaves out nobody could tell from those.
    `besides` names detectors whose alerts are true as well and may come first.
    """

    detector: str
    words: str
    begin: Callable[[Town], None]
    each: Callable[[Town], None] = lambda _: None
    modes: tuple[str, ...] = ALL_MODES
    others: Mapping[str, Witness] = field(default_factory=dict)
    besides: frozenset[str] = frozenset()

    @property
    def witnesses(self) -> dict[str, Witness]:
        """Every way in which it can be told."""
        return {"all": Witness(self.words, self.modes), **self.others}

    def is_true_too(self, detector: str, witness: str) -> bool:
        """Say whether an alert of another detector is no wrong name.

        What waits for a quarter of an hour may well be lost, as long as nobody reads the queue.
        """
        unread = witness in ("logs", "metrics") and detector == "lost_callbacks"
        return unread or detector in self.besides

    def is_told_by(self, detector: str, title: str, witness: str) -> bool:
        """Say whether an alert names this fault."""
        words = self.witnesses[witness].words.split("|")
        return detector == self.detector and any(word in title for word in words)


def _orphan(town: Town) -> None:
    # A longer bundle that is left behind blocks the front: a story of its own.
    town.bundle = min(town.bundle, 8)
    town.crash = True
    _hurry(town)


def _orphan_front(town: Town) -> None:
    """Leave a bundle behind that is as long as the front that the loop looks at."""
    town.bundle, town.least = 16, 40
    town.crash = True
    _hurry(town)


def _hang(town: Town) -> None:
    town.hung = True
    _hurry(town)


def _hang_answering(town: Town) -> None:
    """Let the broker take one answer of a bundle and then nothing any more."""
    town.bundle, town.least = max(2, town.bundle), 40
    town.hangs_answering = True
    _hurry(town)


def _leak(town: Town) -> None:
    town.leak = True
    _hurry(town)


def _head(town: Town) -> None:
    _hurry(town)
    town.live(timedelta(seconds=town.dice.uniform(3, 40)))
    batch = town.batches[-1]
    front = [
        Request(str(town._uuid()), str(town._uuid()), batch, town.now, "failed")
        for _ in range(town.dice.randint(10, 14))
    ]
    batch.pairs += len(front)
    town.queue[:0] = front
    town._next_batch = town.now  # somebody waits behind them


def _stop(town: Town) -> None:
    _hurry(town)
    town.live(timedelta(seconds=town.dice.uniform(3, 40)))
    # By the gauge alone a loop that dies before it counted what came looks empty: what waits then
    # is told as lost callbacks.
    while town.witness == "metrics" and not town.gauge[0]:
        town.live(timedelta(seconds=1))
    for one in town.queue:
        one.status, one.started_at = "queued", None
    town._taken = []
    town.stopped = True


def _lose(town: Town) -> None:
    town.loses = True
    _hurry(town)


def _unplug(town: Town) -> None:
    town.broker_away = True
    _hurry(town)


def _deafen(town: Town) -> None:
    town.deaf = True
    _hurry(town)


def _fail(town: Town) -> None:
    town.failing, town.least = 0.9, 40
    _hurry(town)


def _block(town: Town) -> None:
    began = town.now
    town.__dict__["blocked_since"] = began
    town.sessions = _holder_and_victim(1)


def _blocks_on(town: Town) -> None:
    age = (town.now - town.__dict__["blocked_since"]).total_seconds()
    town.sessions = _holder_and_victim(age)


def _holder_and_victim(age: float) -> tuple[BlockedSession, ...]:
    """A session that holds a lock, and one that waits for it: without the latter none is hurt."""
    return (
        BlockedSession(7, "idle in transaction", "Client:ClientRead", age),
        BlockedSession(8, "active", "Lock:relation", age, (7,)),
    )


def _clog(town: Town) -> None:
    at = town.now
    town.outbox = (OutboxGroup("huleedu.cj_assessment.completed.v1", 1, at, at, 1, at),)


def _poison(town: Town) -> None:
    town.poison, town.least = True, 40
    _hurry(town)


def _hurry(town: Town) -> None:
    """Have something to work on now."""
    town._next_batch = town.now


def _break_scoring(town: Town) -> None:
    town.scoring_breaks = True
    _hurry(town)


def _mock(town: Town) -> None:
    town.mocked, town.least = True, 40
    _hurry(town)


def _sweep_at_once(town: Town) -> None:
    """Have the monitor end what rested for a moment: CJ was started with a time-out of none."""
    town.batch_timeout, town.least = timedelta(0), 100
    _hurry(town)


def _forget(town: Town) -> None:
    town.forgotten = True
    _hurry(town)


FROZEN = Witness("queue-frozen")
STORIES: dict[str, Story] = {
    "orphaned-item": Story(
        "stuck_queue", "orphaned-item", _orphan,
        others={
            "logs": Witness("orphaned-item"),
            "redis": Witness("orphaned-item|queue-frozen"),
            "metrics": FROZEN,
        },
    ),
    "worker-hung": Story(
        "stuck_queue", "worker-hung", _hang,
        others={"logs": Witness("worker-hung"), "redis": FROZEN, "metrics": FROZEN},
    ),
    "worker-hung at answering": Story(
        "stuck_queue", "worker-hung", _hang_answering, modes=BUNDLES,
        others={
            "logs": Witness("worker-hung", BUNDLES),
            "redis": Witness("queue-frozen", BUNDLES),
            "metrics": Witness("queue-frozen", BUNDLES),
        },
    ),
    "leaked-item": Story(
        "stuck_queue", "leaked-item", _leak, others={"redis": Witness("leaked-item")}
    ),
    "head-of-line-blocked": Story(
        "stuck_queue", "head-of-line-blocked", _head,
        others={
            # Single requests show no size: that nobody takes one is all that can be told.
            "logs": Witness("head-of-line-blocked|queue-frozen"),
            "redis": Witness("leaked-item|head-of-line-blocked|queue-frozen"),
            "metrics": FROZEN,
        },
    ),
    "orphaned bundle in front": Story(
        "stuck_queue", "head-of-line-blocked|orphaned-item", _orphan_front, modes=BUNDLES,
        others={
            "logs": Witness("head-of-line-blocked|orphaned-item", BUNDLES),
            "redis": Witness("queue-frozen", BUNDLES),
            "metrics": Witness("queue-frozen", BUNDLES),
        },
    ),
    "poison-item": Story(
        "stuck_queue", "poison-item", _poison, others={"redis": Witness("poison-item")},
        # It is given back again and again, and given up after its last try, as the forecast says.
        besides=frozenset({"retries_rising"}),
    ),
    "queue-frozen": Story(
        "stuck_queue", "queue-frozen", _stop,
        others={
            # A worker that dies with a bundle in hand looks like one that hangs.
            "logs": Witness("queue-frozen|worker-hung"),
            "redis": FROZEN,
            "metrics": FROZEN,
        },
    ),
    "queue-not-draining": Story(
        "stuck_queue", "queue-not-draining", lambda town: setattr(town, "rush", True),
        others={
            "logs": Witness("queue-not-draining", BUNDLES),
            "redis": Witness("queue-not-draining"),
        },
    ),
    "further queue frozen": Story(
        "further_queues", "other_1:queue",
        lambda town: setattr(town.further[1], "stands", True),
        others={"redis": Witness("other_1:queue")},
    ),
    "queue-unreadable": Story(
        "unreadable_source", "llm_queue", lambda town: setattr(town, "redis_away", True),
        others={"redis": Witness("llm_queue")},
    ),
    "lost callbacks": Story("lost_callbacks", "", _lose),
    "callbacks unpublished": Story("callbacks_unpublished", "", _unplug),
    # One or two published callbacks prove little of the consumer, and are lost all the same.
    "consumer silent": Story(
        "consumer_silent", "", _deafen, besides=frozenset({"lost_callbacks"})
    ),
    "provider errors": Story(
        "provider_errors", "", _fail, besides=frozenset({"retries_rising", "budget_unreachable"})
    ),
    "finalisation stuck": Story(
        "finalisation_stuck", "",
        _break_scoring,
    ),
    "batch idle": Story(
        "batch_idle", "", _forget
    ),
    "outbox unpublished": Story(
        "outbox_unpublished", "", _clog, besides=frozenset({"outbox_growing"})
    ),
    "database blocked": Story("database_blocked", "", _block, _blocks_on),
    "mock answers": Story("mock_answers", "a mock answers", _mock),
    "short time-out": Story("short_time_outs", "after a time-out of", _sweep_at_once),
    "LLM provider gone": Story(
        "container_gone", LPS, lambda town: setattr(town, "down", LPS)
    ),
    "LLM provider restarted": Story(
        "container_gone", f"{LPS} started again", lambda town: town.restart_container(LPS)
    ),
    "CJ gone": Story("container_gone", CJ, lambda town: setattr(town, "down", CJ)),
    "stray callback": Story("rejected_callbacks", "", lambda town: setattr(town, "stray", True)),
    "second finalisation": Story(
        "database_errors", "", lambda town: setattr(town, "violation", True)
    ),
}  # fmt: skip
WARM = timedelta(minutes=6)
PATIENCE = timedelta(minutes=120)
