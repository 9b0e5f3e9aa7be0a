"""Rules on answers that Kafka did not take, and on comparisons that never reached the provider."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.batch.publisher import BESIDE
from bot.diagnosis.batch.rules.system_state import database_blocked
from bot.diagnosis.comparison.causes import (
    CONSUMER_HELD,
    CONSUMER_SILENT,
    CONSUMER_STEPS,
    DATABASE_BLOCKED,
    HELD_STEPS,
    LEAST_UNTAKEN,
    LOST_AFTER,
    SUBMISSION_LOST,
    UNPUBLISHED,
)
from bot.diagnosis.comparison.last_step import LossPlace, lost_answer
from bot.diagnosis.comparison.ledger import build_ledger
from bot.diagnosis.evidence.log_coverage import was_cj_read
from bot.diagnosis.evidence.submission import (
    ASK_AGAIN,
    BROKEN_OFF,
    BROKEN_OFF_WHY,
    SubmissionFault,
    fault_of,
    kafka_away_beside,
    started_after,
    submission_words,
)
from bot.diagnosis.publishing import wording
from bot.diagnosis.publishing.memory import LOST, Fate, HeldMessage
from bot.domain.evidence import LOGS, EvidenceLine
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Command, Id, Time, words
from bot.text.wording import many

SHOWN = 3
REMAINS = "Recovery batch complete: processed="
# A wave is published within a minute and taken as fast; a deployment of CJ takes as long.
UNTAKEN_AFTER = timedelta(seconds=90)
# A consumer that reads several partitions of a backlog takes one partition after the other.
AT_REST = timedelta(seconds=20)
RENAMED = "CJ's consumer began under another group's name"


def callbacks_unpublished(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Answers of this batch were made and did not reach Kafka: they wait, or are lost."""
    held = evidence.unpublished
    if not held:
        return _refused_unseen(evidence, now)
    fates = Counter(one.fate for one in held)
    lost = sum(fates[fate] for fate in LOST)
    blocked = bool(fates[Fate.BLOCKED]) or evidence.delivery.memory.open_since is not None
    waiting = len(held) - lost
    first = min(held, key=lambda one: one.at)
    overdue = now - first.at > wording.RECOVERED_WITHIN
    steps = (wording.NO_RESTART, wording.NEW_REQUEST) if waiting else ()
    return Finding(
        rule=UNPUBLISHED.rule,
        severity=Severity.ERROR if lost or blocked or overdue else Severity.WARN,
        confidence=Confidence.HIGH,
        what=wording.what(fates, blocked=blocked),
        why=wording.lost_why(fates) if lost else wording.waiting_why(blocked=blocked),
        evidence=tuple(_line(one) for one in held[:SHOWN]),
        next=(
            words(Command(f"/trace {first.correlation_id}")),
            *steps,
            *(wording.lost_steps(fates) if lost else ()),
        ),
        lost=len(held),
    )


