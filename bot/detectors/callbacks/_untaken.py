"""Which callbacks Kafka took and CJ did not take yet, by their ids; pure.

CJ takes them one after the other: what was published before one that it took is not waited for. It
was skipped, unless it is taken after all: each partition of the topic has an order of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.border.outside import raw
from bot.diagnosis.comparison.causes import LOST_AFTER
from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step, clue_of
from bot.diagnosis.comparison.rejections import RECEIVED, TAKEN_END
from bot.diagnosis.publishing.memory import PublishedCallback, PublisherMemory, published_by
from bot.domain.log import LogEvent, Role

TAKEN = "Processing LLM comparison callback"
UNREADABLE = "Error processing LLM comparison callback"
SKIPPED = "Duplicate message skipped"
STARTED = "CJ Assessment Kafka consumer started"
RUNS_AGAIN = "CJ Assessment Service started successfully"
_STARTS = (STARTED, RUNS_AGAIN)
_ENDS, _BEGINS = (*TAKEN_END, *_STARTS), (TAKEN, *RECEIVED)
_TAKES = (*_BEGINS, UNREADABLE)
MOST = 300
# A line may be missing; only what was passed over after such a silence is called lost.
SILENT_FOR = timedelta(seconds=90)
# So long it is known what was skipped, and so long it may still be taken from another partition.
KNOWN_FOR, SETTLED = timedelta(hours=1), timedelta(minutes=1)
# While workers join or leave the group, a partition may have none until it is over.
REGROUPING = ("Heartbeat failed for group", "Marking the coordinator dead")
REGROUPS_FOR = LOST_AFTER


@dataclass(frozen=True, slots=True)
class UntakenCallbacks:
    """What was published and not taken, oldest first; it outlives the window.

    `early` are requests whose callback CJ took before its publish was read: the logs of two
    services come at their own pace. `taken_at` is when CJ last took one by its own clock,
    `seen_at` when that was read. `heard` says that CJ's log is known to be followed: without that
    its silence proves nothing. `at_work` says that CJ has not ended with the last one it took,
    `ends` that its lines say so of others. `last` is the one that it took last. `skipped` are those
    that CJ passed over lately, for the last time as read at `skipped_at`, `lost`
    those of them that it passed over when it took others again after a silence. `regrouped_at` is
    when a line last showed CJ's consumer group in motion. `hole` is when CJ's log went on after a
    silence, `mute_from` since when it was silent, and `unknown_at` when what was published
    meanwhile was given up: no line says whether CJ took it.
    """

    heard: bool = False
    at_work: bool = False
    ends: bool = False
    waiting: tuple[PublishedCallback, ...] = ()
    early: tuple[str, ...] = ()
    last: str = ""
    skipped: tuple[PublishedCallback, ...] = ()
    skipped_at: datetime | None = None
    lost: tuple[PublishedCallback, ...] = ()
    regrouped_at: datetime | None = None
    logged_at: datetime | None = None
    hole: datetime | None = None
    mute_from: datetime | None = None
    unknown_at: datetime | None = None
    taken_at: datetime | None = None
    seen_at: datetime | None = None
    memories: dict[str, PublisherMemory] = field(default_factory=dict)

    def is_mute(self, now: datetime) -> bool:
        """Whether CJ wrote no line at all since the first that waits, or for as long as counts."""
        first = self.waiting[0].at if self.waiting else None
        if first is None or self.logged_at is None:
            return False
        quiet = self.logged_at < first or now - self.logged_at >= SILENT_FOR
        return quiet or self.hole is not None

    @property
    def silent_since(self) -> datetime | None:
        """Since when CJ's log is silent, or was until it went on lately."""
        return self.logged_at if self.hole is None else self.mute_from

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is known of what was published in a silence that ended lately."""
        at, seen = self.unknown_at, self.seen_at
        return at is not None and (seen is None or seen < at)

    def _past_hole(self, now: datetime) -> "UntakenCallbacks":
        """Return it without what was published in a hole of CJ's log; a start shows it was none."""
        hole = self.hole
        if hole is None or now - hole < SETTLED:
            return self
        after = tuple(one for one in self.waiting if one.at > hole)
        return replace(self, waiting=after, hole=None, unknown_at=now)

    def reaching(self, logged_at: datetime | None, now: datetime) -> "UntakenCallbacks":
        """Return it with until when CJ's log reaches; an idle CJ writes every few seconds."""
        before = self.logged_at
        mute = before is not None and logged_at is not None and logged_at - before >= SILENT_FOR
        # A CJ that its database holds up writes on: what took the last one has ended since.
        return replace(
            self,
            logged_at=logged_at or before,
            hole=now if mute else self.hole,
            mute_from=before if mute else self.mute_from,
            at_work=self.at_work and not mute,
        )

    def after(
        self,
        events: Iterable[LogEvent],
        now: datetime,
        on_topic: Sequence[PublishedCallback] | None = None,
    ) -> "UntakenCallbacks":
        """Return it with what was published and taken since, as read at `now`.

        `on_topic` is what the topic itself brought, where it is read: then that is what was
        published, whatever the lines say.
        """
        found = list(events)
        memories, said = self._published(found)
        new = said if on_topic is None else on_topic
        # The provider's clock may be ahead: what was read by now was published by now.
        known = [
            *self.waiting,
            *(replace(one, at=min(one.at, now)) for one in new if one.queue_id not in self.early),
        ]
        skipped = tuple(one for one in self.skipped if now - one.at < KNOWN_FOR)
        state = replace(
            self, waiting=tuple(known[-MOST:]), memories=memories, skipped=skipped,
            lost=tuple(one for one in self.lost if one in skipped),
        )  # fmt: skip
        for event in found:
            if regroups(event):
                state = replace(state, regrouped_at=now)
            state = state._taken(event, now)
        return state._past_hole(now)

    def _published(
        self, events: Sequence[LogEvent]
    ) -> tuple[dict[str, PublisherMemory], list[PublishedCallback]]:
        memories, found = dict(self.memories), list[PublishedCallback]()
        providers = [one for one in events if one.role is Role.LLM_PROVIDER]
        for name in dict.fromkeys(one.container for one in providers):
            lines = [one for one in providers if one.container == name]
            memory, published = published_by(memories.get(name, PublisherMemory()), lines)
            memories[name] = replace(memory, gone=(), held=memory.held[:MOST])
            found += published
        kept = {name: one for name, one in memories.items() if one != PublisherMemory()}
        return kept, found

    def _taken(self, event: LogEvent, now: datetime) -> "UntakenCallbacks":
        if ends_taking(event):
            ends = self.ends or event.event.startswith(TAKEN_END)
            # Where it was down the silence was its own.
            hole = None if event.event.startswith(_STARTS) else self.hole
            return replace(self, at_work=False, ends=ends, hole=hole)
        if not is_taken(event):
            return self
        if self.hole is not None:
            unknown = self.hole
            after = tuple(one for one in self.waiting if one.at > unknown)
            return replace(self, waiting=after, hole=None)._taken(event, now)
        begun = self.ends and event.event.startswith(_BEGINS)
        seen: dict[str, Any] = {
            "heard": True,
            "taken_at": event.at,
            "seen_at": now,
            "at_work": begun,
        }
        if SKIPPED in event.event:
            return replace(self, **seen)
        clue = taken_callback(event)
        if clue is None:
            return replace(self, **seen, waiting=self.waiting[1:])
        if clue.queue_id == self.last:
            return replace(self, **seen)
        return replace(self, **seen, last=clue.queue_id, **self._without(clue.queue_id, now))

    def _without(self, queue_id: str, now: datetime) -> dict[str, Any]:
        """Return what changes as one is taken: of those that wait, of those passed over, or new."""
        place = next((n for n, one in enumerate(self.waiting) if one.queue_id == queue_id), None)
        if place is not None:
            first = self.waiting[0].at
            silent = now - max(first, self.seen_at or first) >= SILENT_FOR
            return self._up_to(place, now, silent=silent)
        late = tuple(one for one in self.skipped if one.queue_id != queue_id)
        if len(late) < len(self.skipped):
            return {"skipped": late, "lost": tuple(one for one in self.lost if one in late)}
        return {"early": (*self.early, queue_id)[-MOST:]}

    def _up_to(self, place: int, now: datetime, *, silent: bool) -> dict[str, Any]:
        """Return what changes with one taken at a place: those that wait before it are skipped."""
        passed = self.waiting[:place]
        return {
            "waiting": self.waiting[place + 1 :],
            "skipped": (*self.skipped, *passed)[-MOST:],
            "skipped_at": now if place else self.skipped_at,
            "lost": (*self.lost, *(passed if silent else ()))[-MOST:],
        }

    def settles(self, now: datetime) -> bool:
        """Say whether what was skipped may still be taken: another partition's turn comes."""
        if not self.skipped or self.skipped_at is None:
            return False
        passed, moved = now - self.skipped_at, self.regrouped_at
        regroups = moved is not None and self.skipped_at - moved < REGROUPS_FOR
        return passed < (REGROUPS_FOR if regroups else SETTLED)


def ends_taking(event: LogEvent) -> bool:
    """Say whether CJ ended with a callback that it took, or began again."""
    return event.role is Role.CJ and event.event.startswith(_ENDS)


def regroups(event: LogEvent) -> bool:
    """Say whether a line of CJ shows that workers join or leave its consumer group."""
    return event.role is Role.CJ and any(one in raw(event.text) for one in REGROUPING)


def taken_callback(event: LogEvent) -> LogClue | None:
    """Return what a line of CJ says of a callback that it took, None where it names none."""
    if not is_taken(event) or SKIPPED in event.event:
        return None
    clue = clue_of(event)
    took = clue is not None and clue.step is Step.CONSUMED and clue.outcome is Outcome.DONE
    return clue if took else None


def is_taken(event: LogEvent) -> bool:
    """Say whether a line of CJ shows that its consumer receives callbacks."""
    if SKIPPED in event.event:
        return "comparison_result" in event.event
    return event.event.startswith(_TAKES)
