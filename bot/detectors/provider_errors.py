"""A burst of failures of the model provider, counted as real failures: a bundle fails as one.

When one request of a serial bundle fails, every item of the bundle is failed or given back, so
its lines are one failure. An open circuit breaker is told at once, mock mode with everything.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from bot.detectors.tally import dated_events
from bot.diagnosis.span import clock
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.evidence import EvidenceLine, Missing
from bot.domain.log import Followed, LogEvent
from bot.domain.redaction import redact
from bot.domain.report import Confidence, Severity
from bot.ports import Watch

PROVIDER = "llm_provider"
BUNDLE = "Serial bundle processing hit provider error"
SINGLE = "LLM service error processing request"
CIRCUIT = "Circuit breaker open"
DONE = "completed successfully, correlation_id"
ITEM_FAILED = (" failed: ", "failed with HuleEduError")
SEVERE_SHARE = 0.5
# Failures that come seldom add up for so long, as long as nothing is answered in between.
STREAK = timedelta(hours=1)
KEPT = 2


class ProviderErrorsSettings(BaseModel):
    """When failures are a burst."""

    window_seconds: float = Field(600, gt=0, description="how far back failures are counted")
    least: int = Field(5, ge=1, description="fewer real failures are no burst")
    share: float = Field(0.2, gt=0, le=1, description="share of requests that fail")
    quiet_seconds: float = Field(900, gt=0, description="over after so long without a failure")


class ProviderErrors:
    """Watches the LLM provider's log for failures and successes."""

    name: ClassVar[str] = "provider_errors"
    summary: ClassVar[str] = (
        "A fifth of the model provider's answers fail within 10 minutes, or its circuit is open"
    )
    open_ticks: ClassVar[int] = 1
    clear_ticks: ClassVar[int] = 2
    needles: ClassVar[tuple[str, ...]] = (BUNDLE, SINGLE, CIRCUIT, DONE, *ITEM_FAILED)
    Settings: ClassVar[type[BaseModel]] = ProviderErrorsSettings

    def __init__(self, settings: ProviderErrorsSettings) -> None:
        self._settings = settings

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        longest = max(self._settings.window_seconds, STREAK.total_seconds())
        return longest + self._settings.quiet_seconds

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells how a request went."""
        return any(text in event.event for text in self.needles)

    async def sample(self, watch: Watch) -> Sample:
        """Count this tick's answers and failures, and ask for the circuit breaker."""
        health = await watch.health()
        states = () if health is None or isinstance(health, Missing) else health
        data = {
            "mock_mode": next((s.mock_mode for s in states if s.mock_mode is not None), None),
            "circuits": sorted({name for state in states for name in state.open_circuits}),
            **_counts(dated_events(watch)),
        }
        logs = watch.logs
        unreadable = f"{logs.source}: {logs.reason}" if isinstance(logs, Missing) else ""
        return Sample(watch.now, data if isinstance(logs, Followed) or states else {}, unreadable)

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the counts of the window; pure."""
        known = [one for one in window.samples if one.data]
        last = window.samples[-1] if window.samples else None
        if last is not None and last.unreadable:
            return Judgement(Sight.UNREADABLE, note=last.unreadable)
        if not known:
            return Judgement(Sight.WARMING, note="nothing was read yet")
        failing = [one for one in known if _fails(one)]
        over = f"quiet since {clock(failing[-1].at)} UTC" if failing else "its answers come again"
        condition = self._newest(known, failing, now)
        return Judgement(Sight.CLEAR, (condition,) if condition else (), closing={PROVIDER: over})

    def _newest(
        self, known: Sequence[Sample], failing: Sequence[Sample], now: datetime
    ) -> Condition | None:
        """Return what was wrong when failures were a burst last, until it is quiet for long."""
        quiet = timedelta(seconds=self._settings.quiet_seconds)
        span = timedelta(seconds=self._settings.window_seconds)
        goes_on = bool(failing) and now - failing[-1].at < quiet
        looks = [one for one in reversed(known) if now - one.at < quiet] if goes_on else known[-1:]
        for look in looks:
            condition = self._condition(_recent(known, look.at, span), now)
            if condition is not None:
                return condition
        return None

    def _condition(self, recent: Sequence[Sample], now: datetime) -> Condition | None:
        failed, done = _failed(recent), _sum(recent, "done")
        circuits = recent[-1].data.get("circuits") or ()
        opened = [one for one in recent if one.data.get("circuit_lines")]
        share = failed / max(1, failed + done)
        burst = failed >= self._settings.least and share >= self._settings.share
        if not (burst or circuits or opened):
            return None
        since = next((one.at for one in recent if _failed([one])), recent[-1].at)
        severe = share >= SEVERE_SHARE or bool(circuits or opened)
        words = f"{failed} real failures against {done} answers ({share:.0%})"
        breaker = "; its circuit breaker is open" if circuits or opened else ""
        mock = "; MOCK MODE, no model answers" if recent[-1].data.get("mock_mode") else ""
        return Condition(
            subject=PROVIDER,
            rule="provider-failures",
            severity=Severity.ERROR if severe else Severity.WARN,
            confidence=Confidence.HIGH if burst else Confidence.MEDIUM,
            title=f"Model provider fails since {clock(since)} UTC{breaker}{mock}, "
            f"{'high' if burst else 'medium'} confidence. Next: /logs llm_provider error",
            since=since,
            known=f"{'severe' if severe else 'burst'}{breaker}{mock}",
            count=_failed(recent[-1:]) if recent[-1].at == now else 0,
            why="Rate limits, overload or a wrong key; what the provider answered stands in its "
            "log. A serial bundle fails as one and throws away what was already answered.",
            evidence=(EvidenceLine("logs", now, words), *_examples(recent)),
            next=("/logs llm_provider error --since 30m --level error", "/queue"),
        )


DETECTOR = ProviderErrors


def _recent(known: Sequence[Sample], until: datetime, span: timedelta) -> list[Sample]:
    """Return the samples of a span, and those before it back to the last answer."""
    found: list[Sample] = []
    for one in reversed(known):
        if one.at > until:
            continue
        is_streak = one.at > until - STREAK and not one.data.get("done") and not _sum(found, "done")
        if one.at <= until - span and not is_streak:
            break
        found.append(one)
    return found[::-1]


def _fails(sample: Sample) -> bool:
    return bool(_failed([sample]) or sample.data.get("circuit_lines"))


def _counts(events: Sequence[tuple[datetime, LogEvent]]) -> dict[str, Any]:
    """Count what went wrong by its kind, what was answered, and keep a few lines."""
    bundles = [event for _, event in events if BUNDLE in event.event]
    singles = [event for _, event in events if SINGLE in event.event]
    items = [event for _, event in events if _is_item(event)]
    shown = [*bundles, *singles] or items
    return {
        "failures": len(bundles) + len(singles),
        "items": len(items),
        "done": sum(DONE in event.event for _, event in events),
        "circuit_lines": sum(CIRCUIT in event.event for _, event in events),
        "examples": [
            {
                "source": event.container,
                "at": event.at.isoformat() if event.at else None,
                "text": redact(event.event),
            }
            for event in shown[:KEPT]
        ],
    }


def _is_item(event: LogEvent) -> bool:
    begins = event.event.startswith("Request ")
    return begins and any(text in event.event for text in ITEM_FAILED)


def _failed(samples: Sequence[Sample]) -> int:
    """Return the real failures: a bundle is one, whatever its items then say."""
    return _sum(samples, "failures") or _sum(samples, "items")


def _sum(samples: Sequence[Sample], name: str) -> int:
    return sum(int(one.data.get(name) or 0) for one in samples)


def _examples(samples: Sequence[Sample]) -> tuple[EvidenceLine, ...]:
    found: list[Mapping[str, Any]] = [e for one in samples for e in one.data.get("examples") or ()]
    return tuple(
        EvidenceLine(e["source"], datetime.fromisoformat(e["at"]) if e["at"] else None, e["text"])
        for e in found[-KEPT:]
    )
