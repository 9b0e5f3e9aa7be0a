"""What the CJ database says of batches and comparisons; never holds student text or user ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bot.border.outside import seal
from bot.domain.outbox import OutboxGroup

FORCED_RECOVERY, NO_ESSAYS = "COMPLETE_FORCED_RECOVERY", "COMPLETE_INSUFFICIENT_ESSAYS"
CANCELLED = "CANCELLED"
_ENDED_STATES = ("COMPLETED", "FAILED", CANCELLED)


def has_ended(status: str, state: str | None) -> bool:
    """Say whether a batch of this status and state asks nothing more, well or not.

    Both are needed: a batch that CJ's monitor fails keeps the status FETCHING_CONTENT.
    """
    return state in _ENDED_STATES or status.startswith(("COMPLETE", "ERROR"))


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """The batch's record and its progress row, one to one.

    `status` and `state` are the database's own words, unknown ones included; `state` is None
    when the progress row is absent. `total_budget` is the column of that name (None before the
    migration of 2025-11-19 added it; `has_total_budget` distinguishes the two),
    `requested_budget` what `comparison_budget.max_pairs_requested` says: the true one where both
    exist and differ. `batching_mode` is CJ's recorded mode or override, None when not recorded.
    """

    batch_id: int
    bos_batch_id: str
    event_correlation_id: str
    status: str
    state: str | None
    created_at: datetime
    updated_at: datetime | None = None
    completed_at: datetime | None = None
    expected_essay_count: int | None = None
    has_total_budget: bool = True
    total_budget: int | None = None
    requested_budget: int | None = None
    max_possible_pairs: int | None = None
    total_comparisons: int | None = None
    submitted_comparisons: int | None = None
    completed_comparisons: int | None = None
    failed_comparisons: int | None = None
    completion_threshold_pct: int | None = None
    current_iteration: int | None = None
    last_activity_at: datetime | None = None
    batching_mode: str | None = None
    forced_to_scoring_reason: str | None = None
    unreadable: int = 0

    def __post_init__(self) -> None:
        seal(
            self,
            texts=(
                "bos_batch_id",
                "event_correlation_id",
            ),
            names=(
                "status",
                "state",
                "batching_mode",
                "forced_to_scoring_reason",
            ),
        )

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come for this batch, well or not."""
        return has_ended(self.status, self.state)

    @property
    def failed(self) -> bool:
        """Whether it ended without a result, and nobody cancelled it."""
        if self.state == CANCELLED or self.status.startswith("COMPLETE"):
            return False
        return self.state == "FAILED" or self.status.startswith("ERROR")

    @property
    def forced(self) -> bool:
        """Whether CJ's monitor scored it without waiting for the rest."""
        return self.status == FORCED_RECOVERY or bool(self.forced_to_scoring_reason)

    @property
    def true_budget(self) -> int | None:
        """The requested budget where it is known, else the column.

        The migration's back-fill wrote the size of the last wave into `total_budget` of old
        batches (batch 33: 10 where 100 were asked), so the request is believed first.
        """
        return self.requested_budget if self.requested_budget is not None else self.total_budget


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


@dataclass(frozen=True, slots=True)
class PositionCounts:
    """Pairs of one anchor and one student essay, and how many had the anchor in slot A."""

    mixed: int = 0
    anchors_in_a: int = 0


@dataclass(frozen=True, slots=True)
class ProjectionCounts:
    """Grade projections stored for the batch; zero rows can be legal (no anchors)."""

    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """The essays of a batch and how their Bradley-Terry scores look.

    `sharing` counts scored essays whose score another essay of the batch also has, `at_se_cap`
    those with a standard error of 2.0 or more, `degenerate` those that are either,
    `uncompared` those with comparison_count 0. Of `pairs` pairs of essays, `close` have scores
    nearer to each other than their combined standard error: these cannot be told apart.
    """

    essays: int = 0
    anchors: int = 0
    scored: int = 0
    sharing: int = 0
    at_se_cap: int = 0
    degenerate: int = 0
    uncompared: int = 0
    pairs: int = 0
    close: int = 0


