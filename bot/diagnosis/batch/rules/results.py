"""Rules on whether a batch's result can be trusted."""

from datetime import datetime
from math import erfc, sqrt

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.batch.finalisation_lines import finalises, is_stable
from bot.diagnosis.batch.rules.content import CONTENT_MISSING, essays_left_out
from bot.diagnosis.batch.rules.worth import answers_alike
from bot.diagnosis.comparison.causes import ANSWERS_MISSING, PROVIDER_FAILURES
from bot.domain.batch import PairCounts, PositionCounts
from bot.domain.report import Confidence, Finding, Severity
from bot.text.wording import many, part_of

ERRORS_AS_DONE = "errors-counted-as-done"
DEGENERATE = "degenerate-scores"
MODELS_MIXED, UNKNOWN = "models-mixed", "unknown"
# By fair slots one of two thousand batches has so many answers for one slot.
ONE_SIDED = 12
VALID_SHARE = 0.80
MIXED_PAIRS = 30
BIAS = 0.15
DEGENERATE_SHARE = 0.25
# Where fewer pairs lie close, it is not their share that speaks against the ranking.
MOST_SHARE = 0.5
# Of healthy rankings up to seven in ten pairs lie within their combined standard error.
UNUSABLE_SHARE = 0.85
# Where all that was asked for was answered, so few comparisons were meant: a small budget.
UNUSABLE_WHOLE = 0.97
# A share of fewer pairs (of up to five essays) is no measure: all of them may lie close by chance.
MEASURED_PAIRS = 15
ESSAYS_OF_A_PAIR = 2


