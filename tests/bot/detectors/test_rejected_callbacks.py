"""Rejected callbacks are grouped by field and mode, never by correlation id."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.detectors.rejected_callbacks import RejectedCallbacks, RejectedCallbacksSettings
from bot.domain.alert import Judgement, Sight, Window
from bot.domain.evidence import Missing
from bot.domain.log import Followed
from bot.ports import Watch
from tests.bot.detectors.watches import GivenWatch, said

NOW = datetime(2025, 11, 18, 23, 50, tzinfo=UTC)
ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
ESSAYS = "Comparison callback missing essay identifiers; correlation="
STRAY = "Error in callback processing: [CJ_CALLBACK_CORRELATION_FAILED] Cannot find comparison "


async def _judged(watch: Watch, later: timedelta = timedelta(0)) -> Judgement:
    detector = RejectedCallbacks(RejectedCallbacksSettings())
    sample = await detector.sample(watch)
    return detector.judge(Window((sample,), sample.at), watch.now + later)


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


async def test_many_callbacks_are_one_condition_with_a_count() -> None:
    texts = [ESSAYS + str(UUID(int=number)) for number in range(40)]
    (condition,) = (await _judged(_watch(*texts))).conditions
    assert condition.count == 40
    assert "ownership not checked" in condition.title


async def test_a_callback_that_no_batch_owns_is_foreign() -> None:
    (condition,) = (await _judged(_watch(ESSAYS + ID, owners={}))).conditions
    assert condition.rule == "foreign-callback"
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
    assert judgement.closing["essay_a_id/unknown mode"] == "quiet since 23:50:00 UTC"


async def test_logs_that_cannot_be_read_are_told_and_resolve_nothing() -> None:
    judgement = await _judged(GivenWatch(NOW, NOW, logs=Missing("docker_logs", "no socket")))
    assert judgement.sight is Sight.UNREADABLE
    assert [one.subject for one in judgement.conditions] == ["source"]


async def test_normal_lines_are_no_rejection() -> None:
    text = "Stored 0 new comparison pairs for CJ Batch ID: 34"
    assert (await _judged(_watch(text))).conditions == ()
