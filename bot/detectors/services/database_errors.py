"""Database errors of a service, a PendingRollbackError folded into the IntegrityError before it.

Source: the incident of 2025-11-18, where a second finalisation violated grade_projections_pkey
and the broken session's PendingRollbackError followed within the second. One that comes alone, or
names another first cause (a deadlock, say), blames no constraint.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from bot.border.passing import name
from bot.detectors._batches import sole
from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    QuietSettings,
    dated_events,
)
from bot.diagnosis.batch.finalisation_lines import (
    FINALISED,
    batch_of,
    is_finalised,
    not_finalised,
    violates_grades,
)
from bot.diagnosis.comparison.causes import REPEATED_FINALISATION
from bot.diagnosis.comparison.rejections import database_fault, unstored_answer
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Text, when, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many, often

INTEGRITY = "IntegrityError"
ROLLBACK = "PendingRollbackError"
CODES = {"gkpj": INTEGRITY, "7s2a": ROLLBACK}
MOST_REMEMBERED = 200
# A broken session is used again at once or never.
FOLLOWS_WITHIN = timedelta(seconds=60)
# Before the class may stand when it was raised, which holds no name with dots.
_ORIGINAL = re.compile(
    r"Original exception was:\s*(?:\(raised[^()]{0,300}\)\s*)?\(?(?:\w+\.){0,9}([A-Z]\w*)"
    r"(?:\)\s*<class\s*'(?:\w+\.){0,9}(\w+)'>)?"
)
# A class of SQLAlchemy or of its driver's adapter, which says that something failed and no more.
_WRAPPERS = frozenset(
    {ROLLBACK, "Error", "DBAPIError", "DatabaseError", "OperationalError", "InterfaceError",
     "InternalError", "StatementError"}
)  # fmt: skip
_OF_A_CONSTRAINT = re.compile(rf"|{INTEGRITY}|\w*Violation(?:Error)?")
FOLDED = (
    "The transaction was rolled back; a PendingRollbackError after it is the same failure, seen "
    "again."
)
ALONE = (
    "The session was used again after an error broke it; no violated constraint is in the log "
    "just before."
)


@dataclass(frozen=True, slots=True)
class _Violation:
    """A violated constraint, and whether it was of a second finalisation."""

    constraint: str
    at: datetime
    again: bool


class DatabaseErrors(EventCountDetector):
    """Watches the logs for integrity errors and what follows from them."""

    name: ClassVar[str] = "database_errors"
    summary: ClassVar[str] = (
        "A service violates a database constraint, or goes on with a session that an error broke"
    )
    # A drawn traceback wraps its text, so that one word alone could be cut.
    needles: ClassVar[tuple[str, ...]] = (
        INTEGRITY, ROLLBACK, "UniqueViolation", "(Background on", "sqlalche.me", *CODES, *FINALISED,
    )  # fmt: skip
    rests_on: ClassVar[tuple[Role, ...]] = (Role.CJ,)

    def __init__(self, settings: QuietSettings) -> None:
        super().__init__(settings)
        self._violations: dict[str, _Violation] = {}
        self._finalised: dict[str, None] = {}

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event carries a database error, or says that a batch has its result."""
        return error_kind(event) is not None or is_finalised(event)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        super().resume(samples)
        self._finalised = dict.fromkeys(samples[-1].data.get("finalised") or ())

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's database errors."""
        found = []
        for at, event in dated_events(watch):
            kind = error_kind(event)
            if is_finalised(event):
                self._finalised[batch_of(event)] = None
                self._finalised = dict.fromkeys([*self._finalised][-MOST_REMEMBERED:])
            elif kind is not None and not self._is_told_elsewhere(event, kind):
                found.append(self._occurrence(at, event, kind))
        return self.sampled(watch, found, known={"finalised": [*self._finalised]})

    def _is_told_elsewhere(self, event: LogEvent, kind: str) -> bool:
        """Say whether a line is an alert of its own: a lost answer, or a first finalisation."""
        answer = unstored_answer(event)
        if answer is not None and (answer.database_away or database_fault(event)):
            return True
        first = batch_of(event) not in ("", *self._finalised)
        failed = bool(not_finalised([event])) and not violates_grades(event)
        return kind == INTEGRITY and first and failed

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        return _condition(counted)

    def _occurrence(self, at: datetime, event: LogEvent, kind: str) -> Occurrence:
        constraint = event.error.constraint if event.error else ""
        original = original_of(event) if kind == ROLLBACK else ""
        batch = event.fields.get("batch_id") or event.fields.get("cj_batch_id")
        number = str(batch) if isinstance(batch, int | str) and str(batch).isdecimal() else ""
        again = bool(not_finalised([event])) and number in self._finalised
        if kind == INTEGRITY:
            self._violations[event.container] = _Violation(constraint or INTEGRITY, at, again)
        before = self._followed(at, event, original) if kind == ROLLBACK else None
        cause = constraint or (before.constraint if before else kind)
        return Occurrence(
            subject=f"{event.service}/{cause}",
            at=at,
            source=event.container,
            text=redact(f"{kind} {constraint}: {event.event}"),
            extra={
                "kind": kind,
                "batch": number,
                "original": original,
                "fault": database_fault(event) if kind == ROLLBACK else "",
                # What follows from a violation is as grave as that.
                "again": before.again if before else again,
            },
        )

    def _followed(self, at: datetime, event: LogEvent, original: str) -> _Violation | None:
        """Return the violation that a PendingRollbackError follows from, None where it does not."""
        before = self._violations.get(event.container)
        if before is None or _OF_A_CONSTRAINT.fullmatch(original) is None:
            return None
        return before if timedelta(0) <= at - before.at <= FOLLOWS_WITHIN else None


