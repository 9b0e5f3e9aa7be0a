"""The comparison pairs of a batch, counted, and those among them that failed or wait."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.border.outside import seal

# What a row without a value is read as.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PairCounts:
    """The comparison pairs of a batch, counted; `with_winner` includes errors, as `COUNT(winner)`.

    `unsent` are pending pairs without `submitted_at`. `pending_first_submitted_at` is the oldest
    submission among pending pairs; times are aware UTC.
    """

    total: int = 0
    essay_a: int = 0
    essay_b: int = 0
    error: int = 0
    pending: int = 0
    unsent: int = 0
    other: int = 0
    first_created_at: datetime | None = None
    first_submitted_at: datetime | None = None
    last_completed_at: datetime | None = None
    last_valid_at: datetime | None = None
    pending_first_submitted_at: datetime | None = None

    @property
    def valid(self) -> int:
        """Comparisons that named a better essay."""
        return self.essay_a + self.essay_b

    @property
    def with_winner(self) -> int:
        """Rows whose winner column is set, errors included."""
        return self.total - self.pending


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Error rows alike in code, service, provider and in what the model's provider answered.

    `http_status` to `message` are what the error details say of that answer (0: there was none),
    empty where they say nothing; the message is to be matched and never shown. `roots` counts
    distinct error correlation ids: the failures that really happened (H9). `bundled_rows` are rows
    in a group of more than one, `largest` the largest such group.
    """

    code: str
    service: str
    provider: str
    rows: int
    roots: int
    bundled_rows: int = 0
    bundles: int = 0
    largest: int = 1
    first_at: datetime | None = None
    last_at: datetime | None = None
    http_status: int | None = None
    error_type: str = ""
    provider_error_type: str = ""
    message: str = ""

    def __post_init__(self) -> None:
        seal(
            self,
            texts=("error_type", "provider_error_type", "message"),
            names=(
                "code",
                "service",
                "provider",
            ),
        )

    @property
    def is_by_hand(self) -> bool:
        """Whether no service wrote these rows: each names itself and when it failed."""
        if self.service == UNKNOWN:
            return self.code == UNKNOWN and self.first_at is None
        return not self.service.endswith("service")


@dataclass(frozen=True, slots=True)
class PendingPair:
    """A comparison without an answer; at most a bounded sample of them is read."""

    pair_id: int
    correlation_id: UUID | None
    submitted_at: datetime | None
    created_at: datetime | None = None
    essay_a: str = ""
    essay_b: str = ""