def errors_counted_as_done(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch was finalised although most of what it needed are errors."""
    basis = expected_comparisons(evidence)
    pairs = evidence.pairs
    if not evidence.finalised or not pairs.error or not basis:
        return None
    if pairs.valid >= VALID_SHARE * basis:
        return None
    return Finding(
        rule=ERRORS_AS_DONE,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"Finalised with {part_of(pairs.valid, basis, 'comparison')} valid; "
        f"{pairs.error} failed.",
        why=_why_counted(evidence),
        evidence=(
            evidence.line(f"status {evidence.header.status}, state {evidence.header.state}"),
            evidence.line(
                f"{pairs.valid} valid, {many(pairs.error, 'error')}, {pairs.pending} pending",
                pairs.last_completed_at,
            ),
        ),
        next=("Do not use this batch's grades; run it again once the errors are understood.",),
        cause=PROVIDER_FAILURES.rule,
    )


def _why_counted(evidence: BatchEvidence) -> str:
    made = evidence.decision
    if made is not None and made.swept:
        return "The monitor's sweep ends a batch once all that was sent is answered, failed or not."
    if evidence.header.has_total_budget:
        return "No line that was read says why it was finalised with so few."
    return (
        "The check before finalising counted every row with a winner, and an error row has one "
        "(winner = error)."
    )


def position_bias(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Anchors stand in slot A far more, or less, often than half the time."""
    position = evidence.rows.position
    if position.mixed < MIXED_PAIRS:
        return None
    share = position.anchors_in_a / position.mixed
    if abs(share - 0.5) <= BIAS:
        return None
    chance = _by_chance(position)
    return Finding(
        rule="position-bias",
        severity=Severity.WARN,
        confidence=_surer(chance),
        what=f"Anchors are in slot A in {position.anchors_in_a} of {position.mixed} mixed pairs "
        f"({share:.0%}).",
        why="Unshuffled slots turn a model's liking for one slot into a liking for anchors "
        "(fixed upstream on 2025-11-19).",
        evidence=(
            evidence.line(
                f"{position.anchors_in_a}/{position.mixed} anchors in slot A; fair slots would do "
                f"so in {_odds(chance)}"
            ),
        ),
        next=("Compare with a run whose slots are shuffled before trusting the ranking.",),
    )


def degenerate_scores(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Most pairs of essays cannot be distinguished by their scores."""
    scores = evidence.rows.scores
    if not evidence.has_result or not scores.scored or not scores.essays:
        return None
    share = scores.close / scores.pairs if scores.pairs else 0.0
    few = bool(essays_left_out(evidence))
    whole = evidence.pairs.valid == evidence.pairs.total
    close = share > (UNUSABLE_WHOLE if whole else UNUSABLE_SHARE)
    small = whole and (scores.pairs < MEASURED_PAIRS or _is_small_budget(evidence))
    unusable = close and not few and not small
    if scores.uncompared:
        return _uncompared(evidence, few=few)
    if not close and scores.degenerate < DEGENERATE_SHARE * scores.essays:
        return None
    told = answers_alike(evidence, now) is not None
    if unusable and not told and (found := _one_sided(evidence)):
        return found
    return Finding(
        rule=DEGENERATE,
        severity=Severity.WARN if unusable else Severity.INFO,
        confidence=Confidence.HIGH,
        what=f"{share:.0%} of the pairs of essays cannot be distinguished by their scores"
        if close or share >= MOST_SHARE
        else f"The scores of {part_of(scores.degenerate, scores.essays, 'essay')} rest on few "
        "comparisons",
        why=_why_close(evidence, close=close, few=few, unusable=unusable),
        evidence=(
            evidence.line(
                f"{part_of(scores.close, scores.pairs, 'pair')} within one standard error"
            ),
            evidence.line(
                f"{scores.sharing} essays share a score, {scores.at_se_cap} at the error's cap, "
                f"{scores.uncompared} never compared"
            ),
        ),
        next=("Treat the ranking as undecided.",) if close and not few else (),
        cause=CONTENT_MISSING if few else ERRORS_AS_DONE if unusable else "",
    )


def _uncompared(evidence: BatchEvidence, *, few: bool) -> Finding:
    """Return that essays were ranked which no comparison holds, whatever their scores are."""
    scores, budget = evidence.rows.scores, evidence.header.true_budget
    why, step, cause = _why_uncompared(evidence)
    asked = f", of a budget of {budget}" if budget else ""
    return Finding(
        rule=DEGENERATE,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"{part_of(scores.uncompared, scores.essays, 'essay')} took part in no comparison: "
        "they have no rank",
        why=f"Their scores are where all begin, not what was judged: {why}",
        evidence=(
            evidence.line(f"{many(evidence.pairs.valid, 'valid comparison')}{asked}"),
            evidence.line(
                f"{scores.uncompared} never compared; {part_of(scores.close, scores.pairs, 'pair')}"
                " within one standard error"
            ),
        ),
        next=(step,),
        cause=CONTENT_MISSING if few else cause,
    )


def _why_uncompared(evidence: BatchEvidence) -> tuple[str, str, str]:
    """Return why essays were never compared, what to do, and the rule that says more of it."""
    pairs, essays = evidence.pairs, evidence.rows.scores.uncompared
    lacking = pairs.pending + pairs.error
    if lacking * ESSAYS_OF_A_PAIR >= essays:
        none = many(lacking, "comparison", ("has", "have"))
        return (
            f"{none} no valid answer, which may be theirs.",
            "Ask for what has no answer again; a larger budget gives no essay what was lost.",
            ANSWERS_MISSING if pairs.pending >= pairs.error else PROVIDER_FAILURES.rule,
        )
    return (
        "too few comparisons were made for so many essays.",
        "Run it again with a larger budget: each essay needs comparisons of its own.",
        "",
    )


def _why_close(evidence: BatchEvidence, *, close: bool, few: bool, unusable: bool) -> str:
    if unusable:
        return "Their scores lie nearer than their standard errors: too few valid comparisons."
    if close and not few and _is_small_budget(evidence):
        return (
            "All that was asked for was answered, which is less than each pair once: nothing broke."
        )
    if few or close:
        return "So few essays took part that their scores tell little."
    return "Standard errors at the cap are common where essays are few, and are no fault."


def _is_small_budget(evidence: BatchEvidence) -> bool:
    """Whether fewer comparisons were meant than there are pairs, and their answers differ."""
    return evidence.pairs.total < evidence.rows.scores.pairs and not _slot(evidence.pairs)


def _slot(pairs: PairCounts) -> str:
    """Return the slot that every answer names, "" where they differ."""
    return "A" if pairs.valid == pairs.essay_a else "B" if pairs.valid == pairs.essay_b else ""


def _one_sided(evidence: BatchEvidence) -> Finding | None:
    """Every answer names the same slot, and the scores tell nothing: the texts decided nothing."""
    pairs = evidence.pairs
    slot = _slot(pairs)
    if pairs.valid < ONE_SIDED or not slot:
        return None
    return Finding(
        rule=DEGENERATE,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"All {pairs.valid} answers name essay {slot}, whichever that is: nothing was judged",
        why="The LLM provider service turns a winner that it does not know into essay A.",
        evidence=(
            evidence.line(f"{pairs.essay_a} answers for essay A, {pairs.essay_b} for essay B"),
            evidence.line("no two essays can be distinguished by their scores"),
        ),
        next=(
            "Do not use this batch's grades.",
            "See what the model answers to one of its comparisons before running it again.",
        ),
    )


def models_mixed(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch's comparisons were judged by several models."""
    named = {name: count for name, count in evidence.rows.models.items() if UNKNOWN not in name}
    if len(named) < 2:
        return None
    told = sorted(named.items(), key=lambda one: -one[1])
    rarer = sum(count for _, count in told[1:])
    return Finding(
        rule=MODELS_MIXED,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"It was judged by {len(named)} models: {rarer} of {sum(named.values())} by another",
        why="A model judges by its own measure: CJ's default changed meanwhile, or the requests "
        "name several.",
        evidence=tuple(evidence.line(f"{count} answers by {name}") for name, count in told[:3]),
        next=("Ask whether the models were meant to be mixed before the grades are used.",),
    )


def small_net_finalised(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """A small batch was finalised as soon as each pair had been compared once."""
    decided = [
        event
        for event in evidence.events
        if event.fields.get("callbacks_reached_cap") is True
        and event.fields.get("budget_exhausted") is False
        and event.fields.get("small_net_cap_reached") is not True
        and not is_stable(event)
        and finalises(event)
    ]
    if not decided:
        return None
    return Finding(
        rule="small-net-finalised",
        severity=Severity.WARN,
        confidence=Confidence.MEDIUM,
        what="Finalised when every possible pair had one answer, with budget left and no "
        "stability reached.",
        why="Between 2025-11-21 and 2025-12-07 the denominator was capped at all possible pairs.",
        evidence=tuple(log_line(event) for event in decided[:2]),
        next=("Check whether the asked budget was meant to be spent on repeats.",),
    )


def _by_chance(position: PositionCounts) -> float:
    """Return how likely slots dealt by a fair coin stray as far (normal approximation)."""
    spread = sqrt(position.mixed) / 2
    away = abs(position.anchors_in_a - position.mixed / 2) - 0.5
    return erfc(away / spread / sqrt(2))


def _surer(chance: float) -> Confidence:
    if chance < 0.001:
        return Confidence.HIGH
    return Confidence.MEDIUM if chance < 0.01 else Confidence.LOW


def _odds(chance: float) -> str:
    return (
        f"1 of {1 / chance:,.0f} batches" if chance > 1e-6 else "less than 1 of a million batches"
    )


def expected_comparisons(evidence: BatchEvidence) -> int | None:
    """Return how many comparisons to expect: the least of budget, possible pairs and rows."""
    header, essays = evidence.header, evidence.rows.scores.essays
    possible = header.max_possible_pairs or (essays * (essays - 1) // 2 if essays > 1 else None)
    known = [n for n in (header.true_budget, possible, evidence.pairs.total) if n]
    return min(known) if known else None
