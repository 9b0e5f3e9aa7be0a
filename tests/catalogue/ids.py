"""The rule ids that a finding, a verdict or an alert of the code can have."""

import ast
from pathlib import Path

from tests.population.registry import rule_ids
from tests.support.paths import ROOT

# A message that lists alerts tells of no cause; a verdict on a healthy queue is none.
NO_CAUSES = {"digest", "morning", "weekly", "ok", "warming"}


def told_ids() -> frozenset[str]:
    """Return every id that a person can read beside a finding or an alert."""
    return (rule_ids() | {"request-refused"} | _of_alerts()) - NO_CAUSES


def _of_alerts() -> set[str]:
    """The ids that stand as text where conditions are made, in a `rule=` or a function `_rule`."""
    found = {"source-unreadable"}
    for folder in ("detectors", "alerts"):
        for path in (ROOT / "bot" / folder).rglob("*.py"):
            found |= set(_ids(path))
    return found


def _ids(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    values = [one.value for one in ast.walk(tree) if isinstance(one, ast.keyword)
              and one.arg == "rule"]  # fmt: skip
    values += [
        one.value
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == "_rule"
        for one in ast.walk(function)
        if isinstance(one, ast.Return) and one.value is not None
    ]
    arms = [part for value in values for part in _arms(value)]
    return [
        one.value for one in arms if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def _arms(value: ast.expr) -> list[ast.expr]:
    if isinstance(value, ast.IfExp):
        return [*_arms(value.body), *_arms(value.orelse)]
    return [value]
