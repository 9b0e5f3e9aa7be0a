"""What detectors on rows share: a tick's facts become a sample, the newest facts conditions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.batch import BatchSummary
from bot.domain.evidence import Missing
from bot.domain.report import plain
from bot.ports import Watch

T = TypeVar("T")
Fact = Mapping[str, Any]
ENDED = ("COMPLETED", "FAILED", "CANCELLED")
NOT_CONFIGURED = "what it needs is not configured"


def facts_of(
    watch: Watch, answer: Sequence[T] | Missing | None, fact: Callable[[T], Fact | None]
) -> Sample:
    """Return a sample of the facts that a reading holds, as JSON values.

    One that is not configured leaves a sample without facts, from which nothing is concluded.
    """
    if isinstance(answer, Missing):
        return Sample(watch.now, {}, f"{answer.source}: {answer.reason}")
    if answer is None:
        return Sample(watch.now)
    found = [one for row in answer if (one := fact(row)) is not None]
    return Sample(watch.now, {"facts": plain(found)})


def with_open(sample: Sample, batches: Sequence[BatchSummary] | Missing | None) -> Sample:
    """Return the sample with the subjects of the batches that have not ended.

    A batch without a fact has either nothing wrong any more or an end.
    """
    if batches is None or isinstance(batches, Missing):
        return sample
    names = [f"batch {one.header.batch_id}" for one in batches if not is_over(one)]
    return replace(sample, data={**sample.data, "open": names})


def is_over(batch: BatchSummary) -> bool:
    """Say whether a batch has ended, well or not."""
    header = batch.header
    return header.status.startswith(("COMPLETE", "ERROR")) or header.state in ENDED


def judge_facts(
    window: Window,
    now: datetime,
    conclude: Callable[[Sequence[Fact], datetime], Iterable[Condition]],
    closing: str,
) -> Judgement:
    """Turn the newest facts into conditions; `closing` words how one ended."""
    last = window.samples[-1] if window.samples else None
    if last is None or (not last.unreadable and "facts" not in last.data):
        return Judgement(Sight.WARMING, note=NOT_CONFIGURED)
    if last.unreadable:
        return Judgement(Sight.UNREADABLE, note=last.unreadable)
    conditions = tuple(conclude(last.data["facts"], now))
    return Judgement(Sight.CLEAR, conditions, closing=_closings(window, closing))


def moment(value: Any) -> datetime | None:
    """Return a fact's time."""
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


def _closings(window: Window, words: str) -> dict[str, str]:
    subjects = {
        str(fact.get("subject"))
        for sample in window.samples
        for fact in sample.data.get("facts") or ()
    }
    return dict.fromkeys(subjects, words)
