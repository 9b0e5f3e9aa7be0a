"""Batches that CJ ended for too few answers, valid or at all, or could not submit, by its lines."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.detectors._provider_causes import as_json
from bot.detectors._rows import Fact
from bot.detectors._state import moment
from bot.diagnosis.batch.endings import AFTER
from bot.diagnosis.batch.finalisation_lines import FINALISED, SWEPT, batch_of, is_finalised
from bot.diagnosis.batch.rules.ended import GAVE_UP, LOW_SUCCESS
from bot.diagnosis.comparison.failed_start import (
    FAILED_STARTS,
    failed_batch,
    short_reason,
    start_remedy,
    why_not_started,
)
from bot.diagnosis.comparison.failures import Failures
from bot.domain.evidence import LOGS
from bot.domain.log import LogEvent, Role
from bot.text.wording import part_of

ENDS = "ends"
# CJ leaves a batch as it is that another of its tasks ended, with the status that it has.
TERMINAL, COMPLETE = "Batch already terminal", "COMPLETE_"
WELL_AFTER_ALL = (*FINALISED, TERMINAL)
MOST_KEPT = 50
# A batch's requests may be refused for one reason after the other; so many are told.
MOST_REASONS = 3
ENDED_SO = FAILED_STARTS[-1]
UNSENT = "CJ could not submit its comparisons"
NOTHING_SENT = "no comparison was sent"
LEFT = "CJ's monitor gave up on it"
NEEDED = "CJ ended it as failed: 80 % of its answers have to be valid."


@dataclass(frozen=True, slots=True)
class LoggedEnd:
    """The end of a batch: how many answers were valid and failed, and why it could not be sent.

    `short` is the same in a few words and `step` what mends it, where its line shows them.
    `given_up` says that CJ's monitor gave up on it, `done` how many of its comparisons were
    answered then, in per cent, where the line holds that.
    """

    batch: str
    at: datetime
    valid: int
    failed: int
    why: str = ""
    short: str = ""
    step: str = ""
    given_up: bool = False
    done: float | None = None


class LoggedEnds:
    """Remembers the ends that lines hold."""

    def __init__(self) -> None:
        self._ends: dict[str, LoggedEnd] = {}
        self._finalising: dict[str, datetime] = {}

    def note(self, events: Iterable[tuple[datetime, LogEvent]], sent: Collection[str] = ()) -> None:
        """Take in one tick's lines, in the order of their times.

        What fails in CJ once a batch's comparisons were asked for, of the `sent`, ends it not: it
        goes on by their answers.
        """
        for at, event in events:
            if is_finalising(event):
                begun = {**self._finalising, batch_of(event): at}
                self._finalising = dict([*begun.items()][-MOST_KEPT:])
            elif is_end(event):
                name = failed_batch(event) or batch_of(event)
                valid, failed = (_count(event, key) for key in ("completed", "failed"))
                given_up = GAVE_UP in event.event
                done = _done(event) if given_up else None
                if failed_batch(event) in sent:
                    continue
                why, short, step = _why(event) if failed_batch(event) else ("", "", "")
                end = LoggedEnd(name, at, valid, failed, why, short, step, given_up, done)
                self._ends = dict([*self._ends.items(), (name, end)][-MOST_KEPT:])
            elif event.role is Role.CJ and shows_result(event):
                self._ends.pop(batch_of(event), None)
                self._finalising.pop(batch_of(event), None)

    def finalising(self, batch: str) -> datetime | None:
        """Return since when the monitor finalises a batch, which may still bring a result."""
        return self._finalising.get(batch)

    def facts(self, known: Mapping[str, Sequence[Failures]], since: datetime) -> list[Fact]:
        """Return the ends since a moment as facts; `known` are the causes that name a batch."""
        return [_fact(one, known.get(one.batch) or ()) for one in self._ends.values()
                if one.at >= since]  # fmt: skip

    def unsent(self, batch: str) -> Fact:
        """Return what a line says of a batch that failed at its start; empty for another one."""
        end = self._ends.get(batch)
        return _unsent(end) if end and end.why else {}

    def to_json(self) -> list[Mapping[str, Any]]:
        """Return what `resume` takes, as JSON values."""
        return [
            {
                "batch": one.batch,
                "at": one.at.isoformat(),
                "valid": one.valid,
                "failed": one.failed,
                "why": one.why,
                "short": one.short,
                "step": one.step,
                "given_up": one.given_up,
                "done": one.done,
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
                    name,
                    at,
                    *counts,
                    str(one.get("why") or ""),
                    str(one.get("short") or ""),
                    str(one.get("step") or ""),
                    given_up=bool(one.get("given_up")),
                    done=one.get("done"),
                )


def shows_result(event: LogEvent) -> bool:
    """Say whether CJ's line shows that a batch has a result, whatever ended it before."""
    if is_finalised(event):
        return True
    return event.event.startswith(TERMINAL) and str(event.fields.get("status")).startswith(COMPLETE)


def is_finalising(event: LogEvent) -> bool:
    """Say whether the monitor begins to finalise a batch by this line of CJ."""
    return event.role is Role.CJ and SWEPT in event.event and bool(batch_of(event))


def is_end(event: LogEvent) -> bool:
    """Say whether CJ ended a batch by this line: for too few answers, or at its start."""
    if failed_batch(event):
        return True
    ends = LOW_SUCCESS in event.event or GAVE_UP in event.event
    return event.role is Role.CJ and ends and bool(batch_of(event))


def _why(event: LogEvent) -> tuple[str, str, str]:
    """Return why a batch was not started: in a sentence, in a few words, and what mends it."""
    return why_not_started(event), short_reason(event), start_remedy(event)


def _unsent(end: LoggedEnd) -> Fact:
    cause = f"{UNSENT}: {end.short}" if end.short else UNSENT
    return {
        "cause": cause,
        "why": end.why,
        "short": end.short,
        "step": end.step,
        "counted": NOTHING_SENT,
    }


def _done(event: LogEvent) -> float | None:
    value = event.fields.get("progress_pct")
    return float(value) if isinstance(value, int | float) and 0 <= value <= 100 else None


def _count(event: LogEvent, key: str) -> int:
    value = event.fields.get(f"{key}_comparisons")
    return value if isinstance(value, int) and 0 <= value < 1_000_000 else 0


def _counted(end: LoggedEnd) -> str:
    """Return what stands where the answers of another end are counted; may be empty."""
    if not end.given_up:
        return ""
    return "how many were answered is not logged" if end.done is None else (
        f"{end.done:.0f}% of its comparisons had an answer"
    )  # fmt: skip


def _fact(end: LoggedEnd, causes: Sequence[Failures]) -> Fact:
    total = end.valid + end.failed
    lost = f"{part_of(end.failed, total, 'comparison')} failed"
    return {
        "subject": f"batch {end.batch}",
        "batch": end.batch,
        "since": end.at,
        "state": "ended as failed, by CJ's own line",
        "cause": LEFT if end.given_up else lost,
        "why": f"{LEFT}{AFTER}" if end.given_up else NEEDED,
        # It gives up on what has no answer: what failed for good has one, and tells nothing of it.
        "failures": () if end.given_up else as_json(tuple(causes)[:MOST_REASONS]),
        "told_by": "" if end.why or end.given_up else "provider_errors",
        "counted": _counted(end),
        "valid": end.valid,
        "total": total,
        "source": LOGS,
        **(_unsent(end) if end.why else {}),
    }
