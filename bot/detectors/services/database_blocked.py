"""A session of the CJ database waits for a lock that another one holds.

An open transaction that no session waits for is no fault: services leave some open for a while.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._rows import Fact, RowDetector, facts_of
from bot.diagnosis.comparison.causes import BLOCKED_AFTER, DATABASE_BLOCKED
from bot.domain.alert import Condition, Sample
from bot.domain.batch import BlockedSession, lock_waits
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Span, Text, when, words
from bot.ports import Watch
from bot.text.wording import many


class DatabaseBlockedSettings(BaseModel):
    """How long a session may wait for another."""

    after_seconds: float = Field(
        BLOCKED_AFTER.seconds, ge=60, description="how long a session may wait"
    )


class DatabaseBlocked(RowDetector):
    """Watches the sessions of the CJ database; pids and ages only, never a query's text."""

    name: ClassVar[str] = "database_blocked"
    summary: ClassVar[str] = (
        "A session of the CJ database has waited for another one's lock for a minute"
    )
    clear_ticks: ClassVar[int] = 2
    closing: ClassVar[str] = "no session waits any more"
    Settings: ClassVar[type[BaseModel]] = DatabaseBlockedSettings

    async def sample(self, watch: Watch) -> Sample:
        """Collect the sessions that block or wait."""
        return facts_of(watch, await watch.blocked_sessions(), _session)

    def conditions(self, facts: Sequence[Fact], now: datetime) -> Iterator[Condition]:
        """Yield one condition of the sessions that have waited for another for too long."""
        waiting, roots = lock_waits(list(map(_from, facts)), self.after.total_seconds())
        if waiting:
            yield _condition(waiting, roots, facts, now)


DETECTOR = DatabaseBlocked


def _session(one: BlockedSession) -> Fact:
    return {
        "subject": DATABASE,
        "pid": one.pid,
        "age": one.age_seconds,
        "state": one.state,
        "wait": one.wait,
        "blocked_by": list(one.blocked_by),
        "relation": one.relation,
        "application": one.application,
    }


def _from(fact: Fact) -> BlockedSession:
    return BlockedSession(
        int(fact["pid"]),
        str(fact["state"]),
        str(fact["wait"]),
        float(fact["age"]),
        tuple(fact["blocked_by"]),
    )


def _condition(
    waiting: Sequence[BlockedSession], roots: Sequence[int], facts: Sequence[Fact], now: datetime
) -> Condition:
    since = now - timedelta(seconds=round(max(one.age_seconds for one in waiting)))
    who = ", ".join(f"pid {pid}" for pid in roots[:3])
    concerned = {*roots, *(one.pid for one in waiting)}
    shown = [fact for fact in facts if fact["pid"] in concerned]
    step = f"SELECT pg_terminate_backend({roots[0]});  -- after asking whose it is"
    return Condition(
        subject=DATABASE,
        rule=DATABASE_BLOCKED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"CJ database blocked by {who}",
            when(since, " since "),
            f": {len(waiting)} waiting for a lock, high confidence. Next: find whose session",
        ),
        since=since,
        known=who,
        count=0,
        headline=f"CJ database blocked: {many(len(waiting), 'session', ('waits', 'wait'))} "
        "for a lock",
        why=DATABASE_BLOCKED.why,
        evidence=tuple(EvidenceLine(DATABASE, None, _words(fact)) for fact in shown[:5]),
        next=("Find whose session it is by its application and pid.", step),
    )


def _words(fact: Fact) -> Text:
    age = words(Span(timedelta(seconds=float(fact["age"]))))
    by = f", blocked by {fact['blocked_by']}" if fact["blocked_by"] else ""
    on = f" on {fact['relation']}" if fact["relation"] else ""
    return words(
        f"pid {fact['pid']} {fact['state']} for ", age, f"{on}{by} ({fact['application'] or '?'})"
    )
