"""How far a batch is, how fast it goes, and when it will be done; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.batch import CANCELLED, BatchRows

STANDS_STILL = timedelta(minutes=5)
GOES_WRONG = timedelta(minutes=15)
# Fewer results say nothing of the pace.
FEWEST = 3
SLOWER, FASTER = 1.5, 0.8


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """A batch between two looks.

    `expected_end` is a range, None when it is not known: the batch has ended, has hardly begun,
    or stands still since `still_since`. `without_result` says that it ended in failure,
    `cancelled` that somebody ended it.
    """

    batch_id: int
    done: int
    failed: int
    total: int
    ended: bool
    per_minute: float | None = None
    expected_end: tuple[datetime, datetime] | None = None
    still_since: datetime | None = None
    without_result: bool = False
    cancelled: bool = False

    def is_wrong(self, now: datetime) -> bool:
        """Say whether it stands still for so long that somebody should look."""
        return self.still_since is not None and now - self.still_since >= GOES_WRONG


@dataclass(frozen=True, slots=True)
class BatchWatch:
    """A batch that somebody waits for: its message in Slack, and who is told when it ends.

    `ts` is empty until the message stands; `token` finds it again.
    """

    id: int
    batch_id: int
    channel: str
    thread_ts: str
    asker: str
    token: str
    started_at: datetime
    ts: str = ""


def progress_of(rows: BatchRows, now: datetime) -> BatchProgress:
    """Return how far a batch is at `now`."""
    header, pairs = rows.header, rows.pairs
    done = pairs.valid + pairs.error
    total = max(pairs.total, min(header.true_budget or 0, header.max_possible_pairs or 0))
    begun, last = pairs.first_submitted_at or pairs.first_created_at, pairs.last_completed_at
    if header.ended:
        return BatchProgress(
            header.batch_id, done, pairs.error, total, True,
            without_result=header.failed, cancelled=header.state == CANCELLED,
        )  # fmt: skip
    active = last or begun or header.last_activity_at or header.created_at
    still = active if now - active >= STANDS_STILL else None
    minutes = (last - begun) / timedelta(minutes=1) if begun and last else 0.0
    pace = done / minutes if minutes > 0 and done >= FEWEST else None
    end = None
    if pace and still is None and total > done:
        left = timedelta(minutes=(total - done) / pace)
        end = (now + left * FASTER, now + left * SLOWER)
    return BatchProgress(header.batch_id, done, pairs.error, total, False, pace, end, still)
