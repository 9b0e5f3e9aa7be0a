"""Decides, purely, which messages a decision needs and what a refused message does next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from bot.alerts.policy.lifecycle import is_flapping
from bot.domain.alert import Alert, AlertState, Decision, Reason
from bot.domain.routing.message import AlertMessage
from bot.domain.routing.route import is_worse
from bot.errors import PostError, PostFailure

EDIT_PAUSE = timedelta(seconds=45)
SLOW = timedelta(minutes=1)
LOOK_AFTER = timedelta(seconds=2)
MAX_BACKOFF = timedelta(minutes=2)
# What fails more often while Slack is there is to blame itself, and makes way for the others.
KEEPS_PLACE = 3
KEEPS_PLACE_LONG = 10


class MessageKind(StrEnum):
    """What a message is: a thread's parent message, a reply, or an edit of the parent message."""

    PARENT = "head"
    REPLY = "reply"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be posted, `delay` from now at the earliest."""

    kind: MessageKind
    message: AlertMessage
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Posting:
    """A claimed row of the outbox.

    `thread` is the row of the thread's parent message; `thread_ts` and `channel` are where that
    was posted. `look_first` says that an earlier try may have been accepted; `plain` that Slack
    refused the message's blocks.
    """

    id: int
    thread: int
    kind: MessageKind
    token: UUID
    message: AlertMessage
    attempts: int
    created_at: datetime
    channel: str = ""
    thread_ts: str = ""
    look_first: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which nothing is sent; a clock that was set back ends it."""

    since: datetime
    until: datetime

    def remaining(self, now: datetime) -> timedelta:
        """Return how long it still lasts."""
        return self.until - now if self.since <= now < self.until else timedelta(0)


@dataclass(frozen=True, slots=True)
class Retry:
    """What happens to a posting that failed.

    It is tried again at `next_try`; None leaves it first in its row, for it is not to blame.
    Meanwhile nothing is sent for `pause`; when `only_channel`, to its channel alone. `problem` is
    shown in the bot's health; `new_parent` means that the thread's parent message is gone, or
    in a channel that takes no more posts, and must be posted again first.
    """

    next_try: datetime | None = None
    look_first: bool = False
    plain: bool = False
    new_parent: bool = False
    pause: timedelta = timedelta(0)
    only_channel: bool = False
    problem: str = ""


def drafts(previous: Alert | None, decision: Decision) -> tuple[Draft, ...]:
    """Return the messages that a decision needs.

    Edits never ping, so the parent message is always kept current. An alert that is folded
    into a storm has none: the storm's messages cover it.
    """
    alert, reason = decision.alert, decision.reason
    if alert.fold:
        return ()
    parent = AlertMessage(alert, reason, is_parent=True)
    reply = Draft(
        MessageKind.REPLY,
        AlertMessage(
            alert,
            reason,
            is_parent=False,
            note=decision.note,
            is_worse=previous is not None and is_worse(previous, alert),
        ),
    )
    if reason is Reason.OPEN and not is_flapping(alert):
        return (Draft(MessageKind.PARENT, parent),)
    if reason in (Reason.OPEN, Reason.UPDATE, Reason.REPEAT, Reason.RESOLVE, Reason.ESCALATE):
        return (reply, Draft(MessageKind.EDIT, parent))
    if alert.state is AlertState.FIRING and previous is not None and _looks_new(previous, alert):
        return (Draft(MessageKind.EDIT, parent, EDIT_PAUSE),)
    return ()


def _looks_new(previous: Alert, alert: Alert) -> bool:
    return _shown(previous) != _shown(alert)


def _shown(alert: Alert) -> tuple[object, ...]:
    return (alert.count, alert.condition.title, alert.mute, alert.hides)


def after_failure(
    posting: Posting,
    error: PostError,
    now: datetime,
    *,
    home: str = "",
    slack_answers: bool = False,
) -> Retry:
    """Return what happens to a posting that Slack did not take; nothing is ever given up.

    `home` is the channel of new parent messages, `slack_answers` says that Slack answers
    otherwise, so that the message is at fault.
    """
    text, look = error.message, posting.look_first
    own_wait = backoff(posting.attempts)
    match error.failure:
        case PostFailure.LIMITED:
            wait = timedelta(seconds=max(1.0, error.retry_after))
            return Retry(look_first=look, pause=wait, problem=text)
        case PostFailure.UNAVAILABLE | PostFailure.AMBIGUOUS:
            look = look or error.failure is PostFailure.AMBIGUOUS
            wait = max(LOOK_AFTER, own_wait) if look else own_wait
            if slack_answers:
                return Retry(now + wait, look_first=look, pause=LOOK_AFTER, problem=text)
            return Retry(look_first=look, pause=wait, problem=text)
        case PostFailure.UNSURE:
            return Retry(now + max(LOOK_AFTER, own_wait), look_first=True, problem=text)
        case PostFailure.MESSAGE_GONE:
            return Retry(now, new_parent=posting.kind is not MessageKind.PARENT, problem=text)
        case PostFailure.CHANNEL if _is_in_other_channel(posting, home):
            return Retry(now, new_parent=True, problem=text)
        case PostFailure.CHANNEL | PostFailure.RIGHTS:
            next_try = now + SLOW if posting.attempts > KEEPS_PLACE_LONG else None
            return Retry(next_try, look_first=look, pause=SLOW, only_channel=True, problem=text)
        case PostFailure.PAYLOAD:
            return Retry(now + SLOW if posting.plain else now, plain=True, problem=text)
        case _:
            return Retry(now + own_wait, look_first=look, problem=text)


def may_be_at_fault(posting: Posting, *, others_too: bool) -> bool:
    """Say whether a message failed so often that it must not hold up the others any more.

    While others fail too it is less likely, and yet two at fault must not hold up the rest.
    """
    return posting.attempts > (KEEPS_PLACE_LONG if others_too else KEEPS_PLACE)


def _is_in_other_channel(posting: Posting, home: str) -> bool:
    return posting.kind is not MessageKind.PARENT and posting.channel != home


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after `attempts` tries: 1, 2, 4 ... seconds, two minutes at most."""
    return min(timedelta(seconds=2 ** min(max(0, attempts - 1), 10)), MAX_BACKOFF)
