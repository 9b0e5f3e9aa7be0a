"""What a trace of one comparison proves to be wrong; one pure function a rule."""

from dataclasses import replace

from bot.diagnosis.comparison.causes import (
    CALLBACK_METADATA_LOST,
    DUPLICATE_CALLBACKS,
    FOREIGN_CALLBACK,
    LOST_AFTER,
    LOST_CALLBACKS,
    STRAY_NOTES,
    SUBMISSION_LOST,
    UNPUBLISHED,
)
from bot.diagnosis.comparison.departure import departure
from bot.diagnosis.comparison.last_step import MOVES, LossPlace
from bot.diagnosis.comparison.log_events import Outcome, Step, line_text
from bot.diagnosis.comparison.queue_fate.intake import took_in
from bot.diagnosis.comparison.rejections import called
from bot.diagnosis.comparison.repeats import WHY, publishes, repeat_of
from bot.diagnosis.evidence.submission import (
    ASK_AGAIN,
    BROKEN_OFF,
    BROKEN_OFF_WHY,
    LostSubmission,
    fault_of,
    kafka_away_beside,
    lost_submission,
    submission_words,
)
from bot.diagnosis.publishing import wording
from bot.diagnosis.publishing.memory import WAITING, Fate
from bot.diagnosis.queue.conservation import departure_finding
from bot.diagnosis.trace.failure_rules import bundle_collateral, provider_failure
from bot.diagnosis.trace.loss_rules import (
    answer_not_stored,
    broken_off_by,
    lost_in_the_queue,
    lost_place,
    may_still_wait,
)
from bot.diagnosis.trace.traced import (
    TracedComparison,
    last_lines,
    lines_of,
    rejections,
    row_line,
)
from bot.domain.batch import CANCELLED, BatchRows, PairRow
from bot.domain.evidence import DATABASE, LOGS, EvidenceLine
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Command, Span, words

ASK_FOR_IT = "Ask for it again: no answer comes."
OWN_FIELDS = ("essay_a_id", "essay_b_id", "prompt_sha256")


def foreign_callback(traced: TracedComparison) -> Finding | None:
    """A callback was rejected, and no batch in the database owns it."""
    if traced.owned is not False or not traced.rejected:
        return None
    return Finding(
        rule=FOREIGN_CALLBACK.rule,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what="A rejected callback that no batch in the database owns.",
        why=FOREIGN_CALLBACK.why,
        evidence=(
            EvidenceLine(DATABASE, None, f"no pair and no batch carries {traced.id}"),
            *rejections(traced),
            *(EvidenceLine(LOGS, None, note) for note in STRAY_NOTES),
        ),
        next=(
            "Judge the run that broke off by its own batch: /batch list",
            "A runner of 2025-11-30 or later skips callbacks without a batch hint.",
        ),
    )


def callback_metadata_lost(traced: TracedComparison) -> Finding | None:
    """The comparison is ours, and its callback came back without what identifies it."""
    fields = {clue.rejected_field for clue in traced.turned_away}
    for callback in traced.rejected_callbacks:
        fields |= set(callback.rejected)
    lost = sorted(fields & set(OWN_FIELDS))
    row = traced.comparison.row
    if row is None or not lost:
        return None
    return Finding(
        rule=CALLBACK_METADATA_LOST.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"The callback of pair {row.pair_id} (batch {row.batch_id}) came without "
        f"{called(lost)}.",
        why=CALLBACK_METADATA_LOST.why,
        evidence=(
            EvidenceLine(DATABASE, row.created_at, f"pair {row.pair_id} of batch {row.batch_id}"),
            *rejections(traced),
        ),
        next=(f"/batch status {row.batch_id}",),
    )


def lost_callback(traced: TracedComparison) -> Finding | None:
    """The comparison was sent long ago and nothing came back, or its batch ended without it."""
    row, held = traced.comparison.row, traced.comparison.unpublished
    if row is None or row.winner is not None or row.submitted_at is None:
        return None
    age = traced.now - row.submitted_at
    if (held and held.fate in WAITING) or submission_lost(traced):
        return None
    if row.batch_ended:
        return _ended_without(traced, row)
    if age <= LOST_AFTER:
        return None
    end = lost_place(traced)
    if end.kind in (LossPlace.QUEUED, LossPlace.PROCESSING) and not traced.is_stuck:
        return None
    undecided = may_still_wait(traced)
    return Finding(
        rule=LOST_CALLBACKS.rule,
        severity=Severity.INFO if undecided else Severity.ERROR,
        confidence=Confidence.LOW if undecided else end.confidence,
        what=words(f"Pair {row.pair_id} waits for ", Span(age), f": {end.where}."),
        why=MOVES if undecided else end.why,
        evidence=last_lines(traced),
        next=(f"/batch status {row.batch_id}", wording.ASK_AGAIN if held else "/queue"),
        cause=_cause(traced),
    )


def _ended_without(traced: TracedComparison, row: PairRow) -> Finding:
    """Return that its batch has a result, or none, and this answer is not in it."""
    header = traced.batch.header if isinstance(traced.batch, BatchRows) else None
    by_rights = row.batch_state == CANCELLED or (header is not None and header.leaves_answers)
    end = lost_place(traced)
    return Finding(
        rule=LOST_CALLBACKS.rule,
        severity=Severity.INFO if by_rights else Severity.WARN,
        confidence=end.confidence,
        what=f"Pair {row.pair_id} got no answer, its batch ended: {end.where}.",
        why=end.why,
        evidence=(*row_line(row), *last_lines(traced)),
        next=(*(() if by_rights else (ASK_FOR_IT,)), f"/batch status {row.batch_id}"),
        cause=_cause(traced),
    )


