"""`/queue` takes no words and answers from whatever can be read."""

import pytest

from bot.domain.queue import QueueReading
from bot.domain.report import Verdict
from bot.errors import UsageError
from bot.ports import Sources
from commands.queue import COMMAND, parse
from tests.support.fakes.sources import FakeQueue, at, context, down

NOW = at("2025-11-19T00:30:00")
PREFIXES = {"queue_prefix": "own:queue", "queue_prefixes": ("other:queue",)}


@pytest.mark.parametrize("text", ["", "status", "Status.", " `status` "])
def test_no_words_or_status_are_taken(text: str) -> None:
    assert parse(text).verb == "status"


@pytest.mark.parametrize(
    ("text", "hint"), [("statsu", "Did you mean status?"), ("34 35", ""), ("--frm x", "")]
)
def test_other_words_get_usage_and_the_nearest_match(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.hint == hint
    assert caught.value.usage[0].startswith("/queue")


async def test_the_command_answers_with_one_report() -> None:
    queue = FakeQueue(QueueReading(NOW, 0))
    report = await COMMAND.run(parse(""), context(Sources(queue=queue), NOW))
    assert (report.command, report.verdict) == ("queue", Verdict.OK)


async def test_a_further_queue_is_answered_by_its_prefix_from_redis_alone() -> None:
    queue = FakeQueue(QueueReading(NOW, 5), others={"other:queue": QueueReading(NOW, 0)})
    some = context(Sources(queue=queue), NOW, options=PREFIXES)
    report = await COMMAND.run(parse("status other:queue"), some)
    assert report.facts["size"] == 0
    assert report.verdict is Verdict.OK
    unread = Sources(queue=FakeQueue(error=down("llm_queue")))
    unknown = await COMMAND.run(parse("status other:queue"), context(unread, NOW, options=PREFIXES))
    assert unknown.verdict is Verdict.UNKNOWN


async def test_the_providers_own_queue_may_be_asked_by_its_prefix() -> None:
    queue = FakeQueue(QueueReading(NOW, 0))
    some = context(Sources(queue=queue), NOW, options=PREFIXES)
    report = await COMMAND.run(parse("status own:queue"), some)
    assert report.verdict is Verdict.OK


async def test_a_prefix_that_nobody_configured_is_a_slip_and_no_unreadable_queue() -> None:
    some = context(Sources(queue=FakeQueue()), NOW, options=PREFIXES)
    with pytest.raises(UsageError, match="no queue others:queue") as caught:
        await COMMAND.run(parse("status others:queue"), some)
    assert caught.value.hint == "Did you mean other:queue?"
