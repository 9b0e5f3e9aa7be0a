"""The rule ids that the code can say, read out of the code itself."""

import ast
import importlib
from functools import cache
from pathlib import Path

from tests.support.paths import ROOT

DIAGNOSIS = ROOT / "bot" / "diagnosis"
MAKERS = ("Finding", "QueueVerdict", "Cause")
# A request that CJ refused leaves no batch that could be simulated.
NO_RULES = {"ok", "warming", "request-refused"}


@cache
def rule_ids() -> frozenset[str]:
    """Return every rule id that a finding or a verdict on the queue is made with."""
    found: set[str] = set()
    for path in DIAGNOSIS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in MAKERS:
                found |= _said(node, path)
    return frozenset(found - NO_RULES)


def _said(call: ast.Call, path: Path) -> set[str]:
    """The text constants of a call's `rule`, both arms of a choice and names included."""
    rules = (word.value for word in call.keywords if word.arg == "rule")
    return {text for value in rules for text in _values(value, path) if isinstance(text, str)}


def _values(value: ast.expr, path: Path) -> list[object]:
    if isinstance(value, ast.IfExp):
        return [*_values(value.body, path), *_values(value.orelse, path)]
    if isinstance(value, ast.Name):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        return [getattr(importlib.import_module(name), value.id, None)]
    return [value.value] if isinstance(value, ast.Constant) else []
