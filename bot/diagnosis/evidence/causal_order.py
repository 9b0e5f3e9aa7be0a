"""Findings by what follows from what: first causes, their consequences, and both in order; pure."""

from collections.abc import Iterator, Sequence

from bot.domain.report import Finding, Severity


def in_causal_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return causes in the given order, each followed by what follows from it."""
    names = {finding.rule for finding in findings}
    found: list[Finding] = []
    for root in findings:
        if root.cause not in names or root.cause == root.rule:
            found += _with_consequences(root, findings, set())
    # Findings that name each other in a ring have no root, and are said all the same.
    return (*found, *(one for one in findings if not any(one.rule == seen.rule for seen in found)))


def _with_consequences(
    cause: Finding, findings: Sequence[Finding], seen: set[str]
) -> Iterator[Finding]:
    seen.add(cause.rule)
    yield cause
    for one in findings:
        if one.cause == cause.rule and one.rule not in seen:
            yield from _with_consequences(one, findings, seen)


def roots(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings to act on that follow from no other of them."""
    names = {one.rule for one in findings}
    loud = (one for one in findings if one.severity is not Severity.INFO)
    return tuple(one for one in loud if one.cause not in names or one.cause == one.rule)


def consequences(cause: Finding, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return what follows from a finding, and from what follows from it."""
    found: dict[str, Finding] = {}
    open_causes = [cause.rule]
    while open_causes:
        rule = open_causes.pop(0)
        for one in findings:
            if one.cause == rule and one.rule not in found and one.rule != cause.rule:
                found[one.rule] = one
                open_causes.append(one.rule)
    return tuple(found.values())
