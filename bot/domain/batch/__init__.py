"""What the CJ database says of batches and comparisons; never holds student text or user ids.

`header` is a batch's record, `pairs` its comparisons counted, `rows` all that is read of it,
`matches` what an id owns, `sessions` who waits for whom. A new fact is a field with a default. May
import bot.domain alone.
"""

import importlib
from typing import TYPE_CHECKING

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
        AnsweredCounts,
        BatchRows,
        BatchSummary,
        ComparisonTotals,
        PositionCounts,
        ProjectionCounts,
        ScoreCounts,
    )
    from bot.domain.batch.sessions import (
        BlockedSession,
        lock_waits,
    )

__all__ = [
    "CANCELLED",
    "FORCED_RECOVERY",
    "NO_ESSAYS",
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
    "has_ended",
    "lock_waits",
]
# Where each is, so that who needs one does not import what all of them need.
_PLACES = {
    **dict.fromkeys(
        (
            "CANCELLED", "FORCED_RECOVERY", "NO_ESSAYS", "BatchHeader", "has_ended",
        ),
        "bot.domain.batch.header",
    ),
    **dict.fromkeys(
        (
            "BatchMatch", "PairRow", "TraceRows",
        ),
        "bot.domain.batch.matches",
    ),
    **dict.fromkeys(
        (
            "ErrorGroup", "PairCounts", "PendingPair",
        ),
        "bot.domain.batch.pairs",
    ),
    **dict.fromkeys(
        (
            "AnsweredCounts", "BatchRows", "BatchSummary", "ComparisonTotals", "PositionCounts",
            "ProjectionCounts", "ScoreCounts",
        ),
        "bot.domain.batch.rows",
    ),
    **dict.fromkeys(
        (
            "BlockedSession", "lock_waits",
        ),
        "bot.domain.batch.sessions",
    ),
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Return one of the names above, of which a module is imported when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = found
    return found
