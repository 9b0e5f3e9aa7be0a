"""What the provider's lines say to have expired is told, whether or not the queue moves."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.stuck_queue.expired_items import ExpiredItems
from bot.domain.alert import Judgement
from bot.domain.followed import Followed
from bot.domain.log import Role
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch, said

IDS = [f"5352ba4c-6226-458c-aa82-{n:012}" for n in range(6)]
OWNED = {UUID(IDS[0]): 34, UUID(IDS[1]): 34, UUID(IDS[2]): 35}


def expiry(id: str) -> str:
    """Return the provider's line on one request that waited too long."""
    return f"Request {id} has expired, correlation_id: {id}"


async def _judged(*ticks: Sequence[str], role: Role = Role.LLM_PROVIDER) -> Judgement:
    watches = []
    for n, lines in enumerate(ticks):
        at = NOW + TICK * n
        events = tuple(said(at, one, role=role) for one in lines)
        watches.append(GivenWatch(at, at - TICK, logs=Followed(events), owners=OWNED))
    return await played(ExpiredItems(QuietSettings()), watches)


async def test_lines_on_expired_requests_alone_open_an_alert() -> None:
    (found,) = (await _judged([expiry(one) for one in IDS[3:]])).conditions
    assert (found.rule, str(found.severity)) == ("expired-unanswered", "error")
    assert str(found.headline) == "3 items expired in the LLM queue, not answered"


async def test_work_that_goes_on_beside_them_hides_no_loss() -> None:
    done = [f"Request {IDS[5]} completed successfully, correlation_id: c"]
    judgement = await _judged([expiry(IDS[0])], [expiry(IDS[1])], done, done)
    (found,) = judgement.conditions
    assert str(found.headline) == "2 items of batch 34 expired in the LLM queue, not answered"
    assert found.batch == "34"


async def test_what_a_sweep_drops_is_counted_though_no_line_names_it() -> None:
    """A queue that stood goes on after the provider swept what had expired in it."""
    done = [f"Request {IDS[5]} completed successfully, correlation_id: c"]
    swept = ["Cleaned up 8 expired requests"], ["Cleaned up 5 expired requests"]
    (found,) = (await _judged(*swept, done)).conditions
    assert str(found.headline) == "13 items expired in the LLM queue, not answered"
    (found,) = (await _judged([expiry(IDS[0])], swept[0])).conditions
    assert str(found.headline).startswith("9 items of batch 34 expired")
    assert found.batch == ""


async def test_of_several_batches_none_is_its_subject() -> None:
    (found,) = (await _judged([expiry(one) for one in IDS[:3]])).conditions
    assert "batches 34 and 35" in str(found.headline)
    assert found.batch == ""


@pytest.mark.parametrize("role", [Role.CJ, Role.RUNNER])
async def test_what_is_no_expiry_of_the_providers_opens_nothing(role: Role) -> None:
    assert told(await _judged([expiry(IDS[0])], role=role)) == []
    assert told(await _judged([f"Request {IDS[0]} completed successfully, id: c"])) == []
    assert told(await _judged([expiry(IDS[0])], *[[]] * 61)) == []


async def test_it_goes_on_from_what_another_process_kept() -> None:
    first, second = ExpiredItems(QuietSettings()), ExpiredItems(QuietSettings())
    event = said(NOW, expiry(IDS[0]), role=Role.LLM_PROVIDER)
    sample = await first.sample(GivenWatch(NOW, NOW - TICK, logs=Followed((event,)), owners=OWNED))
    second.resume([sample])
    later = NOW + TICK
    event = said(later, expiry(IDS[1]), role=Role.LLM_PROVIDER)
    again = await second.sample(GivenWatch(later, NOW, logs=Followed((event,)), owners=OWNED))
    assert again.data["episodes"]["llm_provider"]["count"] == 2
