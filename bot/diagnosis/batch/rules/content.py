"""Rules on essays that could not take part, and on what they were compared without."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from bot.border.passing import name
from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.evidence.search_again import search_again
from bot.diagnosis.evidence.submission import UNREACHABLE
from bot.domain.batch import CANCELLED, Twin
from bot.domain.batch.header import missing_essays
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Command, words
from bot.text.wording import many, part_of

CONTENT_MISSING, ESSAYS_MOVED = "content-missing", "essays-moved"
# Of how many essays a result went out: CJ says so as it publishes it, anchors not among them.
PUBLISHED, RESULTS = "Published dual events", "essay_results_count"
NOT_PREPARED = "Failed to prepare essay"
# How many texts CJ got, anchors among them; an essay that a request names twice counts twice.
PREPARED_FOR = " essays for CJ assessment"
PREPARED = re.compile(rf"Prepared (\d+){PREPARED_FOR}")
# What CJ says when it compares without a part of the assignment.
NO_PROMPT = (
    "Student prompt reference missing",
    "Hydrated student prompt text is empty",
    "Failed to fetch student prompt text",
    "Unexpected error hydrating student prompt text",
    "Failed to hydrate prompt in batch creation",
)
NO_RUBRIC = (
    "Hydrated judge rubric text is empty",
    "Failed to fetch judge rubric text",
    "Unexpected error fetching judge rubric text",
    "Failed to hydrate judge rubric in batch creation",
)
NO_INSTRUCTIONS = "No assessment instruction found for assignment"
NO_ANCHORS = (
    "Failed to fetch anchor essay",
    "No assessment context found while attempting to add anchors",
)
# Of a request without an assignment, grades are not expected.
NO_GRADES, ASSIGNED = "No anchor essays available - skipping grade projection", "assignment"
NOTHING = "No assessment context available for prompt building"
# A first try may fail and a second one bring the text.
PROMPT_BROUGHT = "Hydrated prompt text via fallback"
RUBRIC_BROUGHT = "Hydrated judge rubric text via fallback"
# All that tell what CJ went on without, or got after all.
LACKED = (*NO_PROMPT, *NO_RUBRIC, NO_INSTRUCTIONS, *NO_ANCHORS, NO_GRADES, NOTHING,
          PROMPT_BROUGHT, RUBRIC_BROUGHT)  # fmt: skip
ANY_CONTEXT = "any prompt, rubric or instructions"
PROMPT, RUBRIC, ANCHORS = "the assignment's prompt", "the judge's rubric", "anchors"
_STATUS = re.compile(r"HTTP (\d{3})")
# What CJ's own codes say where the content service answered something else than an error.
_CODES = {
    "RESOURCE_NOT_FOUND": "does not have {}",
    "INVALID_RESPONSE": "gave {} empty",
}
# The classes of errors that have no words of their own.
_LATE, _BROKEN = "did not give {} in time", "broke off while it gave {}"
_CLASSES = {
    "TimeoutError": _LATE,
    "ServerTimeoutError": _LATE,
    "SocketTimeoutError": _LATE,
    "ConnectionTimeoutError": _LATE,
    "ServerDisconnectedError": _BROKEN,
    "ConnectionResetError": _BROKEN,
    "ClientOSError": _BROKEN,
    "ClientPayloadError": _BROKEN,
}
_ESSAY = re.compile(rf"{NOT_PREPARED} ([^\s:]{{1,80}})")
MOST = 0.5
NO_LINE = "no line that was read says why"
LOOK_AT_ADDRESS = (
    "Look whether the content service runs, and whether CJ was started with its address."
)


def content_missing(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Essays were left out, or compared without the assignment's prompt or anchors."""
    missing = essays_left_out(evidence)
    if not missing:
        return _compared_without(evidence)
    essays, lines = evidence.rows.scores.essays, _unprepared(evidence)
    expected = max(evidence.header.expected_essay_count or 0, essays + missing)
    left_out = part_of(missing, expected, "essay", ("was", "were"))
    few = expected - missing < max(2, MOST * expected)
    known = bool(lines) or _prepared(evidence) is not None
    its = "its" if missing == 1 else "their"
    return Finding(
        rule=CONTENT_MISSING,
        severity=Severity.ERROR if few else Severity.WARN,
        confidence=Confidence.HIGH if known else Confidence.MEDIUM,
        what=f"{left_out} never compared: {its} content is missing"
        if known
        else f"{left_out} never compared: {its} content is missing, or named twice",
        why=_why(lines),
        evidence=(
            evidence.line(f"{many(expected, 'essay')} expected, {essays} take part"),
            *(log_line(event) for event in lines[:3]),
        ),
        next=(
            LOOK_AT_ADDRESS
            if _unreachable(lines)
            else "Mend the content service, then run the batch again with all its essays."
            if known
            else "Look whether CJ could not fetch a text, or the request names an essay twice.",
            *(search_again(line, NOT_PREPARED, now) for line in lines[-1:]),
        ),
    )


