"""Why a batch ended without a result, by its rows alone; pure."""

from bot.domain.batch import BatchHeader, PairCounts

SUCCESS_SHARE = 0.8
AFTER = " after its time-out."


def why_ended(header: BatchHeader, pairs: PairCounts) -> str:
    """Return who ended a batch without a result, and why, as its status and its answers show."""
    if not header.status.startswith("ERROR"):
        return f"CJ's monitor gave up on it{AFTER}"
    if pairs.valid + pairs.error and _share(pairs) < SUCCESS_SHARE:
        return few_valid(pairs)
    return "CJ stored no reason for it."


def few_valid(pairs: PairCounts) -> str:
    """Return that too few of its answers were valid, with their share."""
    return f"CJ ended it as failed: {_share(pairs):.0%} of its answers are valid, 80 % are needed."


def _share(pairs: PairCounts) -> float:
    answered = pairs.valid + pairs.error
    return pairs.valid / answered if answered else 0.0
