"""The monitor's sweep published a batch's result between two waves: it lacks the later answers.

CJ's lines tell it alone: the sweep decides, the result goes out, and CJ makes another wave of the
same batch. Rows would show the same, once they are asked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.detectors._event_counts import dated_events
from bot.detectors._rows import Fact, RowDetector
from bot.detectors._state import moment
from bot.diagnosis.batch.finalisation_lines import (
    BETWEEN_WAVES,
    FINALISED,
    SWEPT,
    WAVE_MADE,
    batch_of,
    is_finalised,
    is_of_sweep,
    swept_decision,
    wave_made,
)
from bot.diagnosis.batch.rules.early_finalisation import EARLY, SCORE_AGAIN
from bot.domain.alert import Condition, Sample
from bot.domain.evidence import EvidenceLine
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity, plain
from bot.domain.words import when, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

SWEEPS = "sweeps"
MOST_REMEMBERED = 200
# A wave that comes later is of a batch that somebody set back.
BESIDE = timedelta(minutes=10)
# Words that follow the names of several batches.
OF_SEVERAL = "were finalised too early"


@dataclass(frozen=True, slots=True)
class SweptEnd:
    """A sweep's decision: by how many comparisons, whether its result is out, what came later."""

    at: datetime
    sent: int
    source: str
    text: str
    is_out: bool = False
    later: int = 0

    @property
    def is_early(self) -> bool:
        """Whether its result is out, and lacks what CJ asked for after it."""
        return self.is_out and self.later > 0


_ENDS: TypeAdapter[dict[str, SweptEnd]] = TypeAdapter(dict[str, SweptEnd])


class FinalisedEarlySettings(BaseModel):
    """For how long it is reported; an acknowledgement closes its alert at once."""

    keep_seconds: float = Field(86_400, gt=0, description="how long the alert of one lasts")


class FinalisedEarly(RowDetector):
    """Watches CJ's log for a batch that goes on after its result went out."""

    name: ClassVar[str] = "finalised_early"
    summary: ClassVar[str] = "A sweep of CJ published a batch's result, and CJ asked for more of it"
    closing: ClassVar[str] = "it was published a day ago"
    of_events: ClassVar[bool] = True
    open_ticks: ClassVar[int] = 1
    needles: ClassVar[tuple[str, ...]] = (SWEPT, WAVE_MADE, *FINALISED)
    # A result that is out stays out, whatever is silent.
    rests_on: ClassVar[tuple[Role, ...]] = ()
    Settings: ClassVar[type[BaseModel]] = FinalisedEarlySettings

    def __init__(self, settings: FinalisedEarlySettings) -> None:
        self._keep = timedelta(seconds=settings.keep_seconds)
        self._ends: Mapping[str, SweptEnd] = {}

    def wants(self, event: LogEvent) -> bool:
        """Say whether a line is of a sweep's decision, of a result, or of a batch's wave."""
        if event.role is not Role.CJ:
            return False
        return SWEPT in event.event or is_finalised(event) or wave_made(event) is not None

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        try:
            self._ends = _ENDS.validate_python(samples[-1].data.get(SWEEPS) or {})
        except ValidationError:
            self._ends = {}

    async def sample(self, watch: Watch) -> Sample:
        """Collect the results that went out too early."""
        since = watch.now - self._keep
        ends = ends_after(self._ends, (event for _, event in dated_events(watch)))
        self._ends = {batch: one for batch, one in ends.items() if one.at >= since}
        if not self._ends and not isinstance(watch.logs, Followed):
            return Sample(watch.now)
        facts = [_fact(batch, one) for batch, one in self._ends.items() if one.is_early]
        kept = {SWEEPS: _ENDS.dump_python(dict(self._ends), mode="json")} if self._ends else {}
        return Sample(watch.now, {"facts": plain(facts), **kept})

    def conditions(self, facts: Sequence[Fact], now: datetime) -> Iterator[Condition]:
        """Yield the condition of each such result."""
        for fact in facts:
            if since := moment(fact["since"]):
                yield _condition(fact, since)


DETECTOR = FinalisedEarly


def ends_after(ends: Mapping[str, SweptEnd], events: Iterable[LogEvent]) -> Mapping[str, SweptEnd]:
    """Return what sweeps decided after more lines; a result that is out is the one that counts."""
    found = dict(ends)
    for event in events:
        wave = wave_made(event)
        batch = wave[0] if wave else batch_of(event)
        end, made = found.get(batch), swept_decision(event)
        if made and event.at and batch and not (end and end.is_out):
            text, source = redact(event.event), redact(event.container)
            found.pop(batch, None)
            found[batch] = SweptEnd(event.at, made.answered, source, text)
        elif end and wave and event.at and event.at - end.at <= BESIDE:
            found[batch] = replace(end, later=end.later + wave[1])
        elif end and not end.is_out and is_finalised(event):
            found[batch] = replace(end, is_out=True)
            if not is_of_sweep(event):
                del found[batch]
    return dict([*found.items()][-MOST_REMEMBERED:])


def _fact(batch: str, end: SweptEnd) -> Fact:
    return {"subject": f"batch {batch}", "batch": batch, "since": end.at, "sent": end.sent,
            "later": end.later, "source": end.source, "text": end.text}  # fmt: skip


def _condition(fact: Fact, since: datetime) -> Condition:
    step = f"/batch investigate {fact['batch']}"
    what = f"Batch {fact['batch']} was finalised too early"
    by = many(int(fact["sent"]), "comparison")
    return Condition(
        subject=str(fact["subject"]),
        rule=EARLY,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            what,
            when(since, " at "),
            f": by {by}, and CJ asked for {fact['later']} more after that. Next: {step}",
        ),
        since=since,
        known=EARLY,
        count=0,
        headline=f"{what}: by {by}, and more came after",
        lasts=False,
        why=BETWEEN_WAVES,
        evidence=(EvidenceLine(str(fact["source"]), since, str(fact["text"])),),
        next=(step, SCORE_AGAIN),
        batch=str(fact["batch"]),
        group=OF_SEVERAL,
    )