def _refused_unseen(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Kafka refuses what was in the provider's memory before the log that was read begins."""
    memory, since = evidence.delivery.memory, evidence.pairs.pending_first_submitted_at
    if not memory.unseen or evidence.ended or since is None or not _undecided(evidence):
        return None
    waited = now - since
    if waited <= wording.RECOVERED_WITHIN:
        return None
    return Finding(
        rule=UNPUBLISHED.rule,
        severity=Severity.ERROR if waited > LOST_AFTER else Severity.WARN,
        confidence=Confidence.MEDIUM,
        what=f"Kafka refuses {many(memory.unseen, 'message')} of the LLM provider; "
        "answers may be among them",
        why="They were refused before the log that was read begins, so no line says whose they "
        "are.",
        evidence=(
            EvidenceLine(
                LOGS,
                memory.unseen_at,
                f"{memory.unseen} remain after a refused round of the publisher",
                REMAINS,
            ),
            evidence.line(many(evidence.pairs.pending, "comparison", ("waits", "wait"))),
        ),
        next=(wording.NO_RESTART, wording.NEW_REQUEST),
    )


def _undecided(evidence: BatchEvidence) -> bool:
    """Whether no line tells where some answer of the batch got lost."""
    ends = (lost_answer(one, build_ledger(one)) for one in evidence.comparisons)
    return any(one.kind is LossPlace.UNKNOWN for one in ends)


def consumer_silent(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Kafka took answers of this batch, and CJ takes nothing since then."""
    untaken, delivery = evidence.untaken, evidence.delivery
    if untaken and (deleted := _deleted(evidence)):
        return deleted
    if not untaken or not delivery.heard or evidence.ended:
        return None
    first = min(one.at for one in untaken)
    taken = delivery.taken_at
    passed = _passed_over(evidence, now)
    if passed is not None or now - first < UNTAKEN_AFTER:
        return passed
    if taken is not None and taken > first + BESIDE:
        return None
    few = len(untaken) < LEAST_UNTAKEN
    blocked = database_blocked(evidence, now) is not None
    held = blocked or delivery.at_work
    last = words("took its last one at ", Time(taken)) if taken else words("took none before")
    return Finding(
        rule=CONSUMER_SILENT.rule,
        severity=Severity.WARN if few and now - first < LOST_AFTER else Severity.ERROR,
        confidence=Confidence.LOW if few else Confidence.HIGH,
        what=words(
            f"{many(len(untaken), 'published callback')} wait: CJ is not done with its last one."
        )
        if delivery.at_work
        else words(f"CJ does not take {many(len(untaken), 'published callback')}; it ", last, "."),
        why=CONSUMER_HELD.why if held else CONSUMER_SILENT.why,
        evidence=(
            EvidenceLine(LOGS, first, "the first of them was published"),
            evidence.line(many(evidence.pairs.pending, "comparison", ("waits", "wait"))),
        ),
        next=(
            *(HELD_STEPS if held else CONSUMER_STEPS),
            words(Command(f"/trace {untaken[0].correlation_id}")),
        ),
        cause=DATABASE_BLOCKED.rule if blocked else "",
    )


def _deleted(evidence: BatchEvidence) -> Finding | None:
    """Kafka had deleted callbacks of this batch before CJ came to take them."""
    at = evidence.delivery.skipped_at
    gone = [one for one in evidence.untaken if at and one.at < at]
    if not gone or at is None:
        return None
    return Finding(
        rule=CONSUMER_SILENT.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"Kafka deleted {many(len(gone), 'published callback')} before CJ took them.",
        why="CJ was away for longer than the topic keeps what is published: it began behind them.",
        evidence=(
            EvidenceLine(LOGS, gone[0].at, "the first of them was published"),
            EvidenceLine(LOGS, at, "the offset that CJ asked for was out of range"),
        ),
        next=(
            "Have Kafka keep callbacks for longer than CJ may be away.",
            words(Command(f"/trace {gone[0].correlation_id}")),
            ASK_AGAIN,
        ),
    )


def _passed_over(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """CJ takes callbacks that were published later, and never took some of this batch."""
    delivery = evidence.delivery
    at_rest = delivery.taken_at is not None and now - delivery.taken_at >= AT_REST
    by_id = delivery.overtaken
    passed = [
        one
        for one in evidence.untaken
        if (at := by_id.get(one.queue_id)) and (at_rest or now - at >= UNTAKEN_AFTER)
    ]
    if not passed:
        return None
    first = passed[0]
    later = by_id[first.queue_id]
    renamed = delivery.regrouped_at if _within(delivery.regrouped_at, first.at, later) else None
    callbacks = many(len(passed), "published callback")
    return Finding(
        rule=CONSUMER_SILENT.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH if renamed else Confidence.MEDIUM,
        what=f"CJ passed over {callbacks}: its consumer group was renamed."
        if renamed
        else f"CJ passed over {callbacks}, and takes later ones.",
        why="Its consumer began behind them: a new group starts at the topic's end, a reset offset "
        "skips what lies before.",
        evidence=(
            EvidenceLine(LOGS, first.at, "the first of them was published"),
            *((EvidenceLine(LOGS, renamed, RENAMED),) if renamed else ()),
            EvidenceLine(LOGS, later, "CJ took one that was published later"),
        ),
        next=(
            "Look whether CJ's consumer group was renamed or its offset reset.",
            words(Command(f"/trace {first.correlation_id}")),
            ASK_AGAIN,
        ),
    )


def _within(at: datetime | None, since: datetime, until: datetime) -> bool:
    return at is not None and since - BESIDE <= at <= until + BESIDE


def submission_lost(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """CJ could not hand comparisons of this batch to the LLM provider."""
    lost = evidence.unsent
    if not lost:
        return _broken_off(evidence)
    away = kafka_away_beside(evidence.nearby, lost)
    fault = fault_of(lost, kafka_away=bool(away))
    what, why, step = submission_words(fault)
    beside = away if fault is SubmissionFault.KAFKA else ()
    trace = next(iter(evidence.correlations_of(lost)), "")
    return Finding(
        rule=SUBMISSION_LOST.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"{many(len(lost), 'comparison', ('was', 'were'))} not submitted: {what}.",
        why=why,
        evidence=(*(log_line(one.event) for one in lost[:SHOWN]), *_kafka_lines(beside)),
        next=(*((words(Command(f"/trace {trace}")),) if trace else ()), step, ASK_AGAIN),
        lost=len(lost),
    )


def _broken_off(evidence: BatchEvidence) -> Finding | None:
    """CJ ended while it sent a wave: rows were written of which no line tells that they were sent.

    Their time of sending is an intention; CJ does not take it up when it starts again.
    """
    silent = [one.row for one in evidence.comparisons if one.row and not one.clues]
    times = [row.submitted_at for row in silent if row.submitted_at]
    if not times or not was_cj_read(evidence.logs, min(times)):
        return None
    first = min(times)
    start = started_after(evidence.nearby, first)
    if start is None:
        return None
    count = many(len(silent), "comparison", ("was", "were"))
    return Finding(
        rule=SUBMISSION_LOST.rule,
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM,
        what=f"{count} {BROKEN_OFF} them",
        why=BROKEN_OFF_WHY,
        evidence=(
            evidence.line("the wave's rows were written", first),
            log_line(start),
        ),
        next=(
            words("Look what changed then: ", Command("/changes")),
            ASK_AGAIN,
        ),
        lost=len(silent),
    )


def _line(one: HeldMessage) -> EvidenceLine:
    text = words("callback of request ", Id(one.queue_id), f": {wording.FATES[one.fate]}")
    return EvidenceLine(LOGS, one.changed_at or one.at, text)


def _kafka_lines(away: Sequence[LogEvent]) -> tuple[EvidenceLine, ...]:
    text = f"{many(len(away), 'line')} beside which a service cannot reach Kafka"
    return (EvidenceLine(LOGS, away[0].at, text),) if away else ()
