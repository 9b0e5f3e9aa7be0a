"""A request that CJ refused: it leaves no batch, only its own lines and a failure event."""

import re
from collections.abc import Iterable
from itertools import pairwise
from uuid import UUID

from bot.border.outside import raw
from bot.diagnosis.batch.evidence import log_line
from bot.diagnosis.comparison.failed_start import failed_batch
from bot.diagnosis.evidence import log_coverage
from bot.diagnosis.evidence.read import read, reading
from bot.domain.evidence import DATABASE, LOGS, Missing
from bot.domain.log import LogEvent, LogQuery, LogSearch, Role
from bot.domain.report import Confidence, Finding, Report, Severity
from bot.ports import Deadline, Sources
from bot.text.redaction import redact

REQUEST_REFUSED = "request-refused"
REFUSED = "CJ assessment workflow failed"
# It also stands where a request could not be stored and is tried again.
LET_GO = "Processing failed: Releasing idempotency lock"
REQUESTED, INVALID = "cj_assessment.requested.v1", "ValidationError"
# The fields of a request as people call them; a name that is none of them may be anybody's text.
FIELDS = {
    "assignment_id": "assignment", "course_code": "course", "data": "content",
    "entity_id": "batch's uuid", "entity_ref": "batch's uuid", "essays_for_cj": "list of essays",
    "event_timestamp": "time", "event_type": "event type", "language": "language",
    "llm_config_overrides": "settings of the model", "org_id": "organisation",
    "schema_version": "schema version", "source_service": "source service",
    "student_prompt_ref": "prompt", "system_metadata": "metadata", "user_id": "user",
}  # fmt: skip
# How a validation's report ends the line below the name of a field.
_FAULT, _LACKS = "[type=", "[type=missing"
MOST_LINES = 400
MOST_CHARS = 4_000
_CORRELATION = re.compile(
    r"correlation_?id['\"]?[:=]\s{0,9}['\"]?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
)
_ASSIGNMENT = re.compile(r"Unknown assignment_id(?: '(?P<name>[A-Za-z0-9][\w.-]{0,23})')?")


async def refused_request(
    sources: Sources, word: str, command: str, *, deadline: Deadline
) -> Report | None:
    """Return why CJ refused the request that a uuid names; None where no line says so."""
    if not _is_uuid(word):
        return None
    # Who asked may log both ids of a request, of which CJ's line on what it cannot read has one.
    query = LogQuery(any_of=(word, REFUSED, LET_GO), max_events=500)
    logs = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    if isinstance(logs, Missing):
        return None
    line = refusal_of(word, logs.events)
    if line is not None:
        return refusal_report(word, line, logs, command)
    unread = unread_requests(word, logs.events)
    return refusal_report(word, unread[-1], logs, command, one_of=len(unread)) if unread else None


def refusal_report(
    word: str, line: LogEvent, logs: LogSearch | Missing, command: str, *, one_of: int = 0
) -> Report:
    """Return the answer on a request that CJ refused by this line; pure.

    No line names it where it is `one_of` so many that CJ could not read.
    """
    return Report(
        command=command,
        title="A request that CJ refused",
        facts={"id": word, "kind": "refused_request", "refused_at": line.at},
        findings=(_finding(line, one_of),),
        sources=(
            reading(DATABASE, True, "no batch of that id"),
            log_coverage.reading(logs),
        ),
        summary="CJ refused the request, so there is no batch of it."
        if not one_of
        else f"There is no batch of it; CJ could not read {_requests(one_of)} whose uuid its log "
        "lacks.",
        actions=("/batch list",),
    )


def refusal_of(word: str, events: Iterable[LogEvent]) -> LogEvent | None:
    """Return the line in which CJ refused a request, joined to its id by its correlation; pure."""
    known = tuple(events)
    mine = {id for event in known if word in event.text for id in _correlations(event)}
    refusals = (event for event in known if is_refusal(event))
    found = [one for one in refusals if _correlations(one) & mine]
    return found[-1] if found else None


