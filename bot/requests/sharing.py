"""Answers that one person saw alone and may make public, kept for as long as Slack would allow.

What is shared is the very answer that was seen: a command is not run again, since it might
change something, and might say something else by now. Who shares is admitted again.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from secrets import token_urlsafe
from typing import Any

from bot.errors import BatchbotError, DeniedError, UsageError
from bot.ports import Clock, Place
from bot.requests.access import Access
from bot.requests.replies import Replies

KEPT = timedelta(minutes=30)
MOST = 200
MOST_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer as everyone may read it, where it was asked, and when."""

    place: Place
    message: Mapping[str, Any]
    at: datetime

    @property
    def size(self) -> int:
        """How many bytes its files have."""
        return sum(len(file.content) for file in self.message.get("files", ()))


class Shares:
    """Keeps the last answers; the oldest goes when there are too many, or too much."""

    def __init__(self, replies: Replies, access: Access, now: Clock) -> None:
        self._replies = replies
        self._access = access
        self._now = now
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def new_id(self) -> str:
        """Return an id that cannot be guessed."""
        return token_urlsafe(12)

    def keep(self, id: str, place: Place, message: Mapping[str, Any]) -> None:
        """Keep an answer under its id."""
        now = self._now()
        self._kept[id] = Kept(place, message, now)
        while self._is_too_much(now):
            self._kept.popitem(last=False)

    async def share(self, place: Place, id: str) -> None:
        """Say a kept answer in public, once, and take away what its asker saw alone."""
        try:
            self._access.admit(place)
            kept = self._claim(place, id)
        except BatchbotError as error:
            await self._replies.refuse(place, error)
            return
        there = Place(
            kept.place.channel, place.user, kept.place.thread_ts, response_url=place.response_url
        )
        message = self._replies.renderer.shared(kept.message, self._name(place.user), kept.at)
        await self._replies.sender.public(there, message)
        await self._replies.sender.withdraw(place)

    def _is_too_much(self, now: datetime) -> bool:
        """Say whether the oldest answer must go: it is too late for it, or they are too many."""
        kept = self._kept.values()
        late = any(now - one.at > KEPT for one in islice(kept, 1))
        return late or len(kept) > MOST or sum(one.size for one in kept) > MOST_BYTES

    def _claim(self, place: Place, id: str) -> Kept:
        kept = self._kept.get(id)
        if kept is None or self._now() - kept.at > KEPT:
            raise UsageError(
                "That answer is no longer kept, or was shared already.",
                hint="Ask again with --here to answer for everybody.",
            )
        if (kept.place.user, kept.place.channel) != (place.user, place.channel):
            raise DeniedError("Only the person who asked can share an answer, and only there.")
        return self._kept.pop(id)

    def _name(self, user: str) -> str:
        return self._access.names.get(user) or "the person who asked"
