"""The lines in which CJ says how it decided to finalise a batch, and that it failed or went well.

Rows date each answer by the provider's clock, and a result by its publication; CJ's own lines name
the numbers that it decided by, whatever any clock says. All of it is pure.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.border.passing import name
from bot.diagnosis.comparison.database_words import refusal_told, said_by
from bot.domain.log import LogEvent, Role
from bot.domain.words import Text

# The first is every such line's, whatever went wrong.
NOT_FINALISED = (
    "Failed scoring finalization",
    "Failed to store grade projections",
    "Failed single-essay finalization",
)
FINALISED = ("Completed scoring finalization for batch", "Published completion for single-essay")
SWEPT = "Finalizing batch with all callbacks received"
THRESHOLD = "Completion threshold reached; finalizing"
EXHAUSTED = "Comparison budget exhausted; finalizing"
SCORED = "Successfully computed BT scores"
# Until 2025-11-21 a line before the decision says how much was answered, one how much was valid.
_CHECKED, _VALID = "Continuation check computed", "Valid comparisons found"
# The service's own default of what counts as no movement, since December 2025.
STABLE_CHANGE = 0.025
# Until 2025-12-01 the first alone, as yes or no.
_EVALUATED = ("Callback iteration complete; evaluated stability", "Continuation decision evaluated")
# All that tell how it was decided, and that it was done.
DECIDED = (_CHECKED, _VALID, EXHAUSTED, THRESHOLD, SWEPT, *_EVALUATED, SCORED, *FINALISED)
# What HuleEdu's own errors begin with, which says more than that class does.
_CODE = re.compile(r"\[([A-Z][A-Z0-9_]{3,60})\]")
_BATCH = re.compile(r"user_id is None for batch (\d{1,9})")
WAVE_MADE = "tracking records for CJ batch"
_WAVE = re.compile(rf"Created (\d{{1,6}}) {WAVE_MADE} (\d{{1,9}})")
BETWEEN_WAVES = "The monitor's sweep came between two waves, when all that was sent had an answer."


def not_finalised(events: Iterable[LogEvent]) -> list[LogEvent]:
    """Return the lines in which a finalisation failed."""
    return [event for event in events if any(text in event.event for text in NOT_FINALISED)]


def is_finalised(event: LogEvent) -> bool:
    """Say whether a line of CJ says that a batch was finalised."""
    return event.role is Role.CJ and any(text in event.event for text in FINALISED)


def violates_grades(event: LogEvent) -> bool:
    """Say whether a line carries the violated key of grades that an earlier run stored."""
    error = event.error
    if error is None:
        return "IntegrityError" in event.event and "grade_projections" in event.text
    return error.code == "gkpj" and "grade_projections" in (error.constraint or event.text)


def batch_of(event: LogEvent) -> str:
    """Return the batch that a line of a finalisation is about, empty when it names none."""
    value = event.fields.get("batch_id") or event.fields.get("cj_batch_id")
    if isinstance(value, int | str) and str(value).isdecimal():
        return str(value)
    match = _BATCH.search(event.event)
    return match[1] if match else ""


def _refusal(event: LogEvent, said: Sequence[str]) -> str:
    """Return what PostgreSQL refused, by its own words; empty for what it did not refuse."""
    if any("violates unique constraint" in text for text in said):
        constraint = event.error.constraint if event.error else ""
        of = f" ({name(constraint)})" if constraint else ""
        return f"The database refused it: such a row is there already, and must be unique{of}."
    if any("violates foreign key constraint" in text for text in said):
        return "The database refused it: a row that it refers to is not there."
    if any("violates not-null constraint" in text for text in said):
        return "The database refused it: a value that it needs is missing."
    return refusal_told(said)


def why_not_finalised(event: LogEvent) -> Text:
    """Return why a finalisation failed, by its line."""
    said = said_by(event)
    if any("user_id is None" in text for text in said):
        return "The batch names no user, and CJ publishes no result without one."
    if refusal := _refusal(event, said):
        return refusal
    if code := next((found[1] for text in said if (found := _CODE.search(text))), ""):
        return f"Its own line says: {name(code)}."
    kind = event.fields.get("error_type") or (event.error.kind if event.error else "")
    return f"Its own line says: {name(str(kind))}." if kind else "Its own line says no more."


@dataclass(frozen=True, slots=True)
class EndDecision:
    """The decision whose result went out first, and what was answered and valid by then.

    `valid` is None where its lines do not say it; `swept` says that the monitor made it, which goes
    by CJ's counter: `lacked` is how many of those its scores were made without.
    """

    event: LogEvent
    answered: int
    valid: int | None = None
    swept: bool = False
    lacked: int = 0


def first_decision(events: Iterable[LogEvent]) -> EndDecision | None:
    """Return the decision that the first finalisation followed, None where lines lack one of both.

    A decision whose finalisation failed is none: another one came after it.
    """
    made: EndDecision | None = None
    answered: int | None = None
    valid: int | None = None
    for event in events:
        if event.role is not Role.CJ:
            continue
        if is_finalised(event):
            return made
        if _CHECKED in event.event:
            answered, valid = _count(event, "completed_pairs"), None
        elif _VALID in event.event:
            valid = _count(event, "valid_comparisons")
        elif EXHAUSTED in event.event or THRESHOLD in event.event:
            made = _then(event, answered, valid, made)
        elif SCORED in event.event:
            made = _scored(event, made)
        else:
            made = swept_decision(event) or _evaluated(event) or made
    return None


def is_stable(event: LogEvent) -> bool:
    """Say whether the decision was made because the scores had stopped to move."""
    change = event.fields.get("max_score_change")
    settled = isinstance(change, int | float) and change <= STABLE_CHANGE
    return settled or bool(event.fields.get("stability_passed"))


def finalises(event: LogEvent) -> bool:
    """Say whether a line of CJ's continuation decides to finalise; once as yes or no."""
    named = "finali" in str(event.fields.get("decision", "")).lower()
    return named or event.fields.get("should_finalize") is True


