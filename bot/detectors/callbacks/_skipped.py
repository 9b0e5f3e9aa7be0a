"""Callbacks that CJ passed over when it took others again after a silence: they are lost.

After its consumer begins under another group's name, or at the topic's end, what was published
meanwhile stays on the topic and reaches no batch.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.detectors._batches import next_look, owners_of, place_told, sole
from bot.detectors._line_owners import LineOwners
from bot.detectors.callbacks._untaken import UntakenCallbacks
from bot.diagnosis.comparison.causes import CONSUMER_SKIPPED
from bot.diagnosis.publishing.memory import PublishedCallback
from bot.diagnosis.queue.conservation import ASK_AGAIN
from bot.domain.alert import Condition
from bot.domain.evidence import LOGS, EvidenceLine
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Severity
from bot.domain.words import Id, Text, Time, words
from bot.ports import Watch
from bot.text.wording import many

SKIPPED_CALLBACKS = "callbacks that CJ skipped"
# A loss is news for so long.
TOLD_FOR = timedelta(minutes=15)
MOST_LINES = 3
STAYS_LOST = "CJ skipped no more; what it skipped before does not come back"


@dataclass(slots=True)
class Batches:
    """Whose callbacks are, by CJ's lines on what it asked for and by the rows; asked once each."""

    owners: LineOwners = field(default_factory=LineOwners)
    known: dict[str, str] = field(default_factory=dict)

    def note(self, events: Sequence[LogEvent]) -> None:
        """Take in one tick's lines."""
        self.owners = self.owners.after(events, frozenset())

    async def of(self, watch: Watch, callbacks: Sequence[PublishedCallback]) -> Mapping[str, str]:
        """Return the batch of each of these that is known, by its correlation id."""
        ids = {one.correlation_id for one in callbacks}
        new = sorted(ids - self.known.keys())
        rows = await owners_of(watch, new) if new else {}
        self.known = {id: batch for id, batch in self.known.items() if id in ids}
        self.known |= {id: rows.get(id) or self.owners.batches.get(id, "") for id in new}
        return {id: batch for id, batch in self.known.items() if batch}


def skipped_condition(
    untaken: UntakenCallbacks, batches: Collection[str], now: datetime
) -> Condition | None:
    """Return the alert of what CJ passed over lately; None where nothing is lost."""
    lost, at = untaken.lost, untaken.skipped_at
    if not lost or at is None or untaken.settles(now) or now - at >= TOLD_FOR:
        return None
    what = f"CJ skipped {many(len(lost), 'callback')}{place_told(batches, 'of')}"
    step = next_look(sole(batches))
    since = lost[0].at
    return Condition(
        subject=SKIPPED_CALLBACKS,
        rule=CONSUMER_SKIPPED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM,
        title=words(f"{what}, published since ", Time(since), ": lost. Next: ", step),
        since=since,
        known=f"skipped {len(lost)}",
        count=0,
        headline=f"{what}: these answers are lost",
        lasts=False,
        why=CONSUMER_SKIPPED.why,
        evidence=tuple(EvidenceLine(LOGS, one.at, _line(one)) for one in lost[:MOST_LINES]),
        next=(words(step), ASK_AGAIN),
        batch=sole(batches),
        correlation_id=lost[0].correlation_id,
    )


def _line(one: PublishedCallback) -> Text:
    return words("callback of request ", Id(one.queue_id), " published, and a later one was taken")
