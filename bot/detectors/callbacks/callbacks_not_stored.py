"""CJ takes callbacks and cannot store their answers: they are acknowledged, and lost."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from bot.detectors._batches import MOST_ASKED, next_look, place_told, sole
from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    dated_events,
)
from bot.diagnosis.comparison.causes import NOT_STORED
from bot.diagnosis.comparison.rejections import UnstoredAnswer, unstored_answer
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent
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
    needles: ClassVar[tuple[str, ...]] = ("Error in callback processing",)

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells of an answer that the database did not take."""
        one = unstored_answer(event)
        return one is not None and one.database_away

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's answers that were not stored."""
        found = [one for _, event in dated_events(watch) if (one := unstored_answer(event))]
        lost = [one for one in found if one.database_away]
        batches = await _batches_of(watch, lost)
        return self.sampled(watch, [_occurrence(one, batches) for one in lost])

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        batches = {str(one["batch"]) for one in counted.extras if one.get("batch")}
        place, mine = place_told(batches, "of"), sole(batches)
        look = next_look(mine)
        lost = many(counted.count, "answer", ("was", "were"))
        return Condition(
            subject=counted.subject,
            rule=NOT_STORED.rule,
            severity=Severity.ERROR,
            confidence=Confidence.HIGH,
            title=words(
                f"{lost}{place} not stored by CJ since ",
                Time(counted.first_at),
                ": its database cannot be reached. Next: ",
                look,
            ),
            since=counted.first_at,
            known="database away",
            count=counted.fresh,
            headline=f"CJ's database is away: {lost} taken and not stored",
            lasts=False,
            why=NOT_STORED.why,
            evidence=counted.examples,
            next=(words(look), "Bring CJ's database back; ask for these comparisons again."),
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
    extra = {"correlation_id": id, "batch": "" if batch is None else str(batch)}
    return Occurrence(CJ_SERVICE, one.at, one.event.container, redact(one.event.event), extra)
