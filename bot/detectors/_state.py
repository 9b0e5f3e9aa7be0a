"""The base of detectors that read a state at each tick, and what their samples have in common."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import TypeAdapter

from bot.domain.alert import Judgement, Sample, Sight, Window
from bot.domain.evidence import Missing
from bot.domain.log import LogEvent

T = TypeVar("T")
NOTHING_READ = "nothing was read yet"
_TEXT = frozenset({str})


class StateDetector:
    """A detector that needs no log event; a state must be seen at two ticks before it alerts."""

    open_ticks: ClassVar[int] = 2
    clear_ticks: ClassVar[int] = 1
    needles: ClassVar[tuple[str, ...]] = ()

    def wants(self, event: LogEvent) -> bool:
        """Want no log event."""
        return False


def unreadable_reason(missing: Missing) -> str:
    """Return the `unreadable` of a sample whose source could not be read."""
    return f"{missing.source}: {missing.reason}"


def unreadable_sample(at: datetime, missing: Missing) -> Sample:
    """Return the sample of a tick that could not read its source."""
    return Sample(at, {}, unreadable_reason(missing))


def nothing_read(window: Window) -> Judgement | None:
    """Return the judgement on a window whose newest sample is absent or unreadable, else None."""
    last = window.samples[-1] if window.samples else None
    if last is None:
        return Judgement(Sight.WARMING, note=NOTHING_READ)
    return Judgement(Sight.UNREADABLE, note=last.unreadable) if last.unreadable else None


def moment(value: Any) -> datetime | None:
    """Return the time that a sample holds as text, None when it holds none."""
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


class AsJson(Generic[T]):
    """A fact as JSON values, made again only where it is another fact: most ticks change none."""

    def __init__(self, kind: TypeAdapter[T]) -> None:
        self._kind = kind
        self._made: tuple[T, Any] | None = None

    def of(self, fact: T) -> Any:
        """Return a fact that stays as it is as JSON values, which are not to be changed."""
        if self._made is None or self._made[0] is not fact:
            self._made = fact, self._kind.dump_python(fact, mode="json")
        return self._made[1]


def in_utc(fact: T) -> T:
    """Give each time of a fact that was just read from JSON the zone of all other times.

    pydantic makes a zone of its own for each, and times of two zones compare 20 times slower.
    """
    return _in_utc(fact)  # type: ignore[no-any-return]


def _in_utc(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, tuple):
        is_text = _TEXT.issuperset(map(type, value))
        return value if is_text else tuple(_in_utc(one) for one in value)
    if is_dataclass(value):
        for one in fields(value):
            object.__setattr__(value, one.name, _in_utc(getattr(value, one.name)))
    return value
