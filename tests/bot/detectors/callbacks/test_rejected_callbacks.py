"""Rejected callbacks are grouped by field and mode, never by correlation id."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.detectors._event_counts import Occurrence, QuietSettings
from bot.detectors.callbacks.rejected_callbacks import (
    MOST_REMEMBERED,
    CountedCallbacks,
    RejectedCallbacks,
)
from bot.diagnosis.comparison.causes import FOREIGN_CALLBACK
from bot.domain.alert import Judgement, Sight, Window
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.ports import Watch
from tests.support.scenes import TICK, played
from tests.support.watches import GivenWatch, said

NOW = datetime(2025, 11, 18, 23, 50, tzinfo=UTC)
ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
ESSAYS = "Comparison callback missing essay identifiers; correlation="
STRAY = "Error in callback processing: [CJ_CALLBACK_CORRELATION_FAILED] Cannot find comparison "


async def _judged(watch: Watch, later: timedelta = timedelta(0)) -> Judgement:
    detector = RejectedCallbacks(QuietSettings())
    sample = await detector.sample(watch)
    return detector.judge(Window((sample,), sample.at), watch.now + later)


async def _played(*ticks: tuple[str, ...], apart: timedelta = TICK) -> Judgement:
    """Show one detector a tick's lines after the other's."""
    times = [NOW + apart * n for n in range(len(ticks))]
    watches = [
        GivenWatch(at, at - apart, logs=Followed(tuple(said(at, text) for text in texts)))
        for at, texts in zip(times, ticks, strict=True)
    ]
    return await played(RejectedCallbacks(QuietSettings()), watches)


def _counts(judgement: Judgement) -> dict[str, str]:
    """Return how many callbacks each title tells of, by the failing field."""
    return {
        one.subject.partition("/")[0]: str(one.title).split(": ", 1)[1].split(" ", 1)[0]
        for one in judgement.conditions
    }


def _watch(*texts: str, owners: dict[UUID, int] | None = None) -> GivenWatch:
    events = tuple(said(NOW, text) for text in texts)
    return GivenWatch(NOW, NOW, logs=Followed(events), owners=owners)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (ESSAYS + ID, "essay_a_id"),
        (f"Comparison callback missing prompt hash; correlation={ID}", "prompt_sha256"),
        (STRAY + f"pair for callback with correlation ID: {ID}", "correlation_id"),
        ("LLMComparisonResultV1 missing request_id; cannot hydrate artefact", "request_id"),
        ("Error processing LLM comparison callback message", "model"),
    ],
)
async def test_each_rejection_names_its_field(text: str, field: str) -> None:
    judgement = await _judged(_watch(text))
    assert [one.subject for one in judgement.conditions] == [f"{field}/unknown mode"]
    assert "unknown mode" not in str(judgement.conditions[0].title)


async def test_a_callback_that_is_no_json_is_called_so() -> None:
    line = said(NOW, "Error processing LLM comparison callback message")
    told = "1 validation error for E\n  Invalid JSON: key must be a string [type=json_invalid, x]"
    events = (replace(line, text=f"{line.text}\n{told}"),)
    (condition,) = (await _judged(GivenWatch(NOW, NOW, logs=Followed(events)))).conditions
    assert condition.subject == "json/unknown mode"
    assert "1 callback is no JSON object" in str(condition.title)


async def test_many_callbacks_are_one_condition_with_a_count() -> None:
    texts = [ESSAYS + str(UUID(int=number)) for number in range(40)]
    (condition,) = (await _judged(_watch(*texts))).conditions
    assert condition.count == 40
    assert "ownership not checked" in condition.title


async def test_a_callback_that_no_batch_owns_is_foreign() -> None:
    (condition,) = (await _judged(_watch(ESSAYS + ID, owners={}))).conditions
    assert condition.rule == "foreign-callback"
    assert condition.why == FOREIGN_CALLBACK.why
    assert f"/trace {ID}" in condition.title


async def test_a_callback_of_a_known_comparison_is_no_stray() -> None:
    (condition,) = (await _judged(_watch(ESSAYS + ID, owners={UUID(ID): 34}))).conditions
    assert condition.rule == "callback-rejected"
    assert "batch 34" in condition.title


async def test_it_is_over_after_fifteen_quiet_minutes_and_says_since_when() -> None:
    watch = _watch(ESSAYS + ID)
    assert (await _judged(watch, timedelta(minutes=14))).conditions
    judgement = await _judged(watch, timedelta(minutes=15))
    assert judgement.conditions == ()
    closing = judgement.closing["essay_a_id/unknown mode"]
    assert str(closing) == "no more came since 2025-11-18T23:50:00+00:00"


async def test_logs_that_cannot_be_read_are_told_and_resolve_nothing() -> None:
    judgement = await _judged(GivenWatch(NOW, NOW, logs=Missing("docker_logs", "no socket")))
    assert judgement.sight is Sight.UNREADABLE
    assert [one.subject for one in judgement.conditions] == ["source"]


async def test_normal_lines_are_no_rejection() -> None:
    text = "Stored 0 new comparison pairs for CJ Batch ID: 34"
    assert (await _judged(_watch(text))).conditions == ()


PRINTED = f"Kafka publish failed (ValueError: {ESSAYS}{ID}). Use --no-kafka to skip publishing."
UNMATCHED = f"{STRAY}pair for callback with correlation ID: {ID}"
OTHER = "1c0ffee1-9411-4ca2-9999-59a9d18c5da9"
NO_ID = "LLMComparisonResultV1 missing request_id; cannot hydrate artefact"


@pytest.mark.parametrize(
    ("ticks", "counts"),
    [
        ([(ESSAYS + ID, ESSAYS + ID, PRINTED)], {"essay_a_id": "1"}),
        ([(ESSAYS + ID,), (PRINTED,)], {"essay_a_id": "1"}),
        ([(UNMATCHED, ESSAYS + ID)], {"essay_a_id": "1"}),
        ([(ESSAYS + ID,), (UNMATCHED,)], {"essay_a_id": "1"}),
        ([(UNMATCHED, UNMATCHED)], {"correlation_id": "1"}),
        ([(ESSAYS + ID, ESSAYS + OTHER, PRINTED)], {"essay_a_id": "2"}),
        ([(UNMATCHED.replace(ID, OTHER), ESSAYS + ID)], {"essay_a_id": "1", "correlation_id": "1"}),
        ([(NO_ID, NO_ID, NO_ID), (NO_ID,)], {"request_id": "4"}),
    ],
)
async def test_callbacks_are_counted_and_not_the_lines_that_tell_of_one(
    ticks: list[tuple[str, ...]], counts: dict[str, str]
) -> None:
    assert _counts(await _played(*ticks)) == counts


async def test_a_callback_that_keeps_coming_stays_one_and_is_not_over() -> None:
    judgement = await _played((ESSAYS + ID,), (ESSAYS + ID,), (), apart=timedelta(minutes=10))
    assert _counts(judgement) == {"essay_a_id": "1"}
    assert judgement.conditions[0].count == 0


async def test_lines_that_a_failed_tick_read_before_count_when_they_are_read_again() -> None:
    detector = RejectedCallbacks(QuietSettings())
    watch = _watch(ESSAYS + ID, PRINTED)
    await detector.sample(watch)
    sample = await detector.sample(watch)
    assert _counts(detector.judge(Window((sample,), NOW), NOW)) == {"essay_a_id": "1"}


async def test_what_was_counted_is_forgotten_with_the_window_and_bounded() -> None:
    counted = CountedCallbacks(timedelta(minutes=20))
    found = [
        Occurrence("essay_a_id/x", NOW, "runner", "", {"correlation_id": str(UUID(int=number))})
        for number in range(MOST_REMEMBERED + 5)
    ]
    assert sum(one.counts for one in counted.once(found, NOW)) == len(found)
    later = [replace(found[-1], at=NOW + timedelta(minutes=1))]
    assert [one.counts for one in counted.once(later, NOW + timedelta(minutes=1))] == [0]
    forgotten = [replace(found[0], at=NOW + timedelta(minutes=1))]
    assert [one.counts for one in counted.once(forgotten, NOW + timedelta(minutes=1))] == [1]
    anew = [replace(found[-1], at=NOW + timedelta(minutes=21))]
    assert [one.counts for one in counted.once(anew, NOW + timedelta(minutes=21))] == [1]


async def test_an_episode_that_outlasts_the_window_keeps_its_onset_and_its_count() -> None:
    """A rejection each five minutes for two hours is one episode, also in another process."""
    watches = []
    for n in range(24):
        at = NOW + timedelta(minutes=5 * n)
        texts = said(at, f"Comparison callback missing prompt hash; correlation={UUID(int=n)}")
        watches.append(GivenWatch(at, at, logs=Followed((texts,))))
    first, second = (RejectedCallbacks(QuietSettings()) for _ in range(2))
    for watch in watches[:12]:
        sample = await first.sample(watch)
    second.resume((sample,))
    (condition,) = (await played(second, watches[12:])).conditions
    assert condition.since == NOW
    assert "24 callbacks lack their prompt hash" in condition.title
