"""Fails the test by which a planted canary, or text that did not pass the border, came out.

A pytest plug-in. It walks each string leaf and each key of what leaves the bot: reports, samples,
exports, messages, log records, metrics, rows of the store and the terminal's JSON, whichever test
makes them. Tests plant CANARY (or say `plant(word)`) in what comes from outside.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import wraps
from typing import Any
from uuid import UUID

import pytest

from bot import log
from bot.border.outside import Outside
from bot.text import privacy

CANARY = "PLANTED"

_planted = {CANARY}
_problems: list[str] = []


def plant(word: str) -> str:
    """Take a word for a canary from now on, in this process; return it."""
    _planted.add(word)
    return word


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text within data, facts and typed text, keys included, with its place."""
    match value:
        case str():
            yield path, value
        case bytes():
            yield path, value.decode("utf-8", "replace")
        case Mapping():
            for key, item in value.items():
                yield from leaves(key, f"{path}/key")
                yield from leaves(item, f"{path}/{'…' if isinstance(key, Outside) else key}")
        case list() | tuple() | set() | frozenset():
            for number, item in enumerate(value):
                yield from leaves(item, f"{path}/{number}")
        case _ if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                yield from leaves(getattr(value, field.name), f"{path}/{field.name}")


def is_harmless(value: Any) -> bool:
    """Say whether no leaf is a problem, without the places: nearly always, and many times a test.

    What it does not know by its type is left to `leaves`.
    """
    waiting = [value]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        if kind is str:
            if not _has_no_canary(one):
                return False
        elif kind is dict:
            waiting += one
            waiting += one.values()
        elif kind is list or kind is tuple:
            waiting += one
        elif kind not in _NO_TEXT:
            names = _FIELDS.get(kind)
            if names is None:
                names = _FIELDS[kind] = _field_names(kind)
            if not names and not (issubclass(kind, Enum) and _has_no_canary(str(one.value))):
                return False
            waiting += [getattr(one, name) for name in names]
    return True


def _has_no_canary(text: str) -> bool:
    return not any(word in text for word in _planted)


def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


_NO_TEXT = {int, float, bool, type(None), datetime, timedelta, UUID}
_FIELDS: dict[type, tuple[str, ...]] = {}


def judge(way: str, value: Any) -> None:
    """Keep what stands in `value` and must not leave the bot by this way."""
    if is_harmless(value):
        return
    for path, text in leaves(value):
        if isinstance(text, Outside):
            _problems.append(f"{way}{path} holds text that did not pass the border")
        elif found := next((word for word in _planted if word in text), None):
            _problems.append(f"{way}{path} holds the canary {found}")


@contextmanager
def caught() -> Iterator[list[str]]:
    """Give the problems that arise within, which then fail no test."""
    before, found = len(_problems), list[str]()
    try:
        yield found
    finally:
        found += _problems[before:]
        del _problems[before:]


def watched(way: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return `call`, whose result is judged."""

    @wraps(call)
    def judged(*given: Any, **named: Any) -> Any:
        made = call(*given, **named)
        judge(way, made)
        return made

    return judged


def _watch_fact(fact: type, way: str) -> None:
    """Judge each instance of a frozen fact once it is made."""
    init = fact.__init__  # type: ignore[misc]

    @wraps(init)
    def judged(self: Any, *given: Any, **named: Any) -> None:
        init(self, *given, **named)
        judge(way, self)

    fact.__init__ = judged  # type: ignore[misc]


# Before any other room imports it by name.
privacy.presentable = watched("report", privacy.presentable)
log.Redacted.format = watched("log record", log.Redacted.format)  # type: ignore[method-assign]
log.Json.format = watched("log record", log.Json.format)  # type: ignore[method-assign]


def _watch() -> None:
    from bot.alerts.store import serialization
    from bot.cli import output
    from bot.diagnosis.export import alert, bundle, page
    from bot.domain.alert import Sample
    from bot.monitoring.metrics import Metrics
    from bot.slack.blocks import alert as alert_blocks
    from bot.slack.blocks.renderer import BlockKit

    ways: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
        ("export", alert, ("folder",)),
        ("export", bundle, ("files", "log_files")),
        ("export", page, ("page",)),
        ("store", serialization, ("alert_json", "message_json", "mute_json", "text_column")),
        ("terminal", output, ("to_json", "to_json_line", "event_line")),
        ("message", BlockKit, ("report", "error", "working", "shared", "form", "sheet")),
        ("message", alert_blocks, ("render",)),
        ("metric", Metrics, ("exposition",)),
    )
    for way, room, names in ways:
        for name in names:
            setattr(room, name, watched(way, getattr(room, name)))
    _watch_fact(Sample, "sample")


_watch()


def _failing() -> Generator[None, Any, Any]:
    before = len(_problems)
    answer = yield
    if found := _problems[before:]:
        del _problems[before:]
        pytest.fail(f"outside text came out: {'; '.join(found[:5])}", pytrace=False)
    return answer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail the test by which something came out."""
    return (yield from _failing())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail the test by whose fixtures something came out."""
    return (yield from _failing())
