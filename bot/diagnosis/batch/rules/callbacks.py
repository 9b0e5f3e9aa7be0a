"""Rules on answers that never came, and on answers that came more than once."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import datetime

from bot.border.outside import raw
from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.batch.follow_up import items_of, overdue
from bot.diagnosis.batch.queue_findings import stuck_findings
from bot.diagnosis.batch.rules.left_queue import told_of_all
from bot.diagnosis.comparison.causes import (
    DUPLICATE_CALLBACKS,
    LOST_AFTER,
    LOST_CALLBACKS,
    SUBMISSION_LOST,
    UNPUBLISHED,
)
from bot.diagnosis.comparison.evidence import is_dispatch
from bot.diagnosis.comparison.last_step import (
    IN_REDIS,
    MOVES,
    LostAnswer,
    lost_answer,
    may_be_queued,
)
from bot.diagnosis.comparison.ledger import build_ledger
from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step
from bot.diagnosis.comparison.repeats import (
    REPEATED,
    WHY,
    Repeat,
    publishers,
    publishes,
    repeat_of,
    requests_of,
)
from bot.diagnosis.evidence.batch_lines import names_batch
from bot.diagnosis.evidence.search_again import search_again
from bot.diagnosis.queue.conservation import LEFT_UNANSWERED, NOT_ACCOUNTED
from bot.diagnosis.queue.timeline import OPENS_AFTER
from bot.domain.evidence import EvidenceLine, Missing
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Span, Text, words
from bot.text.redaction import UUID
from bot.text.wording import many

DUPLICATE_SHARE = 0.01
FEW_REPEATS = 2
# Room for where answers were lost, in a sentence that is written to fit.
WHERE_CHARS, MORE_CHARS = 46, 9
IN_QUEUE = ("queued", "processing")
LOOK_AT_CJ = "Look whether cj_assessment_service runs: what Kafka keeps for it is taken then."
AGAIN = "A lost answer never comes: ask for the batch again, or let CJ's monitor end it."
_RANK = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)


def lost_callbacks(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Comparisons were sent long ago and no answer ever came."""
    pairs = evidence.pairs
    begun = _oldest_begun(evidence, now)
    if evidence.ended or not pairs.pending or begun is None or now - begun <= LOST_AFTER:
        return None
    stuck = stuck_findings(evidence, now)
    waiting = sum(item.status in IN_QUEUE for item in items_of(evidence))
    left_over = any(pair.submitted_at is None for pair in overdue(evidence, now))
    if waiting >= pairs.pending - pairs.unsent and not stuck and not left_over:
        return None
    ends = tuple(
        lost_answer(comparison, build_ledger(comparison)) for comparison in evidence.comparisons
    )
    elsewhere = _told_elsewhere(evidence, now)
    if elsewhere and evidence.delivery.memory.waiting:
        return None
    undecided = _may_still_wait(evidence, now)
    return Finding(
        rule=LOST_CALLBACKS.rule,
        severity=Severity.INFO if undecided else Severity.ERROR,
        confidence=Confidence.LOW if undecided else _confidence(evidence, ends),
        what=words(
            f"{pairs.pending} unanswered for ",
            Span(now - begun),
            f": {_where(evidence, ends, waiting)}.",
        ),
        why=MOVES if undecided else _why(ends),
        evidence=_pending_lines(evidence, ends),
        next=_steps(evidence, ends),
        cause=stuck[0].rule if stuck and all(end.kind in IN_REDIS for end in ends) else elsewhere,
    )


