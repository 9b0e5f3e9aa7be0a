"""A callback that could not be published is a lost answer, whatever is logged after it."""

from datetime import timedelta

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.callbacks.callbacks_unpublished import (
    CallbacksUnpublished,
)
from bot.domain.alert import Condition, Judgement
from bot.domain.log import Followed, Role
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch, said

Q = "9c41f7b2-58de-4a36-b1f0-2ab525a2c034"
C = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
FAILED = f"Failed to publish callback event for request {Q}: broker away, correlation_id: {C}"
FAILED_ERROR = f"Failed to publish error callback event for request {Q}: token=PLANTED, no id"
PUBLISHED = f"Published success callback event for request {Q}, correlation_id: {C}, topic: t"


async def _judged(*texts: str, quiet: timedelta = timedelta()) -> Judgement:
    detector = CallbacksUnpublished(QuietSettings())
    at = NOW - quiet
    logs = Followed(tuple(said(at, text, role=Role.LLM_PROVIDER) for text in texts))
    watches = [GivenWatch(at, at - TICK, logs=logs), GivenWatch(NOW, NOW - TICK, logs=Followed())]
    return await played(detector, watches if quiet else watches[:1])


@pytest.mark.parametrize(
    ("texts", "traced"),
    [
        ([FAILED, PUBLISHED], [C]),
        ([FAILED_ERROR], [""]),
        ([PUBLISHED], []),
        (["Published LLM provider failure event for provider: openai"], []),
        ([], []),
    ],
)
async def test_only_a_failure_to_publish_is_told(texts: list[str], traced: list[str]) -> None:
    assert told(await _judged(*texts), lambda one: one.correlation_id) == traced


async def test_it_names_the_rule_and_shows_no_secret() -> None:
    (condition,) = (await _judged(FAILED, FAILED_ERROR)).conditions
    assert isinstance(condition, Condition)
    assert (condition.rule, condition.subject) == ("lost-callbacks", "llm_provider")
    assert "2 answers lost" in condition.title
    assert "PLANTED" not in str(condition)


@pytest.mark.parametrize(("minutes", "open"), [(14, True), (15, False)])
async def test_it_is_over_after_fifteen_quiet_minutes(minutes: int, open: bool) -> None:
    judged = await _judged(FAILED, quiet=timedelta(minutes=minutes))
    assert bool(judged.conditions) is open
    assert str(judged.closing["llm_provider"]).startswith("quiet since")
