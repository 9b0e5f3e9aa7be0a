"""What the CJ database owns under an id: batches, and single pairs without their texts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.border.outside import seal
from bot.domain.batch.header import has_ended


@dataclass(frozen=True, slots=True)
class BatchMatch:
    """A batch that an id could mean; `how` is cj_id, bos_batch_id, prefix or label."""

    batch_id: int
    bos_batch_id: str
    status: str
    created_at: datetime
    how: str

    def __post_init__(self) -> None:
        seal(self, texts=("bos_batch_id",), names=("status",))


@dataclass(frozen=True, slots=True)
class PairRow:
    """One comparison pair, without its texts. `matched_by` says which column held the id.

    `http_status` to `message` are as in an ErrorGroup.
    """

    pair_id: int
    batch_id: int
    bos_batch_id: str
    batch_status: str
    batch_state: str | None
    request_correlation_id: UUID | None
    matched_by: str
    created_at: datetime | None = None
    submitted_at: datetime | None = None
    completed_at: datetime | None = None
    winner: str | None = None
    error_code: str | None = None
    error_service: str | None = None
    error_correlation_id: UUID | None = None
    error_at: datetime | None = None
    provider: str | None = None
    response_ms: float | None = None
    scored_at: datetime | None = None
    essay_a: str = ""
    essay_b: str = ""
    http_status: int | None = None
    error_type: str = ""
    provider_error_type: str = ""
    message: str = ""

    @property
    def batch_ended(self) -> bool:
        """Whether its batch asks nothing more."""
        return has_ended(self.batch_status, self.batch_state)

    def __post_init__(self) -> None:
        seal(
            self,
            texts=("bos_batch_id", "error_type", "provider_error_type", "message"),
            names=(
                "batch_status",
                "batch_state",
                "winner",
                "error_code",
                "error_service",
                "provider",
            ),
        )


@dataclass(frozen=True, slots=True)
class TraceRows:
    """What the database owns under a uuid; empty tuples mean that it was read and owns nothing.

    `hidden` are the tables of this that the role may not read.
    """

    pairs: tuple[PairRow, ...] = ()
    batches: tuple[BatchMatch, ...] = ()
    hidden: tuple[str, ...] = ()