def duplicate_callbacks(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The same comparison was answered more than once."""
    said = (event for event in evidence.nearby if REPEATED in event.event)
    twice = [clue for event in said if (clue := evidence.clue_of(event)) and _repeats(clue)]
    ours, unknown = _split(evidence, twice)
    winners = _winners(evidence, {clue.queue_id for clue in ours} - {""})
    differing = sorted(id for id, named in winners.items() if len(named) > 1)
    total, origins = evidence.pairs.total, _origins(evidence, ours)
    often = len(ours) > DUPLICATE_SHARE * total
    if not total or not (differing or often or len(unknown) > DUPLICATE_SHARE * total):
        return None
    repeats, origin = ours or unknown, origins.most_common(1)[0][0] if origins else Repeat.UNKNOWN
    # What Kafka gives again was asked of the model once, and CJ counts it once.
    harmless = origin in (Repeat.KAFKA, Repeat.REPLICAS)
    costs = often and len(ours) > FEW_REPEATS and not harmless
    joined = "" if ours else "; whose is unknown"
    asked = {clue.correlation_id or clue.queue_id for clue in ours} - {""}
    few = 0 < 2 * len(asked) <= len(ours)
    of = f", of {many(len(asked), 'comparison')}" if few else ""
    again = f", {len(differing)} with another winner" if differing else of
    return Finding(
        rule=DUPLICATE_CALLBACKS.rule,
        severity=Severity.WARN if differing or costs else Severity.INFO,
        confidence=Confidence.HIGH if ours else Confidence.LOW,
        what=f"{many(len(repeats), 'callback')} came for what was answered already{joined}{again}.",
        why=WHY[origin],
        evidence=(
            evidence.line(
                f"{many(total, 'comparison')}, {len(ours)} answered again by their ids{of}"
            ),
            *(log_line(clue.event) for clue in repeats[:3]),
        ),
        next=(f"/trace {differing[0]}",)
        if differing
        else (search_again(repeats[-1].event, REPEATED, now),),
    )


def _origins(evidence: BatchEvidence, repeats: list[LogClue]) -> Counter[Repeat]:
    """Count who repeated the callbacks, as far as the lines show it."""
    if not repeats:
        return Counter()
    times = publishes(evidence.clues)
    bundled = any(is_dispatch(event) for event in evidence.nearby)
    by, made = publishers(evidence.clues), requests_of(evidence.clues)
    return Counter(
        repeat_of(
            times[one.queue_id],
            bundled=bundled,
            replicas=len(by.get(one.queue_id, ())) > 1,
            resent=len(made.get(one.correlation_id, ())) > 1,
        )
        for one in repeats
    )


def _told_elsewhere(evidence: BatchEvidence, now: datetime) -> str:
    """Return the rule of the finding that names where each followed answer ended, else empty."""
    if lost := told_of_all(evidence, now):
        return lost
    unsent = set(evidence.correlations_of(evidence.unsent))
    held = {one.correlation_id for one in evidence.unpublished}
    left = {one.correlation_id: one for one in evidence.departed}
    rows = [one.row for one in evidence.comparisons if one.row]
    told = unsent | held | left.keys()
    if not rows or any(str(row.request_correlation_id) not in told for row in rows):
        return ""
    if held or unsent:
        return (UNPUBLISHED if held else SUBMISSION_LOST).rule
    return LEFT_UNANSWERED if any(one.is_sound for one in left.values()) else NOT_ACCOUNTED


def _oldest_begun(evidence: BatchEvidence, now: datetime) -> datetime | None:
    """When the oldest pending comparison was sent, or written if that was never noted."""
    unsent = (pair.created_at for pair in overdue(evidence, now) if pair.submitted_at is None)
    times = (evidence.pairs.pending_first_submitted_at, *unsent)
    return min((time for time in times if time), default=None)


def _may_still_wait(evidence: BatchEvidence, now: datetime) -> bool:
    """Whether the queue was not read, its loop moves, and no line shows one that left it."""
    if not isinstance(evidence.queue, Missing) or not evidence.comparisons:
        return False
    times = [event.at for event in evidence.nearby if event.at and is_dispatch(event)]
    moved = max((*times, *filter(None, [evidence.pairs.last_completed_at])), default=None)
    if moved is None or now - moved > OPENS_AFTER:
        return False
    return all(may_be_queued(one, build_ledger(one), now) for one in evidence.comparisons)


def _confidence(evidence: BatchEvidence, ends: tuple[LostAnswer, ...]) -> Confidence:
    if not ends:
        blind = isinstance(evidence.queue, Missing) or isinstance(evidence.logs, Missing)
        return Confidence.MEDIUM if blind else Confidence.HIGH
    return min((end.confidence for end in ends), key=_RANK.index)


def _where(evidence: BatchEvidence, ends: tuple[LostAnswer, ...], waiting: int) -> str:
    if ends:
        counts = Counter(end.kind.value for end in ends).most_common()
        told, named = "", 0
        for place, count in counts:
            longer = f"{told}, {count} {place}" if told else f"{count} {place}"
            spare = MORE_CHARS if named + count < evidence.pairs.pending else 0
            if told and len(longer) > WHERE_CHARS - spare:
                break
            told, named = longer, named + count
        more = evidence.pairs.pending - named
        return told + (f", {more} more" if more > 0 else "")
    if isinstance(evidence.queue, Missing):
        return "whether they are queued could not be checked"
    return f"{waiting} of them are still in the queue"


def _why(ends: tuple[LostAnswer, ...]) -> Text:
    first = Counter(end.why for end in ends).most_common(1)
    if first:
        return first[0][0]
    return LOST_CALLBACKS.why


def _pending_lines(
    evidence: BatchEvidence, ends: tuple[LostAnswer, ...]
) -> tuple[EvidenceLine, ...]:
    pairs = evidence.pairs
    counted = evidence.line(many(pairs.pending, "pending row"), pairs.pending_first_submitted_at)
    if not ends:
        sample = evidence.rows.pending[:3]
        return (
            counted,
            *(evidence.line(f"pair {one.pair_id}", one.submitted_at) for one in sample),
        )
    lines = []
    for comparison, end in list(zip(evidence.comparisons, ends, strict=True))[:3]:
        row = comparison.row
        if row is not None:
            lines.append(evidence.line(f"pair {row.pair_id}: {end.where}", row.submitted_at))
        lines += [log_line(clue.event) for clue in comparison.clues[-1:]]
    return (counted, *lines)


def _steps(evidence: BatchEvidence, ends: Sequence[LostAnswer]) -> tuple[str, ...]:
    traced = [pair for pair in evidence.rows.pending if pair.correlation_id]
    steps = tuple(f"/trace {pair.correlation_id}" for pair in traced[:1]) or ("/queue",)
    if ends and all(one.waits_for_cj for one in ends):
        return (LOOK_AT_CJ, *steps)
    return (*steps, AGAIN)


def _repeats(clue: LogClue) -> bool:
    return clue.step is Step.STORED and clue.outcome is Outcome.DUPLICATE


def _split(evidence: BatchEvidence, twice: list[LogClue]) -> tuple[list[LogClue], list[LogClue]]:
    """Return the repeats of this batch's comparisons, and those that no id gives to any batch."""
    owners = _owners(evidence) if twice else {}
    number = evidence.header.batch_id
    ours, unknown = [], []
    for clue in twice:
        owner = owners.get(clue.correlation_id, owners.get(clue.queue_id))
        if owner == number or (owner is None and names_batch(clue.event, evidence.header)):
            ours.append(clue)
        elif owner is None:
            unknown.append(clue)
    return ours, unknown


def _owners(evidence: BatchEvidence) -> dict[str, int]:
    """Which batch a correlation id, or a request that lines bind to one, belongs to."""
    if isinstance(evidence.owned, Missing):
        return {}
    owners = {str(id): batch for id, batch in evidence.owned.items()}
    for clue in evidence.clues:
        if clue.queue_id and clue.correlation_id in owners:
            owners[clue.queue_id] = owners[clue.correlation_id]
    return owners


def _winners(evidence: BatchEvidence, requests: Set[str]) -> Mapping[str, set[str]]:
    """The winners that the lines of each request name, in one spelling."""
    found: dict[str, set[str]] = {}
    for event in evidence.nearby if requests else ():
        values = {str(event.fields.get(name) or "") for name in ("winner", "existing_winner")}
        named = {value.strip().lower().replace(" ", "_") for value in values - {""}}
        for id in (
            {one.lower() for one in UUID.findall(raw(event.text))} & requests if named else ()
        ):
            found.setdefault(id, set()).update(named)
    return found