def _correlations(event: LogEvent) -> set[str]:
    """Return the correlation ids that a line names, in its fields or in its text."""
    field = event.fields.get("correlation_id")
    told = {str(field)} if field else set()
    return told or {match[1] for match in _CORRELATION.finditer(raw(event.text)[:MOST_CHARS])}


def unread_requests(word: str, events: Iterable[LogEvent]) -> tuple[LogEvent, ...]:
    """Return the requests that CJ could not read, where it names the one asked for nowhere; pure.

    Their lines hold neither the batch's uuid nor its essays.
    """
    known = tuple(events)
    if any(word in event.text for event in known if event.role is Role.CJ):
        return ()
    return tuple(event for event in known if is_unreadable(event))


def is_refusal(event: LogEvent) -> bool:
    """Say whether CJ refused a request by this line; one that names a batch has a row of it."""
    if event.role is not Role.CJ or failed_batch(event):
        return False
    return REFUSED in event.event or is_unreadable(event)


def is_unreadable(event: LogEvent) -> bool:
    """Say whether CJ let a request go because it is not of the form that is asked for."""
    if event.role is not Role.CJ or LET_GO not in event.event or event.error is None:
        return False
    asked = str(event.fields.get("event_type", "")).endswith(REQUESTED)
    return asked and INVALID in (event.error.kind, *event.error.chain)


def refused_for(line: LogEvent) -> str:
    """Return what CJ refused a request for, in a few words; empty where no known words say it."""
    if is_unreadable(line):
        return fault_told(line)
    found = _ASSIGNMENT.search(raw(line.event))
    if found is None:
        return ""
    name = found["name"] or ""
    return f"its assignment{f' {name}' if name and redact(name) == name else ''} is unknown"


def _requests(count: int) -> str:
    return "a request" if count == 1 else f"{count} requests"


def _finding(line: LogEvent, one_of: int) -> Finding:
    if is_unreadable(line):
        what = (
            f"CJ could not read the request: {refused_for(line)}"
            if not one_of
            else f"CJ could not read {_requests(one_of)}; it may be "
            + ("this one" if one_of == 1 else "one of these")
        )
    else:
        cause = refused_for(line)
        what = f"CJ refused the request: {cause}" if cause else "CJ refused the request"
    return Finding(
        rule=REQUEST_REFUSED,
        severity=Severity.ERROR,
        confidence=Confidence.LOW if one_of else Confidence.HIGH,
        what=what,
        why=why_refused(line),
        evidence=(log_line(line),),
        next=(what_to_do(line),),
    )


def what_to_do(line: LogEvent) -> str:
    """Return what to do before the request is sent again."""
    if is_unreadable(line):
        return "Correct the request's fields where it is made, then send it again."
    if _ASSIGNMENT.search(line.event):
        return "Register its instructions in CJ, or mend its id (case counts); then send it again."
    return "Mend what CJ refused it for, then send the request again."


def why_refused(line: LogEvent) -> str:
    """Return why CJ refused a request, by its line."""
    if is_unreadable(line):
        field = fault_told(line) if refused_fields(line) else "a field lacks, or is of another type"
        return f"{field[:1].upper()}{field[1:]}; no row was made and no failure event sent."
    if _ASSIGNMENT.search(line.event):
        return "CJ has no instructions for that assignment; it undid its rows and told so."
    return "Its own line says why; it undid its rows and sent a failure event."


def refused_fields(line: LogEvent) -> dict[str, bool]:
    """Return which fields of a request are not valid by CJ's line, and whether each lacks."""
    text = raw(line.text).replace("\\n", "\n")
    lines = text.split("\n", MOST_LINES)[:MOST_LINES]
    found: dict[str, bool] = {}
    for named, said in pairwise(lines):
        name = named.strip().partition(".")[0]
        if _FAULT in said and name in FIELDS:
            found.setdefault(name, _LACKS in said and "." not in named)
    return found


def fault_told(line: LogEvent) -> str:
    """Return in words which fields of a request are not valid."""
    found = refused_fields(line)
    for name, lacks in found.items():
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        return f"its {FIELDS[name]} is {'missing' if lacks else 'not valid'}{more}"
    return "it is not valid"


def _is_uuid(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return len(word) == 36
