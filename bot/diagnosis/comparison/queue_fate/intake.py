"""Whether the LLM provider took a comparison in before CJ's call for it failed; pure."""

from collections.abc import Iterable

from bot.diagnosis.comparison.log_events import LogClue, Step
from bot.diagnosis.evidence.submission import LostSubmission, SubmissionFault

_IN_WORDS = frozenset(
    {
        *(SubmissionFault.SERVER, SubmissionFault.UNAVAILABLE, SubmissionFault.BUSY),
        *(SubmissionFault.REFUSED, SubmissionFault.OTHER),
    }
)


def took_in(clues: Iterable[LogClue], lost: LostSubmission) -> bool:
    """Return whether the comparison's lines show that the provider queued it all the same.

    A connection breaks, or a call times out, after the provider began to queue: its line outweighs
    CJ's. What it refuses in words it may not have queued, unless a line names its place there.
    """
    queued = [clue for clue in clues if clue.step is Step.QUEUED]
    return any(clue.queue_id or lost.fault not in _IN_WORDS for clue in queued)
