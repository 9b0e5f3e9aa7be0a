"""Everything that is read of one batch, a line of a list of batches, and sums over several."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.border.outside import seal
from bot.domain.batch.header import BatchHeader, has_ended, is_complete
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.batch.pairs import ErrorGroup, PairCounts, PendingPair


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
    nearer to each other than their combined standard error: these cannot be distinguished.
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
class AnsweredCounts:
    """What a batch had at a given moment: pairs sent by then, and answered by then."""

    at: datetime
    submitted: int
    answered: int
    valid: int


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """Valid answers of one confidence, and how many of them chose the first essay."""

    confidence: float
    rows: int
    essay_a: int


@dataclass(frozen=True, slots=True)
class Twin:
    """Another batch of the same request (`same_request`), or of `essays` of the same essays.

    `same_event` says that both were made of one event: Kafka gave it twice, or a sender did.
    The row of an essay is of the batch that named it last, so the one before has it no more.
    """

    batch_id: int
    status: str
    created_at: datetime | None = None
    state: str | None = None
    same_request: bool = True
    essays: int = 0
    same_event: bool = False

    def __post_init__(self) -> None:
        seal(self, names=("status", "state"))

    @property
    def without_result(self) -> bool:
        """Whether it ended, and no result came of it."""
        return has_ended(self.status, self.state) and not is_complete(self.status)


# A call over a network takes longer, whatever the model.
NO_MODEL_MS = 5


@dataclass(frozen=True, slots=True)
class BatchRows:
    """Everything the database says of one batch, read in one transaction.

    `at_first_finalisation` compares what was sent and answered when the first projection or
    completion event was written (None when there was none); `worst_essay` is the essay that the
    most failed comparisons hold, and in how many; `cost` and
    `response_ms` (p50, p95) come from pair metadata where recorded, `instant` counts the answers
    that took less than any model's; `models` maps
    "provider/model" to rows, `confident` are its valid answers by their confidence, the most
    first, and `twins` the other batches of its request, or that hold its essays now.
    `hidden` are the tables that the role may not read, of which nothing is known here. `position`,
    `cost`, `response_ms`, `instant` and `models` are over `looked_at` comparisons, `errors` over
    `failures_looked_at` of those that failed: None where it was all of them. `priced` counts the
    comparisons that carry a cost, `unpaid` the instant answers under a real provider's name that
    cost nothing.
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
    instant: int = 0
    models: Mapping[str, int] = field(default_factory=dict)
    confident: tuple[AnswerGroup, ...] = ()
    twins: tuple[Twin, ...] = ()
    truncated: bool = False
    hidden: tuple[str, ...] = ()
    looked_at: int | None = None
    failures_looked_at: int | None = None
    priced: int | None = None
    unpaid: int = 0

    def __post_init__(self) -> None:
        seal(
            self,
            names=("models",),
        )

    @property
    def sampled(self) -> bool:
        """Whether cost, models, times and positions are those of some comparisons alone."""
        return self.looked_at is not None and self.looked_at < self.pairs.total

    @property
    def failures_sampled(self) -> bool:
        """Whether what failures have in common is that of some of them alone."""
        return self.failures_looked_at is not None and self.failures_looked_at < self.pairs.error


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """One line of a list of batches: the header, its pair counts and its completion events.

    `hidden` are the tables that the role may not read; their counts are 0.

    `essays` counts those that take part, anchors included; None where it was not read.
    """

    header: BatchHeader
    pairs: PairCounts
    projections: ProjectionCounts = field(default_factory=ProjectionCounts)
    completion_events: int = 0
    essays: int | None = None
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparisonTotals:
    """Sums over `batches` batches, to hold one way of working against another.

    `response_ms` is the providers' answer time (median, 95th percentile) and `cost` the sum over
    the `priced` comparisons that carry one, both from at most a bounded number of pairs
    (`looked_at`); `finalised` counts batches with stored projections. `hidden` are the tables
    of this that the role may not read.
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
    hidden: tuple[str, ...] = ()
