"""The rule ids that the code can say, read out of the code itself."""

import ast

from tests.support.paths import ROOT

DIAGNOSIS = ROOT / "bot" / "diagnosis"
MAKERS = ("Finding", "QueueVerdict", "Cause")
# A request that CJ refused leaves no batch that could be simulated.
NO_RULES = {"ok", "warming", "request-refused"}


def rule_ids() -> set[str]:
    """Return every rule id that a finding or a verdict on the queue is made with."""
    found: set[str] = set()
    for path in DIAGNOSIS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS:
                found |= _said(node)
    return found - NO_RULES


def _said(call: ast.Call) -> set[str]:
    """The text constants of a call's `rule`, both arms of a choice included."""
    rules = (word.value for word in call.keywords if word.arg == "rule")
    constants = (node for value in rules for node in _values(value))
    return {node.value for node in constants if isinstance(node.value, str)}


def _values(value: ast.expr) -> list[ast.Constant]:
    if isinstance(value, ast.IfExp):
        return [*_values(value.body), *_values(value.orelse)]
    return [value] if isinstance(value, ast.Constant) else []