DETECTOR = DatabaseErrors


def error_kind(event: LogEvent) -> str | None:
    """Return which database error an event carries; None for another event.

    SQLAlchemy's link codes are decoded too: gkpj is IntegrityError, 7s2a PendingRollbackError.
    """
    if event.error is not None:
        names = (event.error.kind, *event.error.chain)
        for kind in (ROLLBACK, INTEGRITY):
            if event.error.kind == kind or (kind in names and kind == INTEGRITY):
                return kind
        if event.error.code in CODES:
            return CODES[event.error.code]
    if event.level in ("error", "critical"):
        return next((kind for kind in (ROLLBACK, INTEGRITY) if kind in event.event), None)
    return None


def original_of(event: LogEvent) -> str:
    """Return the class of the error that came before a PendingRollbackError, else nothing.

    Its traceback raises it first, or its message says so. The class alone: what follows it may
    hold a row's values. One that wraps all errors alike is none.
    """
    error = event.error
    raised = list(error.chain) if error else []
    said = (event.event, error.message if error else "", event.text)
    for match in (found for text in said if (found := _ORIGINAL.search(text))):
        raised += [match[2] or "", match[1]]
    return next((str(name(one)) for one in raised if one and one not in _WRAPPERS), "")


def _condition(counted: EventCount) -> Condition:
    service, _, cause = counted.subject.partition("/")
    batches = sorted(counted.told("batch"))
    place = f" of batch {', '.join(batches)}" if batches else ""
    step = f"/batch status {batches[0]}" if batches else "/batch list"
    alone = cause == ROLLBACK
    confidence = Confidence.MEDIUM if alone else Confidence.HIGH
    again = bool(counted.extras) and all(extra.get("again") for extra in counted.extras)
    stands = "; a second finalisation, the first result stands" if again else ""
    return Condition(
        subject=counted.subject,
        rule=_rule(cause),
        severity=_severity(cause) if again else Severity.ERROR,
        confidence=confidence,
        title=words(
            words(
                f"Database error in {service}: ",
                _words(cause, counted),
                f"{place}{stands}, {many(counted.count, 'log event')}",
            ),
            when(counted.first_at, " since "),
            f", {confidence.value} confidence. Next: {step}",
        ),
        since=counted.first_at,
        known=cause,
        count=counted.fresh,
        headline=f"Second finalisation{place} failed; the first result stands"
        if again
        else f"Database error{place}: logged {often(counted.count)}",
        lasts=False,
        why=ALONE if alone else FOLDED,
        evidence=counted.examples,
        next=(step,),
        batch=sole(batches),
    )


def _severity(cause: str) -> Severity:
    """Return how grave a second finalisation is: the grades' key leaves its batch in SCORING."""
    return Severity.WARN if cause.startswith("grade_proj") else Severity.INFO


def _rule(cause: str) -> str:
    if cause == ROLLBACK:
        return "pending-rollback"
    return REPEATED_FINALISATION.rule if cause.startswith("grade_proj") else "integrity-error"


def _words(cause: str, counted: EventCount) -> Text:
    if cause == INTEGRITY:
        return f"{INTEGRITY}, its constraint not named"
    if cause != ROLLBACK:
        return f"{cause} violated"
    return words(f"{ROLLBACK} (original exception: ", _original(counted), ")")


def _original(counted: EventCount) -> str:
    """Return what came first: its class, what the database said in its words, or that neither."""
    classes = {str(extra.get("original") or "") for extra in counted.extras} - {""}
    faults = {str(extra.get("fault") or "") for extra in counted.extras} - {""}
    return ", ".join([*sorted(classes), *sorted(faults)]) or "not named"
