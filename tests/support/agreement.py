"""What two answers on one batch at the same time may not say: each held against the investigation.

A cause that one of them names is named by the other, or the other says a weaker sentence; what one
calls an error the other does not call well.
"""

from collections.abc import Iterator, Mapping
from typing import Any

# What a trace says of one answer that is not there, as an investigation says it of the batch.
OF_A_BATCH: Mapping[str, frozenset[str]] = {
    "lost-callbacks": frozenset(
        {
            "answers-missing",
            "callbacks-unpublished",
            "consumer-silent",
            "expired-unanswered",
            "left-unanswered",
            "local-queue",
            "lost-callbacks",
            "orphaned-item",
            "submission-lost",
        }
    )
}
# What no row shows: lines, the queue and the database's sessions tell it.
NOT_IN_ROWS = frozenset(
    {
        "callback-metadata-lost",
        "callbacks-not-stored",
        "callbacks-unpublished",
        "completion-overcounted",
        "consumer-silent",
        "database-blocked",
        "duplicate-callbacks",
        "expired-unanswered",
        "finalisation-stuck",
        "foreign-callback",
        "head-of-line-blocked",
        "leaked-item",
        "left-unanswered",
        "local-queue",
        "orphaned-item",
        "poison-item",
        "queue-frozen",
        "queue-not-draining",
        "repeated-finalisation",
        "runner-schema-missing",
        "runner-waiting",
        "small-net-finalised",
        "submission-lost",
        "worker-hung",
    }
)
Answer = Mapping[str, Any]


def loud(answer: Answer) -> set[tuple[str, str, str]]:
    """Return what an answer says to be wrong: rule, severity and sentence."""
    return {
        (one["rule"], one["severity"], str(one["what"]))
        for one in answer["findings"]
        if one["severity"] != "info"
    }


def status_against(status: Answer, whole: Answer) -> Iterator[str]:
    """Yield where a status says otherwise than the investigation."""
    for rule, severity, what in sorted(loud(status) - loud(whole)):
        yield f"status alone says {severity} {rule}: {what}"
    for rule, severity, what in sorted(loud(whole) - loud(status)):
        yield f"status does not say {severity} {rule}: {what}"
    if status["verdict"] != whole["verdict"]:
        yield f"status is {status['verdict']}, the investigation {whole['verdict']}"


def list_against(listed: Answer, number: int, whole: Answer) -> Iterator[str]:
    """Yield where a list's line on a batch says otherwise than the investigation.

    A list shows the newest batches alone: an older one than those it shows is not judged.
    """
    shown = {one["batch_id"]: one for one in listed["facts"]["batches"]}
    if number not in shown:
        if not shown or number > min(shown):
            yield "the list does not show it"
        return
    line = shown[number]
    seen = {one["rule"] for one in whole["findings"] if _is_of_rows(one)} - NOT_IN_ROWS
    by_rows = sorted(one for one in loud(whole) if one[0] in seen)
    if line["mark"] and whole["verdict"] == "ok":
        yield f"the list says {line['mark']}, the investigation ok"
    if not line["mark"] and by_rows:
        yield f"the list says nothing, the investigation {by_rows}"


def _is_of_rows(finding: Mapping[str, Any]) -> bool:
    """Whether a row shows what a finding says, be it beside lines."""
    return any(one["source"] == "cj_database" for one in finding.get("evidence", ()))


def trace_against(trace: Answer, whole: Answer) -> Iterator[str]:
    """Yield where a trace of one of a batch's comparisons says otherwise than the investigation."""
    known = {one["rule"] for one in whole["findings"]}
    for rule, severity, what in sorted(loud(trace)):
        if not OF_A_BATCH.get(rule, {rule}) & known:
            yield f"a trace alone says {severity} {rule}: {what}"
