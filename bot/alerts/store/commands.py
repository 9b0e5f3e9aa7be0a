"""What commands ask of the bot's memory: aliases, labels, alerts, silences, the audit trail."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.alerts.policy.storm import STORM
from bot.alerts.self_monitoring.failed_detectors import FAILED_DETECTOR
from bot.alerts.self_monitoring.unreadable_sources import UNREADABLE_SOURCE
from bot.alerts.store import silences, sql
from bot.alerts.store.database import Database
from bot.alerts.store.serialization import (
    alert_of_row,
    change_of_row,
    event_of_row,
    mute_of_row,
    readable,
    sample_of_row,
    values_of,
)
from bot.domain.alert import Alert, AlertEvent, Recording, Sample
from bot.domain.changes.change import Change, Noted
from bot.domain.ids import RunLabel
from bot.domain.mute import Mute, MuteKind, longest
from bot.domain.progress import BatchWatch
from bot.errors import NotFoundError

# Under this name the last tick's progress holds what is known of what may change.
KNOWN_PROGRESS = "changes"
RECORDED_BEFORE = timedelta(hours=6)
MOST_RECORDED = 20_000


class CommandQueries(Database):
    """Implements the BotMemory port."""

    async def alias(self, label: str) -> str | None:
        """Return the id that a run label stands for."""
        value: str | None = await self._value("SELECT ref FROM alias WHERE label = $1", label)
        return value

    async def set_alias(self, label: str, ref: str, *, by: str) -> None:
        """Remember what a run label stands for."""
        await self._rows(
            "INSERT INTO alias (label, ref, by) VALUES ($1, $2, $3) ON CONFLICT (label)"
            " DO UPDATE SET ref = excluded.ref, by = excluded.by, at = now()",
            *(label, ref, by),
        )

    async def learn(self, labels: Sequence[RunLabel]) -> None:
        """Remember what run labels stand for, as read in logs and requests."""
        rows = {(one.label, one.bos_batch_id): one for one in labels}.values()
        columns = zip(*((r.label, r.bos_batch_id, r.source, r.at) for r in rows), strict=True)
        if rows:
            await self._rows(sql.LEARN_LABELS, *columns)

    async def learned(self, label: str) -> Sequence[str]:
        """Return the BOS ids of the runs that had a label, newest first."""
        return [row["bos_batch_id"] for row in await self._rows(sql.LEARNED, label)]

    async def audit(self, who: str, where: str, what: str, outcome: str) -> None:
        """Write one line of the audit trail."""
        await self._rows(
            "INSERT INTO audit (who, place, what, outcome) VALUES ($1, $2, $3, $4)",
            *(who, where, what, outcome),
        )

    async def alerts(
        self, now: datetime, *, history: bool = False, limit: int = 5_000
    ) -> Sequence[Alert]:
        """Return open alerts (or all), last changed first, with the silences that hold."""
        rows = await self._rows(sql.ALERTS, self._environment, history, limit)
        mutes = await self.mutes(now)
        found = readable(rows, alert_of_row, "alert")
        return [replace(alert, mute=longest(mutes, alert.key, now)) for alert in found]

    async def events(self, key: str = "", *, limit: int = 100) -> Sequence[AlertEvent]:
        """Return what happened to one alert, or to any, newest first."""
        rows = await self._rows(sql.EVENTS, self._environment, key, limit)
        return readable(rows, event_of_row, "event")

    async def acknowledge(self, key: str, *, by: str, now: datetime) -> Alert:
        """Note who looks after an open alert; return it with the first who did."""
        async with self._transaction() as connection:
            return await silences.acknowledge(connection, self._environment, key, by, now)

    async def snooze(self, key: str, until: datetime, *, by: str, now: datetime) -> Alert:
        """Silence one alert until a time, over resolves and restarts."""
        mute = Mute(key, until, by=by, since=now, kind=MuteKind.SNOOZE)
        async with self._transaction() as connection:
            return await silences.snooze(connection, self._environment, key, mute, now)

    async def mute(self, mute: Mute, *, now: datetime) -> None:
        """Silence a pattern; the messages of what it covers show it from the next tick on."""
        async with self._transaction() as connection:
            await silences.silence(connection, self._environment, mute, now)

    async def unmute(self, pattern: str, *, by: str, now: datetime) -> int:
        """End every silence on a pattern, also those to come; return how many there were."""
        async with self._transaction() as connection:
            return await silences.unsilence(connection, self._environment, pattern, by, now)

    async def release(self, key: str, *, by: str, now: datetime) -> Alert:
        """Withdraw the acknowledgement of an alert."""
        async with self._transaction() as connection:
            return await silences.release(connection, self._environment, key, by, now)

    async def wake(self, key: str, *, by: str, now: datetime) -> Alert:
        """End the snooze of an alert."""
        async with self._transaction() as connection:
            return await silences.wake(connection, self._environment, key, by, now)

    async def note(self, key: str, text: str, *, by: str, now: datetime) -> Alert:
        """Keep what helped against an alert, for the next time."""
        async with self._transaction() as connection:
            return await silences.note(connection, self._environment, key, text, by, now)

    async def mutes(self, now: datetime) -> Sequence[Mute]:
        """Return the silences that hold, and those to come; one that cannot be read is skipped."""
        rows = await self._rows(sql.MUTES, self._environment, now)
        return readable(rows, mute_of_row, "silence")

    async def watch(
        self, batch_id: int, *, channel: str, thread_ts: str, asker: str, now: datetime
    ) -> bool:
        """Begin to watch a batch in a channel; False when it is watched there already."""
        rows = await self._rows(
            sql.WATCH, *(self._environment, batch_id, channel, thread_ts, asker, now)
        )
        return bool(rows)

    async def watches(self) -> Sequence[BatchWatch]:
        """Return what is watched, oldest first."""
        return [
            BatchWatch(
                *(row["id"], row["batch_id"], row["channel"], row["thread_ts"], row["asker"]),
                *(str(row["token"]), row["started_at"], row["ts"]),
            )
            for row in await self._rows(sql.WATCHES, self._environment)
        ]

    async def watched(self, id: int, *, ts: str, now: datetime, ended: bool = False) -> None:
        """Remember a watch's message, and that it is over."""
        await self._rows(sql.WATCHED, id, ts, now if ended else None)

    async def unwatch(self, batch_id: int, *, channel: str, now: datetime) -> int:
        """Stop watching a batch in a channel; return how many watches that ended."""
        return len(await self._rows(sql.UNWATCH, self._environment, batch_id, channel, now))

    async def changes(
        self, since: datetime, until: datetime, *, limit: int = 500
    ) -> Sequence[Change]:
        """Return what changed between two moments, each change once, the newest first."""
        rows = await self._rows(sql.CHANGES, self._environment, since, until, limit)
        found = readable(rows, change_of_row, "change")
        return list({(one.at, one.kind, one.subject): one for one in found}.values())

    async def last_noted(self) -> Noted | None:
        """Return what the last tick knew of what may change; None before the first."""
        rows = await self._rows(sql.LOAD_PROGRESS, self._environment)
        found = readable(rows, lambda row: values_of(row["body"]), "progress")
        known = found[0].get(KNOWN_PROGRESS) if found else None
        return Noted(known=known) if known and isinstance(known, dict) else None

    async def recording(self, key: str, *, now: datetime) -> Recording:
        """Return an alert with the samples it is based on, as far as they are kept.

        A storm is based on those of the detector whose alerts it covers; an unreadable source on
        those of all that could not read it, and on those that record which detectors failed.
        """
        found = [alert for alert in await self.alerts(now, history=True) if alert.key == key]
        if not found:
            raise NotFoundError("There is no alert with that key.", hint="See /alerts list.")
        (alert,) = found
        detector, unreadable = alert.detector, None
        if detector == STORM:
            detector = alert.subject
        elif detector == UNREADABLE_SOURCE:
            detector, unreadable = FAILED_DETECTOR, f"{alert.subject}:"
        since, until = alert.opened_at - RECORDED_BEFORE, alert.resolved_at or now
        rows = await self._rows(
            sql.RECORDED,
            *(self._environment, detector, since, until, unreadable, MOST_RECORDED),
        )
        samples: defaultdict[str, list[Sample]] = defaultdict(list)
        for name, sample in readable(rows, _named_sample, "sample"):
            samples[name].append(sample)
        left_out = int(rows[0]["total"]) - len(rows) if rows else 0
        kept = {name: tuple(some) for name, some in samples.items()}
        return Recording(alert, kept, left_out)


def _named_sample(row: Any) -> tuple[str, Sample]:
    return row["detector"], sample_of_row(row)
