"""What people suspected on the night of 2025-11-18, each held against a batch's evidence; pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.early_finalisation import EARLY
from bot.diagnosis.batch.rules.results import ERRORS_AS_DONE
from bot.diagnosis.batch.rules.system_state import MODE_MISMATCH
from bot.diagnosis.comparison.causes import CALLBACK_METADATA_LOST, DATABASE_BLOCKED
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.log_events import Step
from bot.diagnosis.comparison.rejections import lost_field, rejected_ids
from bot.diagnosis.queue.timeline import STUCK_RULES
from bot.domain.evidence import Missing, SourceState
from bot.domain.log import LogEvent
from bot.domain.report import Finding
from bot.domain.words import Text, when, words
from bot.text.wording import many

VIOLATIONS = ("IntegrityError", "PendingRollbackError")


class HypothesisState(StrEnum):
    """What the evidence says of a hypothesis."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One suspicion, what the evidence says of it, and why."""

    name: str
    state: HypothesisState
    why: Text

    def as_fact(self) -> dict[str, Text]:
        """Return the hypothesis as plain values."""
        return {"name": self.name, "state": self.state.value, "why": self.why}


Answer = tuple[HypothesisState, Text]
Test = Callable[[BatchEvidence, frozenset[str]], Answer]


def hypotheses(evidence: BatchEvidence, findings: Sequence[Finding]) -> tuple[Hypothesis, ...]:
    """Hold every suspicion against the evidence and what the rules found."""
    rules = frozenset(finding.rule for finding in findings)
    return tuple(Hypothesis(name, *test(evidence, rules)) for name, test in _TESTS)


def _metadata(evidence: BatchEvidence, rules: frozenset[str]) -> Answer:
    if CALLBACK_METADATA_LOST.rule in rules:
        return (
            HypothesisState.SUPPORTED,
            "callbacks of this batch's own comparisons came without their ids",
        )
    if isinstance(evidence.logs, Missing) or isinstance(evidence.owned, Missing):
        return HypothesisState.UNDECIDED, "logs or ownership could not be read"
    rejected = {id for event in evidence.nearby if lost_field(event) for id in rejected_ids(event)}
    if not rejected:
        return HypothesisState.REFUTED, "no callback was rejected for missing ids in its time"
    return (
        HypothesisState.REFUTED,
        f"{len(rejected)} rejected in its time, and no comparison of it carries such an id: not "
        "from this run, and both modes build the same metadata",
    )


def _callback_blocks_queue(evidence: BatchEvidence, _: frozenset[str]) -> Answer:
    if isinstance(evidence.logs, Missing):
        return HypothesisState.UNDECIDED, "the logs could not be read"
    rejections = [event.at for event in evidence.nearby if rejected_ids(event) and event.at]
    if not rejections:
        return HypothesisState.REFUTED, "no callback was rejected in its time"
    first = min(rejections)
    if _answers_after(evidence, first):
        return (
            HypothesisState.REFUTED,
            words("answers went on after the first rejection", when(first, " at ")),
        )
    if evidence.pairs.pending == 0:
        return (
            HypothesisState.REFUTED,
            words("every comparison was answered; the rejection was", when(first, " at ")),
        )
    return (
        HypothesisState.UNDECIDED,
        words("no answer was seen after the rejection", when(first, " at ")),
    )


def _database_error_stops(evidence: BatchEvidence, _: frozenset[str]) -> Answer:
    if isinstance(evidence.logs, Missing):
        return HypothesisState.UNDECIDED, "the logs could not be read"
    times = [event.at for event in evidence.events if _violates(event) and event.at]
    if not times:
        return HypothesisState.REFUTED, "no database error of this batch is in its logs"
    if evidence.pairs.pending == 0:
        return (
            HypothesisState.REFUTED,
            words(
                f"each of {many(evidence.pairs.total, 'comparison')} has a result; the error",
                when(min(times), " at "),
                " hit the storing of results",
            ),
        )
    waiting = many(evidence.pairs.pending, "comparison", ("waits", "wait"))
    return HypothesisState.UNDECIDED, f"{waiting} since the error"


def _commit_race(evidence: BatchEvidence, _: frozenset[str]) -> Answer:
    return (
        HypothesisState.UNDECIDED,
        "never proved: CJ commits its rows before it sends, which is the safe order, and no line "
        "shows a callback that overtook its row",
    )


