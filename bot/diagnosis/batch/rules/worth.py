"""Rules on what a result is worth: whether its answers judge, and grades came."""

from datetime import datetime
from math import exp, log

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.batch.rules.content import ANCHORS, lacking
from bot.diagnosis.evidence.system_state import is_mock
from bot.domain.batch import NO_MODEL_MS, AnswerGroup
from bot.domain.evidence import HEALTH, EvidenceLine
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Finding, Severity
from bot.text.wording import many, part_of

ANSWERS_ALIKE, NO_GRADES = "answers-alike", "no-grades"
MOCK_MODE, SET_BY_HAND = "mock-mode", "set-by-hand"
# What health says now holds for a batch of the last hour.
RECENT_SECONDS = 3_600
# Of fewer answers by a model a result is worth as little as of as many failures.
JUDGED_SHARE = 0.80
# What the provider says of an answer that took no time: a busy machine needs a few for a mock's.
AT_ONCE = tuple(f"response_time: {took}ms" for took in range(NO_MODEL_MS))
ANSWERED = "Comparison processing successful "
GRADES = "grade_projections"
# A coin chooses one side ten times in a row once in a thousand batches, and is not always as sure.
FEWEST_ALIKE, ALIKE_SHARE = 10, 0.95
# A model may like one slot: three of four answers are still its liking, nearly all are not.
FEWEST_ONE_SIDED, LIKING, RARE = 30, 0.75, 0.001
# Of one batch's many confidences one may stray by chance.
PART_SHARE, VERY_RARE = 0.25, 0.00001


