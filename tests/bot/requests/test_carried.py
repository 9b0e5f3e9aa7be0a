"""What cannot be taken back is asked for in a dialog that says exactly what will be done."""

import json
from typing import Any

import pytest

from bot.domain.queue import QueueItem, QueueReading
from bot.ports import CommandOptions, Sources
from commands.queue.command import COMMAND
from tests.support.fakes.sources import FakeLogs, FakeMemory, FakeQueue, at, event
from tests.support.slack import payloads
from tests.support.slack.bot import ALERTS, Bot
from tests.support.slack.views import view_violations

NOW, TAKEN = at("2025-11-19T00:30:00"), at("2025-11-18T23:48:25")
ORPHAN = QueueItem(
    queue_id="3f2a0000-0000-4000-8000-000000000001",
    status="processing",
    queued_at=TAKEN,
    processing_started_at=TAKEN,
    cj_batch_id="34",
)
IDLE = [
    event(f"2025-11-19T00:{minute:02d}:10", "queue_metrics_snapshot", queue_current_size=1,
          queue_queued_count=0, queue_usage_percent=0.1, accepting_requests=True)
    for minute in range(30)
]  # fmt: skip
ALERT_TS = "1700000000.000001"
TRY = f"/queue requeue {ORPHAN.queue_id}"


@pytest.fixture
def queue(bot: Bot) -> FakeQueue:
    """Give the bot a queue that one orphan blocks."""
    queue, admission = FakeQueue(QueueReading(NOW, 1, (ORPHAN,))), bot.dispatcher.admission
    admission.commands = {"queue": COMMAND}
    admission.sources = Sources(queue=queue, logs=FakeLogs(IDLE), memory=FakeMemory())
    admission.options = CommandOptions(queue_prefix="own:queue", queue_repair=True)
    admission.now = lambda: NOW
    return queue


async def _opened(bot: Bot) -> dict[str, Any]:
    """Press the alert's button, and return the dialog once it is whole."""
    await bot.send(payloads.press("requeue", TRY, channel=ALERTS, message_ts=ALERT_TS))
    opened, updated = await bot.slack.wait_for(2)
    assert (opened.way, updated.way) == ("views.open", "views.update")
    return dict(updated.arguments["view"])


async def test_the_dialog_says_what_will_be_done_and_was_only_tried(
    bot: Bot, queue: FakeQueue
) -> None:
    view = await _opened(bot)
    told = json.dumps(view["blocks"], ensure_ascii=False)
    for words in ("of batch 34", "processing to queued", "Tried just now", "audit trail"):
        assert words in told
    assert [one["type"] for one in view["blocks"] if one["type"] == "actions"] == []
    assert (view["submit"]["text"], view["close"]["text"]) == (
        "Put it back in the queue", "Leave it",
    )  # fmt: skip
    assert view_violations(view) == []
    assert queue.requeued == [(ORPHAN.queue_id, True)]


async def test_a_yes_does_it_and_tells_the_outcome_in_the_alert_s_thread(
    bot: Bot, queue: FakeQueue
) -> None:
    view = await _opened(bot)
    ack = await bot.deliver(payloads.submission(view, {}))
    assert (ack.status, ack.body) == (200, "")
    said = (await bot.slack.wait_for(3))[2]
    assert said.way == "chat.postMessage"
    assert (said.arguments["channel"], said.arguments["thread_ts"]) == (ALERTS, ALERT_TS)
    assert "The item was put back in the queue" in said.text
    assert queue.requeued == [(ORPHAN.queue_id, True), (ORPHAN.queue_id, False)]
    memory = bot.dispatcher.admission.sources.memory
    assert isinstance(memory, FakeMemory)
    assert any("requeue" in what and "--yes" in what for what in map(str, memory.audited))


async def test_nobody_but_an_operator_opens_it_or_says_yes(bot: Bot, queue: FakeQueue) -> None:
    view = await _opened(bot)
    await bot.send(payloads.submission(view, {}, user="U0RESEARCH"))
    assert "Only operators" in (await bot.slack.wait_for(3))[2].text
    assert queue.requeued == [(ORPHAN.queue_id, True)]


async def test_a_mention_gets_the_question_with_a_button_that_opens_the_dialog(
    bot: Bot, queue: FakeQueue
) -> None:
    await bot.send(payloads.mention(f"<@UBOT00000> queue requeue {ORPHAN.queue_id}"))
    (said,) = await bot.slack.wait_for(1)
    (row,) = [one for one in said.arguments["blocks"] if one["type"] == "actions"]
    assert [one["value"] for one in row["elements"] if one["type"] == "button"] == [TRY]
    assert "confirm" not in row["elements"][0]
    assert queue.requeued == [(ORPHAN.queue_id, True)]
