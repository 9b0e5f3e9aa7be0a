"""CJ takes callbacks and cannot store their answers: they are acknowledged, and lost."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from bot.border.outside import raw
from bot.detectors._batches import MOST_ASKED, next_look, place_told, sole
from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    dated_events,
)
from bot.diagnosis.comparison.causes import NOT_STORED
from bot.diagnosis.comparison.rejections import (
    NOT_COUNTED,
    UnstoredAnswer,
    database_fault,
    unstored_answer,
)
from bot.diagnosis.comparison.rejections import NOT_STORED as NOT_STORED_LINE
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Time, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

CJ_SERVICE = "cj_assessment_service"


class CallbacksNotStored(EventCountDetector):
    """Watches CJ's log for answers that it took while its database was away."""

    name: ClassVar[str] = "callbacks_not_stored"
    summary: ClassVar[str] = (
        "CJ takes answers and cannot store them, because its database is away: they are lost"
    )
    needles: ClassVar[tuple[str, ...]] = (NOT_STORED_LINE, NOT_COUNTED)
    rests_on: ClassVar[tuple[Role, ...]] = (Role.CJ,)

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells of an answer that the database did not take."""
        one = unstored_answer(event)
        stored = one is None or not (one.database_away or database_fault(event))
        return not stored or _uncounted(event) != ""

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's answers that were not stored."""
        found = [one for _, event in dated_events(watch) if (one := unstored_answer(event))]
        lost = [one for one in found if one.database_away or database_fault(one.event)]
        batches = await _batches_of(watch, lost)
        told = [_occurrence(one, batches) for one in lost]
        # One answer fails in both lines where its transaction was already broken.
        return self.sampled(watch, told or _of_counters(watch))

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        some = counted.told("batch")
        batches = some if sum(some.values()) >= counted.count else {}
        place, mine = place_told(batches, "of"), sole(batches)
        named = f", some of batch {sole(some)}," if not batches and sole(some) else place
        look = next_look(mine)
        answers = many(counted.count, "answer")
        verb = "was" if counted.count == 1 else "were"
        faults = [str(one["fault"]) for one in counted.extras if one.get("fault")]
        fault = faults[-1] if faults else "its database cannot be reached"
        return Condition(
            subject=counted.subject,
            rule=NOT_STORED.rule,
            severity=Severity.ERROR,
            confidence=Confidence.HIGH,
            title=words(
                f"{answers}{named} {verb} not stored by CJ since ",
                Time(counted.first_at),
                f": {fault}. Next: ",
                look,
            ),
            since=counted.first_at,
            known=fault,
            count=counted.fresh,
            headline=f"CJ could not store {answers}{place}: {fault}",
            lasts=False,
            why=NOT_STORED.why,
            evidence=counted.examples,
            next=(words(look), "Mend CJ's database; ask for these comparisons again."),
            batch=mine,
        )


DETECTOR = CallbacksNotStored


async def _batches_of(watch: Watch, lost: Sequence[UnstoredAnswer]) -> Mapping[UUID, int]:
    """Return the batches of the comparisons, where the database can be asked."""
    ids = sorted({UUID(one.correlation_id) for one in lost if one.correlation_id})[:MOST_ASKED]
    answer = await watch.owned(ids) if ids else None
    return answer if isinstance(answer, Mapping) else {}


def _occurrence(one: UnstoredAnswer, batches: Mapping[UUID, int]) -> Occurrence:
    id = one.correlation_id
    batch = batches.get(UUID(id)) if id else None
    extra = {
        "correlation_id": id,
        "batch": "" if batch is None else str(batch),
        "fault": "" if one.database_away else database_fault(one.event),
    }
    return Occurrence(CJ_SERVICE, one.at, one.event.container, redact(one.event.event), extra)


def _uncounted(event: LogEvent) -> str:
    """Return the batch of which CJ could not count an answer since a statement was given up."""
    if event.role is not Role.CJ or not event.event.startswith(NOT_COUNTED):
        return ""
    batch = raw(event.event).removeprefix(NOT_COUNTED).partition(":")[0].strip()
    return batch if batch.isdecimal() and database_fault(event) else ""


def _of_counters(watch: Watch) -> list[Occurrence]:
    """Return this tick's answers that were lost with their batch's counters."""
    return [
        Occurrence(
            CJ_SERVICE,
            at,
            event.container,
            redact(event.event),
            {"correlation_id": "", "batch": batch, "fault": database_fault(event)},
        )
        for at, event in dated_events(watch)
        if (batch := _uncounted(event))
    ]
