"""Sources that a case recorded beside its logs and rows, as they were when the question was asked.

`queue.json` holds looks at Redis, `db_sessions.json` the database's sessions, `health.json` what
the services said of themselves; a folder without one has no such source.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from bot.domain.batch import BlockedSession
from bot.domain.evidence import Missing
from bot.domain.queue import QueueFront, QueueItem, QueueReading, Requeued
from bot.domain.service_state import ServiceHealth
from bot.ports import CjDatabase, Sources

MAX_AGE = timedelta(minutes=10)


class RecordedQueue:
    """The newest look at Redis before a moment."""

    name = "llm_queue"

    def __init__(self, reading: QueueReading) -> None:
        self._reading = reading

    async def read(self, *, max_items: int = 2_000) -> QueueReading:
        return self._reading

    async def read_other(self, prefix: str) -> QueueReading:
        return QueueReading(self._reading.at, 0)

    async def fronts(self) -> Sequence[QueueFront]:
        return ()

    async def requeue(self, item: QueueItem, *, dry_run: bool) -> Requeued:
        return Requeued.GONE

    async def find(self, id: UUID) -> Sequence[QueueItem]:
        items = self._reading.items
        return [one for one in items if str(id) in (one.queue_id, one.correlation_id)]

    async def check(self) -> str:
        return "recorded"


class RecordedHealth:
    """What the services said of themselves."""

    name = "service_health"

    def __init__(self, said: Sequence[ServiceHealth]) -> None:
        self._said = said

    async def health(self) -> Sequence[ServiceHealth]:
        return self._said

    async def check(self) -> str:
        return "recorded"


class RecordedSessions:
    """A database whose sessions are those of a recording."""

    def __init__(self, database: CjDatabase, sessions: Sequence[BlockedSession]) -> None:
        self._database, self._sessions = database, sessions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def blocked_sessions(self, *, older_than_seconds: float = 60) -> Sequence[BlockedSession]:
        return [one for one in self._sessions if one.age_seconds > older_than_seconds]


def with_recorded(sources: Sources, folder: Path, at: datetime) -> Sources:
    """Return the sources with what the folder recorded in place of what it has not."""
    if look := _newest(folder / "queue.json", at):
        sources = replace(sources, queue=RecordedQueue(_reading(look)))
    if said := _all(folder / "health.json", at):
        sources = replace(sources, probe=RecordedHealth([_health(one) for one in said]))
    database, seen = sources.database, _newest(folder / "db_sessions.json", at)
    if seen and database is not None and not isinstance(database, Missing):
        sessions = [_session(one) for one in seen["sessions"]]
        found: Any = RecordedSessions(database, [one for one in sessions if one is not None])
        sources = replace(sources, database=found)
    return sources


def _all(path: Path, at: datetime) -> list[Mapping[str, Any]]:
    if not path.is_file():
        return []
    return [one for one in json.loads(path.read_text(encoding="utf-8")) if _time(one["at"]) <= at]


def _newest(path: Path, at: datetime) -> Mapping[str, Any] | None:
    found = _all(path, at)
    newest = max(found, key=lambda one: _time(one["at"]), default=None)
    return newest if newest and at - _time(newest["at"]) <= MAX_AGE else None


def _reading(look: Mapping[str, Any]) -> QueueReading:
    items = tuple(_item(one) for one in look["items"])
    return QueueReading(_time(look["at"]), len(items), items)


def _item(one: Mapping[str, Any]) -> QueueItem:
    return QueueItem(
        one["queue_id"],
        one["status"],
        queued_at=_time(one["queued_at"]),
        processing_started_at=_maybe(one.get("processing_started_at")),
        ttl=timedelta(seconds=one.get("ttl_seconds") or 14_400),
        retry_count=one.get("retry_count", 0),
        correlation_id=one.get("correlation_id") or "",
        bos_batch_id=one.get("bos_batch_id") or "",
        cj_batch_id=str(one.get("batch") or ""),
    )


def _health(one: Mapping[str, Any]) -> ServiceHealth:
    body = one.get("body") or {}
    mock = body.get("mock_mode")
    return ServiceHealth(one["service"], _time(one["at"]), body.get("status", ""), mock_mode=mock)


def _session(one: Mapping[str, Any]) -> BlockedSession | None:
    """Return a session as the query would: one that waits for a lock or was left open."""
    waits = one.get("wait_event_type") == "Lock"
    if not waits and not str(one["state"]).startswith("idle in transaction"):
        return None
    return BlockedSession(
        pid=one["pid"],
        state=one["state"],
        wait="Lock:relation" if waits else "",
        age_seconds=float(one["state_age_seconds"]),
        blocked_by=tuple(one.get("blocked_by", ())),
        relation=(one.get("waits_for") or {}).get("relation", ""),
        application=one.get("application_name", ""),
    )


def _maybe(text: str | None) -> datetime | None:
    return _time(text) if text else None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
