"""Writes one tick as a whole: samples, alerts and messages, in its caller's transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.alerts.policy.messages import Draft, MessageKind, drafts
from bot.alerts.self_monitoring.unreadable_sources import UNREADABLE_SOURCE
from bot.alerts.store import outbox_sql, sql
from bot.alerts.store.retention import Retention, prune
from bot.alerts.store.serialization import alert_json, change_json, message_json, text_column
from bot.alerts.store.session import Session
from bot.domain.alert import Alert, AlertState, Decision, Reason, Sample, SeenBefore
from bot.domain.changes.change import Change
from bot.domain.routing.message import AlertMessage

SAMPLES_KEPT = timedelta(days=3)
ANNOUNCED = (Reason.OPEN, Reason.UPDATE, Reason.REPEAT, Reason.RESOLVE, Reason.ESCALATE)


@dataclass(frozen=True, slots=True)
class TickRecord:
    """What one tick leaves behind, written as a whole.

    `samples` are the new sample of each detector, `forget` says from when each detector's
    samples are still wanted, `decisions` come with the alert as it was before, each of
    `digests` is posted once, in a message of its own; `changes` were noted; `keeps` says how long
    what is over is kept.
    """

    now: datetime
    samples: Mapping[str, Sample] = field(default_factory=dict)
    decisions: Sequence[tuple[Alert | None, Decision]] = ()
    progress: Mapping[str, Any] = field(default_factory=dict)
    forget: Mapping[str, datetime] = field(default_factory=dict)
    digests: Sequence[AlertMessage] = ()
    changes: Sequence[Change] = ()
    keeps: Retention = field(default_factory=Retention)


async def write_tick(session: Session, environment: str, record: TickRecord) -> None:
    """Write everything that one tick brought."""
    await _save_samples(session, environment, record)
    for previous, decision in record.decisions:
        await _save_decision(session, environment, previous, decision, record.now)
    for digest in record.digests:
        body = message_json(digest)
        await session.execute(
            outbox_sql.ADD_PARENT, environment, digest.alert.key, body, record.now
        )
    rows = [(environment, one.at, change_json(one)) for one in record.changes]
    await session.executemany(sql.ADD_CHANGE, rows)
    body = json.dumps(dict(record.progress))
    await session.execute(sql.SAVE_PROGRESS, environment, record.now, body)


async def _save_samples(session: Session, environment: str, record: TickRecord) -> None:
    rows = [
        (environment, name, sample.at, json.dumps(dict(sample.data)), sample.unreadable)
        for name, sample in record.samples.items()
    ]
    await session.executemany(sql.ADD_SAMPLE, rows)
    recent = record.now - SAMPLES_KEPT
    old = [
        (environment, name, before, recent, record.now - before, UNREADABLE_SOURCE)
        for name, before in record.forget.items()
    ]
    await session.executemany(sql.PRUNE_SAMPLES, old)
    if old:
        await prune(session, environment, record.keeps, record.now)


async def _save_decision(
    session: Session,
    environment: str,
    previous: Alert | None,
    decision: Decision,
    now: datetime,
) -> None:
    onset = _onset_before(previous)
    if onset is not None and decision.alert.onset_before != onset:
        decision = replace(decision, alert=replace(decision.alert, onset_before=onset))
    if decision.reason is Reason.OPEN:
        before = await _seen_before(session, environment, previous, decision.alert.key, now)
        decision = replace(decision, alert=replace(decision.alert, before=before))
    alert = decision.alert
    if alert != previous:
        await _save_alert(session, environment, alert, fresh=_is_fresh(previous, alert))
    if decision.reason in ANNOUNCED:
        await session.execute(
            sql.SAVE_EVENT,
            *(environment, alert.key, now, decision.reason.value),
            *(
                alert.severity.value,
                text_column(alert.condition.title),
                text_column(decision.note),
                "",
            ),
        )
    for draft in drafts(previous, decision):
        await _enqueue(session, environment, draft, now)


async def _seen_before(
    session: Session, environment: str, previous: Alert | None, key: str, now: datetime
) -> SeenBefore | None:
    """Return what is known of an alert from the times it opened before, None for the first."""
    row = await session.fetchrow(sql.SEEN_BEFORE, environment, key, now)
    if row is None or (row["last_at"] is None and not row["helped"]):
        return None
    last, end = row["last_at"], row["resolved_at"]
    onset = _onset_before(previous)
    if last and onset and onset < last:
        # It lasted since its onset, as its own message says, and not since it was told.
        last = onset
    return SeenBefore(
        count=row["count"],
        last_at=last or now,
        length=end - last if last and end and end >= last else None,
        channel=previous.channel if previous else "",
        thread_ts=previous.thread_ts if previous else "",
        helped=row["helped"] or "",
    )


def _onset_before(previous: Alert | None) -> datetime | None:
    """Return since when the incident before this one lasted, None for the first."""
    if previous is None:
        return None
    is_over = previous.state is AlertState.RESOLVED
    return previous.condition.since if is_over else previous.onset_before


def _is_fresh(previous: Alert | None, alert: Alert) -> bool:
    """Say whether an acknowledgement that is remembered was of an incident that is over.

    One that was not known when the tick decided is of this incident: it stays.
    """
    begins = previous is None or previous.state is AlertState.RESOLVED
    return not alert.acknowledged_by and (begins or bool(previous and previous.acknowledged_by))


async def _save_alert(session: Session, environment: str, alert: Alert, *, fresh: bool) -> None:
    await session.execute(
        sql.SAVE_ALERT,
        *(alert.key, environment, alert.detector, alert.subject, alert.state.value),
        *(alert.severity.value, text_column(alert.condition.title), alert_json(alert)),
        *(alert.opened_at, alert.changed_at, alert.resolved_at, fresh),
    )


async def _enqueue(session: Session, environment: str, draft: Draft, now: datetime) -> None:
    key = draft.message.alert.key
    body = message_json(draft.message)
    thread = await session.fetchval("SELECT thread FROM alert WHERE key = $1", key)
    if draft.kind is MessageKind.PARENT or (draft.kind is MessageKind.REPLY and thread is None):
        parent = message_json(replace(draft.message, is_parent=True))
        await session.execute(outbox_sql.ADD_PARENT, environment, key, parent, now)
    elif draft.kind is MessageKind.REPLY:
        await session.execute(outbox_sql.ADD_REPLY, environment, key, thread, body, now)
    elif thread is not None:
        due = now + draft.delay
        await enqueue_edit(session, environment, thread, key, body, now, due)


async def enqueue_edit(
    session: Session,
    environment: str,
    thread: int,
    key: str,
    body: str,
    now: datetime,
    due: datetime | None = None,
) -> None:
    """Have a thread's parent message show `body`; waiting edits are replaced by the newest."""
    due = due or now
    if await session.fetchval(outbox_sql.REFRESH_PARENT, thread, body) is not None:
        return
    if await session.fetchval(outbox_sql.REFRESH_EDIT, thread, body, due) is not None:
        return
    await session.execute(outbox_sql.ADD_EDIT, environment, key, thread, body, due, now)
