"""The CJ assessment database, read only; works on the schema before and after 2025-11-19."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bot.border.outside import named
from bot.domain.batch import (
    BatchMatch,
    BatchRows,
    BatchSummary,
    BlockedSession,
    ComparisonTotals,
    TraceRows,
)
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.evidence import DATABASE
from bot.errors import SourceError
from bot.ports.rights import TriedRight
from bot.sources.cj import batch_query, chosen
from bot.sources.cj import queries as sql
from bot.sources.cj.meanings import LARGEST_ID, meanings
from bot.sources.cj.proof import told_of
from bot.sources.cj.rights import tried_rights
from bot.sources.cj.rows import (
    batch_rows_of,
    match_of,
    pair_row_of,
    summary_of,
    totals_of,
)
from bot.sources.cj.schema import GRADED, CjSchema
from bot.sources.cj.session import CjSessions, tried_twice
from bot.text.wording import many

DETAIL_PAIRS = 20_000
# Of a batch of more comparisons than this, fewer are looked at in detail: all are counted.
HUGE_PAIRS, HUGE_DETAIL = 200_000, 2_000
TOTAL_PAIRS = 100_000
ERROR_LOOK_BACK = timedelta(days=14)

_ANY_ID = "bos_batch_id = $1 OR event_correlation_id = $1"
# It reads the same columns, and an index says at once that there is none.
_BOTH_IDS = "bos_batch_id = $1 AND event_correlation_id = $1"


class CjPostgres:
    """Read-only view of the CJ database; implements the CjDatabase port.

    Every statement is read only and ends after `timeout_seconds`. `live` gives the address of
    now, where its password may be rotated. Column
    presence is looked up through pg_attribute, since column grants hide the rest from
    information_schema, and again when a query or a migration shows that it has changed.
    """

    name = DATABASE

    def __init__(
        self, url: str, *, timeout_seconds: float = 5.0, live: Callable[[], str] | None = None
    ) -> None:
        self._sessions = CjSessions(url, timeout_seconds, live)
        self._reading = self._sessions.reading

    async def close(self) -> None:
        """Close the pool."""
        self._sessions.close()

    @tried_twice
    async def find(self, ref: str) -> Sequence[BatchMatch]:
        """Return the batches that `ref` may mean, exact meanings first; at most 20."""
        async with self._reading() as connection:
            for where, value, how in meanings(ref.strip()):
                rows = await connection.fetch(sql.MATCH.format(where=where), value)
                if rows:
                    return tuple(match_of(row, how) for row in rows)
        return ()

    @tried_twice
    async def batch(self, batch_id: int) -> BatchRows | None:
        """Return everything about one batch in one query, None when there is none.

        Of optional tables that the role may not read nothing is known, and `hidden` names them.

        Counts are over all pairs; what failures have in common, essays' positions, cost and latency
        over at most DETAIL_PAIRS of them, HUGE_DETAIL in a huge batch; `looked_at` and
        `failures_looked_at` say over how many.
        """
        if not 0 <= batch_id <= LARGEST_ID:
            return None
        return next(iter(await self._whole(batch_query.batch, batch_id)), None)

    @tried_twice
    async def rows_of(self, batch_ids: Sequence[int]) -> Mapping[int, BatchRows]:
        """Return everything about several batches by their ids, in one query; bounded as one is."""
        ids = [id for id in batch_ids if 0 <= id <= LARGEST_ID]
        return {one.header.batch_id: one for one in await self._whole(batch_query.batches, ids)}

    @tried_twice
    async def newest(
        self, *, limit: int = 20, state: str | None = None, before: int | None = None
    ) -> Sequence[BatchSummary]:
        """Return the newest batches, those in a state or status when one is given."""
        if state is not None and not chosen.is_known(self._sessions.schema, state):
            self._sessions.look_again()
        return await self._summaries(lambda schema: chosen.newest(schema, state, limit, before))

    @tried_twice
    async def open_batches(self, *, limit: int = 500) -> Sequence[BatchSummary]:
        """Return the batches that have not ended, oldest activity first."""
        return await self._summaries(lambda schema: (chosen.open_ones(schema), limit))

    @tried_twice
    async def failed_batches(self, since: datetime, *, limit: int = 100) -> Sequence[BatchSummary]:
        """Return the batches that ended without a result since a moment, the newest first.

        Without those whose request a later batch has the result of.
        """
        return await self._summaries(lambda schema: (chosen.failed(schema), limit, since))

    @tried_twice
    async def trace(self, id: UUID, *, since: datetime | None = None) -> TraceRows:
        """Return the pairs and batches that carry a uuid in any of their id columns."""
        return await self._traced(id, since or datetime.now(UTC) - ERROR_LOOK_BACK, _ANY_ID)

    async def _traced(self, id: UUID, earliest: datetime, where: str) -> TraceRows:
        async with self._reading() as connection:
            schema = self._sessions.schema
            since = earliest.astimezone(UTC).replace(tzinfo=None)
            by_request, by_error = sql.pairs_by_request(schema), sql.pairs_by_error(schema)
            pairs = await connection.fetch(schema.without_hidden(by_request), id)
            failed = await connection.fetch(schema.without_hidden(by_error), id, since)
            batches = await connection.fetch(sql.MATCH.format(where=where), str(id))
        found = {row["pair_id"]: pair_row_of(row, "error_correlation_id") for row in failed}
        found |= {row["pair_id"]: pair_row_of(row, "request_correlation_id") for row in pairs}
        return TraceRows(
            pairs=tuple(found[key] for key in sorted(found)),
            batches=tuple(
                match_of(
                    row,
                    "bos_batch_id" if row["bos_batch_id"] == str(id) else "event_correlation_id",
                )
                for row in batches
            ),
            hidden=schema.hidden_of(GRADED),
        )

    @tried_twice
    async def owned(self, correlation_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        """Return which request correlation ids belong to a pair, as id -> CJ batch id."""
        async with self._reading() as connection:
            rows = await connection.fetch(sql.OWNED, list(correlation_ids))
        return {row["id"]: row["batch_id"] for row in rows}

    @tried_twice
    async def essay_batches(self, essay_ids: Sequence[str]) -> Mapping[str, int]:
        """Return the CJ batch of each of these essays."""
        async with self._reading() as connection:
            rows = await connection.fetch(sql.ESSAY_BATCHES, list(essay_ids))
        return {row["id"]: row["batch_id"] for row in rows}

    @tried_twice
    async def begun_by(self, prefix: str, *, limit: int = 20) -> Sequence[UUID]:
        """Return the request correlation ids of comparisons that begin with `prefix`."""
        digits = prefix.replace("-", "")
        first, last = (UUID(digits.ljust(32, fill)) for fill in "0f")
        async with self._reading() as connection:
            rows = await connection.fetch(sql.BEGUN_BY, first, last, limit)
        return tuple(row["id"] for row in rows)

    @tried_twice
    async def members(self, batch_id: int, *, limit: int = DETAIL_PAIRS) -> Sequence[UUID]:
        """Return the request correlation ids of a batch's comparisons, at most `limit`."""
        if not 0 <= batch_id <= LARGEST_ID:
            return ()
        async with self._reading() as connection:
            rows = await connection.fetch(sql.MEMBERS, batch_id, limit)
        return tuple(row["id"] for row in rows)

    @tried_twice
    async def totals(self, batch_ids: Sequence[int]) -> ComparisonTotals:
        """Return the sums over the comparisons of several batches, in one query."""
        ids = [id for id in batch_ids if 0 <= id <= LARGEST_ID]
        async with self._reading() as connection:
            schema = self._sessions.schema
            query = schema.without_hidden(sql.totals(schema))
            row = await connection.fetchrow(query, ids, TOTAL_PAIRS)
        return replace(totals_of(row, len(ids)), hidden=schema.hidden_of(GRADED))

    @tried_twice
    async def answered_by(self, batch_ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
        """Return the provider and the model of each batch's first valid answer, where recorded."""
        ids = [id for id in batch_ids if 0 <= id <= LARGEST_ID]
        async with self._reading() as connection:
            rows = await connection.fetch(sql.answered_by(self._sessions.schema), ids, 1)
        return {row["batch_id"]: named((row["provider"] or "", row["model"] or "")) for row in rows}

    @tried_twice
    async def blocked_sessions(self, *, older_than_seconds: float = 60) -> Sequence[BlockedSession]:
        """Return sessions idle in transaction or waiting for a lock; no query text.

        Raises SourceError when none is seen and the role may not see other roles' sessions.
        """
        async with self._reading() as connection:
            by_function = self._sessions.schema.has_functions
            blocked = sql.BLOCKED_BY_FUNCTION if by_function else sql.BLOCKED
            unseen = sql.HIDDEN_BY_FUNCTION if by_function else sql.HIDDEN_SESSIONS
            rows = await connection.fetch(blocked, older_than_seconds)
            hidden = 0 if rows else await connection.fetchval(unseen)
        if hidden:
            raise SourceError(
                DATABASE,
                f"the state of {many(hidden, 'session')} is hidden from the role",
                hint="Run deploy/readonly_role.sql: it makes a function for that.",
                permanent=True,
            )
        return tuple(
            BlockedSession(
                **{
                    **dict(row),
                    "age_seconds": float(row["age_seconds"]),
                    "blocked_by": tuple(row["blocked_by"]),
                }
            )
            for row in rows
        )

    @tried_twice
    async def unpublished(self) -> Sequence[OutboxGroup]:
        """Return what waits in the event outbox, by event type."""
        async with self._reading() as connection:
            rows = await connection.fetch(sql.unpublished(self._sessions.schema))
        return tuple(OutboxGroup(**dict(row)) for row in rows)

    @tried_twice
    async def schema_revision(self) -> str:
        """Return the newest migration that was applied, "" where that may not be read."""
        async with self._reading() as connection:
            if not await connection.fetchval(sql.HAS_REVISION):
                return ""
            return str(await connection.fetchval(sql.REVISION) or "")

    @tried_twice
    async def can_write(self) -> bool:
        """Say whether the role may change a table of the CJ database; it should not."""
        async with self._reading() as connection:
            return bool(await connection.fetchval(sql.CAN_WRITE, list(sql.TABLES)))

    @tried_twice
    async def tried_rights(self) -> Sequence[TriedRight]:
        """Try what the role should be refused, without a change."""
        async with self._reading() as connection:
            return await tried_rights(connection)

    @tried_twice
    async def check(self) -> str:
        """Read as questions do; return the schema's revision and what is worth a look.

        Raises SourceError that names the tables that the role may not read.
        """
        async with self._reading() as connection:
            newest = await connection.fetchval("SELECT max(id) FROM cj_batch_uploads")
            role = await connection.fetchval("SELECT current_user")
            looked = await told_of(connection, list(sql.TABLES), self._sessions.address)
        # A column, a right or a lock that one of them lacks is seen by none of the others.
        await self.batch(newest or 0)
        await self.newest(limit=1)
        await self._traced(UUID(int=0), datetime.now(UTC), _BOTH_IDS)
        await self.unpublished()
        revision = "with" if self._sessions.schema.has_total_budget else "without"
        told = [f"schema {revision} total_budget, newest batch {newest or 'none'}"]
        if await self.can_write():
            told.append(f"the role {role} could write: use a read-only one")
        if self._sessions.is_pooled:
            told.append("behind a pooler: each read is a read-only transaction of its own")
        return "; ".join([*told, *looked])

    async def _whole(
        self, query_of: Callable[[CjSchema], str], which: int | Sequence[int]
    ) -> Sequence[BatchRows]:
        async with self._reading() as connection:
            # A bounded fetch would have the server do alone what it plans for several workers.
            schema = self._sessions.schema
            query, bounds = query_of(schema), (DETAIL_PAIRS, HUGE_PAIRS, HUGE_DETAIL)
            rows = await connection.fetch(schema.without_hidden(query), which, *bounds)
        found = (batch_rows_of(row, has_total_budget=schema.has_total_budget) for row in rows)
        return tuple(replace(one, hidden=schema.hidden) for one in found)

    async def _summaries(
        self, chosen_of: Callable[[CjSchema], tuple[Any, ...]]
    ) -> Sequence[BatchSummary]:
        """Return a line for each batch, also where some tables may not be read."""
        async with self._reading() as connection:
            schema = self._sessions.schema
            where, *values = chosen_of(schema)
            query = schema.without_hidden(sql.summaries(where, schema))
            rows = await connection.fetch(query, *values)
        found = (summary_of(row, has_total_budget=schema.has_total_budget) for row in rows)
        return tuple(replace(one, hidden=schema.hidden) for one in found)
