"""What the CJ database says of batches and comparisons; never holds student text or user ids.

`header` is a batch's record, `pairs` its comparisons counted, `rows` all that is read of it,
`matches` what an id owns, `outbox` what waits to be published, `sessions` who waits for whom. A new
fact is a field with a default. May import bot.domain and bot.deferred alone.
"""

from typing import TYPE_CHECKING

from bot.deferred import deferred

if TYPE_CHECKING:
    from bot.domain.batch.header import (
        CANCELLED,
        FORCED_RECOVERY,
        NO_ESSAYS,
        BatchHeader,
        has_ended,
    )
    from bot.domain.batch.matches import (
        BatchMatch,
        PairRow,
        TraceRows,
    )
    from bot.domain.batch.pairs import (
        ErrorGroup,
        PairCounts,
        PendingPair,
    )
    from bot.domain.batch.rows import (
        NO_MODEL_MS,
        AnsweredCounts,
        AnswerGroup,
        BatchRows,
        BatchSummary,
        ComparisonTotals,
        PositionCounts,
        ProjectionCounts,
        ScoreCounts,
        Twin,
    )
    from bot.domain.batch.sessions import (
        BlockedSession,
        lock_waits,
    )

__all__ = [
    "CANCELLED",
    "FORCED_RECOVERY",
    "NO_ESSAYS",
    "NO_MODEL_MS",
    "AnswerGroup",
    "AnsweredCounts",
    "BatchHeader",
    "BatchMatch",
    "BatchRows",
    "BatchSummary",
    "BlockedSession",
    "ComparisonTotals",
    "ErrorGroup",
    "PairCounts",
    "PairRow",
    "PendingPair",
    "PositionCounts",
    "ProjectionCounts",
    "ScoreCounts",
    "TraceRows",
    "Twin",
    "has_ended",
    "lock_waits",
]
# Each with the names it has: who needs one does not import what all of them need.
__getattr__ = deferred(
    __name__,
    {
        "header": (
            "CANCELLED", "FORCED_RECOVERY", "NO_ESSAYS", "BatchHeader", "has_ended",
        ),
        "matches": (
            "BatchMatch", "PairRow", "TraceRows",
        ),
        "pairs": (
            "ErrorGroup", "PairCounts", "PendingPair",
        ),
        "rows": (
            "NO_MODEL_MS", "AnswerGroup", "AnsweredCounts", "BatchRows", "BatchSummary",
            "ComparisonTotals", "PositionCounts", "ProjectionCounts", "ScoreCounts", "Twin",
        ),
        "sessions": (
            "BlockedSession", "lock_waits",
        ),
    },
)  # fmt: skip