def _then(
    event: LogEvent, answered: int | None, valid: int | None, made: EndDecision | None
) -> EndDecision | None:
    """Return a decision until 2025-11-21; what the budget ended is called complete right after."""
    if answered is None:
        return None
    if made and made.answered == answered and EXHAUSTED in made.event.event:
        return made
    return EndDecision(event, answered, valid)


def wave_made(event: LogEvent) -> tuple[str, int] | None:
    """Return the batch of which CJ made a wave by this line, and of how many comparisons."""
    match = _WAVE.match(event.event) if event.role is Role.CJ else None
    return (match[2], int(match[1])) if match else None


def is_of_sweep(event: LogEvent) -> bool:
    """Say whether a line that a batch was finalised is of the sweep; older ones do not say it."""
    return "completion_source" not in event.text or "completion_sweep" in event.text


def swept_decision(event: LogEvent) -> EndDecision | None:
    """Return a sweep's decision; all that was sent has an answer then, failed or not."""
    valid, sent = _count(event, "completed"), _count(event, "total")
    if SWEPT not in event.event or sent is None:
        return None
    return EndDecision(event, sent, valid, swept=True)


def _scored(event: LogEvent, made: EndDecision | None) -> EndDecision | None:
    """Return a decision with how many valid answers a sweep counted that are not in its scores."""
    scored = _count(event, "comparison_count")
    if made is None or not made.swept or scored is None or made.valid is None:
        return made
    return replace(made, lacked=max(0, min(made.valid, made.answered) - scored))


def _evaluated(event: LogEvent) -> EndDecision | None:
    answered = _count(event, "callbacks_received")
    if answered is None or not finalises(event):
        return None
    if not any(text in event.event for text in _EVALUATED):
        return None
    share = event.fields.get("success_rate")
    valid = round(share * answered) if isinstance(share, float) else None
    return EndDecision(event, answered, valid)


def _count(event: LogEvent, name: str) -> int | None:
    value = event.fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
