"""What two answers on one batch at the same time may not say: each held against the investigation.

A cause that one of them names is named by the other, or the other says a weaker sentence; what one
calls an error the other does not call well.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.diagnosis.comparison.causes import PROVIDER_FAILURES
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures

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
# What a list does not read: the queue, the provider's lines, the database's sessions.
NOT_IN_ROWS = frozenset(
    {
        "callbacks-not-stored",
        "callbacks-unpublished",
        "consumer-silent",
        "database-blocked",
        "expired-unanswered",
        "finalisation-stuck",
        "head-of-line-blocked",
        "leaked-item",
        "left-unanswered",
        "local-queue",
        "orphaned-item",
        "poison-item",
        "queue-frozen",
        "queue-not-draining",
        "runner-schema-missing",
        "runner-waiting",
        "submission-lost",
        "worker-hung",
    }
)
# Of which a trace and an investigation say the same time, number and cause. Each comparison expires
# and leaves the queue at a time of its own; a restart is one for all of them.
TOLD_ALIKE = frozenset({"bundle-collateral", "local-queue", "orphaned-item", "provider-failures"})
TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
SHARES = re.compile(r"(\d+) of (\d+) of its batch failed")
FAILED = "failed"
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
    if trace["verdict"] in ("warn", "error") and whole["verdict"] == "ok":
        yield f"a trace is {trace['verdict']}, the investigation ok"
    for rule, severity, what in sorted(loud(trace)):
        if not OF_A_BATCH.get(rule, {rule}) & known:
            yield f"a trace alone says {severity} {rule}: {what}"
    for one in trace["findings"]:
        same = [other for other in whole["findings"] if other["rule"] == one["rule"]]
        if same and one["rule"] in TOLD_ALIKE:
            yield from _words_against(one, same, whole)


def _words_against(
    finding: Mapping[str, Any], same: Sequence[Mapping[str, Any]], whole: Answer
) -> Iterator[str]:
    """Yield the times, numbers and causes that a trace's finding alone says."""
    rule, said = finding["rule"], _said([finding])
    told = _said(same)
    for at in sorted(set(TIMES.findall(str(finding["what"]))) - set(TIMES.findall(told))):
        yield f"a trace alone says of {rule} that it was at {at}"
    for failed, total in SHARES.findall(said):
        if (int(failed), int(total)) != (whole["facts"]["errors"], whole["facts"]["total_pairs"]):
            yield f"a trace says of {rule} that {failed} of {total} failed"
    _, _, cause = str(finding["what"]).partition(f"{FAILED}: ")
    reasons = whole["facts"]["failure_reasons"]
    named = {
        Failures(FailureReason(one["reason"]), status=one["http_status"]).what for one in reasons
    }
    if cause and rule == PROVIDER_FAILURES.rule and not any(map(cause.startswith, named)):
        yield f"a trace alone says of {rule} that it is {cause}"


def _said(findings: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(
        f"{one['what']} {one['why']} {[(line['at'], line['text']) for line in one['evidence']]}"
        for one in findings
    )
