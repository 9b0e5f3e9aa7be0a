"""Follows each command that an answer or an alert offers, on the data that it was made from.

A pytest plug-in. A button that is not understood, or that finds nothing where its answer found
something, fails the test that asked, or in which the alert opened. Sources that hold what a test
gave them are copied, so that nothing is counted twice; what changes something, and what lacks
words, is not followed.
"""

import sys
from collections.abc import Awaitable, Callable, Generator
from copy import copy
from dataclasses import fields, replace
from functools import wraps
from typing import Any

import pytest

from bot.domain.alert import Alert, AlertState, Condition, Reason
from bot.domain.report import Report
from bot.domain.routing.message import AlertMessage
from bot.errors import BatchbotError, LackingError, NotFoundError, UsageError
from bot.ports import CommandContext, Request, Sources, no_progress
from bot.registry import SlashCommand, commands
from bot.requests.command_text import read_line
from bot.slack.blocks.alert_buttons import offered
from bot.text.wording import next_commands, next_steps

Run = Callable[[Request, CommandContext], Awaitable[Report]]
FAKES = "tests.support.fakes"

_problems: list[str] = []
_following = False


def _are_fakes(sources: Sources) -> bool:
    held = (getattr(sources, one.name) for one in fields(sources))
    return all(one is None or type(one).__module__.startswith(FAKES) for one in held)


def _copied(sources: Sources) -> Sources:
    """Return sources that hold the same, so that no question is counted twice."""
    return replace(
        sources, **{one.name: _copy(getattr(sources, one.name)) for one in fields(sources)}
    )


def _copy(source: Any) -> Any:
    twin = copy(source)
    for name, held in vars(twin).items() if source is not None else ():
        if isinstance(held, list | dict | set):
            setattr(twin, name, copy(held))
    return twin


async def alert_leads_to_nothing(
    detector: str, condition: Condition, context: CommandContext
) -> list[str]:
    """Return which commands of an alert lead to nothing, on the data that it came from."""
    at = condition.since
    alert = Alert(
        "key", detector, "test", condition.subject, AlertState.FIRING, condition.severity,
        condition, at, at, at, number=1,
    )  # fmt: skip
    lines = [*next_steps(condition.next), *offered(AlertMessage(alert, Reason.OPEN, True))]
    found = []
    for line in dict.fromkeys(lines):
        told = await _what_is_wrong(line, replace(context, sources=_copied(context.sources)))
        found += [f"the alert {condition.rule} offers {line}: {told}"] if told else []
    return found


def fails_of(problems: list[str]) -> None:
    """Fail the test that is running for what leads to nothing."""
    _problems.extend(problems)


async def leads_to_nothing(report: Report, context: CommandContext) -> list[str]:
    """Return which of a report's commands lead to nothing, and why."""
    found = []
    for line in next_commands(report):
        told = await _what_is_wrong(line, replace(context, sources=_copied(context.sources)))
        found += [f"{report.command} offers {line}: {told}"] if told else []
    return found


def not_understood(line: str) -> str:
    """Return why a command is not understood; one that lacks words opens a form."""
    try:
        read_line(line, commands()).request()
    except LackingError:
        return ""
    except UsageError as error:
        return str(error.message)
    return ""


async def _what_is_wrong(line: str, context: CommandContext) -> str:
    if wrong := not_understood(line):
        return wrong
    read = read_line(line, commands())
    try:
        request = read.request()
        if request.verb in read.command.changes:
            return ""
        answer = await RUNS[read.command.name](request, replace(context, progress=no_progress))
    except LackingError:
        return ""
    except (NotFoundError, UsageError) as error:
        return str(error.message)
    except BatchbotError:
        return ""
    return "" if answer.found else "it finds nothing"


def _watched(run: Run) -> Run:
    @wraps(run)
    async def watched(request: Request, context: CommandContext) -> Report:
        global _following
        report = await run(request, context)
        if not _following and report.found and _are_fakes(context.sources):
            _following = True
            try:
                _problems.extend(await leads_to_nothing(report, context))
            finally:
                _following = False
        return report

    return watched


def _watch(command: SlashCommand) -> Run:
    """Watch a command, and its module's `run`, which tests call by itself."""
    run = command.run
    watched = _watched(run)
    object.__setattr__(command, "run", watched)
    module: Any = sys.modules[run.__module__]
    if getattr(module, "run", None) is run:
        module.run = watched
    return run


RUNS = {name: _watch(command) for name, command in commands().items()}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail the test in which an answer offers what leads to nothing."""
    before = len(_problems)
    answer = yield
    if found := list(dict.fromkeys(_problems[before:])):
        pytest.fail(f"offers what leads to nothing: {'; '.join(found[:5])}", pytrace=False)
    return answer
