"""Holds the provenance of log texts against the logs of the day on which they were seen."""

import re
from dataclasses import dataclass

from bot.domain.needles import PROVENANCE, Seen
from tests.truth.day import Day


@dataclass(frozen=True, slots=True)
class HeldTexts:
    """What is `seen` on a day by the table, what of it is `unseen`, what was only `read` before."""

    day: str
    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    read: tuple[str, ...]


def texts_of(day: Day) -> HeldTexts | None:
    """Return how the table and the day's logs agree; None for a day that the table does not name.

    The logs are of a day when their first line is: later lines may name any other.
    """
    files = sorted(day.logs.glob("*.log")) if day.logs else []
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    heads = "".join(text[:2_000] for text in texts)
    named = {where for where in PROVENANCE.values() if isinstance(where, Seen)}
    day_of = next((one for one in named if _begins(one).search(heads)), None)
    if day_of is None:
        return None
    held = {known: any(known in text for text in texts) for known in PROVENANCE}
    seen = tuple(known for known, where in PROVENANCE.items() if where == day_of)
    return HeldTexts(
        day_of.day,
        seen,
        tuple(known for known in seen if not held[known]),
        tuple(k for k, w in PROVENANCE.items() if held[k] and not isinstance(w, Seen)),
    )


def _begins(seen: Seen) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(seen.day)}[T ]{seen.hour}")
