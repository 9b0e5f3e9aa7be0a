"""Conditions, judgements and a clock for tests of the alert rooms."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel

from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Severity
from bot.ports import Watch

START = datetime(2025, 11, 18, 23, 48, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is moved; `sleep` moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    async def sleep(self, seconds: float) -> None:
        """Sleep without waiting."""
        self.now += timedelta(seconds=seconds)


def condition(subject: str = "llm_provider", **changes: Any) -> Condition:
    """Return a condition of error severity."""
    values: dict[str, Any] = {
        "rule": "orphaned-item",
        "severity": Severity.ERROR,
        "confidence": Confidence.HIGH,
        "title": "LLM queue stuck",
        "since": START,
        "known": "item 3f2a",
        "count": 0,
    }
    return Condition(subject=subject, **{**values, **changes})


def clear(*conditions: Condition, **changes: Any) -> Judgement:
    """Return a judgement of a clear sight."""
    return Judgement(Sight.CLEAR, conditions, **changes)


class NoSettings(BaseModel):
    """Nothing to set."""


@dataclass
class ScriptedDetector:
    """A detector that concludes what a test tells it to; an exception is raised instead."""

    says: Judgement | Exception = field(default_factory=clear)
    seen: list[LogEvent] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    name: ClassVar[str] = "stuck_queue"
    summary: ClassVar[str] = "says what it is told"
    open_ticks: ClassVar[int] = 1
    clear_ticks: ClassVar[int] = 1
    Settings: ClassVar[type[BaseModel]] = NoSettings
    window_seconds: float = 600

    def wants(self, event: LogEvent) -> bool:
        """Want everything."""
        return True

    async def sample(self, watch: Watch) -> Sample:
        """Keep the events that came."""
        events = getattr(watch.logs, "events", ())
        self.seen.extend(events)
        return Sample(watch.now, {"events": len(events)})

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Return what was told."""
        self.windows.append(window)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def scripted(name: str, says: Judgement | Exception) -> ScriptedDetector:
    """Return a scripted detector of another name."""
    kind = type(ScriptedDetector.__name__, (ScriptedDetector,), {"name": name})
    made: ScriptedDetector = kind(says)
    return made
