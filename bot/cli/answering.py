"""Answers a line of the terminal, once or again: answers to stdout, the rest to stderr."""

import sys
from contextlib import AsyncExitStack
from pathlib import Path

from bot.cli.ask import Asked, answer, exit_code, prepare, rendered, run, saved
from bot.cli.output import Exit, Format
from bot.cli.progress import Work, told
from bot.domain.report import Report
from bot.errors import BatchbotError
from bot.ports import CommandContext
from bot.service.sources import utc_now
from bot.service.stopping import stopped_by_signals, unless
from bot.settings import Settings


async def answer_once(asked: Asked, settings: Settings, form: Format, files: Path | None) -> Exit:
    """Print one answer and return its exit code. Raises BatchbotError."""
    work = Work()
    with stopped_by_signals() as stop:
        async with told(work, sys.stderr, lines=form in (Format.TEXT, Format.MARKDOWN)):
            report = await unless(stop, answer(asked, settings, work))
    if report is None:
        return Exit.INTERRUPTED
    _keep(report, files)
    _print(report, form)
    return exit_code(report)


async def answer_again(
    asked: Asked, settings: Settings, form: Format, files: Path | None, seconds: float
) -> Exit:
    """Ask every `seconds` until Ctrl-C; return the last answer's exit code.

    At a terminal one picture is redrawn; elsewhere, and in the formats that are data, one answer
    is printed for each change. Raises the BatchbotError that asking again cannot help.
    """
    from bot.cli.watch import watch
    from bot.cli.watch_screen import Lines, Picture

    def keep(report: Report) -> None:
        _keep(report, files)

    with stopped_by_signals() as stop:
        async with AsyncExitStack() as stack:
            ask = Question(asked, settings, stack)
            if form is Format.TEXT and sys.stdout.isatty():
                with Picture(seconds, keep) as picture:
                    return await watch(ask.answer, picture, seconds, utc_now, stop)
            return await watch(ask.answer, Lines(form, keep), seconds, utc_now, stop)


class Question:
    """One question whose sources stay open from answer to answer, and are opened anew on failure.

    `stack` closes what is open at last.
    """

    def __init__(self, asked: Asked, settings: Settings, stack: AsyncExitStack) -> None:
        self._asked = asked
        self._settings = settings
        self._outer = stack
        self._opened: AsyncExitStack | None = None
        self._context: CommandContext | None = None

    async def answer(self) -> Report:
        """Return the answer as of now. Raises BatchbotError."""
        try:
            return await run(self._asked, await self._ready())
        except BatchbotError:
            await self._close()
            raise

    async def _ready(self) -> CommandContext:
        if self._context is None:
            self._opened = await self._outer.enter_async_context(AsyncExitStack())
            self._context = await prepare(self._asked, self._settings, Work(), self._opened)
        return self._context

    async def _close(self) -> None:
        opened, self._opened, self._context = self._opened, None, None
        if opened is not None:
            await opened.aclose()


def _print(report: Report, form: Format) -> None:
    if form is not Format.TEXT:
        sys.stdout.write(rendered(report, form))
        return
    from bot.cli import terminal

    screen = terminal.console()
    if screen.is_terminal:
        screen.print(terminal.show(report))
    else:
        sys.stdout.write(terminal.printed(report))


def _keep(report: Report, files: Path | None) -> None:
    for path in saved(report, files):
        sys.stderr.write(f"wrote {path}\n")
