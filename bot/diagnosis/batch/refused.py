"""A request that CJ refused: it leaves no batch, only its own lines and a failure event."""

import re
from collections.abc import Iterable
from uuid import UUID

from bot.diagnosis.batch.evidence import log_line
from bot.diagnosis.evidence import log_coverage
from bot.diagnosis.evidence.read import read, reading
from bot.domain.evidence import DATABASE, LOGS, Missing
from bot.domain.log import LogEvent, LogQuery, Role
from bot.domain.report import Confidence, Finding, Report, Severity
from bot.ports import Deadline, Sources

REQUEST_REFUSED = "request-refused"
REFUSED = "CJ assessment workflow failed"
_ASSIGNMENT = re.compile(r"Unknown assignment_id")


async def refused_request(
    sources: Sources, word: str, command: str, *, deadline: Deadline
) -> Report | None:
    """Return why CJ refused the request that a uuid names; None where no line says so."""
    if not _is_uuid(word):
        return None
    query = LogQuery(any_of=(word, REFUSED), roles=(Role.CJ,), max_events=500)
    logs = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    if isinstance(logs, Missing):
        return None
    line = refusal_of(word, logs.events)
    if line is None:
        return None
    return Report(
        command=command,
        title="A request that CJ refused",
        facts={"id": word, "kind": "refused_request", "refused_at": line.at},
        findings=(_finding(line),),
        sources=(
            reading(DATABASE, True, "no batch of that id"),
            log_coverage.reading(logs),
        ),
        summary="CJ refused the request, so there is no batch of it.",
        actions=("/batch list",),
    )


def refusal_of(word: str, events: Iterable[LogEvent]) -> LogEvent | None:
    """Return the line in which CJ refused a request, joined to its id by its correlation; pure."""
    known = tuple(events)
    mine = {
        str(correlation)
        for event in known
        if word in event.text and (correlation := event.fields.get("correlation_id"))
    }
    refusals = (event for event in known if REFUSED in event.event)
    found = [one for one in refusals if str(one.fields.get("correlation_id", "")) in mine]
    return found[-1] if found else None


def _finding(line: LogEvent) -> Finding:
    unknown = _ASSIGNMENT.search(line.event) is not None
    return Finding(
        rule=REQUEST_REFUSED,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what="CJ refused the request: its assignment is unknown"
        if unknown
        else "CJ refused the request",
        why=why_refused(line),
        evidence=(log_line(line),),
        next=(
            "Register the assignment's instructions in CJ, then send the request again."
            if unknown
            else "Mend what CJ refused it for, then send the request again.",
        ),
    )


def why_refused(line: LogEvent) -> str:
    """Return why CJ refused a request, by its line."""
    if _ASSIGNMENT.search(line.event):
        return "CJ has no instructions for that assignment; it undid its rows and told so."
    return "Its own line says why; it undid its rows and sent a failure event."


def _is_uuid(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return len(word) == 36
