"""How answers and alerts are sent; slack/ implements these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from bot.domain.evidence import SourceReading
    from bot.domain.progress import BatchProgress, BatchWatch
    from bot.domain.report import Attachment, Report
    from bot.domain.routing.message import AlertMessage
    from bot.errors import BatchbotError, Blank
    from bot.ports.commands import Choice


class Messenger(Protocol):
    """Posts alert messages. Every method raises PostError; none retries by itself.

    `token` travels in the message's metadata, so that `find` shows whether a post whose
    answer never came was accepted all the same.
    """

    async def post(
        self, message: AlertMessage, *, channel: str, token: str, thread_ts: str = ""
    ) -> str:
        """Post a parent message, or a reply into `thread_ts`; return the message's ts."""
        ...

    async def edit(self, message: AlertMessage, *, channel: str, ts: str) -> None:
        """Edit a parent message so that it shows what is known now."""
        ...

    async def find(
        self, *, channel: str, token: str, since: datetime, thread_ts: str = ""
    ) -> str | None:
        """Return the ts of the message that carries `token`, or None when there is none."""
        ...

    async def greet(self) -> None:
        """Return once Slack answered a call without side effects."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """What a person is asked for before a command can run.

    `typed` is the command so far, `choices` holds recent things by a blank's kind; while
    `looking` they are still being read. `carried` comes back with what was filled in.
    """

    typed: str
    ask: str
    blanks: tuple[Blank, ...]
    carried: str
    choices: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    looking: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """What the App Home shows: the first lines of a few answers, and the state of each source."""

    glances: Sequence[Report | BatchbotError]
    sources: Sequence[SourceReading]
    at: datetime


class Renderer(Protocol):
    """Turns a report into a message; the dispatcher knows only this."""

    def report(self, report: Report, *, share: str = "", whole: bool = False) -> Mapping[str, Any]:
        """Return the message's `text` and `blocks`; `share` offers to make it public.

        `whole` is all of the answer as a file, and one line beside it.
        """
        ...

    def form(self, form: Form) -> Mapping[str, Any]:
        """Return the modal that asks for what a command lacks."""
        ...

    def sheet(self, message: Mapping[str, Any], *, carried: str = "") -> Mapping[str, Any]:
        """Return the modal that shows a message; `carried` comes back with a yes to it."""
        ...

    def home(self, overview: Overview) -> Sequence[Mapping[str, Any]]:
        """Return the blocks of the App Home."""
        ...

    def shared(self, message: Mapping[str, Any], by: str, at: datetime) -> Mapping[str, Any]:
        """Return an answer as it is said once its asker made it public."""
        ...

    def error(self, error: Exception, *, error_id: str = "") -> Mapping[str, Any]:
        """Return the message for an error, for the asker alone."""
        ...

    def working(self, typed: str, note: str, *, run_id: str = "") -> Mapping[str, Any]:
        """Return the message that stands where an answer will be; `run_id` offers to cancel."""
        ...


class Way(StrEnum):
    """How something was asked; each has its own way of being answered where Slack shows it.

    `press` is a button or menu, `shortcut` one on a message, `message` a direct message.
    """

    COMMAND = "command"
    MENTION = "mention"
    MESSAGE = "message"
    PRESS = "press"
    SHORTCUT = "shortcut"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was asked, and so where it is answered.

    `response_url` is Slack's own way back to the asker: five uses within 30 minutes, and it is
    as good as a password. `thread_ts` is the thread's parent message, empty outside threads.
    `trigger_id` opens one modal within three seconds. `home` says that it was asked in the
    App Home or in a modal that came from there; `view_id` is the modal that
    shows the answer. `name` is what the asker is called. `quiet_thread` says that the thread
    has no replies yet: Slack shows no ephemeral message in it. `teams` are the workspaces that
    Slack names as the asker's; in a channel shared by Slack Connect that may be another company's.
    """

    channel: str
    user: str
    thread_ts: str = ""
    response_url: str = ""
    trigger_id: str = ""
    view_id: str = ""
    home: bool = False
    way: Way = Way.COMMAND
    quiet_thread: bool = False
    teams: frozenset[str] = frozenset()
    name: str = ""

    @property
    def opens_modal(self) -> bool:
        """Whether what its asker alone may read is shown in a modal, which Slack always shows."""
        return self.way in (Way.PRESS, Way.SHORTCUT)

    @property
    def whisper_ts(self) -> str:
        """The thread in which Slack shows an ephemeral message; else the channel itself does."""
        return "" if self.quiet_thread else self.thread_ts

    @property
    def is_direct(self) -> bool:
        """Whether it is a conversation with one person."""
        return self.channel.startswith("D")


class ReplySender(Protocol):
    """Sends replies to Slack. No method raises for what Slack refuses: each falls back by itself,
    from blocks to plain text and from one way of posting to the next, and logs what it could not.
    """

    async def public(self, place: Place, message: Mapping[str, Any], *, ts: str = "") -> str:
        """Post for everybody in the place, or edit `ts`; return the message's ts, "" if unknown."""
        ...

    async def private(self, place: Place, message: Mapping[str, Any]) -> None:
        """Show a message to the asker alone."""
        ...

    async def files(self, place: Place, files: Sequence[Attachment], about: str) -> None:
        """Send files to the asker in a direct message that says what they are `about`."""
        ...

    async def subject(self, place: Place) -> str:
        """Return what the place's thread is about (`batch 34`, `queue`, `trace <id>`), else ""."""
        ...

    async def withdraw(self, place: Place) -> None:
        """Take away the message, seen by the asker alone, whose button was pressed."""
        ...


class WatchMessenger(Protocol):
    """Shows watched batches. Every method raises PostError."""

    async def show(self, watch: BatchWatch, seen: BatchProgress, now: datetime) -> str:
        """Post or edit a watch's message; return its ts."""
        ...

    async def tell(self, watch: BatchWatch, seen: BatchProgress, now: datetime, ts: str) -> None:
        """Mention the asker, once, in the thread of the watch's message."""
        ...


class ViewSender(Protocol):
    """Modals and the App Home. No method raises for what Slack refuses; it is logged."""

    async def open(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        """Open a modal and return its id, "" when Slack refused it (a trigger lives 3 s)."""
        ...

    async def update(self, view_id: str, view: Mapping[str, Any]) -> bool:
        """Change an open modal; False when it was closed meanwhile."""
        ...

    async def home(self, user: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Publish a user's App Home."""
        ...