def answers_alike(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Its answers choose one side whatever the essays are, with one and the same confidence."""
    groups, valid = evidence.rows.confident, evidence.pairs.valid
    if not groups or sum(one.rows for one in groups) < valid:
        return None
    alike = max(groups, key=lambda one: one.essay_a)
    whole = valid >= FEWEST_ALIKE and alike.essay_a >= ALIKE_SHARE * valid
    if whole or _is_part(evidence, alike):
        sure = f", all with confidence {alike.confidence:g}"
        return _alike(evidence, alike.essay_a, "A", sure, whole=whole)
    if side := _one_side(evidence):
        most = max(evidence.pairs.essay_a, evidence.pairs.essay_b)
        return _alike(evidence, most, side, "", whole=True)
    return None


def _alike(evidence: BatchEvidence, of: int, side: str, sure: str, *, whole: bool) -> Finding:
    valid = evidence.pairs.valid
    count = f"all {of}" if of == valid else f"{of} of {valid}"
    return Finding(
        rule=ANSWERS_ALIKE,
        severity=Severity.ERROR if whole else Severity.WARN,
        confidence=Confidence.HIGH if sure and whole else Confidence.MEDIUM,
        what=f"The answers do not judge: {count} choose essay {side}{sure}",
        why="The provider makes essay A of a winner that is no essay, and logs nothing of it: such "
        "rows count as valid."
        if side == "A"
        else "Slots are shuffled: who compares the texts does not choose one slot every time.",
        evidence=(
            evidence.line(
                f"{of} of {many(valid, 'valid answer')}: essay {side}{sure}",
                evidence.pairs.last_valid_at,
            ),
            evidence.line(f"by chance {_odds(_chance(of, of, 0.5))} would look so"),
        ),
        next=("Do not use its result. Read what the model answers, then run the batch again.",)
        if whole
        else ("Read what the model answers before its result is used.",),
    )


def _is_part(evidence: BatchEvidence, alike: AnswerGroup) -> bool:
    """Whether a good part of the answers are alike, and the others are not as one-sided."""
    pairs, header = evidence.pairs, evidence.header
    if not header.has_total_budget or alike.essay_a < PART_SHARE * pairs.valid:
        return False
    others = pairs.valid - alike.rows
    usual = (pairs.essay_a - alike.essay_a) / others if others else 0.5
    return _chance(alike.rows, alike.essay_a, max(0.5, usual)) < VERY_RARE


def _one_side(evidence: BatchEvidence) -> str:
    """Return the slot that nearly all of many answers chose, where slots are shuffled."""
    pairs = evidence.pairs
    most = max(pairs.essay_a, pairs.essay_b)
    if pairs.valid < FEWEST_ONE_SIDED or not evidence.header.has_total_budget:
        return ""
    if most < ALIKE_SHARE * pairs.valid or _chance(pairs.valid, most, LIKING) >= RARE:
        return ""
    return "A" if most == pairs.essay_a else "B"


def _chance(count: int, chosen: int, share: float) -> float:
    """Return at most how likely `chosen` of `count` are, where each is with that share."""
    found = chosen / count
    if found <= share or share >= 1:
        return 1.0
    rest = (1 - found) * log((1 - found) / (1 - share)) if found < 1 else 0.0
    return exp(-count * (found * log(found / share) + rest))


def _odds(chance: float) -> str:
    return (
        f"1 of {1 / chance:,.0f} batches" if chance > 1e-6 else "less than 1 of a million batches"
    )


def no_grades(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """A batch of an assignment was ranked and no grade set, and no line that was read says why."""
    rows, header = evidence.rows, evidence.header
    if not header.complete or evidence.has_no_essays or rows.projections.count:
        return None
    if not header.assigned or GRADES in rows.hidden or ANCHORS in lacking(evidence.events):
        return None
    anchors = rows.scores.anchors
    return Finding(
        rule=NO_GRADES,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what="It has no grades: no projection was stored"
        if anchors
        else "It has no grades: none of its assignment's anchors took part",
        why="CJ sets grades by anchors; its line on this batch's grades says why there are none."
        if anchors
        else "CJ sets grades by anchors alone, and had none of that assignment.",
        evidence=(
            evidence.line(f"{many(anchors, 'anchor')}, 0 grade projections", header.completed_at),
        ),
        next=("Use the ranking alone. For grades mend its anchors, then run the batch again.",),
    )


def mock_mode(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """A mock answered instead of a model: asked for by name, or under a real provider's name."""
    rows, total = evidence.rows, evidence.pairs.total
    at_once = rows.instant - rows.unpaid
    if evidence.provider.answered_by_mock and total:
        return _asked_of_mock(evidence)
    if at_once > 0:
        return _answered_at_once(evidence, at_once)
    return _mock_by_health(evidence, now) if evidence.provider.mock_mode and total else None


def _asked_of_mock(evidence: BatchEvidence) -> Finding:
    named = evidence.rows.models.items()
    asked = sum(rows for name, rows in named if is_mock(name.partition("/")[0]))
    return Finding(
        rule=MOCK_MODE,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"{part_of(asked, evidence.pairs.total, 'comparison')} answered by a mock, asked for "
        "by name: no model judged",
        why="Rows bear a mock's own name where a request or CJ's settings asked for it; mock mode "
        "bears the real one's.",
        evidence=(
            evidence.line(f"{many(asked, 'row')} of a provider named mock"),
            *_health_line(evidence),
        ),
        next=("For a judgement run it again without the override that asks for a mock.",),
    )


def _answered_at_once(evidence: BatchEvidence, at_once: int) -> Finding:
    pairs, took = evidence.pairs, evidence.rows.response_ms
    half = (evidence.line(f"half of its answers took under {took[0]:.0f} ms"),) if took else ()
    return Finding(
        rule=MOCK_MODE,
        severity=_worth_without(evidence, at_once),
        confidence=Confidence.HIGH,
        what=f"{part_of(at_once, pairs.total, 'comparison', ('was', 'were'))} answered by a mock, "
        "not by a model: in no time",
        why="With USE_MOCK_LLM the LLM provider answers by itself under the real name: rows look "
        "valid, nothing read the essays.",
        evidence=(
            evidence.line(
                f"{many(at_once, 'answer')} in under {NO_MODEL_MS} ms", pairs.last_valid_at
            ),
            *half,
            *(log_line(event) for event in _said_at_once(evidence)[:1]),
            *_health_line(evidence),
        ),
        next=(
            "Do not use these answers; turn mock mode off in the LLM provider and run it again.",
        ),
    )


def _mock_by_health(evidence: BatchEvidence, now: datetime) -> Finding:
    """The service is in mock mode now, and no answer shows that one was given by it."""
    took = evidence.rows.response_ms
    recent = not evidence.ended or evidence.quiet_for(now) < RECENT_SECONDS
    return Finding(
        rule=MOCK_MODE,
        severity=Severity.WARN if recent else Severity.INFO,
        confidence=Confidence.MEDIUM,
        what="The LLM provider service is in mock mode: no model judged these essays"
        if recent
        else "The LLM provider service is in mock mode now; it need not have been then",
        why="Rows name the provider and model that were asked, also where a mock answered.",
        evidence=(
            *_health_line(evidence),
            *((evidence.line(f"half of its answers took under {took[0]:.0f} ms"),) if took else ()),
        ),
        next=("Turn mock mode off in the LLM provider service, then run the batch again.",),
    )


def _health_line(evidence: BatchEvidence) -> tuple[EvidenceLine, ...]:
    mode = evidence.provider.mock_mode
    return () if mode is None else (EvidenceLine(HEALTH, None, f"mock_mode {mode} now"),)


def _said_at_once(evidence: BatchEvidence) -> list[LogEvent]:
    return [
        event
        for event in evidence.nearby
        if event.role is Role.LLM_PROVIDER and took_no_time(event)
    ]


def took_no_time(event: LogEvent) -> bool:
    """Say whether a line is of an answer that came sooner than any model gives one."""
    return ANSWERED in event.event and any(took in event.event for took in AT_ONCE)


def _worth_without(evidence: BatchEvidence, unjudged: int) -> Severity:
    """Return how severe it is that so many of its valid answers are no model's."""
    pairs = evidence.pairs
    judged = pairs.valid - unjudged
    return Severity.WARN if judged >= JUDGED_SHARE * pairs.total else Severity.ERROR


def set_by_hand(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Rows hold answers or errors that no service made."""
    failed, answers = evidence.set_by_hand, evidence.rows.unpaid
    rows = sum(one.rows for one in failed)
    if not rows and not answers:
        return None
    return Finding(
        rule=SET_BY_HAND,
        severity=_worth_without(evidence, answers),
        confidence=Confidence.HIGH if rows else Confidence.MEDIUM,
        what=_hand_words(rows, answers, evidence.pairs.total),
        why="A service's error bears its name, a model's answer takes time and tokens: a person or "
        "a script wrote these.",
        evidence=(
            *(
                evidence.line(f"{many(one.rows, 'row')} {one.code} by {one.service}", one.last_at)
                for one in failed[:3]
            ),
            *(
                (
                    evidence.line(
                        f"{many(answers, 'answer')} in under {NO_MODEL_MS} ms that cost nothing"
                    ),
                )
                if answers
                else ()
            ),
        ),
        next=("Ask who set them before its result is used; a judgement needs another run.",),
    )


def _hand_words(rows: int, answers: int, total: int) -> str:
    errors = f"set to an error by hand: no service failed {'it' if rows == 1 else 'them'}"
    given = "answered by hand: no model, no time, no cost"
    if not answers:
        return f"{part_of(rows, total, 'comparison', ('was', 'were'))} {errors}"
    told = f"{part_of(answers, total, 'comparison', ('was', 'were'))} {given}"
    return f"{told}; {many(rows, 'row')} {errors}" if rows else told
