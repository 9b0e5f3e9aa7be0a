"""How fresh the logs are, and what an answer about now may say where they ended long ago; pure.

Logs as files are whole up to their newest line and silent after it, whether a service is quiet or
its lines no longer arrive. What they show holds then, not now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.evidence import Missing
from bot.domain.followed import ENDED_AFTER, NEEDED, silence
from bot.domain.log import LogSearch, Role
from bot.domain.report import Confidence, Finding, Report, Severity
from bot.domain.words import Span, Text, when, words


def ended_at(logs: LogSearch | Missing) -> datetime | None:
    """Return when the logs end, where that is long before the end of what was asked for."""
    if isinstance(logs, Missing) or logs.newest is None or logs.until is None:
        return None
    return logs.newest if logs.until - logs.newest > ENDED_AFTER else None


def heard(logs: LogSearch, *beside: LogSearch | Missing) -> LogSearch:
    """Return a search with each silent service's log among what could not be read.

    Another service's log goes on, in this search or in one `beside` it: what rests on the silence
    of the one is not known.
    """
    others = [one for one in beside if isinstance(one, LogSearch)]
    silent = silent_services((logs, *others))
    told = [
        (str(one.container), silence(silent[one.role]))
        for one in logs.coverage
        if one.role in silent and one.newest is not None
    ]
    if not told:
        return logs
    return replace(logs, missing=tuple(dict.fromkeys((*logs.missing, *told))))


def silent_services(searches: Iterable[LogSearch]) -> Mapping[Role, datetime]:
    """Return since when a needed service's log holds no line, while another's goes on beyond it.

    Of several containers of one service the newest line counts, and nothing after what was asked
    for does.
    """
    ends: dict[Role, datetime] = {}
    goes_on: list[datetime] = []
    for logs in searches:
        newest = [logs.newest, *(one.newest for one in logs.coverage)]
        if (last := max(filter(None, newest), default=None)) is not None:
            goes_on.append(min(last, logs.until or last))
        for one in logs.coverage:
            if one.newest is not None and one.role in NEEDED:
                ends[one.role] = max(one.newest, ends.get(one.role, one.newest))
    end = max(goes_on, default=None)
    return {role: at for role, at in ends.items() if end is not None and end - at > ENDED_AFTER}


def unheard(logs: LogSearch | Missing, unknown: Text) -> Text:
    """Return the sentence on logs that ended before what was asked for; empty without one."""
    if isinstance(logs, Missing) or logs.until is None or (ended := ended_at(logs)) is None:
        return ""
    return told(ended, logs.until, unknown)


def told(ended: datetime, now: datetime, unknown: Text) -> Text:
    """Return the sentence on logs that ended: what is `unknown` because of it."""
    return words(
        "The newest log line is", when(ended, " of "), ", ", Span(now - ended), " ago: ",
        unknown, " is not known.",
    )  # fmt: skip


def held_back(report: Report, ended: datetime, now: datetime, unknown: Text) -> Report:
    """Return a report about now that was judged as of when the logs `ended`.

    What was wrong then may be over, and what was well may not be: it is neither well nor an error.
    """
    return replace(
        report,
        findings=tuple(_as_of_then(one) for one in report.findings),
        unreadable_need=True,
        headline=words("Not known: ", unknown, ". The logs end ", Span(now - ended), " ago"),
        summary=words(told(ended, now, unknown), " When they ended: ", report.summary),
        mark="",
    )


def _as_of_then(finding: Finding) -> Finding:
    error = finding.severity is Severity.ERROR
    return replace(
        finding,
        severity=Severity.WARN if error else finding.severity,
        confidence=Confidence.LOW,
    )
