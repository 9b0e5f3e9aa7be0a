"""Growth without a clock: steps of patterns and calls of parsers, of 16 kB against 256 kB."""

import ast
import cProfile
import gc
import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from functools import cache
from types import ModuleType
from typing import Any

import bot
import commands
from tests.attack.regex_repeats import RepeatCounter
from tests.attack.regex_steps import TooManySteps

# Of patterns of today it is 62; what needs more grows with the text already at 16 kB.
MOST_A_CHARACTER = 200
# A square is 256 times as much at any size; the smaller ones are counted the sooner.
SMALL_CHARS, LARGE_CHARS = 16 << 10, 256 << 10
# How much more than the text the work may grow.
MOST_MORE = 1.25
MOST_RATIO = MOST_MORE * LARGE_CHARS / SMALL_CHARS
Pattern = re.Pattern[str] | re.Pattern[bytes]


@cache
def modules() -> tuple[ModuleType, ...]:
    """Return the bot's modules that hold patterns; the demo and what starts on import are left."""
    return tuple(
        importlib.import_module(found.name)
        for package in (bot, commands)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if ".demo" not in found.name and not found.name.endswith("__main__")
    )


@dataclass(frozen=True)
class Used:
    """A compiled pattern, and whether it is only ever matched at a text's beginning."""

    pattern: Pattern
    anchored: bool


@cache
def patterns() -> dict[str, Used]:
    """Return every compiled pattern of the bot by the name under which it stands."""
    found: dict[int, tuple[str, Used]] = {}
    for module in modules():
        called = _called(inspect.getsource(module))
        for name, value in vars(module).items():
            calls = called.get(name, set())
            anchored = bool(calls) and calls <= {"match", "fullmatch", "pattern"}
            for number, one in enumerate(_patterns_in(value)):
                found.setdefault(
                    id(one), (f"{module.__name__}.{name}.{number}", Used(one, anchored))
                )
    return dict(found.values())


def _called(source: str) -> dict[str, set[str]]:
    """Return what a module asks of each name, as `search` of `_WORD` in `_WORD.search(text)`."""
    found = defaultdict[str, set[str]](set)
    for match in re.finditer(r"\b(?=(\w+)\.(\w+))", source):
        found[match[1]].add(match[2])
    return found


def _patterns_in(value: Any) -> Iterator[Pattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif type(value).__module__ == "bot.deferred":
        yield re.compile(value.pattern, value.flags)  # one that is compiled at its first use
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _patterns_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _patterns_in(item)
    elif is_dataclass(value) and isinstance(written := getattr(value, "pattern", None), str):
        # A row of a table of errors holds its pattern as a text.
        yield re.compile(written)


def inline() -> set[str]:
    """Return where a pattern is written within a function, so that `patterns` does not see it."""
    found = set()
    for module in modules():
        source = inspect.getsource(module)
        for function in ast.walk(ast.parse(source)) if "re." in source else ():
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                found |= {f"{module.__name__}.{function.name}" for one in ast.walk(function)
                          if _uses_re(one)}  # fmt: skip
    return found


def _uses_re(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return False
    return called.value.id == "re" and called.attr != "escape"


def growth(used: Used, literal: str) -> float:
    """Return how often the steps grow when a text of one repeated literal is 16 times longer."""
    try:
        small = _steps(used, literal, SMALL_CHARS, SMALL_CHARS * MOST_A_CHARACTER)
        return _steps(used, literal, LARGE_CHARS, int(small * (MOST_RATIO + 1))) / small
    except (TooManySteps, RecursionError):
        return float("inf")


def _steps(used: Used, literal: str, size: int, most: int) -> int:
    return RepeatCounter(used.pattern, most, literal, size).count(anchored=used.anchored)


def calls(call: Callable[[], object]) -> int:
    """Return how many functions a call calls, those written in C included.

    No garbage is collected meanwhile: what ends then calls functions that are not the call's.
    """
    profile, collects = cProfile.Profile(), gc.isenabled()
    gc.disable()
    try:
        profile.runcall(call)
    finally:
        if collects:
            gc.enable()
    return sum(entry.callcount for entry in profile.getstats())
