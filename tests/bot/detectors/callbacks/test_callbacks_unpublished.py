"""A callback that Kafka did not take waits or is lost, whatever is logged after it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.callbacks.callbacks_unpublished import CallbacksUnpublished
from bot.diagnosis.publishing.wording import NEW_REQUEST, SHORTER
from bot.domain.alert import Judgement
from bot.domain.followed import Followed
from bot.domain.log import Role
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import unproven_files
from tests.support.kafka_lines import (
    BREAKER_CLOSED,
    BREAKER_OPEN,
    RESTART,
    blocked,
    correlation_id,
    delivered,
    dropped,
    published,
    queue_id,
    refused,
)
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch, said

GIVEN_UP = (
    f"Failed to publish callback event for request {queue_id(1)}: token=PLANTED, "
    f"correlation_id: {correlation_id(1)}"
)


async def _judged(*ticks: Sequence[str], then: timedelta = timedelta()) -> Judgement:
    """Return what is concluded when each tick brought some lines, the last one at NOW - then."""
    detector = CallbacksUnpublished(QuietSettings())
    watches = []
    for ago, texts in zip(range(len(ticks) - 1, -1, -1), ticks, strict=True):
        at = NOW - then - ago * TICK
        logs = Followed(tuple(said(at, text, role=Role.LLM_PROVIDER) for text in texts))
        watches.append(GivenWatch(at, at - TICK, logs=logs))
    if then:
        watches.append(GivenWatch(NOW, NOW - TICK, logs=Followed()))
    return await played(detector, watches)


@pytest.mark.parametrize(
    ("ticks", "rules"),
    [
        ([published(1)], []),
        ([["Published LLM provider failure event for provider: openai"]], []),
        ([refused(1, topic="usage.v1"), published(1)], []),
        ([refused(1) + published(1)], ["callbacks-unpublished"]),
        ([blocked(1), published(1)], ["callbacks-unpublished"]),
        ([[GIVEN_UP, *published(1)]], ["lost-callbacks"]),
        ([refused(1) + published(1), RESTART], ["lost-callbacks"]),
        ([refused(1) + published(1), dropped(1)], ["lost-callbacks"]),
    ],
)
async def test_only_what_kafka_did_not_take_is_told(
    ticks: list[list[str]], rules: list[str]
) -> None:
    assert told(await _judged(*ticks), lambda one: one.rule) == rules


async def test_it_names_a_comparison_and_shows_no_secret() -> None:
    (condition,) = (await _judged([GIVEN_UP])).conditions
    assert (condition.subject, condition.correlation_id) == ("llm_provider", correlation_id(1))
    assert "1 answer lost" in condition.title
    assert "PLANTED" not in str(condition)


@pytest.mark.parametrize("lines", [blocked(1), refused(1)])
async def test_no_restart_is_advised_while_answers_wait(lines: list[str]) -> None:
    (condition,) = (await _judged(lines + published(1))).conditions
    assert [step for step in condition.next if "restart" in str(step)] == [
        "Do not restart the LLM provider: what waits in its memory would be lost."
    ]


async def test_what_waits_behind_the_open_breaker_is_told_until_it_is_published() -> None:
    """Behind an open breaker nothing more is logged, however long it stays so."""
    (condition,) = (await _judged(blocked(1), published(1), then=timedelta(hours=2))).conditions
    assert "Kafka's open breaker" in condition.title
    assert condition.since == NOW - timedelta(hours=2) - TICK


async def test_what_was_published_late_is_over_after_two_calm_minutes() -> None:
    lines = [refused(1) + published(1), delivered(1)]
    at_once = await _judged(*lines)
    assert (told(at_once), list(at_once.held)) == ([], ["llm_provider"])
    later = await _judged(*lines, then=timedelta(minutes=2))
    assert (told(later), dict(later.held)) == ([], {})
    assert later.closing["llm_provider"] == "Kafka took the 1 answer that waited"


async def test_a_second_burst_begins_anew() -> None:
    first = [refused(1) + published(1), delivered(1), *[[]] * 12]
    (condition,) = (await _judged(*first, refused(2) + published(2))).conditions
    assert condition.since == NOW
    assert str(condition.title).startswith("Kafka takes no callbacks")
    assert not unproven_files(condition.evidence)  # the lines stand in this very log


_OUTAGE = [[BREAKER_OPEN, *blocked(1), *published(1)], [BREAKER_CLOSED], delivered(1)]


async def test_an_outage_is_over_as_the_breaker_closed_and_nothing_waits() -> None:
    waits = await _judged(*_OUTAGE[:2])
    assert told(waits, lambda one: one.rule) == ["callbacks-unpublished"]
    over = await _judged(*_OUTAGE)
    assert (told(over), dict(over.held)) == ([], {})
    assert over.closing["llm_provider"] == "Kafka took the 1 answer that waited"


@pytest.mark.parametrize("then", [[], RESTART])
async def test_what_is_refused_right_after_an_outage_is_an_outage_of_its_own(
    then: list[str],
) -> None:
    (found,) = (await _judged(*_OUTAGE, [], refused(2) + published(2), then)).conditions
    assert found.since == NOW - TICK
    assert found.correlation_id == correlation_id(2)
    assert "1 answer" in found.headline


async def test_a_loss_stays_told_after_the_breaker_closed() -> None:
    lost = [[BREAKER_OPEN, *blocked(1), *published(1)], dropped(1), [BREAKER_CLOSED], [], []]
    assert told(await _judged(*lost), lambda one: one.rule) == ["lost-callbacks"]


@pytest.mark.parametrize(("minutes", "open"), [(14, True), (15, False)])
async def test_a_loss_is_over_after_fifteen_quiet_minutes(minutes: int, open: bool) -> None:
    judged = await _judged([GIVEN_UP], then=timedelta(minutes=minutes))
    assert bool(judged.conditions) is open
    assert "do not come back" in judged.closing["llm_provider"]


async def test_another_process_goes_on_with_what_waited() -> None:
    before = CallbacksUnpublished(QuietSettings())
    lines = tuple(said(NOW, one, role=Role.LLM_PROVIDER) for one in blocked(1) + published(1))
    sample = await before.sample(GivenWatch(NOW, NOW - TICK, logs=Followed(lines)))
    after = CallbacksUnpublished(QuietSettings())
    after.resume([sample])
    later = await after.sample(GivenWatch(NOW + TICK, NOW, logs=Followed()))
    assert later.data["count"] == 1


async def test_it_says_for_which_batch_and_what_to_do_of_one_answer_in_the_singular() -> None:
    logs = Followed(tuple(said(NOW, text, role=Role.LLM_PROVIDER) for text in refused(1)
                          + published(1)))  # fmt: skip
    owners = {UUID(correlation_id(1)): 9}
    watch = GivenWatch(NOW, NOW - TICK, logs=logs, owners=owners)
    (condition,) = (await played(CallbacksUnpublished(QuietSettings()), [watch])).conditions
    assert condition.batch == "9"
    assert condition.headline == "Kafka takes no callbacks of batch 9: 1 answer held back"
    assert "1 answer waits in the provider's memory" in condition.title
    assert NEW_REQUEST in condition.next


async def test_answers_of_two_batches_single_out_neither() -> None:
    texts = [*refused(1), *published(1), *refused(2), *published(2)]
    logs = Followed(tuple(said(NOW, text, role=Role.LLM_PROVIDER) for text in texts))
    items = tuple(QueueItem(queue_id(n), "processing", cj_batch_id=str(8 + n)) for n in (1, 2))
    watch = GivenWatch(NOW, NOW - TICK, logs=logs, reading=QueueReading(NOW, 2, items))
    (condition,) = (await played(CallbacksUnpublished(QuietSettings()), [watch])).conditions
    assert (condition.batch, "of batches 9 and 10" in condition.headline) == ("", True)


async def test_a_loss_names_its_own_comparison_and_begins_after_what_was_delivered() -> None:
    ticks: list[list[str]] = [refused(1) + published(1), delivered(1)]
    calm: list[list[str]] = [[]] * 9
    judgement = await _judged(*ticks, *calm, refused(2) + published(2), RESTART)
    (found,) = judgement.conditions
    assert found.correlation_id == correlation_id(2)
    assert found.since == NOW - TICK
    assert f"/trace {correlation_id(2)}" in str(found.title)


async def test_of_what_is_lost_and_what_waits_the_lost_one_is_traced() -> None:
    lost = refused(1) + published(1)
    (found,) = (await _judged(lost, RESTART, refused(2) + published(2))).conditions
    assert found.correlation_id == correlation_id(1)


async def test_kafka_is_not_blamed_for_a_callback_that_the_provider_could_not_build() -> None:
    invalid = GIVEN_UP.replace("token=PLANTED", "1 validation error for SomeResultV1 text too long")
    for text, kafka in ((GIVEN_UP, True), (invalid, False)):
        found = (await _judged([text])).conditions
        assert [one.rule for one in found] == ["lost-callbacks"]
        shown = [(str(one.title), str(one.headline)) for one in found]
        assert ["Kafka takes no callbacks" in told for one in shown for told in one] == [kafka] * 2
        assert [SHORTER in one.next for one in found] == [not kafka]


def _took(*numbers: int) -> list[str]:
    return [f"Processing LLM comparison callback for request {queue_id(n)}" for n in numbers]


@pytest.mark.parametrize(
    ("took", "left"), [((), 3), ((2,), 2), ((1, 2, 3), 0), ((7, 8), 3), ((3, 3, 1), 1)]
)
async def test_what_cj_took_waits_no_more(took: tuple[int, ...], left: int) -> None:
    """The provider says at debug that it published what it kept, and not at all for some."""
    held = [line for n in (1, 2, 3) for line in blocked(n) + published(n)]
    watches = []
    for n in range(24, -1, -1):
        texts = {24: held, 12: _took(*took)}.get(n, [])
        at = NOW - TICK * n
        role = Role.CJ if n == 12 else Role.LLM_PROVIDER
        events = tuple(said(at, text, role=role) for text in texts)
        watches.append(GivenWatch(at, at - TICK, logs=Followed(events)))
    judged = await played(CallbacksUnpublished(QuietSettings()), watches)
    headlines = [str(one.headline) for one in judged.conditions]
    assert [f"{left} answer" in one for one in headlines] == [True] * bool(left)
    if not left:
        assert "Kafka took the 3 answers that waited" in judged.closing["llm_provider"]
