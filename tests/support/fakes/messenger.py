"""A Slack channel that takes, limits, loses or refuses alert messages as a test says."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.routing.message import AlertMessage
from bot.errors import PostError, PostFailure


@dataclass
class Posted:
    """A message that stands in the channel."""

    ts: str
    token: str
    message: AlertMessage
    thread_ts: str = ""
    edits: int = 0
    channel: str = ""


class LostAnswer(Exception):
    """The poster's process died right after Slack took the message."""


@dataclass
class FakeMessenger:
    """Keeps what was posted; `faults` are used up one a call: a PostFailure refuses the call,
    "dropped" accepts it and loses the answer, "killed" accepts it and ends the poster.
    `away` is how everything fails while Slack is. `closed` are channels that take nothing,
    `locked` heads whose threads refuse replies and edits.
    """

    faults: deque[PostFailure | str | None] = field(default_factory=deque)
    posted: list[Posted] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    locked: dict[str, PostFailure] = field(default_factory=dict)
    away: PostFailure | None = None
    looks: int = 0
    tries: int = 0
    retry_after: float = 7.0

    def will(self, *faults: PostFailure | str | None) -> None:
        """Set what the next calls run into."""
        self.faults.extend(faults)

    async def post(
        self, message: AlertMessage, *, channel: str, token: str, thread_ts: str = ""
    ) -> str:
        """Take a message."""
        fault = self._fault()
        self._refuse(fault)
        self._open(channel, thread_ts)
        if thread_ts and thread_ts not in {one.ts for one in self.heads()}:
            raise PostError(PostFailure.MESSAGE_GONE, "thread_not_found")
        ts = f"{1000 + len(self.posted)}.000100"
        self.posted.append(Posted(ts, token, message, thread_ts, channel=channel))
        self._lose(fault)
        return ts

    async def edit(self, message: AlertMessage, *, channel: str, ts: str) -> None:
        """Change a message that stands."""
        self._refuse(self._fault())
        self._open(channel, ts)
        for one in self.posted:
            if one.ts == ts:
                one.message, one.edits = message, one.edits + 1
                return
        raise PostError(PostFailure.MESSAGE_GONE, "message_not_found")

    async def greet(self) -> None:
        """Answer, unless Slack is `away`, or the next call finds it so."""
        self._refuse(self.away or next(iter(self.faults), None))

    async def find(
        self, *, channel: str, token: str, since: datetime, thread_ts: str = ""
    ) -> str | None:
        """Return the ts of the message that carries the token."""
        self.looks += 1
        self._refuse(self.away)
        found: Iterable[str] = (
            one.ts for one in self.posted if (one.token, one.thread_ts) == (token, thread_ts)
        )
        return next(iter(found), None)

    def heads(self) -> list[Posted]:
        """The messages that stand in the channel itself."""
        return [one for one in self.posted if not one.thread_ts]

    def replies(self, ts: str) -> list[Posted]:
        """The messages in one thread."""
        return [one for one in self.posted if one.thread_ts == ts]

    def _open(self, channel: str, ts: str) -> None:
        self.tries += 1
        if channel in self.closed:
            raise PostError(PostFailure.CHANNEL, "is_archived")
        if ts in self.locked:
            raise PostError(self.locked[ts], "refused: thread_locked")

    def _fault(self) -> PostFailure | str | None:
        if self.away is not None:
            return self.away
        return self.faults.popleft() if self.faults else None

    def _refuse(self, fault: PostFailure | str | None) -> None:
        if isinstance(fault, PostFailure):
            raise PostError(fault, f"refused: {fault}", retry_after=self.retry_after)

    def _lose(self, fault: PostFailure | str | None) -> None:
        if fault == "dropped":
            raise PostError(PostFailure.AMBIGUOUS, "connection reset")
        if fault == "killed":
            raise LostAnswer
