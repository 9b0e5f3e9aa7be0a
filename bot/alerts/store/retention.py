"""What the bot's memory forgets: each kind of row by its own age, a bounded number at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.alerts.store import outbox_sql, sql
from bot.alerts.store.session import Session

# A first pruning of years does not hold up a tick: the rest goes at the next ones.
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long what is over is kept; None keeps it for ever."""

    history: timedelta | None = timedelta(days=30)
    alerts: timedelta | None = timedelta(days=365)
    silences: timedelta | None = timedelta(days=90)
    audit: timedelta | None = timedelta(days=365)
    aliases: timedelta | None = timedelta(days=730)
    labels: timedelta | None = timedelta(days=90)
    changes: timedelta | None = timedelta(days=90)

    def before(self, now: datetime) -> Mapping[str, datetime]:
        """Return each statement that prunes with the time before which rows go. Pure."""
        spans = {
            outbox_sql.PRUNE_OUTBOX: self.history,
            sql.PRUNE_EVENTS: self.history,
            sql.PRUNE_WATCHES: self.history,
            sql.PRUNE_ALERTS: self.alerts,
            sql.PRUNE_NOTES: self.alerts,
            sql.PRUNE_MUTES: self.silences,
            sql.PRUNE_AUDIT: self.audit,
            sql.PRUNE_ALIASES: self.aliases,
            sql.PRUNE_LABELS: self.labels,
            sql.PRUNE_CHANGES: self.changes,
        }
        return {statement: now - span for statement, span in spans.items() if span is not None}


async def prune(session: Session, environment: str, retention: Retention, now: datetime) -> None:
    """Forget what is older than it is kept."""
    for statement, before in retention.before(now).items():
        await session.execute(statement, environment, before, AT_ONCE)
