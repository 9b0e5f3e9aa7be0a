"""Comparisons of several batches added up, to hold one way of working against another."""

from dataclasses import dataclass, field

from bot.domain.batch import ErrorGroup, PairCounts


@dataclass(frozen=True, slots=True)
class ComparisonTotals:
    """Sums over `batches` batches.

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
