"""The messages of watched batches: posted once, edited while it runs, one reply at its end."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from bot.domain.progress import BatchProgress, BatchWatch
from bot.domain.words import Span, Text, Time, Words, joined, words
from bot.slack.blocks import elements as kit
from bot.slack.blocks.mrkdwn import clamp, escape, literal, mrkdwn
from bot.slack.outbound.posts import SUBJECT, ChannelPosts
from bot.slack.outbound.web_api import Web
from bot.text.wording import many

EVENT_TYPE = "batchbot_watch"
BAR = 20
TEXT_CHARS = 500
LOOK_BACK = timedelta(minutes=1)
MINUTE = timedelta(minutes=1)


class WatchMessages:
    """Implements the WatchMessenger port. Every method raises PostError."""

    def __init__(self, web: Web) -> None:
        self._posts = ChannelPosts(web, EVENT_TYPE)
        self._shown: dict[int, Mapping[str, Any]] = {}

    async def show(self, watch: BatchWatch, seen: BatchProgress, now: datetime) -> str:
        """Post or edit a watch's message; return its ts."""
        message = _message(watch, seen, now)
        if self._shown.get(watch.id) == message and watch.ts:
            return watch.ts
        ts = watch.ts or await self._find(watch, watch.token, watch.thread_ts)
        if ts:
            await self._posts.edit(watch.channel, ts, message)
        else:
            ts = await self._posts.post(
                watch.channel, message, token=watch.token, thread_ts=watch.thread_ts
            )
        self._shown[watch.id] = message
        return ts

    async def tell(self, watch: BatchWatch, seen: BatchProgress, now: datetime, ts: str) -> None:
        """Mention the asker, once, in the thread of the watch's message."""
        token = str(uuid5(NAMESPACE_OID, watch.token))
        thread = watch.thread_ts or ts
        if not await self._find(watch, token, thread):
            told = _headline(seen, now)
            message = {
                "text": f"<@{watch.asker}> {_notification(told)}",
                "blocks": [kit.section(f"<@{watch.asker}> {mrkdwn(told, TEXT_CHARS)}")],
            }
            await self._posts.post(watch.channel, message, token=token, thread_ts=thread)
        self._shown.pop(watch.id, None)

    async def _find(self, watch: BatchWatch, token: str, thread_ts: str) -> str:
        since = watch.started_at - LOOK_BACK
        found = await self._posts.find(watch.channel, token=token, since=since, thread_ts=thread_ts)
        return found or ""


def _message(watch: BatchWatch, seen: BatchProgress, now: datetime) -> Mapping[str, Any]:
    headline = _headline(seen, now)
    told: list[Text] = []
    if not seen.ended:
        told.append(_end(seen))
    if seen.per_minute is not None and not seen.ended:
        told.append(f"{seen.per_minute:.1f} comparisons a minute")
    if seen.failed:
        told.append(f"{seen.failed} failed")
    blocks = [kit.section(f"*{mrkdwn(headline, TEXT_CHARS)}*\n{_bar(seen)}")]
    if told:
        blocks.append(kit.context(mrkdwn(joined(" · ", told), TEXT_CHARS)))
    batch = str(seen.batch_id)
    buttons = [kit.button("Status", "run_0", f"/batch status {batch}")]
    if not seen.ended:
        buttons.append(kit.button("Stop watching", "run_1", f"/batch watch stop {batch}"))
    blocks += kit.buttons(buttons)
    return {"text": _notification(headline), "blocks": blocks, SUBJECT: f"batch {batch}"}


def _notification(told: Text) -> str:
    """Return what a notification says: characters only, and no time."""
    return clamp(escape(literal(told, TEXT_CHARS)), TEXT_CHARS)


def _headline(seen: BatchProgress, now: datetime) -> Words:
    done = f"{seen.done} of {many(seen.total, 'comparison')} done"
    if seen.cancelled:
        return words(f"⚠️ Batch {seen.batch_id} was cancelled, no line says by whom: {done}")
    if seen.without_result:
        return words(f"🔴 Batch {seen.batch_id} has ended without a result: {done}")
    if seen.ended:
        mark = "⚠️" if seen.failed else "✅"
        return words(f"{mark} Batch {seen.batch_id} has ended: {done}")
    if seen.still_since is not None:
        # Whole minutes, so that the message is edited once a minute at most.
        still = Span((now - seen.still_since) // MINUTE * MINUTE)
        return words(f"⚠️ Batch {seen.batch_id} stands still for ", still, f": {done}")
    return words(f"⏳ Batch {seen.batch_id}: {done}")


def _end(seen: BatchProgress) -> Text:
    if seen.expected_end is None:
        return "When it will be done is not known"
    first, last = seen.expected_end
    return words(Time(first, "Done between "), Time(last, " and "))


def _bar(seen: BatchProgress) -> str:
    full = round(BAR * seen.done / seen.total) if seen.total else 0
    return "▓" * min(BAR, full) + "░" * (BAR - min(BAR, full))