def _cause(traced: TracedComparison) -> str:
    """Return the rule that says why no answer came, else empty."""
    rules = (lost_in_the_queue, left_unanswered, answer_not_stored)
    return next((found.rule for rule in rules if (found := rule(traced))), "")


def left_unanswered(traced: TracedComparison) -> Finding | None:
    """The comparison left the LLM queue without an answer, an error, an expiry or a return."""
    row, left = traced.comparison.row, departure(traced.comparison)
    if left is None or traced.loss is not None or (row is not None and row.winner is not None):
        return None
    step = (words(Command(f"/batch status {row.batch_id}")), ASK_AGAIN) if row else (ASK_AGAIN,)
    return replace(departure_finding((left,)), next=step)


def callback_unpublished(traced: TracedComparison) -> Finding | None:
    """The answer was made, and Kafka did not take its callback."""
    held, row = traced.comparison.unpublished, traced.comparison.row
    if held is None or (row is not None and row.winner is not None) or lost_callback(traced):
        return None
    waits, blocked = held.fate in WAITING, held.fate is Fate.BLOCKED
    lost = wording.lost_steps({held.fate})
    steps = (wording.NO_RESTART, wording.NEW_REQUEST) if waits else lost
    at = held.changed_at or held.at
    return Finding(
        rule=UNPUBLISHED.rule,
        severity=Severity.WARN
        if held.fate is Fate.REFUSED and traced.now - held.at <= wording.RECOVERED_WITHIN
        else Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"Its callback is not in Kafka: {wording.FATES[held.fate]}.",
        why=wording.waiting_why(blocked=blocked) if waits else wording.lost_why({held.fate}),
        evidence=(
            EvidenceLine(LOGS, at, wording.FATES[held.fate]),
            *last_lines(traced),
        ),
        next=(*((words(Command(f"/batch status {row.batch_id}")),) if row else ()), *steps),
    )


def submission_lost(traced: TracedComparison) -> Finding | None:
    """CJ could not hand the comparison to the LLM provider."""
    lost = _unsent(traced)
    if not lost:
        return _broken_off(traced)
    away = kafka_away_beside(traced.nearby, lost)
    what, why, step = submission_words(fault_of(lost, kafka_away=bool(away)))
    return Finding(
        rule=SUBMISSION_LOST.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"It was not submitted: {what}.",
        why=why,
        evidence=tuple(
            EvidenceLine(one.event.container, one.at, line_text(one.event)) for one in lost[-2:]
        ),
        next=(step, ASK_AGAIN),
    )


def _broken_off(traced: TracedComparison) -> Finding | None:
    """CJ ended while it sent the wave: the row was written, and no line tells that it was sent."""
    row, start = traced.comparison.row, broken_off_by(traced)
    if row is None or start is None:
        return None
    return Finding(
        rule=SUBMISSION_LOST.rule,
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM,
        what=f"It was {BROKEN_OFF} it",
        why=BROKEN_OFF_WHY,
        evidence=(*row_line(row), EvidenceLine(start.container, start.at, line_text(start))),
        next=(words(Command(f"/batch status {row.batch_id}")), ASK_AGAIN),
    )


def _unsent(traced: TracedComparison) -> tuple[LostSubmission, ...]:
    """Return CJ's failing lines on the pair's essays, while it has no answer."""
    row = traced.comparison.row
    if row is None or row.winner is not None or not row.essay_a:
        return ()
    found = (lost_submission(event) for event in traced.nearby)
    essays = (row.essay_a, row.essay_b)
    mine = (one for one in found if one and (one.essay_a, one.essay_b) == essays)
    return tuple(one for one in mine if not took_in(traced.comparison.clues, one))


def duplicate_callback(traced: TracedComparison) -> Finding | None:
    """The callback came more than once."""
    doubles = traced.comparison.of(Step.STORED, Outcome.DUPLICATE)
    if not doubles:
        return None
    differing = len(_winners(traced)) > 1
    said = publishes(traced.comparison.clues)[doubles[0].queue_id]
    return Finding(
        rule=DUPLICATE_CALLBACKS.rule,
        severity=Severity.WARN if differing else Severity.INFO,
        confidence=Confidence.HIGH,
        what=f"The callback came {len(doubles) + 1} times"
        + (", with different winners; the first one counts." if differing else "."),
        why=WHY[repeat_of(said, bundled=bool(traced.comparison.dispatches))],
        evidence=lines_of(doubles),
        next=(f"/logs cj {traced.id}",),
    )


RULES = (
    foreign_callback,
    callback_metadata_lost,
    lost_in_the_queue,
    left_unanswered,
    answer_not_stored,
    lost_callback,
    callback_unpublished,
    submission_lost,
    provider_failure,
    bundle_collateral,
    duplicate_callback,
)


def findings_of(traced: TracedComparison) -> tuple[Finding, ...]:
    """Return what every rule finds."""
    return tuple(finding for rule in RULES if (finding := rule(traced)) is not None)


def _winners(traced: TracedComparison) -> set[str]:
    """The winners that the callbacks named, as the log lines wrote them."""
    names = ("winner", "existing_winner")
    values = (clue.event.fields.get(name) for clue in traced.comparison.clues for name in names)
    return {str(value).lower().replace(" ", "_") for value in values if value}
