"""What people do to alerts: acknowledged, snoozed, muted; each within its caller's transaction.

While the alert fires its parent message is edited, through the same outbox as everything else, and
that is the one confirmation: an edit notifies no one, and the buttons change with it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.alerts.store import sql
from bot.alerts.store.serialization import (
    alert_of_row,
    message_json,
    mute_json,
    readable,
    text_column,
)
from bot.alerts.store.session import Session
from bot.alerts.store.tick_writer import enqueue_edit
from bot.domain.alert import Alert, AlertState, Reason
from bot.domain.mute import Mute, MuteKind
from bot.domain.routing.message import AlertMessage
from bot.errors import NotFoundError


async def acknowledge(
    session: Session, environment: str, key: str, by: str, now: datetime
) -> Alert:
    """Note who looks after an alert; return it with the first who does."""
    row = await session.fetchrow(sql.ACKNOWLEDGE, key, by, now, environment)
    if row is None:
        alert = alert_of_row(await _one(session, environment, key))
        if alert.state is AlertState.RESOLVED:
            raise NotFoundError("That alert is resolved.", hint="See /alerts history.")
        return alert
    alert = alert_of_row(row)
    await _announce(session, environment, row["thread"], alert, Reason.ACKNOWLEDGE, by, now)
    return alert


async def snooze(session: Session, environment: str, key: str, mute: Mute, now: datetime) -> Alert:
    """Silence one alert until `mute` ends, also when it resolves and comes back meanwhile."""
    row = await _one(session, environment, key)
    alert = replace(alert_of_row(row), mute=mute)
    await silence(session, environment, mute, now)
    await session.execute(sql.REMEMBER_MUTE, key, mute_json(mute))
    await _announce(session, environment, row["thread"], alert, Reason.SNOOZE, mute.by, now)
    return alert


async def release(session: Session, environment: str, key: str, by: str, now: datetime) -> Alert:
    """Withdraw the acknowledgement of an alert. Raises NotFoundError where there is none."""
    row = await session.fetchrow(sql.RELEASE_ALERT, key, environment)
    if row is None:
        raise NotFoundError("Nobody looks after that alert.", hint="See /alerts list.")
    alert = alert_of_row(row)
    await _announce(session, environment, row["thread"], alert, Reason.UNACKNOWLEDGE, by, now)
    return alert


async def wake(session: Session, environment: str, key: str, by: str, now: datetime) -> Alert:
    """End the snooze of an alert. Raises NotFoundError when it is not snoozed."""
    row = await _one(session, environment, key)
    ended = await session.fetch(sql.END_MUTE, environment, key, MuteKind.SNOOZE.value, now, by)
    if not ended:
        raise NotFoundError("That alert is not snoozed.", hint="See /alerts list.")
    alert = replace(alert_of_row(row), mute=None, muted_while_firing=False)
    await session.execute(sql.FORGET_MUTE, key)
    await _announce(session, environment, row["thread"], alert, Reason.WAKE, by, now)
    return alert


async def unsilence(
    session: Session, environment: str, pattern: str, by: str, now: datetime
) -> int:
    """End every silence on a pattern; the messages that showed it are edited at once."""
    ended = await session.fetch(sql.END_MUTE, environment, pattern, None, now, by)
    rows = await session.fetch(sql.SILENCED, environment, pattern)
    for thread, known in readable(rows, lambda row: (row["thread"], alert_of_row(row)), "alert"):
        alert = replace(known, mute=None)
        await session.execute(sql.FORGET_MUTE, alert.key)
        await _show(session, environment, thread, alert, Reason.WAKE, now)
    return len(ended)


async def note(
    session: Session, environment: str, key: str, text: str, by: str, now: datetime
) -> Alert:
    """Keep what helped against an alert, for the next time. Raises NotFoundError."""
    row = await _one(session, environment, key)
    alert = alert_of_row(row)
    await session.execute(sql.ADD_NOTE, environment, key, now, by, text)
    await session.execute(
        sql.SAVE_EVENT,
        *(environment, key, now, Reason.NOTE.value, alert.severity.value),
        *(text_column(alert.condition.title), text, by),
    )
    return alert


async def silence(session: Session, environment: str, mute: Mute, now: datetime) -> None:
    """Remember a silence; it takes the place of one of its kind on the same pattern."""
    if mute.kind is not MuteKind.MAINTENANCE:
        ended = (environment, mute.pattern, mute.kind.value, now, mute.by)
        await session.execute(sql.END_MUTE, *ended)
    await session.execute(
        sql.ADD_MUTE,
        *(environment, mute.pattern, mute.until, mute.reason, mute.by, now),
        *(mute.since, mute.kind.value),
    )


async def _one(session: Session, environment: str, key: str) -> Any:
    row = await session.fetchrow(sql.ONE_ALERT, key, environment)
    if row is None:
        raise NotFoundError("There is no alert with that key.", hint="See /alerts list.")
    return row


async def _announce(
    session: Session,
    environment: str,
    thread: int | None,
    alert: Alert,
    reason: Reason,
    by: str,
    now: datetime,
) -> None:
    await session.execute(
        sql.SAVE_EVENT,
        *(environment, alert.key, now, reason.value, alert.severity.value),
        *(text_column(alert.condition.title), "", by),
    )
    await _show(session, environment, thread, alert, reason, now)


async def _show(
    session: Session,
    environment: str,
    thread: int | None,
    alert: Alert,
    reason: Reason,
    now: datetime,
) -> None:
    """Have an alert's parent message show what a person changed."""
    # The thread of an alert that does not fire is that of an incident which is over.
    if thread is None or alert.fold or alert.state is not AlertState.FIRING:
        return
    parent = message_json(AlertMessage(alert, reason, is_parent=True))
    await enqueue_edit(session, environment, thread, alert.key, parent, now)
