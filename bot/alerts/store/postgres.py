"""The bot's memory in Postgres: alerts, their outbox, windows, silences, aliases, the audit trail.

Several replicas may use one database. One of them leads: it holds an advisory lock on a session
of its own and writes each tick through that very session, so who has lost the lock cannot write.
A tick's samples, alerts and messages are written in one transaction: after a crash either all of
them are known or none.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from bot.alerts.policy.messages import MessageKind, Posting, Retry
from bot.alerts.self_monitoring.late_messages import OutboxHealth
from bot.alerts.store import outbox_sql, sql
from bot.alerts.store.commands import CommandQueries
from bot.alerts.store.database import COMMAND_TIMEOUT, translated_errors
from bot.alerts.store.serialization import (
    alert_of_row,
    posting_of_row,
    readable,
    sample_of_row,
    values_of,
)
from bot.alerts.store.session import Connection
from bot.alerts.store.signed_requests import SignedRequests
from bot.alerts.store.tick_writer import TickRecord, write_tick
from bot.domain.alert import Alert, Sample
from bot.drivers.postgres_connect import spoken_to
from bot.errors import SourceError

LEASE = timedelta(seconds=30)
# No wait and no lease is that long: who wrote it had a clock that was set back since.
FAR = timedelta(minutes=5)
REMEMBERED = timedelta(hours=24)
# A leader that stands still, or cannot reach the database any more, keeps its lock for as long as
# its session lives; so the server ends a leader's session that has been idle for this long.
LEAD_IDLE = timedelta(seconds=14)
IDLE_SESSIONS_SINCE = 14
LEADER = "batchbot lead"


class Store(CommandQueries, SignedRequests):
    """The memory of one environment; every method raises SourceError("memory", ...)."""

    def __init__(
        self, url: str, environment: str = "", live: Callable[[], str] | None = None
    ) -> None:
        super().__init__(url, environment, live)
        self._lead: Connection | None = None
        self._leads = False
        self._lead_turn = asyncio.Lock()
        # How often the lead was won, and at which of these the tick at work began.
        self._term = self._tick_term = 0

    async def close(self) -> None:
        """Give up the lead and close every connection."""
        self._drop_lead()
        await super().close()

    @property
    def leads(self) -> bool:
        """Whether this process was the leader when it last asked."""
        return self._leads

    async def lead(self) -> bool:
        """Become or remain the one that ticks; False while another replica is.

        The tick that follows may be written as long as the lead is not lost in between. Aliases
        and labels are the database's, not an environment's, so a second environment may not use
        it: raises SourceError while one leads there.
        """
        leads = await self.keep()
        self._tick_term = self._term
        return leads

    async def keep(self) -> bool:
        """Like `lead`, and without beginning a tick: to be called well within LEAD_IDLE."""
        async with self._lead_turn:
            try:
                async with translated_errors(self._address):
                    await self._ask_for_lead()
            except SourceError:
                self._drop_lead()
                raise
            return self._leads

    async def _ask_for_lead(self) -> None:
        if self._lead is None or self._lead.is_closed():
            self._leads = False
            self._lead = await _lead_session(self._address.url, self._options(), self.prepare)
        # A newer version may have started beside this one since.
        await self.refuse_newer(self._lead)
        if self._leads:
            return
        self._leads = await self._has_locks(self._lead)
        self._term += self._leads

    async def _has_locks(self, session: Connection) -> bool:
        """Take the environment's lock, then the database's. Raises SourceError; see lead."""
        if not await session.fetchval(sql.LOCK, f"batchbot/{self._environment}"):
            return False
        if await session.fetchval(sql.LOCK, "batchbot"):
            return True
        other = await session.fetchval(sql.OTHER_ENVIRONMENT, self._environment)
        raise SourceError(
            self.name,
            f"the bot's own database is in use by environment {other or 'unknown'!r}, "
            f"and this is {self._environment!r}",
            hint="Give each environment a BOT_DATABASE_URL of its own.",
            permanent=True,
        )

    def _drop_lead(self) -> None:
        self._leads = False
        if self._lead is not None:
            self._lead.terminate()
            self._lead = None

    async def replicas(self) -> int:
        """Return how many processes lead or stand by on this database, this one among them."""
        count: int = await self._value(sql.REPLICAS, LEADER)
        return count

    async def save_tick(self, record: TickRecord) -> None:
        """Write one tick in one transaction, through the leader's session."""
        async with self._lead_turn:
            if self._lead is None or not self._leads or self._tick_term != self._term:
                raise SourceError(
                    self.name, "this process does not lead, so it may not write a tick"
                )
            try:
                async with translated_errors(self._address), self._lead.transaction():
                    await write_tick(self._lead, self._environment, record)
            except SourceError:
                self._drop_lead()
                raise

    async def load_alerts(self, now: datetime) -> list[Alert]:
        """Return the alerts that are open or ended within a day."""
        rows = await self._rows(sql.LOAD_ALERTS, self._environment, now - REMEMBERED)
        return readable(rows, alert_of_row, "alert")

    async def load_samples(self, detector: str, since: datetime) -> tuple[Sample, ...]:
        """Return a detector's samples after `since`, oldest first."""
        rows = await self._rows(sql.LOAD_SAMPLES, self._environment, detector, since)
        return tuple(readable(rows, sample_of_row, "sample"))

    async def load_progress(self) -> tuple[datetime, Mapping[str, Any]] | None:
        """Return when the last tick was, and what it left for the next; None before the first."""
        rows = await self._rows(sql.LOAD_PROGRESS, self._environment)
        found = readable(rows, lambda row: values_of(row["body"]), "progress")
        return (rows[0]["at"], found[0] if found else {}) if rows else None

    async def claim(
        self, owner: str, now: datetime, paused: Collection[str] = ()
    ) -> Posting | None:
        """Take the next message to be sent, for LEASE; None when nothing is due.

        Nothing is taken for the channels that are `paused`; "" is the one of new parent messages.
        """
        given = (now, owner, now + LEASE, self._environment, list(paused), now + FAR)
        while rows := await self._rows(outbox_sql.CLAIM, *given):
            # One that cannot be read stays claimed until its lease ends: the next is taken.
            if found := readable(rows, posting_of_row, "message"):
                return found[0]
        return None

    async def sent(
        self, posting: Posting, owner: str, now: datetime, *, channel: str, ts: str
    ) -> None:
        """Record that a claimed message stands in Slack."""
        async with self._transaction() as connection:
            row = await connection.fetchval(
                outbox_sql.MARK_SENT, posting.id, owner, now, channel, ts
            )
            if row is not None and posting.kind is MessageKind.PARENT:
                await connection.execute(outbox_sql.PLACE_ALERT, posting.id, channel, ts)

    async def put_back(self, posting: Posting, owner: str, retry: Retry) -> None:
        """Return a claimed message that was not sent, for later."""
        async with self._transaction() as connection:
            if retry.new_parent:
                await connection.execute(outbox_sql.RENEW_PARENT, posting.thread, retry.next_try)
                await connection.execute(outbox_sql.FORGET_PLACE, posting.thread)
                await connection.execute(outbox_sql.DROP_EDITS, posting.thread)
            plain = retry.plain or posting.plain
            await connection.execute(
                outbox_sql.RELEASE,
                *(posting.id, owner, retry.next_try, retry.look_first, plain, retry.problem),
            )

    async def outbox_health(self) -> OutboxHealth:
        """Return how many messages wait."""
        (row,) = await self._rows(outbox_sql.OUTBOX_HEALTH, self._environment)
        return OutboxHealth(
            row["depth"],
            row["oldest"],
            row["attempts"] or 0,
            row["problem"],
            row["refused_since"],
        )


async def _lead_session(
    url: str, options: Mapping[str, Any], prepare: Callable[[Connection], Awaitable[None]]
) -> Connection:
    session: Connection = await spoken_to(asyncpg.connect, asyncpg.PostgresConnectionError)(
        url, timeout=COMMAND_TIMEOUT, command_timeout=COMMAND_TIMEOUT, **options
    )
    idle = f"{LEAD_IDLE.total_seconds():.0f}s"
    with ExitStack() as unready:
        unready.callback(session.terminate)
        await prepare(session)
        await session.execute(f"SET application_name = '{LEADER}'")
        await session.execute(f"SET idle_in_transaction_session_timeout = '{idle}'")
        if session.get_server_version().major >= IDLE_SESSIONS_SINCE:
            await session.execute(f"SET idle_session_timeout = '{idle}'")
        unready.pop_all()
    return session
