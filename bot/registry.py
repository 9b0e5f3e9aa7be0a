"""Finds commands and detectors by walking their packages; there is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from bot.domain.report import Report
    from bot.ports import Choice, CommandContext, Detector, Request

    Choices = Callable[[str, CommandContext], Awaitable[Sequence[Choice]]]


@dataclass(frozen=True, slots=True)
class Usage:
    """One way to call a command: the words after it, what it does, an example to type."""

    words: str
    summary: str
    example: str


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A slash command. `parse` is pure and raises UsageError; `run` collects and judges.

    `operator_verbs` are for operators only; `changes` are the verbs that change something: they
    are in the audit trail before they run and after; `memory_verbs` need the bot's own database;
    `dialogs` are those whose answer asks for a yes, in a modal where Slack opens one;
    `choices` returns recent things of a kind (a batch, an alert) that could fill in what a line
    lacks; `reads` names the sources that it asks (fields of Sources), None of one that may ask any.
    `tests` of the command live in the mirror file of its module.
    """

    name: str
    summary: str
    usages: tuple[Usage, ...]
    parse: Callable[[str], Request]
    run: Callable[[Request, CommandContext], Awaitable[Report]]
    operator_verbs: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    memory_verbs: frozenset[str] = frozenset()
    dialogs: frozenset[str] = frozenset()
    choices: Choices | None = None
    reads: frozenset[str] | None = None


class ClashError(Exception):
    """Two plug-ins have the same name; the bot refuses to start."""


def commands() -> dict[str, SlashCommand]:
    """Return every COMMAND of the commands package, by name.

    A package among them is one command. What `run` alone needs is imported when it first runs.
    """
    return _plug_ins("commands", "COMMAND", is_nested=False)


def import_answers() -> None:
    """Import what commands import when they first run, so that no question waits for it."""
    for info in pkgutil.walk_packages(*_place("commands")):
        importlib.import_module(info.name)


def detectors() -> dict[str, type[Detector]]:
    """Return every DETECTOR class of the detectors package, by name."""
    return _plug_ins("bot.detectors", "DETECTOR", is_nested=True)


def _plug_ins(package_name: str, attribute: str, *, is_nested: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in _modules(package_name, is_nested=is_nested):
        plug_in = getattr(module, attribute, None)
        if plug_in is None:
            continue
        if found.get(plug_in.name, plug_in) is not plug_in:
            raise ClashError(f"two plug-ins of {package_name} are called {plug_in.name!r}")
        found[plug_in.name] = plug_in
    return dict(sorted(found.items()))


def _modules(package_name: str, *, is_nested: bool) -> Iterator[ModuleType]:
    """Import what may hold a plug-in: no helper, whose name begins with an underscore."""
    for info in pkgutil.iter_modules(*_place(package_name)):
        if info.name.rpartition(".")[2].startswith("_"):
            continue
        yield importlib.import_module(info.name)
        if info.ispkg and is_nested:
            yield from _modules(info.name, is_nested=is_nested)


def _place(package_name: str) -> tuple[Iterable[str], str]:
    return importlib.import_module(package_name).__path__, f"{package_name}."
