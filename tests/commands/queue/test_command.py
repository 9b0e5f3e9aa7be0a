"""`/queue` takes no words and answers from whatever can be read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.diagnosis.queue.timeline import ORPHANED
from bot.domain.batch import BatchHeader, BatchRows
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Verdict
from bot.errors import DeniedError, NotFoundError, UsageError
from bot.ports import CommandContext, Sources
from commands.batch.command import parse as parse_batch
from commands.batch.command import run as run_batch
from commands.queue.command import COMMAND, parse
from tests.support.fakes.sources import (
    FakeDatabase,
    FakeLogs,
    FakeMemory,
    FakeQueue,
    at,
    context,
    down,
    event,
)

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


async def test_a_queue_whose_log_cannot_be_read_is_unknown() -> None:
    logs = FakeLogs([event(NOW, "tick")], missing=(("llm_provider_service", "no rights"),))
    sources = Sources(queue=FakeQueue(QueueReading(NOW, 0)), logs=logs)
    report = await COMMAND.run(parse(""), context(sources, NOW))
    assert report.verdict is Verdict.UNKNOWN
    assert "Not read: llm_provider_service's log (no rights)." in str(report.summary)


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


TAKEN = at("2025-11-18T23:48:25")
ORPHAN = QueueItem(
    queue_id="3f2a0000-0000-4000-8000-000000000001",
    status="processing",
    queued_at=TAKEN,
    processing_started_at=TAKEN,
)
IDLE = [
    event(f"2025-11-19T00:{minute:02d}:10", "queue_metrics_snapshot", queue_current_size=1,
          queue_queued_count=0, queue_usage_percent=0.1, accepting_requests=True)
    for minute in range(30)
]  # fmt: skip
YOUNG = NOW - timedelta(seconds=175)
REPAIR = {**PREFIXES, "queue_repair": True}


def _stuck(**more: Any) -> tuple[FakeQueue, CommandContext]:
    queue = FakeQueue(QueueReading(NOW, 1, (ORPHAN,)))
    given: dict[str, Any] = {"operator": True, "options": REPAIR, **more}
    sources = Sources(queue=queue, logs=FakeLogs(IDLE), memory=FakeMemory())
    return queue, context(sources, NOW, **given)


async def test_what_the_alert_calls_stuck_sooner_may_be_put_back_sooner() -> None:
    young = replace(ORPHAN, queued_at=YOUNG, processing_started_at=YOUNG)
    for opens_after, judged in ((timedelta(seconds=20), True), (timedelta(minutes=5), False)):
        queue = FakeQueue(QueueReading(NOW, 1, (young,)))
        sources = Sources(queue=queue, logs=FakeLogs(IDLE), memory=FakeMemory())
        some = context(sources, NOW, operator=True, options={**REPAIR, "opens_after": opens_after})
        offered = (await COMMAND.run(parse(""), some)).actions
        assert (f"/queue requeue {young.queue_id}" in offered) is judged


@pytest.mark.parametrize("line", ["status 34", "investigate 34"])
async def test_a_batch_s_answers_call_stuck_what_the_alert_calls_stuck(line: str) -> None:
    young = replace(ORPHAN, queued_at=YOUNG, processing_started_at=YOUNG, cj_batch_id="34")
    header = BatchHeader(34, "b", "b", "PENDING", None, YOUNG)
    for opens_after, judged in ((timedelta(seconds=20), True), (timedelta(minutes=5), False)):
        sources = Sources(
            database=FakeDatabase([BatchRows(header)]),
            queue=FakeQueue(QueueReading(NOW, 1, (young,))),
            logs=FakeLogs(IDLE),
        )
        report = await run_batch(
            parse_batch(line), context(sources, NOW, options={"opens_after": opens_after})
        )
        assert (ORPHANED in {one.rule for one in report.findings}) is judged


async def test_an_orphan_is_tried_first_and_then_put_back_by_an_operator() -> None:
    queue, some = _stuck()
    (offer, *_) = (await COMMAND.run(parse(""), some)).actions
    assert offer == f"/queue requeue {ORPHAN.queue_id}"
    tried = await COMMAND.run(parse("requeue 3f2a0000"), some)
    assert tried.actions == (f"/queue requeue {ORPHAN.queue_id} --yes",)
    done = await COMMAND.run(parse(tried.actions[0].removeprefix("/queue ")), some)
    assert done.facts["outcome"] == "done"
    assert str(tried.headline).endswith("back in the queue? Tried: it would work")
    assert done.headline == "The item was put back in the queue"
    assert queue.requeued == [(ORPHAN.queue_id, True), (ORPHAN.queue_id, False)]


@pytest.mark.parametrize(
    ("text", "more", "error"),
    [
        ("requeue 3f2a0000 --yes", {"operator": False}, DeniedError),
        ("requeue 3f2a0000 --yes", {"options": PREFIXES}, DeniedError),
        ("requeue ffffffff --yes", {}, NotFoundError),
        ("requeue 3f2 --yes", {}, NotFoundError),
    ],
)
async def test_nothing_else_is_put_back(
    text: str, more: dict[str, Any], error: type[Exception]
) -> None:
    queue, some = _stuck(**more)
    with pytest.raises(error):
        await COMMAND.run(parse(text), some)
    assert queue.requeued == []


async def test_an_item_that_is_worked_on_is_no_orphan() -> None:
    queue, some = _stuck()
    queue.reading = QueueReading(NOW, 1, (replace(ORPHAN, processing_started_at=NOW),))
    with pytest.raises(NotFoundError):
        await COMMAND.run(parse("requeue 3f2a0000 --yes"), some)
    assert queue.requeued == []


async def test_what_can_be_put_back_is_first_to_be_put_back_and_then_taken_out_by_hand() -> None:
    for options, first in ((REPAIR, "Put it back"), (PREFIXES, "Take it out")):
        _, some = _stuck(options=options)
        found = (await COMMAND.run(parse(""), some)).findings
        (steps,) = [one.next for one in found if one.rule == ORPHANED]
        assert str(steps[0]).startswith(first)
        assert any(str(one).startswith("Take it out of the queue by hand") for one in steps)


async def test_putting_back_is_not_offered_while_it_is_off() -> None:
    _, some = _stuck(options=PREFIXES)
    assert not any("requeue" in line for line in (await COMMAND.run(parse(""), some)).actions)


async def test_logs_that_end_days_ago_say_so_instead_of_a_queue_without_a_sign() -> None:
    old = event(NOW - timedelta(days=9), "queue_metrics_snapshot", queue_current_size=3)
    report = await COMMAND.run(parse(""), context(Sources(logs=FakeLogs([old])), NOW))
    assert report.verdict is Verdict.UNKNOWN
    assert "Its last line in the logs is 9 d old, of 2025-11-10" in str(report.summary)
    fresh = event(NOW, "queue_metrics_snapshot", queue_current_size=0, queue_queued_count=0)
    report = await COMMAND.run(parse(""), context(Sources(logs=FakeLogs([old, fresh])), NOW))
    assert "last line" not in str(report.summary)