@dataclass(frozen=True, slots=True)
class PendingPair:
    """A comparison without an answer; at most a bounded sample of them is read."""

    pair_id: int
    correlation_id: UUID | None
    submitted_at: datetime | None
    created_at: datetime | None = None
    essay_a: str = ""
    essay_b: str = ""


@dataclass(frozen=True, slots=True)
class AnsweredCounts:
    """What a batch had at a given moment: pairs sent by then, and answered by then."""

    at: datetime
    submitted: int
    answered: int
    valid: int


@dataclass(frozen=True, slots=True)
class BatchRows:
    """Everything the database says of one batch, read in one transaction.

    `at_first_finalisation` compares what was sent and answered when the first projection or
    completion event was written (None when there was none); `worst_essay` is the essay that the
    most failed comparisons hold, and in how many; `cost` and
    `response_ms` (p50, p95) come from pair metadata where recorded; `models` maps
    "provider/model" to rows.
    """

    header: BatchHeader
    pairs: PairCounts = field(default_factory=PairCounts)
    errors: tuple[ErrorGroup, ...] = ()
    position: PositionCounts = field(default_factory=PositionCounts)
    projections: ProjectionCounts = field(default_factory=ProjectionCounts)
    outbox: tuple[OutboxGroup, ...] = ()
    scores: ScoreCounts = field(default_factory=ScoreCounts)
    worst_essay: tuple[str, int] | None = None
    pending: tuple[PendingPair, ...] = ()
    at_first_finalisation: AnsweredCounts | None = None
    cost: float | None = None
    response_ms: tuple[float, float] | None = None
    models: Mapping[str, int] = field(default_factory=dict)
    truncated: bool = False

    def __post_init__(self) -> None:
        seal(
            self,
            names=("models",),
        )


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """One line of a list of batches: the header, its pair counts and its completion events.

    `essays` counts those that take part, anchors included; None where it was not read.
    """

    header: BatchHeader
    pairs: PairCounts
    projections: ProjectionCounts = field(default_factory=ProjectionCounts)
    completion_events: int = 0
    essays: int | None = None


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
    """What the database owns under a uuid; empty tuples mean that it was read and owns nothing."""

    pairs: tuple[PairRow, ...] = ()
    batches: tuple[BatchMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockedSession:
    """A session of the database that waits or is left open; pids and ages only, no query text."""

    pid: int
    state: str
    wait: str
    age_seconds: float
    blocked_by: tuple[int, ...] = ()
    relation: str = ""
    application: str = ""

    def __post_init__(self) -> None:
        seal(self, texts=("state", "wait"), names=("relation", "application"))


def lock_waits(
    sessions: Sequence[BlockedSession], seconds: float
) -> tuple[tuple[BlockedSession, ...], tuple[int, ...]]:
    """Return the sessions that have waited for another for longer, and the pids at the root.

    An open transaction that nobody waits for blocks nothing, whoever left it open.
    """
    waiting = tuple(one for one in sessions if one.blocked_by and one.age_seconds > seconds)
    holding = {pid for one in waiting for pid in one.blocked_by}
    roots = holding - {one.pid for one in waiting}
    return waiting, tuple(sorted(roots or holding))


@dataclass(frozen=True, slots=True)
class ComparisonTotals:
    """Sums over `batches` batches, to hold one way of working against another.

    `response_ms` is the providers' answer time (median, 95th percentile) and `cost` the sum over
    the `priced` comparisons that carry one, both from at most a bounded number of pairs
    (`looked_at`); `finalised` counts batches with stored projections.
    """

    batches: int = 0
    pairs: PairCounts = field(default_factory=PairCounts)
    errors: tuple[ErrorGroup, ...] = ()
    projections: int = 0
    finalised: int = 0
    cost: float | None = None
    priced: int = 0
    response_ms: tuple[float, float] | None = None
    looked_at: int = 0
