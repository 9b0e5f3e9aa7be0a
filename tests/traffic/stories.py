"""What goes wrong in the town, and under which name it has to be told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.rows import BlockedSession, OutboxGroup
from tests.traffic.town import CJ, LPS, Request, Town


@dataclass(frozen=True, slots=True)
class Story:
    """A fault: who must tell it, words of the title (rules' names, by bars), and what it changes.

    `each` runs at every tick once it began. `modes` are the batching modes in which it can happen.
    """

    detector: str
    words: str
    begin: Callable[[Town], None]
    each: Callable[[Town], None] = lambda _: None
    modes: tuple[str, ...] = ("serial_bundle", "per_request", "batch_api")

    def is_told_by(self, detector: str, title: str) -> bool:
        """Say whether an alert names this fault."""
        return detector == self.detector and any(w in title for w in self.words.split("|"))


def _orphan(town: Town) -> None:
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


def _leak(town: Town) -> None:
    town.leak = True
    _hurry(town)


def _head(town: Town) -> None:
    _hurry(town)
    town.pass_tick()
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
    town.pass_tick()
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
    town.sessions = (BlockedSession(7, "idle in transaction", "Client:ClientRead", 1),)
    town.__dict__["blocked_since"] = began


def _blocks_on(town: Town) -> None:
    age = (town.now - town.__dict__["blocked_since"]).total_seconds()
    town.sessions = (BlockedSession(7, "idle in transaction", "Client:ClientRead", age),)


def _clog(town: Town) -> None:
    at = town.now
    town.outbox = (OutboxGroup("huleedu.cj_assessment.completed.v1", 1, at, at, 1, at),)


def _poison(town: Town) -> None:
    town.poison, town.least = True, 100
    _hurry(town)


def _hurry(town: Town) -> None:
    """Have something to work on now."""
    town._next_batch = town.now


STORIES: dict[str, Story] = {
    "orphaned-item": Story("stuck_queue", "orphaned-item", _orphan),
    "worker-hung": Story("stuck_queue", "worker-hung", _hang),
    "leaked-item": Story("stuck_queue", "leaked-item", _leak),
    "head-of-line-blocked": Story("stuck_queue", "head-of-line-blocked", _head),
    "orphaned bundle in front": Story(
        "stuck_queue",
        "head-of-line-blocked|orphaned-item",
        _orphan_front,
        modes=("serial_bundle", "batch_api"),
    ),
    "poison-item": Story("stuck_queue", "poison-item", _poison),
    "queue-frozen": Story("stuck_queue", "queue-frozen", _stop),
    "queue-not-draining": Story(
        "stuck_queue", "queue-not-draining", lambda town: setattr(town, "rush", True),
        modes=("per_request",),
    ),
    "lost callbacks": Story("lost_callbacks", "", _lose),
    "callbacks unpublished": Story("callbacks_unpublished", "", _unplug),
    "consumer silent": Story("consumer_silent", "", _deafen),
    "provider errors": Story("provider_errors", "", _fail),
    "finalisation stuck": Story(
        "finalisation_stuck", "",
        lambda town: (setattr(town, "scoring_breaks", True), _hurry(town))[0],
    ),
    "batch idle": Story(
        "batch_idle", "", lambda town: (setattr(town, "forgotten", True), _hurry(town))[0]
    ),
    "outbox unpublished": Story("outbox_unpublished", "", _clog),
    "database blocked": Story("database_blocked", "", _block, _blocks_on),
    "LLM provider gone": Story(
        "container_gone", LPS, lambda town: setattr(town, "down", LPS)
    ),
    "CJ gone": Story("container_gone", CJ, lambda town: setattr(town, "down", CJ)),
    "stray callback": Story("rejected_callbacks", "", lambda town: setattr(town, "stray", True)),
    "second finalisation": Story(
        "database_errors", "", lambda town: setattr(town, "violation", True)
    ),
}  # fmt: skip
WARM = timedelta(minutes=20)
PATIENCE = timedelta(minutes=120)
