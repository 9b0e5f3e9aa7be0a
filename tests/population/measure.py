"""How often the rules are right: false alarms on healthy batches, faults found on broken ones."""

import random
from collections import Counter

from bot.diagnosis.batch import findings_of
from bot.domain.report import Finding, Severity
from tests.population.faulty import FAULTS, evidence_of
from tests.population.healthy import NOW, healthy, state_of

LOUD = (Severity.WARN, Severity.ERROR)
_RANK = {Severity.INFO: 0, Severity.WARN: 1, Severity.ERROR: 2}


def false_alarms(batches: int) -> Counter[tuple[str, str]]:
    """Return (state, rule) -> count of warn or error findings on so many healthy batches."""
    counts: Counter[tuple[str, str]] = Counter()
    for seed in range(batches):
        for finding in findings_of(evidence_of(healthy(seed)), NOW):
            if finding.severity in LOUD:
                counts[state_of(seed), finding.rule] += 1
    return counts


def found(rule: str, variants: int) -> int:
    """Return how many of so many faulty variants a rule finds, at its severity or above."""
    make, severity = FAULTS[rule]
    hits = 0
    for variant in range(variants):
        findings = findings_of(make(random.Random(variant), variant), NOW)
        hits += any(_loud_enough(finding, rule, severity) for finding in findings)
    return hits


def _loud_enough(finding: Finding, rule: str, severity: Severity) -> bool:
    return finding.rule == rule and _RANK[finding.severity] >= _RANK[severity]
