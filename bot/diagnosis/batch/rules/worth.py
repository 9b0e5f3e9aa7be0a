"""Rules on what a result is worth: whether its answers judge, and grades came."""

from datetime import datetime
from math import exp, log

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.content import ANCHORS, lacking
from bot.domain.batch import AnswerGroup
from bot.domain.report import Confidence, Finding, Severity
from bot.text.wording import many

ANSWERS_ALIKE, NO_GRADES = "answers-alike", "no-grades"
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
