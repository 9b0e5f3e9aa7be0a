"""Posts what waits in the outbox, in order, each message once, no faster than Slack allows.

A post whose answer never came is looked up by its token before it is repeated, and so is one
whose poster died with it in hand.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import uuid4

from bot.alerts.policy.messages import (
    MessageKind,
    Pause,
    Posting,
    after_failure,
    may_be_at_fault,
)
from bot.alerts.store.postgres import Store
from bot.domain.routing.message import AlertMessage
from bot.domain.routing.route import Route, route_of, waking
from bot.errors import PostError, PostFailure, SourceError
from bot.monitoring.state import PosterState
from bot.ports import Clock, Messenger

CHANNEL_PAUSE = timedelta(seconds=1)
# Well within the outbox's lease, so that a slow post is over before another poster may look.
POST_SECONDS = 15.0
# Who held a message for longer, because the process stood still, may not be the only one any more.
HOLD = timedelta(seconds=12)
IDLE_SECONDS = 1.0
# About five minutes of looking through a history that is too long to be read to its end.
MOST_LOOKS = 10
LOOK_MARGIN = timedelta(seconds=60)

LOG = logging.getLogger(__name__)
T = TypeVar("T")


class Poster:
    """Drains the outbox into one channel; several may run, each message is claimed by one."""

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        channel: str,
        *,
        now: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        pause: timedelta = CHANNEL_PAUSE,
        state: PosterState | None = None,
        routes: Sequence[Route] = (),
    ) -> None:
        self.state = state or PosterState()
        self._store = store
        self._messenger = messenger
        # Not a copy: whom a route wakes is read again while the bot runs.
        self._routes = routes
        # Channels of routes that took no message: what opens is posted in the alert channel.
        self._closed: set[str] = set()
        self._channel = channel
        self._now = now
        self._sleep = sleep
        self._pause = pause
        self._owner = uuid4().hex
        self._paused: Pause | None = None
        self._paused_channels: dict[str, Pause] = {}
        # The messages that were not taken since one was.
        self._failed: set[int] = set()

    async def run(self, may_post: Callable[[], bool] = lambda: True) -> None:
        """Drain for ever, whenever this process may post; cancel it to stop."""
        while True:
            try:
                busy = may_post() and await self.step()
            except SourceError as error:
                LOG.warning("the outbox cannot be read: %s", error.message)
                busy = False
            if not busy:
                await self._sleep(IDLE_SECONDS)

    async def drain(self) -> int:
        """Handle everything that is due now; return how many messages that were."""
        handled = 0
        while await self.step():
            handled += 1
        return handled

    async def step(self) -> bool:
        """Handle one message, keeping the channel's pace; False when nothing is due."""
        await self._wait()
        claimed_at = self._now()
        posting = await self._store.claim(
            self._owner, claimed_at, self._channels_to_skip(claimed_at)
        )
        if posting is None:
            return False
        try:
            await self._deliver(posting, claimed_at)
        except PostError as error:
            await self._put_back(posting, error)
        return True

    async def _wait(self) -> None:
        while self._paused is not None and (remaining := self._paused.remaining(self._now())):
            await self._sleep(remaining.total_seconds())

    def _channels_to_skip(self, now: datetime) -> frozenset[str]:
        """Return the channels in which nothing is tried now."""
        self._paused_channels = {
            name: pause for name, pause in self._paused_channels.items() if pause.remaining(now)
        }
        return frozenset(
            {*self._paused_channels, *({""} if self._channel in self._paused_channels else ())}
        )

    async def _deliver(self, posting: Posting, claimed_at: datetime) -> None:
        channel = posting.channel or self._channel_of(posting)
        ts = await self._find_earlier_post(posting, channel) if posting.look_first else None
        if ts is None:
            if self._now() - claimed_at > HOLD:
                raise PostError(PostFailure.AMBIGUOUS, "it was held for too long to be sent now")
            self._pause_for(self._pause)
            ts = await self._send(posting, channel)
            self.state.sent += 1
        else:
            self.state.adopted += 1
        self._failed.clear()
        self.state.problem, self.state.failing_since = "", None
        await self._store.sent(posting, self._owner, self._now(), channel=channel, ts=ts)

    async def _find_earlier_post(self, posting: Posting, channel: str) -> str | None:
        """Find a message that may have been accepted; an edit may simply be made again."""
        if posting.kind is MessageKind.EDIT:
            return None
        try:
            return await _bounded(
                self._messenger.find(
                    channel=channel,
                    token=str(posting.token),
                    since=posting.created_at - LOOK_MARGIN,
                    thread_ts=posting.thread_ts if posting.kind is MessageKind.REPLY else "",
                )
            )
        except PostError as error:
            tired = error.failure is PostFailure.UNSURE and posting.attempts > MOST_LOOKS
            if error.failure is not PostFailure.RIGHTS and not tired:
                raise
            # Where history cannot be read, saying it twice is better than never.
            LOG.warning("cannot look for a message before repeating it: %s", error.message)
            return None

    async def _send(self, posting: Posting, channel: str) -> str:
        message = self._routed(posting)
        if posting.kind is MessageKind.EDIT:
            await _bounded(self._messenger.edit(message, channel=channel, ts=posting.thread_ts))
            return posting.thread_ts
        thread_ts = posting.thread_ts if posting.kind is MessageKind.REPLY else ""
        token = str(posting.token)
        return await _bounded(
            self._messenger.post(message, channel=channel, token=token, thread_ts=thread_ts)
        )

    def _channel_of(self, posting: Posting) -> str:
        """Return where a new parent message belongs; what it opens there stays there."""
        wanted = route_of(posting.message.alert, self._routes).channel
        return wanted if wanted and wanted not in self._closed else self._channel

    def _routed(self, posting: Posting) -> AlertMessage:
        """Return the message with whom it wakes; who was woken once is not woken by a new try."""
        route = route_of(posting.message.alert, self._routes)
        woken = waking(posting.message, route, is_edit=posting.kind is MessageKind.EDIT)
        return replace(
            posting.message,
            plain=posting.plain,
            mention=woken.mention,
            broadcast=woken.broadcast and posting.kind is MessageKind.REPLY,
            runbook=route.runbook,
        )

    def _pause_for(self, span: timedelta) -> None:
        now = self._now()
        self._paused = Pause(now, now + span)

    async def _slack_answers(self) -> bool:
        """Say whether Slack answers: an outage is no message's fault, and must not change order."""
        try:
            await _bounded(self._messenger.greet())
        except PostError:
            return False
        return True

    async def _put_back(self, posting: Posting, error: PostError) -> None:
        self._failed.add(posting.id)
        others = len(self._failed) > 1
        slack_answers = may_be_at_fault(posting, others_too=others) and await self._slack_answers()
        now = self._now()
        retry = after_failure(posting, error, now, home=self._channel, slack_answers=slack_answers)
        kind = error.failure.value
        self.state.failures[kind] = self.state.failures.get(kind, 0) + 1
        self.state.problem = retry.problem
        self.state.failing_since = self.state.failing_since or now
        routed = posting.channel or self._channel_of(posting)
        if error.failure is PostFailure.CHANNEL and routed != self._channel:
            self._closed.add(routed)
            retry = replace(retry, next_try=now, only_channel=False, pause=timedelta(0))
        if retry.only_channel:
            self._paused_channels[posting.channel or self._channel] = Pause(now, now + retry.pause)
        elif retry.pause:
            self._pause_for(retry.pause)
        LOG.warning(
            "%s of alert %s not sent (%s): %s",
            *(posting.kind.value, posting.message.alert.key, error.failure.value, retry.problem),
        )
        await self._store.put_back(posting, self._owner, retry)


async def _bounded(call: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(POST_SECONDS):
            return await call
    except TimeoutError:
        raise PostError(
            PostFailure.AMBIGUOUS, f"Slack gave no answer within {POST_SECONDS:g} s"
        ) from None
