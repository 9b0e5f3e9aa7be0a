"""One command without Slack: the same way from the typed words to the report."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.cli.output import Exit, Format, to_json
from bot.cli.progress import Work
from bot.domain.evidence import LOGS, MEMORY, Missing
from bot.domain.ids import IdKind, kind_of
from bot.domain.report import Report, Verdict
from bot.errors import (
    BatchbotError,
    DeniedError,
    NotFoundError,
    SettingsError,
    SourceError,
    UsageError,
)
from bot.ports import Asker, CommandContext, Deadline, Request
from bot.registry import Command, commands
from bot.requests.command_text import read_phrase
from bot.service.sources import build_memory, build_sources, command_options, utc_now
from bot.settings import Settings
from bot.text.privacy import presentable, said

DEADLINE_SECONDS = 60.0
LABELLED = ("batch", "trace")
SEARCHED = (LOGS,)


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of the terminal, understood."""

    command: Command
    request: Request

    @property
    def needs_memory(self) -> bool:
        """Whether the bot's own database has to be there."""
        return self.request.verb in self.command.memory_verbs

    def may_use_memory(self, names: Sequence[str] = LABELLED) -> bool:
        """Whether a word could be a run label, which somebody may have told the bot."""
        kinds = {kind_of(word) for word in self.request.words}
        return self.command.name in names and bool(kinds & {IdKind.LABEL, IdKind.PREFIX})


def understand(line: str, prefix: str = "") -> Asked:
    """Return which command a line means. Raises UsageError."""
    command, words = read_phrase(line, commands(), prefix)
    return Asked(command, command.parse(words))


async def answer(asked: Asked, settings: Settings, work: Work) -> Report:
    """Run one command as an operator of this machine. Raises BatchbotError."""
    async with AsyncExitStack() as stack:
        return await run(asked, await prepare(asked, settings, work, stack))


async def prepare(
    asked: Asked, settings: Settings, work: Work, stack: AsyncExitStack
) -> CommandContext:
    """Return what a command may use, its sources closed with `stack`. Raises SourceError."""
    memory = await _memory(asked, settings, stack)
    return CommandContext(
        sources=work.watched(await build_sources(settings, stack, memory)),
        now=utc_now,
        asker=Asker("terminal", "terminal", operator=True),
        environment=settings.bot.environment,
        progress=work,
        options=command_options(settings),
    )


async def run(asked: Asked, context: CommandContext) -> Report:
    """Run a command within its deadline. Raises BatchbotError."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            context = replace(context, deadline=Deadline.after(DEADLINE_SECONDS))
            return presentable(await asked.command.run(asked.request, context))
    except TimeoutError as error:
        raise SourceError(
            "batchbot", f"there was no answer within {DEADLINE_SECONDS:g} s", timed_out=True
        ) from error


async def _memory(asked: Asked, settings: Settings, stack: AsyncExitStack) -> Any:
    """Open the bot's memory where the command uses it; no server is started for anything else.

    A label is looked up in an embedded memory only where there is one already.
    """
    if settings.bot.database_url is not None:
        is_used = asked.may_use_memory((*LABELLED, *SEARCHED))
    else:
        is_used = asked.may_use_memory() and settings.bot.data_dir.is_dir()
    if not (is_used or asked.needs_memory):
        return None
    try:
        return await build_memory(settings, stack)
    except SourceError as error:
        if asked.needs_memory:
            raise
        return Missing(MEMORY, error.message)


def saved(report: Report, folder: Path | None) -> list[Path]:
    """Write the files of an answer into a folder and return where they are. Raises UsageError."""
    if folder is None:
        return []
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in report.attachments:
            path = folder / Path(file.filename).name
            path.write_bytes(file.content)
            paths.append(path)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to: {error.strerror}.") from error
    return paths


def exit_code(report: Report) -> Exit:
    """Return the exit code of an answer."""
    if not report.found:
        return Exit.USAGE
    codes = {Verdict.ERROR: Exit.ERROR, Verdict.UNKNOWN: Exit.UNKNOWN}
    return codes.get(report.verdict, Exit.FINE)


def error_code(error: BatchbotError) -> Exit:
    """Return the exit code of a failure: wrong words are 2, what could not be read is 3."""
    wrong = UsageError | NotFoundError | DeniedError | SettingsError
    return Exit.USAGE if isinstance(error, wrong) else Exit.UNKNOWN


def rendered(report: Report, form: Format) -> str:
    """Return an answer as JSON, Markdown or Slack blocks; text is the terminal's own affair."""
    if form in (Format.JSON, Format.BLOCKS):
        return to_json(as_object(report, form))
    from bot.text.markdown_report import render

    return render(report)


def as_object(report: Report, form: Format) -> dict[str, Any]:
    """Return an answer as the object that `--format json` or `blocks` prints."""
    if form is Format.JSON:
        return report.as_json()
    from bot.slack.blocks.renderer import BlockKit

    message = BlockKit().report(report)
    return {"text": message["text"], "blocks": message["blocks"]}


def error_json(error: BatchbotError) -> dict[str, Any]:
    """Return a failure as JSON, for `--format json`."""
    usage = list(error.usage) if isinstance(error, UsageError) else []
    told = {"error": said(error.message), "hint": said(error.hint), "usage": usage}
    return {"command": "", "verdict": "unknown", **told}


def error_lines(error: BatchbotError) -> list[str]:
    """Return a failure as lines for people: what is wrong, what to do, how it is called."""
    source = f"{error.source}: " if isinstance(error, SourceError) else ""
    usage = [f"  {line}" for line in error.usage] if isinstance(error, UsageError) else []
    lines = [f"{source}{said(error.message)}", said(error.hint), *usage]
    return [line for line in lines if line]