def _errors_as_done(evidence: BatchEvidence, rules: frozenset[str]) -> Answer:
    if ERRORS_AS_DONE in rules:
        return (
            HypothesisState.SUPPORTED,
            f"finalised with {many(evidence.pairs.error, 'error')} among the results",
        )
    if not evidence.pairs.error:
        return HypothesisState.REFUTED, "no comparison failed"
    if not evidence.finalised:
        return HypothesisState.UNDECIDED, "it was not finalised yet"
    return HypothesisState.REFUTED, "enough comparisons were valid when it was finalised"


def _provider_cause(evidence: BatchEvidence, _: frozenset[str]) -> Answer:
    if not evidence.pairs.error:
        return HypothesisState.REFUTED, "no comparison failed"
    failures = [one for one in evidence.failures if one.comparisons]
    known = [one for one in failures if one.reason is not FailureReason.UNKNOWN]
    if known and len(known) == len(failures):
        causes = ", ".join(f"{one.comparisons} by {one.what}" for one in known)
        return HypothesisState.SUPPORTED, f"of {evidence.pairs.error} that failed {causes}"
    if isinstance(evidence.logs, Missing):
        return HypothesisState.UNDECIDED, "the rows do not say, and the logs could not be read"
    return HypothesisState.UNDECIDED, "neither the rows nor the logs that were read say all of it"


def _early(evidence: BatchEvidence, rules: frozenset[str]) -> Answer:
    then = evidence.rows.at_first_finalisation
    if EARLY in rules and then is not None:
        return (
            HypothesisState.SUPPORTED,
            words(f"{then.answered} of {then.submitted} were answered", when(then.at, " at ")),
        )
    if then is None:
        return HypothesisState.REFUTED, "no result was published"
    return HypothesisState.REFUTED, f"{then.answered} of {then.submitted} were answered by then"


def _stuck_item(evidence: BatchEvidence, rules: frozenset[str]) -> Answer:
    found = rules & STUCK_RULES
    if found:
        return HypothesisState.SUPPORTED, f"the queue holds items of it: {', '.join(sorted(found))}"
    if isinstance(evidence.queue, Missing):
        return HypothesisState.UNDECIDED, "the queue could not be read"
    if evidence.look is not None:
        return HypothesisState.UNDECIDED, "the queue holds items of it, and they move or are young"
    return (
        HypothesisState.REFUTED,
        f"none of {many(evidence.queue.size, 'item')} in the queue is its own",
    )


def _locks(evidence: BatchEvidence, rules: frozenset[str]) -> Answer:
    if DATABASE_BLOCKED.rule in rules:
        return HypothesisState.SUPPORTED, "a session blocks or waits now"
    sessions = evidence.system.sessions
    if isinstance(sessions, Missing):
        return HypothesisState.UNDECIDED, f"sessions could not be read: {sessions.reason}"
    return HypothesisState.REFUTED, "no session waits for a lock or is left open now"


def _modes(evidence: BatchEvidence, rules: frozenset[str]) -> Answer:
    if MODE_MISMATCH in rules:
        return HypothesisState.SUPPORTED, "the containers are configured differently"
    containers = evidence.system.containers
    if isinstance(containers, Missing):
        how = "is not configured" if containers.state is SourceState.NOT_CONFIGURED else "failed"
        return HypothesisState.UNDECIDED, f"reading the containers {how}"
    known = [one for one in containers if one.modes]
    if not known:
        return HypothesisState.UNDECIDED, "no container tells its batching mode"
    return HypothesisState.REFUTED, "the containers are configured alike"


_TESTS: tuple[tuple[str, Test], ...] = (
    ("serial_bundle loses the callback's metadata", _metadata),
    ("a rejected callback blocks the queue", _callback_blocks_queue),
    ("a database error stops further comparisons", _database_error_stops),
    ("a callback overtakes the commit of its row", _commit_race),
    ("errors were counted as finished comparisons", _errors_as_done),
    ("the provider's failures have a known cause", _provider_cause),
    ("results were published before all answers were in", _early),
    ("an item of this batch is stuck in the queue", _stuck_item),
    ("a lock in the database blocks it", _locks),
    ("CJ and the LLM provider run different batching modes", _modes),
)


def _violates(event: LogEvent) -> bool:
    return event.error is not None and event.error.kind in VIOLATIONS


def _answers_after(evidence: BatchEvidence, moment: datetime) -> bool:
    return any(
        clue.event.at is not None
        and clue.event.at > moment
        and clue.step in (Step.ANSWERED, Step.STORED)
        for clue in evidence.clues
    )
