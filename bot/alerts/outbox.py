"""Decides, purely, which messages a decision needs and what a refused message does next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from bot.alerts.policy import is_flapping
from bot.domain.alert import Alert, AlertMessage, AlertState, Decision, Reason
from bot.errors import PostError, PostFailure

PLAIN_NOTE = "plain"
EDIT_PAUSE = timedelta(seconds=45)
SLOW = timedelta(minutes=1)
LOOK_AFTER = timedelta(seconds=2)
MAX_BACKOFF = timedelta(minutes=2)


class Kind(StrEnum):
    """What a message is: the head of a thread, a reply in it, or an edit of its head."""

    HEAD = "head"
    REPLY = "reply"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be said, `delay` from now at the earliest."""

    kind: Kind
    message: AlertMessage
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Posting:
    """A claimed row of the outbox.

    `thread` is the row of the thread's head; `thread_ts` and `channel` are where that head
    stands. `look_first` says that an earlier try may have been accepted; `plain` that Slack
    refused the message's blocks.
    """

    id: int
    thread: int
    kind: Kind
    token: UUID
    message: AlertMessage
    attempts: int
    created_at: datetime
    channel: str = ""
    thread_ts: str = ""
    look_first: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class OutboxHealth:
    """How much is waiting to be said, since when, and the last trouble with it.

    `refused_since` is when the oldest message was written that was tried and not taken.
    """

    depth: int = 0
    oldest: datetime | None = None
    attempts: int = 0
    problem: str = ""
    refused_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """What happens to a posting that failed.

    `pause` stops the whole channel until `next_try`; `problem` is shown in the bot's health;
    `new_head` means that the thread's head is gone and must be said anew first.
    """

    next_try: datetime
    look_first: bool = False
    plain: bool = False
    new_head: bool = False
    pause: bool = False
    problem: str = ""


def drafts(previous: Alert | None, decision: Decision) -> tuple[Draft, ...]:
    """Return the messages that a decision needs; edits never ping, so the head always follows.

    An alert that is folded into a storm has none: the storm's speak for it.
    """
    alert, reason = decision.alert, decision.reason
    if alert.fold:
        return ()
    head = AlertMessage(alert, reason, head=True)
    reply = Draft(Kind.REPLY, AlertMessage(alert, reason, head=False, note=decision.note))
    if reason is Reason.OPEN and not is_flapping(alert):
        return (Draft(Kind.HEAD, head),)
    if reason in (Reason.OPEN, Reason.UPDATE, Reason.REPEAT, Reason.RESOLVE):
        return (reply, Draft(Kind.EDIT, head))
    if alert.state is AlertState.FIRING and previous is not None and _looks_new(previous, alert):
        return (Draft(Kind.EDIT, head, EDIT_PAUSE),)
    return ()


def _looks_new(previous: Alert, alert: Alert) -> bool:
    return _shown(previous) != _shown(alert)


def _shown(alert: Alert) -> tuple[object, ...]:
    return (alert.count, alert.condition.title, alert.mute, alert.hides)


def after_failure(posting: Posting, error: PostError, now: datetime) -> Retry:
    """Return what happens to a posting that Slack did not take; nothing is ever given up."""
    text = error.message
    match error.failure:
        case PostFailure.LIMITED:
            wait = timedelta(seconds=max(1.0, error.retry_after))
            return Retry(now + wait, look_first=posting.look_first, pause=True, problem=text)
        case PostFailure.AMBIGUOUS:
            wait = max(LOOK_AFTER, backoff(posting.attempts))
            return Retry(now + wait, look_first=True, pause=True, problem=text)
        case PostFailure.MESSAGE_GONE:
            return Retry(now, new_head=posting.kind is not Kind.HEAD, problem=text)
        case PostFailure.CHANNEL | PostFailure.RIGHTS:
            return Retry(now + SLOW, look_first=posting.look_first, pause=True, problem=text)
        case PostFailure.PAYLOAD:
            return Retry(now + SLOW if posting.plain else now, plain=True, problem=text)
        case _:
            wait = backoff(posting.attempts)
            return Retry(now + wait, look_first=posting.look_first, pause=True, problem=text)


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after `attempts` tries: 1, 2, 4 ... seconds, two minutes at most."""
    return min(timedelta(seconds=2 ** min(max(0, attempts - 1), 10)), MAX_BACKOFF)
