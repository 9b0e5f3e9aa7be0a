"""A batch's record and its progress row, and the states in which it asks nothing more."""

from dataclasses import dataclass
from datetime import datetime

from bot.border.outside import seal

FORCED_RECOVERY, NO_ESSAYS = "COMPLETE_FORCED_RECOVERY", "COMPLETE_INSUFFICIENT_ESSAYS"
CANCELLED = "CANCELLED"
_ENDED_STATES = ("COMPLETED", "FAILED", CANCELLED)


def has_ended(status: str, state: str | None) -> bool:
    """Say whether a batch of this status and state asks nothing more, well or not.

    Both are needed: a batch that CJ's monitor fails keeps the status FETCHING_CONTENT.
    """
    return state in _ENDED_STATES or is_complete(status) or status.startswith("ERROR")


def is_complete(status: str) -> bool:
    """Say whether a batch's upload has one of the statuses that results are published with."""
    return status.startswith("COMPLETE")


def missing_essays(header: "BatchHeader", pairs: int, essays: int | None) -> int:
    """Return how many essays were expected and take no part; 0 while they may still come.

    Of a batch that was cancelled before it compared, the essays were not fetched yet.
    """
    expected, cancelled = header.expected_essay_count, header.state == CANCELLED
    begun = pairs or (header.ended and not cancelled)
    return 0 if expected is None or essays is None or not begun else max(0, expected - essays)


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """The batch's record and its progress row, one to one.

    `status` and `state` are the database's own words, unknown ones included; `state` is None
    when the progress row is absent. `total_budget` is the column of that name (None before the
    migration of 2025-11-19 added it; `has_total_budget` distinguishes the two),
    `requested_budget` what `comparison_budget.max_pairs_requested` says: the true one where both
    exist and differ. `batching_mode` is CJ's recorded mode or override, None when not recorded.
    `assigned` says whether it is of an assignment, which has anchors; None where it was not read.
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
    assigned: bool | None = None

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
    def complete(self) -> bool:
        """Whether its upload has one of the statuses that results are published with."""
        return is_complete(self.status)

    @property
    def finalised_again(self) -> bool:
        """Whether its state shows a second finalisation, by itself.

        Later revisions' monitor also forces a batch that had ended into SCORING.
        """
        return self.state == "SCORING" and self.complete and not self.has_total_budget

    @property
    def is_scoring(self) -> bool:
        """Whether it is being finalised for the first time."""
        return self.state == "SCORING" and not self.complete

    @property
    def leaves_answers(self) -> bool:
        """Whether it ended by rights without what was on its way.

        Before December 2025 a stop by stability did not wait for it.
        """
        return self.status == "COMPLETE_STABLE" and not self.has_total_budget

    @property
    def failed(self) -> bool:
        """Whether it ended without a result and was not cancelled."""
        if self.state == CANCELLED or self.complete:
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
