"""The batch that the demo's CJ service works on: its rows, as they change while it runs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import orjson

from bot.demo.incident.rows import IncidentBatch, pair_id, write_batch, write_results

FIRST = 35
SIZE = 30
_ANSWER = {
    "provider": "anthropic",
    "model": "claude-haiku-4-5",
    "token_usage": {"prompt_tokens": 3100, "completion_tokens": 110, "total_tokens": 3210},
    "cost_estimate": 0.0033,
}


class RunningBatch:
    """One batch at a time, numbered on; the connection is CJ's own."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._next = FIRST
        self._batch: IncidentBatch | None = None
        self._waiting: list[str] = []

    @property
    def number(self) -> int | None:
        """The batch's number; None while no batch runs."""
        return self._batch.id if self._batch else None

    @property
    def bos_batch_id(self) -> str:
        """The batch's uuid, empty while none runs."""
        return self._batch.bos_batch_id if self._batch else ""

    @property
    def waiting(self) -> Sequence[str]:
        """The correlation ids of the comparisons that were not yet requested from the model."""
        return self._waiting

    async def begin(self) -> None:
        """Ask for a batch, unless one runs."""
        if self._batch is not None:
            return
        number, now = self._next, datetime.now(UTC)
        self._next += 1
        self._batch = IncidentBatch(
            number, str(uuid4()), str(uuid4()), "PERFORMING_COMPARISONS", "WAITING_CALLBACKS",
            now, [None] * SIZE, SIZE // 2, SIZE, 0, 0, SIZE, SIZE, SIZE, None, timedelta(0),
            essays=12, anchors=6,
        )  # fmt: skip
        await write_batch(self._connection, self._batch, "then")
        self._waiting = [str(pair_id(number, place)) for place in range(1, SIZE + 1)]

    def take(self, count: int) -> list[str]:
        """Return the next comparisons that the model is asked for."""
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    async def store(self, correlation: str, status: int | None) -> None:
        """Store a comparison's answer, or with a status its error."""
        failed = status is not None
        winner = "error" if failed else ("essay_a" if hash(correlation) % 2 else "essay_b")
        details = orjson.dumps({"provider": "anthropic", "http_status": status}).decode()
        done = await self._connection.fetchval(
            "UPDATE cj_comparison_pairs SET winner = $2, completed_at = now(),"
            " confidence = CASE WHEN $3 THEN NULL ELSE 3.0 END,"
            " error_code = CASE WHEN $3 THEN 'EXTERNAL_SERVICE_ERROR' END,"
            " error_correlation_id = CASE WHEN $3 THEN request_correlation_id END,"
            " error_timestamp = CASE WHEN $3 THEN now() END,"
            " error_service = CASE WHEN $3 THEN 'llm_provider_service' END,"
            " error_details = CASE WHEN $3 THEN $4::json END,"
            " processing_metadata = CASE WHEN $3 THEN NULL ELSE $5::json END"
            " WHERE request_correlation_id = $1::uuid RETURNING cj_batch_id",
            correlation, winner, failed, details, orjson.dumps(_ANSWER).decode(),
        )  # fmt: skip
        column = "failed_comparisons" if failed else "completed_comparisons"
        await self._connection.execute(
            f"UPDATE cj_batch_states SET {column} = {column} + 1, last_activity_at = now()"
            " WHERE batch_id = $1",
            done,
        )

    async def is_answered(self) -> bool:
        """Say whether every comparison of the batch has a result."""
        pending = await self._connection.fetchval(
            "SELECT count(*) FROM cj_comparison_pairs WHERE cj_batch_id = $1 AND winner IS NULL",
            self.number,
        )
        return self._batch is not None and not pending

    async def score(self) -> None:
        """Begin to score: the state that a finalisation which fails leaves behind."""
        await self._set("PERFORMING_COMPARISONS", "SCORING")

    async def finish(self) -> None:
        """Store scores and grades; the batch is done."""
        batch = self._batch
        if batch is None:
            return
        await self._connection.execute(
            "UPDATE cj_processed_essays SET current_bt_score = place * 0.31 - 2.0,"
            " current_bt_se = 0.4 + place * 0.01 FROM (SELECT els_essay_id AS id, row_number()"
            " OVER (ORDER BY els_essay_id) AS place FROM cj_processed_essays"
            " WHERE cj_batch_id = $1) AS o WHERE o.id = els_essay_id",
            batch.id,
        )
        essays = await self._connection.fetch(
            "SELECT els_essay_id FROM cj_processed_essays WHERE cj_batch_id = $1"
            " ORDER BY is_anchor DESC, els_essay_id",
            batch.id,
        )
        await write_results(self._connection, batch, [row[0] for row in essays], datetime.now(UTC))
        await self._set("COMPLETE_STABLE", "COMPLETED")
        self._batch, self._waiting = None, []

    async def _set(self, status: str, state: str) -> None:
        await self._connection.execute(
            "UPDATE cj_batch_uploads SET status = $2, updated_at = now() AT TIME ZONE 'utc'"
            " WHERE id = $1", self.number, status,
        )  # fmt: skip
        await self._connection.execute(
            "UPDATE cj_batch_states SET state = $2, last_activity_at = now() WHERE batch_id = $1",
            self.number, state,
        )  # fmt: skip
