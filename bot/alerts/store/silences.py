"""What people do to alerts: acknowledged, snoozed, muted; each within its caller's transaction.

While the alert fires its parent message is edited, through the same outbox as everything else, and
that is the one confirmation: an edit pings nobody, and the buttons change with it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.alerts.store import sql
from bot.alerts.store.serialization import alert_of_row, message_json, mute_json, text_column
from bot.alerts.store.session import Session
from bot.alerts.store.tick_writer import enqueue_edit
from bot.domain.alert import Alert, AlertMessage, AlertState, Reason
from bot.domain.mute import Mute, MuteKind
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
    # The thread of an alert that does not fire is that of an incident which is over.
    if thread is None or alert.fold or alert.state is not AlertState.FIRING:
        return
    parent = message_json(AlertMessage(alert, reason, is_parent=True))
    await enqueue_edit(session, environment, thread, alert.key, parent, now)
