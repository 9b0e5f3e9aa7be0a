"""Holds one answer against one truth; pure."""

from collections.abc import Mapping
from typing import Any

from tests.truth.causes import (
    accusation,
    advice,
    claimed_by,
    is_claimed,
    is_group_named,
    is_met,
    is_named,
    is_said,
    said_of,
)
from tests.truth.day import Truth

VERDICTS: Mapping[str, tuple[str, ...]] = {
    "healthy": ("ok",),
    "usable": ("ok", "warn"),
    "faulty": ("warn", "error"),
}
COUNTED = (
    "total_pairs",
    "valid",
    "errors",
    "pending",
    "projections",
    "budget",
    "dispatched",
    "retried_dispatches",
    "real_failures",
)


def wrongs(truth: Truth, report: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with an answer (`--format json`), one line each; empty when right."""
    return [
        *_verdict(truth, report),
        *_causes(truth, report),
        *(
            f"accuses: {group.get('accusation', '')} ({found})"
            for group in truth.must_not
            if (found := accusation(report, group))
        ),
        *(
            f"advises to {phrase} ({found})"
            for phrase in truth.never_advise
            if (found := advice(report, phrase))
        ),
        *(f"says: {claim}" for claim in truth.would_be_false if is_claimed(report, claim)),
        *_patterns(truth, report),
        *_facts(truth, report),
    ]


def unjudged(truth: Truth, report: Mapping[str, Any]) -> list[str]:
    """Return the causes and false claims that nobody here can judge."""
    claims = (one for one in truth.would_be_false if is_claimed(report, one) is None)
    causes = [cause for cause in truth.causes if is_named(report, cause) is None]
    return [*causes, *(f"that it would say {one}" for one in claims)]


def _verdict(truth: Truth, report: Mapping[str, Any]) -> list[str]:
    allowed = truth.verdicts or VERDICTS.get(truth.kind, ())
    found = report["verdict"]
    wrong = [] if not allowed or found in allowed else [f"{found}, not {' or '.join(allowed)}"]
    if truth.kind == "healthy":
        wrong += [
            f"a healthy batch has {finding['severity']} {finding['rule']}"
            for finding in report.get("findings", ())
            if finding["severity"] != "info" and not truth.verdicts
        ]
    return wrong


def _causes(truth: Truth, report: Mapping[str, Any]) -> list[str]:
    wrong = [f"not named: {cause}" for cause in truth.causes if is_named(report, cause) is False]
    groups = (group for group in truth.must_name if not is_group_named(report, group))
    return wrong + [f"not named: {group.get('cause', '')}" for group in groups]


def _patterns(truth: Truth, report: Mapping[str, Any]) -> list[str]:
    findings = report.get("findings", ())
    missing = (one for one in truth.wanted if not any(is_met(one, found) for found in findings))
    wrong = [f"not named: {pattern}" for pattern in missing]
    for finding in findings:
        allowed = truth.allowed is None or finding["rule"] in truth.allowed
        expected = allowed or any(is_met(pattern, finding) for pattern in truth.wanted)
        if not expected and finding["severity"] != "info":
            wrong.append(f"accuses: {finding['severity']} {finding['rule']}")
    said = ((pattern, said_of(report, pattern)) for pattern in truth.never_say)
    wrong += [f"says what it must not: {one} ({rule})" for one, rule in said if rule]
    claims = ((one, claimed_by(report, one)) for one in truth.false_by)
    wrong += [f"claims what is false: {one} ({rule})" for one, rule in claims if rule]
    named = bool(truth.causes) and all(is_named(report, one) for one in truth.causes)
    if truth.named_by and not named and not any(is_said(report, one) for one in truth.named_by):
        wrong.append(f"not named: {' or '.join(truth.named_by)}")
    return wrong


def _facts(truth: Truth, report: Mapping[str, Any]) -> list[str]:
    stages = {one["stage"]: one["count"] for one in report.get("facts", {}).get("funnel", ())}
    counted = {name: count for name, count in stages.items() if count is not None}
    facts = {**counted, **report.get("facts", {})}
    return [
        f"{name} is {facts[name]}, not {truth.facts[name]}"
        for name in COUNTED
        if name in truth.facts and name in facts and facts[name] != truth.facts[name]
    ]
