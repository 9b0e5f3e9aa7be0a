"""Finds in the code every text that a rule or detector compares with a log line.

A comparison that this cannot resolve counts as a use of an unknown text, so that a new way of
matching cannot slip past the table of provenance.
"""

import ast
import importlib
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

from tests.support.paths import ROOT

ROOMS = ("bot/diagnosis", "bot/detectors", "bot/domain", "bot/sources", "bot/replay", "commands")
MATCHES = ("startswith", "endswith", "match", "search", "fullmatch", "findall", "finditer")
LINE_NAMES = {"said", "whole"}
# Names that hold what a line says of the provider's answer or of an error, in these files.
OTHER_NAMES = {
    "failure_reasons.py": {"text"}, "submission.py": {"error"}, "finalisation_lines.py": {"text"},
    "database_words.py": {"text"},
    # What parses a line before it is an event.
    "bot/sources/log_format/error.py": {"line", "text", "event", "trace", "bare"},
    "bot/sources/log_format/parser.py": {"line", "text"},
    "bot/sources/log_format/event.py": {"line", "text", "tail"},
    "bot/sources/log_format/head.py": {"line", "text"},
    "bot/sources/docker/lines.py": {"line", "text"},
}  # fmt: skip
LINE_PARTS = {"event", "text"}
FEWEST_LETTERS = 4  # a shape (an id, a number, a level) holds no longer word
MOST_ALTERNATIVES = 200


@dataclass(frozen=True, slots=True)
class Use:
    """One comparison: where it stands, and the texts of which a line holds one; None: unknown."""

    file: str
    line: int
    code: str
    texts: tuple[str, ...] | None = None
    pattern: "re.Pattern[str] | None" = None


@cache
def uses() -> tuple[Use, ...]:
    """Return each comparison of text with a log line, and each search for one."""
    files = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return tuple(use for path in files for use in _uses_in(path))


def alternatives(pattern: re.Pattern[str]) -> list[list[str]]:
    """Return the literal runs of each way in which a pattern can match."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    return [[*_joined(one)] for one in _ways(tree)]


def _uses_in(path: Path) -> Iterator[Use]:
    file = str(path.relative_to(ROOT))
    module = importlib.import_module(file[:-3].replace("/", ".").removesuffix(".__init__"))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        yield from uses_of(node, module, tree, file)


def uses_of(node: ast.AST, module: types.ModuleType, tree: ast.AST, file: str) -> Iterator[Use]:
    """Yield what one node compares with a log line, with the values that a module gives it."""
    for operand in _operands(node, _names(file)):
        code = ast.unparse(node)[:120]
        for value in _resolved(operand, module, tree) or [None]:
            yield _use(file, node, code, value)


@cache
def _names(file: str) -> set[str]:
    return LINE_NAMES | OTHER_NAMES.get(Path(file).name, set()) | OTHER_NAMES.get(file, set())


def _use(file: str, node: ast.AST, code: str, value: Any) -> Use:
    line = getattr(node, "lineno", 0)
    if isinstance(value, re.Pattern):
        return Use(file, line, code, pattern=value)
    return Use(file, line, code, texts=None if value is None else (value,))


def _operands(node: ast.AST, names: set[str]) -> Iterator[ast.expr]:
    """Yield what is compared with a line's text, if this is such a comparison."""
    match node:
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]):
            if _is_line(right, names):
                yield left
            elif _is_line(left, names):
                yield right
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
            if _is_line(left, names):
                yield right
        case ast.Call(func=ast.Attribute(value=value, attr=attr), args=args) if attr in MATCHES:
            if attr in ("startswith", "endswith") and _is_line(value, names):
                yield from args[:1]
            elif args and _is_line(args[0], names):
                yield value
        case ast.Call(func=ast.Name(id="LogQuery"), keywords=keywords):
            yield from (one.value for one in keywords if one.arg == "any_of")


