"""Batches that CJ ended for too few valid answers or could not submit, by its lines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.detectors._provider_causes import as_json, kept
from bot.detectors._rows import Fact
from bot.detectors._state import moment
from bot.diagnosis.batch.finalisation_lines import batch_of
from bot.diagnosis.batch.rules.ended import LOW_SUCCESS
from bot.diagnosis.comparison.failed_start import FAILED_STARTS, failed_batch, why_not_started
from bot.diagnosis.comparison.failure_reasons import reason_of_line
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures, failures_in
from bot.domain.evidence import LOGS
from bot.domain.log import LogEvent, Role
from bot.text.wording import part_of

ENDS = "ends"
MOST_KEPT = 50
# The answer that ended a batch was logged so shortly before.
SHORTLY = timedelta(seconds=20)
ENDED_SO = FAILED_STARTS[-1]
UNSENT = "CJ could not submit its comparisons"
NEEDED = "CJ ended it as failed: 80 % of its answers have to be valid."


@dataclass(frozen=True, slots=True)
class LoggedEnd:
    """The end of a batch: how many answers were valid and failed, and why the provider failed."""

    batch: str
    at: datetime
    valid: int
    failed: int
    causes: tuple[Failures, ...] = ()
    why: str = ""


class LoggedEnds:
    """Remembers the ends that lines hold, and what the provider answered shortly before."""

    def __init__(self) -> None:
        self._ends: dict[str, LoggedEnd] = {}
        self._failing: list[tuple[datetime, LogEvent]] = []

    def note(self, events: Iterable[tuple[datetime, LogEvent]]) -> None:
        """Take in one tick's lines, in the order of their times."""
        for at, event in events:
            if reason_of_line(event) is not None:
                self._failing = [one for one in self._failing if at - one[0] <= SHORTLY]
                self._failing.append((at, event))
            elif is_end(event):
                name = failed_batch(event) or batch_of(event)
                valid, failed = (_count(event, key) for key in ("completed", "failed"))
                end = LoggedEnd(name, at, valid, failed, self._causes(at), _why(event))
                self._ends = dict([*self._ends.items(), (name, end)][-MOST_KEPT:])

    def _causes(self, at: datetime) -> tuple[Failures, ...]:
        """Return why the provider failed shortly before; nothing where it failed in many ways."""
        lines = [event for begun, event in self._failing if timedelta(0) <= at - begun <= SHORTLY]
        found = [
            one for reason, one in failures_in(lines).items() if reason is not FailureReason.UNKNOWN
        ]
        return tuple(found) if len(found) == 1 else ()

    def facts(self, known: Mapping[str, Sequence[Failures]], since: datetime) -> list[Fact]:
        """Return the ends since a moment as facts; `known` are the causes that name a batch."""
        return [_fact(one, known.get(one.batch) or one.causes) for one in self._ends.values()
                if one.at >= since]  # fmt: skip

    def unsent(self, batch: str) -> Fact:
        """Return what a line says of a batch that failed at its start; empty for another one."""
        end = self._ends.get(batch)
        return {"cause": UNSENT, "why": end.why} if end and end.why else {}

    def to_json(self) -> list[Mapping[str, Any]]:
        """Return what `resume` takes, as JSON values."""
        return [
            {
                "batch": one.batch,
                "at": one.at.isoformat(),
                "valid": one.valid,
                "failed": one.failed,
                "causes": as_json(one.causes),
                "why": one.why,
            }
            for one in self._ends.values()
        ]

    def resume(self, value: Any) -> None:
        """Go on from what was kept; what has another shape is left out."""
        for one in value if isinstance(value, list) else ():
            if isinstance(one, Mapping) and (at := moment(one.get("at"))):
                name = str(one.get("batch"))
                counts = int(one.get("valid") or 0), int(one.get("failed") or 0)
                self._ends[name] = LoggedEnd(
                    name, at, *counts, kept(one.get("causes")), str(one.get("why") or "")
                )


def is_end(event: LogEvent) -> bool:
    """Say whether CJ ended a batch by this line: for too few valid answers, or at its start."""
    if failed_batch(event):
        return True
    return event.role is Role.CJ and LOW_SUCCESS in event.event and bool(batch_of(event))


def _why(event: LogEvent) -> str:
    return why_not_started(event) if failed_batch(event) else ""


def _count(event: LogEvent, key: str) -> int:
    value = event.fields.get(f"{key}_comparisons")
    return value if isinstance(value, int) and 0 <= value < 1_000_000 else 0


def _fact(end: LoggedEnd, causes: Sequence[Failures]) -> Fact:
    total = end.valid + end.failed
    lost = f"{part_of(end.failed, total, 'comparison')} failed"
    return {
        "subject": f"batch {end.batch}",
        "batch": end.batch,
        "since": end.at,
        "state": "ended as failed, by CJ's own line",
        "cause": UNSENT if end.why else lost,
        "why": end.why or NEEDED,
        "failures": as_json(tuple(causes)[:1]),
        "told_by": "" if end.why else "provider_errors",
        "valid": end.valid,
        "total": total,
        "source": LOGS,
    }
