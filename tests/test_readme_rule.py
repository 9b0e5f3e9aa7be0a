"""What the README teaches about new rules works as it stands there."""

import re
from datetime import datetime
from typing import Any

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.domain.batch import BatchRows
from bot.domain.report import Confidence, Finding, Severity
from tests.bot.diagnosis.batch.test_report import HEALTHY, NOW, _evidence, _header, _pairs
from tests.support.paths import ROOT

README = ROOT / "README.md"


def test_the_rule_of_the_readme_finds_its_row_and_no_healthy_batch() -> None:
    section = README.read_text(encoding="utf-8").partition("### Teach it a new failure")[2]
    rule, row = re.findall(r"```python\n(.*?)```", section, re.S)[:2]
    names: dict[str, Any] = {
        "BatchEvidence": BatchEvidence,
        "Confidence": Confidence,
        "Finding": Finding,
        "Severity": Severity,
        "datetime": datetime,
    }
    exec(rule, names)
    rows = eval(f"{{{row}}}", {"BatchRows": BatchRows, "_header": _header, "_pairs": _pairs})
    finding = names["forced_early"](_evidence(rows["forced-early"]), NOW)
    assert (finding.rule, bool(finding.evidence), bool(finding.next)) == (
        "forced-early",
        True,
        True,
    )
    assert all(names["forced_early"](_evidence(one), NOW) is None for one in HEALTHY.values())