def _compared_without(evidence: BatchEvidence) -> Finding | None:
    """Return what of the assignment its comparisons lacked, by CJ's own lines."""
    lines = lacking(evidence.events)
    if not lines or not evidence.pairs.total:
        return None
    lacked = list(lines)
    # Of a request that names neither prompt nor assignment CJ says the same, and nothing failed.
    unasked = lacked == [ANY_CONTEXT]
    ungraded = ANCHORS in lacked and evidence.has_result and not evidence.rows.projections.count
    return Finding(
        rule=CONTENT_MISSING,
        severity=Severity.INFO if unasked else Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"Its essays were compared without {' and '.join(lacked[:2])}"
        + (", so they got no grade" if ungraded else ""),
        why=_why_without(ungraded=ungraded and len(lacked) == 1, unasked=unasked),
        evidence=tuple(log_line(one) for one in lines.values())[:3],
        next=() if unasked else ("Register or mend that content, then run the batch again.",),
    )


def _why_without(*, ungraded: bool, unasked: bool) -> str:
    if ungraded:
        return "Grades are read off the anchors: without them there is a ranking alone."
    if unasked:
        return "No line says that one could not be fetched: the request may name none."
    return (
        "The model judged them by less than the assignment says: the grades are of other "
        "comparisons than were asked for."
    )


def lacking(events: Sequence[LogEvent]) -> dict[str, LogEvent]:
    """Return each part that CJ went on without, with the last line that says so."""
    found: dict[str, LogEvent] = {}
    for event in events:
        said = event.event
        if any(text in said for text in NO_PROMPT):
            found[PROMPT] = event
        elif any(text in said for text in NO_RUBRIC):
            found[RUBRIC] = event
        elif NO_INSTRUCTIONS in said:
            found["its instructions"] = event
        elif any(text in said for text in NO_ANCHORS):
            found[ANCHORS] = event
        elif NO_GRADES in said and event.fields.get("context_source") == ASSIGNED:
            found.setdefault(ANCHORS, event)
        elif NOTHING in said:
            found.setdefault(ANY_CONTEXT, event)
        elif PROMPT_BROUGHT in said:
            found.pop(PROMPT, None)
        elif RUBRIC_BROUGHT in said:
            found.pop(RUBRIC, None)
    return _without_repeats(found)


def _without_repeats(found: dict[str, LogEvent]) -> dict[str, LogEvent]:
    """Return the parts without those that another one names too."""
    repeats = {ANY_CONTEXT} if found.keys() & {PROMPT, RUBRIC} else {"its instructions"}
    if ANY_CONTEXT not in found:
        return found
    return {part: event for part, event in found.items() if part not in repeats}


def essays_left_out(evidence: BatchEvidence) -> int:
    """Return how many essays were expected and take no part.

    With anchors CJ counts them again, without those that it could not prepare: of these its lines
    alone tell.
    """
    essays = max(evidence.rows.scores.essays, _prepared(evidence) or 0)
    missing = missing_essays(evidence.header, evidence.pairs.total, essays)
    said = len(
        {found[1] for event in _unprepared(evidence) if (found := _ESSAY.search(event.event))}
    )
    # A later batch of the same request took its essays over: the lines alone tell of others.
    return said if evidence.rows.twins else max(missing, said)


def _unprepared(evidence: BatchEvidence) -> list[LogEvent]:
    return [one for one in evidence.events if NOT_PREPARED in one.event]


def _prepared(evidence: BatchEvidence) -> int | None:
    """Return how many texts CJ says it got for the batch, None where no line says so."""
    told = (PREPARED.search(event.event) for event in evidence.events if event.role is Role.CJ)
    return max((int(found[1]) for found in told if found), default=None)


