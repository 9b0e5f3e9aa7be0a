"""The alerts of the bot's memory in dicts and lists, with the real one's rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.alert import Alert, AlertEvent, AlertState, Reason, Recording, Sample
from bot.domain.changes.change import Change, Noted
from bot.domain.mute import Mute, MuteKind, longest
from bot.domain.progress import BatchWatch
from bot.errors import NotFoundError


@dataclass(kw_only=True)
class FakeAlerts:
    """Alerts by key, silences, and what people did to them."""

    known: dict[str, Alert] = field(default_factory=dict)
    silences: list[Mute] = field(default_factory=list)
    happened: list[AlertEvent] = field(default_factory=list)
    waits: list[BatchWatch] = field(default_factory=list)
    noted: list[tuple[str, str, str]] = field(default_factory=list)
    samples: dict[str, tuple[Sample, ...]] = field(default_factory=dict)
    changed: list[Change] = field(default_factory=list)
    watched_since: datetime | None = None

    def _check(self) -> None:
        """Raise when the memory is down."""

    async def check(self) -> str:
        self._check()
        return "PostgreSQL 16"

    async def load_samples(self, detector: str, since: datetime) -> tuple[Sample, ...]:
        self._check()
        return tuple(one for one in self.samples.get(detector, ()) if one.at > since)

    async def alerts(
        self, now: datetime, *, history: bool = False, limit: int = 5_000
    ) -> Sequence[Alert]:
        self._check()
        found = [one for one in self.known.values() if history or one.state != "resolved"]
        return [replace(a, mute=longest(self.silences, a.key, now)) for a in found][:limit]

    async def events(self, key: str = "", *, limit: int = 100) -> Sequence[AlertEvent]:
        self._check()
        return [one for one in reversed(self.happened) if key in ("", one.key)][:limit]

    async def changes(
        self, since: datetime, until: datetime, *, limit: int = 500
    ) -> Sequence[Change]:
        self._check()
        found = sorted(self.changed, key=lambda one: one.at, reverse=True)
        return [one for one in found if since <= one.at <= until][:limit]

    async def last_noted(self) -> Noted | None:
        self._check()
        known = {"since": self.watched_since.isoformat()} if self.watched_since else None
        return Noted(known=known) if known else None

    async def acknowledge(self, key: str, *, by: str, now: datetime) -> Alert:
        alert = self._open(key)
        if not alert.acknowledged_by:
            alert = replace(alert, acknowledged_by=by, acknowledged_at=now)
            self._happen(alert, Reason.ACKNOWLEDGE, by, now)
        return alert

    async def snooze(self, key: str, until: datetime, *, by: str, now: datetime) -> Alert:
        self._check()
        if key not in self.known:
            raise NotFoundError("There is no alert with that key.")
        mute = Mute(key, until, by=by, since=now, kind=MuteKind.SNOOZE)
        await self.mute(mute, now=now)
        self._happen(self.known[key], Reason.SNOOZE, by, now)
        return replace(self.known[key], mute=mute)

    async def release(self, key: str, *, by: str, now: datetime) -> Alert:
        alert = self._open(key)
        if not alert.acknowledged_by:
            raise NotFoundError("Nobody looks after that alert.")
        alert = replace(alert, acknowledged_by="", acknowledged_at=None)
        self._happen(alert, Reason.UNACKNOWLEDGE, by, now)
        return alert

    async def wake(self, key: str, *, by: str, now: datetime) -> Alert:
        alert = self._open(key)
        if not await self.unmute(key, by=by, now=now):
            raise NotFoundError("That alert is not snoozed.")
        self._happen(alert, Reason.WAKE, by, now)
        return alert

    async def note(self, key: str, text: str, *, by: str, now: datetime) -> Alert:
        alert = self.known[key]
        self.noted.append((key, text, by))
        return alert

    async def mute(self, mute: Mute, *, now: datetime) -> None:
        self._check()
        self.silences.append(mute)

    async def unmute(self, pattern: str, *, by: str, now: datetime) -> int:
        self._check()
        before = len(self.silences)
        fold = pattern.casefold()
        self.silences = [one for one in self.silences if one.pattern.casefold() != fold]
        return before - len(self.silences)

    async def mutes(self, now: datetime) -> Sequence[Mute]:
        self._check()
        return list(self.silences)

    async def watch(
        self, batch_id: int, *, channel: str, thread_ts: str, asker: str, now: datetime
    ) -> bool:
        self._check()
        if any((one.batch_id, one.channel) == (batch_id, channel) for one in self.waits):
            return False
        self.waits.append(BatchWatch(len(self.waits) + 1, batch_id, channel, thread_ts, asker,
                                     f"token-{batch_id}", now))  # fmt: skip
        return True

    async def watches(self) -> Sequence[BatchWatch]:
        self._check()
        return list(self.waits)

    async def watched(self, id: int, *, ts: str, now: datetime, ended: bool = False) -> None:
        changed = [replace(one, ts=ts) if one.id == id else one for one in self.waits]
        self.waits = [one for one in changed if not (ended and one.id == id)]

    async def unwatch(self, batch_id: int, *, channel: str, now: datetime) -> int:
        before = len(self.waits)
        gone = (batch_id, channel)
        self.waits = [one for one in self.waits if (one.batch_id, one.channel) != gone]
        return before - len(self.waits)

    async def recording(self, key: str, *, now: datetime) -> Recording:
        self._check()
        return Recording(self.known[key], self.samples)

    def _open(self, key: str) -> Alert:
        self._check()
        alert = self.known.get(key)
        if alert is None or alert.state is AlertState.RESOLVED:
            raise NotFoundError("There is no open alert with that key.")
        return alert

    def _happen(self, alert: Alert, reason: Reason, by: str, now: datetime) -> None:
        self.known[alert.key] = alert
        title = alert.condition.title
        self.happened.append(AlertEvent(now, alert.key, reason, alert.severity, title, by=by))