def _is_line(node: ast.expr, lines: set[str]) -> bool:
    """Say whether an expression is the text of a log event, or made of it."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    parts = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    calls = {one.func.id for one in ast.walk(node)
             if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}  # fmt: skip
    line = bool(LINE_PARTS & parts & {_last(node)}) or bool(names & lines)
    return line or bool(calls & {"raw", "_squeezed"} and LINE_PARTS & parts)


def _last(node: ast.expr) -> str:
    """Return the attribute that an expression ends with, calls of its methods taken off."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return node.attr if isinstance(node, ast.Attribute) else ""


def _resolved(node: ast.expr, module: types.ModuleType, tree: ast.AST) -> list[Any]:
    """Return the texts and patterns that an expression stands for; none when unknown."""
    match node:
        case ast.Constant(value=str(value)):
            return [value]
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return [text for part in parts for text in _resolved(part, module, tree)]
        case (
            ast.Subscript(value=ast.Name(id=name))
            | ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"))
        ) if isinstance(table := getattr(module, name, None), Mapping):
            return [*_flat(tuple(table.values()))]
        case ast.Starred(value=value) | ast.Subscript(value=value):
            return _resolved(value, module, tree)
        case ast.IfExp(body=body, orelse=orelse):
            return _resolved(body, module, tree) + _resolved(orelse, module, tree)
        case ast.Call(func=ast.Attribute(value=value, attr="items" | "keys")):
            return _resolved(value, module, tree)
        case ast.Attribute(value=ast.Name(id="self"), attr=attr):
            classes = [one for one in vars(module).values() if isinstance(one, type)]
            return [text for one in classes for text in _flat(getattr(one, attr, ()))]
        case ast.Name(id=name) if hasattr(module, name):
            return [*_flat(getattr(module, name))]
        case ast.Name(id=name):
            sources = _bound_to(name, tree)
            return [text for one in sources for text in _resolved(one, module, tree)]
    return []


def _bound_to(name: str, tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what a loop's variable of that name goes through, or what it is assigned."""
    for node in ast.walk(tree):
        match node:
            # A look-up in a table.
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call() | ast.Subscript()):
                if bound == name:
                    yield node.value
        if isinstance(node, ast.comprehension | ast.For):
            names = {one.id for one in ast.walk(node.target) if isinstance(one, ast.Name)}
            rows = isinstance(node.iter, ast.Tuple) and any(
                isinstance(row, ast.Tuple) for row in node.iter.elts
            )  # a table of patterns, that are compiled before they are looked for
            if name in names and not rows and ast.unparse(node.iter) != name:
                yield node.iter


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield value
    elif hasattr(value, "finditer"):
        # A deferred pattern is none of re's before its first use, and then as good as one.
        yield re.compile(value.pattern, value.flags)
    elif isinstance(value, Mapping):
        yield from (key for key in value if isinstance(key, str))
    elif isinstance(value, tuple | list | set | frozenset):
        for one in value:
            if isinstance(one, tuple):  # a row of a table of patterns
                patterns = (part for part in one if hasattr(part, "finditer"))
                yield from (text for part in patterns for text in _flat(part))
            else:
                yield from _flat(one)


def _ways(tree: Any) -> list[list[str]]:
    """Return each way through a parsed pattern as its pieces; None stands where a run breaks."""
    ways: list[list[Any]] = [[]]
    for op, given in tree:
        for more in [_pieces(op, given)]:
            ways = [way + one for way in ways for one in more][:MOST_ALTERNATIVES]
    return ways


def _pieces(op: Any, given: Any) -> list[list[Any]]:
    if op is _constants.LITERAL:
        return [[chr(given)]]
    if op is _constants.SUBPATTERN:
        return _ways(given[3])
    if op is _constants.BRANCH:
        return [way for branch in given[1] for way in _ways(branch)]
    return [[None]]


def _joined(way: list[Any]) -> Iterator[str]:
    run = ""
    for piece in [*way, None]:
        if piece is None:
            if run:
                yield run
            run = ""
        else:
            run += piece


def is_shape(pattern: re.Pattern[str]) -> bool:
    """Say whether a pattern is one of ids, numbers and the like: it holds no word."""
    runs = [run for way in alternatives(pattern) for run in way]
    return not any(re.search(rf"[A-Za-z]{{{FEWEST_LETTERS}}}", run) for run in runs)