def _why(lines: list[LogEvent]) -> str:
    if _unreachable(lines):
        return (
            "CJ could not connect to the content service: it is down, or CJ's address of it is "
            "wrong."
        )
    told = Counter(said for one in lines if (said := _reason(one))).most_common()
    if told:
        alone = "these texts" if len(told) == 1 else ""
        parts = " and ".join(said.format(alone or many(count, "text")) for said, count in told)
        left = "what it cannot fetch" if len(told) > 1 else "an essay whose text it cannot fetch"
        return f"The content service {parts}; CJ leaves out {left}."
    kinds = sorted({one for line in lines for one in _classes(line)[:1]})
    said = f"its lines name {' and '.join(kinds[:2])} alone" if kinds else NO_LINE
    return f"CJ leaves out an essay whose text it cannot fetch; {said}."


def _reason(event: LogEvent) -> str:
    """Return what the content service did instead of giving a text, by CJ's code or its error."""
    if found := _STATUS.search(event.event):
        return f"answered HTTP {found[1]} for {{}}"
    coded = next((said for code, said in _CODES.items() if code in event.event), "")
    return coded or next((_CLASSES[one] for one in _classes(event) if one in _CLASSES), "")


def _classes(event: LogEvent) -> tuple[str, ...]:
    """Return the classes of a line's error, the one that it names itself first."""
    named = name(str(event.fields.get("exception_type") or ""))
    error = event.error
    found = (named, *((name(error.kind), *map(name, error.chain)) if error else ()))
    return tuple(one for one in found if one)


def _unreachable(lines: Sequence[LogEvent]) -> bool:
    """Whether most of it could not be fetched because no service answered at the address."""
    return sum(says_unreachable(one) for one in lines) * 2 > len(lines)


def says_unreachable(event: LogEvent) -> bool:
    """Say whether a line tells that the content service could not be connected to."""
    return any(text in event.event for text in UNREACHABLE)


def essays_moved(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Essays of the batch became another batch's while it ran, so its result lacks them."""
    header, twins = evidence.header, takers(evidence)
    taken = sum(one.essays for one in twins)
    if not taken or header.failed or header.state == CANCELLED:
        return None
    said, expected = _published(evidence), header.expected_essay_count
    left = evidence.rows.scores.essays if said is None else _results(said)
    of = taken + left if expected is None else expected
    if not evidence.rows.scores.essays and said is None and any(one.same_request for one in twins):
        taken = of  # the pairs know those alone that were compared; the request names all again
    names = " and ".join(str(one.batch_id) for one in twins)
    was = "is" if evidence.has_result else "will be"
    return Finding(
        rule=ESSAYS_MOVED,
        severity=Severity.ERROR if 2 * left < of else Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"{part_of(taken, of, 'essay', ('was', 'were'))} taken by batch {names} while it ran: "
        f"its result {was} of {left}",
        why="An essay is of the batch that named it last: CJ went on with those that were left to "
        "this one.",
        evidence=(
            *(evidence.line(f"batch {one.batch_id}: {many(one.essays, 'essay')} of this one",
                            one.created_at) for one in twins),
            evidence.line(f"{many(of, 'essay')} expected, {evidence.rows.scores.essays} left"),
            *((log_line(said),) if said else ()),
        ),
        next=(
            "Do not use its ranking for the whole class: run it again with all its essays.",
            words(Command(f"/batch compare {header.batch_id} {twins[-1].batch_id}")),
        ),
    )  # fmt: skip


def takers(evidence: BatchEvidence) -> Sequence[Twin]:
    """Return the batches that took essays of this one before its result was made.

    What a result that went out holds is said by its own line; else the times of both tell.
    """
    header, then = evidence.header, evidence.rows.at_first_finalisation
    end = header.completed_at or (then.at if then else None)
    said, expected = _published(evidence), header.expected_essay_count
    if said is not None and expected is not None and _results(said) >= expected:
        return ()
    if evidence.ended and end is None:
        return ()
    found = (one for one in evidence.rows.twins if one.essays and one.created_at)
    return [one for one in found if one.created_at and (end is None or one.created_at < end)]


def _published(evidence: BatchEvidence) -> LogEvent | None:
    """Return the line of the first result that went out, where it says of how many essays."""
    lines = (one for one in evidence.events if one.role is Role.CJ and PUBLISHED in one.event)
    return next((one for one in lines if isinstance(one.fields.get(RESULTS), int)), None)


def _results(line: LogEvent) -> int:
    value = line.fields.get(RESULTS)
    return value if isinstance(value, int) else 0
