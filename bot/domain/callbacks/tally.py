"""Counts callbacks by what their contract turned away, and by what they have in common.

One number alone accuses the batching mode of what a stray message did; the share of each mode
side by side shows whether it makes a difference.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.callbacks.callback import RejectedCallback, SeenCallback
from bot.domain.evidence import TOPIC

UNKNOWN = "unknown"

Subject = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the callbacks of one mode are turned away."""

    name: str
    rejected: int
    total: int


@dataclass(frozen=True, slots=True)
class FieldTally:
    """One failing field: `malformed` is True for a wrong value, False for a missing one.

    `rejected` of `total` callbacks fail on it; the shares hold every mode seen, also those without
    a failure, the worst first.
    """

    field: str
    malformed: bool
    rejected: int
    total: int
    by_mode: tuple[Share, ...]

    @property
    def words(self) -> str:
        """The tally in one line: `serial_bundle 10/10 missing essay_a_id, per_request 0/40`."""
        what = _what(self.field, malformed=self.malformed)
        first, *others = self.by_mode
        parts = [f"{first.name} {first.rejected}/{first.total} {what}"]
        return ", ".join([*parts, *(f"{one.name} {one.rejected}/{one.total}" for one in others)])


def tally(seen: Iterable[SeenCallback]) -> tuple[FieldTally, ...]:
    """Return a tally for each field that any callback fails on, the most frequent first; pure."""
    callbacks = list(seen)
    counts = Counter(subject for one in callbacks for subject in _subjects(one))
    return tuple(
        FieldTally(
            field=subject[0],
            malformed=subject[1],
            rejected=count,
            total=len(callbacks),
            by_mode=_shares(callbacks, subject),
        )
        for subject, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def rejections(seen: SeenCallback) -> tuple[RejectedCallback, ...]:
    """Return one rejection for each field that a callback fails on; none for a good one."""
    kind = "error" if seen.is_error else "success"
    size = f", bundle of {seen.bundle_size}" if seen.bundle_size else ""
    where = f"{mode_of(seen)}, {seen.provider or UNKNOWN}{size}"
    return tuple(
        RejectedCallback(
            at=seen.at,
            field=field,
            mode=mode_of(seen),
            source=TOPIC,
            correlation_id=seen.correlation_id,
            provider=seen.provider,
            text=f"{kind} callback with {_what(field, malformed=malformed)} ({where})",
        )
        for field, malformed in _subjects(seen)
    )


def mode_of(seen: SeenCallback) -> str:
    """Return the mode of a callback, `unknown` where it does not say."""
    return seen.mode or UNKNOWN


def _subjects(seen: SeenCallback) -> list[Subject]:
    return [(field, field in seen.malformed) for field in seen.rejected]


def _what(field: str, *, malformed: bool) -> str:
    return f"{'malformed' if malformed else 'missing'} {field}"


def _shares(seen: Sequence[SeenCallback], subject: Subject) -> tuple[Share, ...]:
    totals = Counter(mode_of(one) for one in seen)
    failing = Counter(mode_of(one) for one in seen if subject in _subjects(one))
    shares = [Share(name, failing[name], total) for name, total in totals.items()]
    return tuple(sorted(shares, key=lambda one: (-one.rejected / one.total, -one.total, one.name)))
