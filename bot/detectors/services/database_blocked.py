"""A session of the CJ database blocks others, waits for a lock, or was left in a transaction."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._rows import Fact, RowDetector, facts_of
from bot.domain.alert import Condition, Sample
from bot.domain.batch import BlockedSession
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Span, Text, when, words
from bot.ports import Watch


class DatabaseBlockedSettings(BaseModel):
    """How long a session may wait, or idle in a transaction."""

    after_seconds: float = Field(60, ge=60, description="how long a session may wait or rest")


class DatabaseBlocked(RowDetector):
    """Watches the sessions of the CJ database; pids and ages only, never a query's text."""

    name: ClassVar[str] = "database_blocked"
    summary: ClassVar[str] = (
        "A session of the CJ database waits for a lock, or rests in a transaction, for a minute"
    )
    clear_ticks: ClassVar[int] = 2
    closing: ClassVar[str] = "no session waits or rests any more"
    Settings: ClassVar[type[BaseModel]] = DatabaseBlockedSettings

    async def sample(self, watch: Watch) -> Sample:
        """Collect the sessions that block or wait."""
        return facts_of(watch, await watch.blocked_sessions(), _session)

    def conditions(self, facts: Sequence[Fact], now: datetime) -> Iterator[Condition]:
        """Yield one condition of all sessions that have waited or idled for too long."""
        old = [fact for fact in facts if float(fact["age"]) > self.after.total_seconds()]
        if old:
            yield _condition(old, now)


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


def _condition(facts: Sequence[Fact], now: datetime) -> Condition:
    waiting = [fact for fact in facts if fact["blocked_by"]]
    roots = {pid for fact in waiting for pid in fact["blocked_by"]} - {f["pid"] for f in waiting}
    idle = [fact["pid"] for fact in facts if str(fact["state"]).startswith("idle in transaction")]
    oldest = max(float(fact["age"]) for fact in facts)
    since = now - timedelta(seconds=round(oldest))
    pids = sorted(roots or set(idle) or {fact["pid"] for fact in facts})
    who = ", ".join(f"pid {pid}" for pid in pids[:3])
    step = f"SELECT pg_terminate_backend({pids[0]});  -- after asking whose it is"
    return Condition(
        subject=DATABASE,
        rule="database-blocked",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"CJ database blocked by {who}",
            when(since, " since "),
            f": {len(waiting)} waiting for a lock, {len(idle)} idle in a "
            "transaction, high confidence. Next: find whose session",
        ),
        since=since,
        known=who,
        count=0,
        why="A transaction that is left open keeps its locks, and finalisation waits for them.",
        evidence=tuple(EvidenceLine(DATABASE, None, _words(fact)) for fact in facts[:5]),
        next=("Find whose session it is by its application and pid.", step),
    )


def _words(fact: Fact) -> Text:
    age = words(Span(timedelta(seconds=float(fact["age"]))))
    by = f", blocked by {fact['blocked_by']}" if fact["blocked_by"] else ""
    on = f" on {fact['relation']}" if fact["relation"] else ""
    return words(
        f"pid {fact['pid']} {fact['state']} for ", age, f"{on}{by} ({fact['application'] or '?'})"
    )
