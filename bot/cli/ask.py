"""`ask`: one command without Slack, answered once or every few seconds.

Answers go to stdout, everything else to stderr.
"""

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli.formats import Exit, Format
from bot.cli.output import exit_code, rendered, saved
from bot.cli.progress import Work, shown_progress
from bot.domain.evidence import MEMORY, Missing, SourceState
from bot.domain.ids import IdKind, kind_of
from bot.domain.log import Service
from bot.domain.report import Report, Verdict
from bot.errors import BatchbotError, SourceError
from bot.ports import Asker, CommandContext, Place, Request, Sources
from bot.registry import SlashCommand, commands
from bot.requests import audit
from bot.requests.answering import run_job
from bot.requests.command_text import read_line
from bot.requests.job import Job
from bot.requests.questions.line import typed_command
from bot.service.clock import utc_now
from bot.service.tasks import stopped_by_signals, unless
from bot.settings import HULEEDU_SERVICES, any_given

if TYPE_CHECKING:
    from bot.settings import Settings

DEADLINE_SECONDS = 60.0
TERMINAL = Place("terminal", "terminal")
NOTHING_IS_SET_UP = (
    "No source is configured here. Try it without any: batchbot demo prints a folder from which\n"
    "to ask it. For real: copy .env.example to .env, fill it in, and run batchbot doctor."
)
HELP = "help"
LABELLED = ("batch", "trace")
# What is remembered for this terminal's own questions.
ALIAS = "alias"
SEARCHED = ("logs",)
# What tells of a batch what changed around it, which the bot has noted.
REMEMBERED = frozenset({"status", "investigate", "compare"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of the terminal, understood."""

    command: SlashCommand
    request: Request
    typed: str = ""
    is_read: bool = False
    left_out: str = ""

    @property
    def needs_memory(self) -> bool:
        """Whether the bot's own database has to be there."""
        return self.request.verb in self.command.memory_verbs

    @property
    def tells_changes(self) -> bool:
        """Whether its answer tells what changed, where the bot has noted it."""
        return self.command.name == "batch" and self.request.verb in REMEMBERED

    def may_use_memory(self, names: Sequence[str] = LABELLED) -> bool:
        """Whether a word could be a run label, which the bot may have stored."""
        kinds = {kind_of(word) for word in self.request.words}
        return self.command.name in names and bool(kinds & {IdKind.LABEL, IdKind.PREFIX})


def asked_for(line: str) -> "tuple[Asked, Settings | None]":
    """Return what a line asks for and the settings. Raises UsageError, SettingsError.

    The help of an installation without any is answered without them: to read them takes as long
    as all the rest.
    """
    if not any_given():
        read = typed_command(line, commands())
        if read is not None and read.command.name == HELP:
            return Asked(read.command, read.request(), read.text()), None
    from bot.settings import load_settings

    settings = load_settings()
    logs = settings.logs
    return understand(line, settings.slack.command_prefix, logs.services, logs.zone), settings


def understand(
    line: str,
    prefix: str = "",
    services: Sequence[Service] = HULEEDU_SERVICES,
    zone: tzinfo = UTC,
) -> Asked:
    """Return which command a line, or a plain question, means. Raises UsageError."""
    known = commands()
    read = typed_command(line, known, prefix, services)
    if read is not None:
        return Asked(read.command, read.request(), read.text())
    # What reads questions is for those alone: a command needs none of it.
    from bot.requests.questions.asking import misspelt_change, misuse_of, unread

    if misuse := misspelt_change(line, known, prefix):
        raise misuse
    from bot.requests.questions.reader import read_question

    reading = read_question(line, services=services, now=utc_now(), zone=zone)
    if not reading.line:
        raise unread(reading, misuse_of(line, known, prefix))
    read = read_line(reading.line, known)
    return Asked(read.command, read.request(), read.text(), True, reading.left_out)


async def answer(asked: Asked, settings: "Settings | None", work: Work) -> Report:
    """Run one command as an operator of this machine. Raises BatchbotError."""
    async with AsyncExitStack() as stack:
        return await run(asked, await prepare(asked, settings, work, stack))


async def prepare(
    asked: Asked, settings: "Settings | None", work: Work, stack: AsyncExitStack
) -> CommandContext:
    """Return what a command may use, its sources closed with `stack`. Raises SourceError."""
    asker = Asker(TERMINAL.user, TERMINAL.channel, operator=True)
    if settings is None:
        return CommandContext(work.watched(Sources()), utc_now, asker, progress=work)
    from bot.service.command_options import command_options
    from bot.service.sources import build_sources

    memory = await _memory(asked, settings, stack)
    return CommandContext(
        sources=work.watched(
            await build_sources(settings, stack, memory, learns=False, only=asked.command.reads)
        ),
        now=utc_now,
        asker=asker,
        environment=settings.bot.environment,
        progress=work,
        options=command_options(settings),
    )


async def run(asked: Asked, context: CommandContext) -> Report:
    """Run a command within its deadline; the audit trail has what changes something.

    Raises BatchbotError.
    """
    job = Job(TERMINAL, asked.typed, asked.command, asked.request, context)
    if not job.is_change:
        return await run_job(job, DEADLINE_SECONDS)
    try:
        report = await run_job(job, DEADLINE_SECONDS)
    except BatchbotError as error:
        await audit.end(context.sources, TERMINAL, asked.typed, audit.failure_of(error))
        raise
    await audit.end(context.sources, TERMINAL, asked.typed, audit.outcome_of(job, report))
    return report


def must_be_kept(asked: Asked, settings: "Settings") -> None:
    """Ask no memory that would only be made by asking. Raises SourceError."""
    own = settings.bot
    if not asked.needs_memory or asked.request.verb == ALIAS:
        return
    if own.database_url is None and not own.data_dir.is_dir():
        is_change = asked.request.verb in asked.command.changes
        unknown = "what changed" if asked.command.name == "changes" else "what is open"
        so = "what you do cannot be written down" if is_change else f"{unknown} is not known"
        raise SourceError(
            MEMORY,
            f"No bot has kept anything here, so {so}.",
            hint="Set BOT_DATABASE_URL, or BOT_DATA_DIR, to that of the running bot.",
        )


async def _memory(asked: Asked, settings: "Settings", stack: AsyncExitStack) -> Any:
    """Open the bot's memory where the command uses it; no server is started for anything else.

    An embedded memory is asked only where there is one already; an alias alone makes one.
    """
    must_be_kept(asked, settings)
    if settings.bot.database_url is not None:
        is_used = asked.may_use_memory((*LABELLED, *SEARCHED))
        exists = True
    else:
        is_used = asked.may_use_memory()
        exists = settings.bot.data_dir.is_dir()
    is_used = exists and (is_used or asked.tells_changes)
    if not (is_used or asked.needs_memory):
        return None
    from bot.service.memory import build_memory

    try:
        return await build_memory(settings, stack)
    except SourceError as error:
        if asked.needs_memory:
            raise
        return Missing(MEMORY, error.message)


async def answer_once(
    asked: Asked, settings: "Settings | None", form: Format, files: Path | None
) -> Exit:
    """Print one answer and return its exit code. Raises BatchbotError."""
    work = Work()
    with stopped_by_signals() as stop:
        async with shown_progress(work, sys.stderr, lines=form in (Format.TEXT, Format.MARKDOWN)):
            report = await unless(stop, answer(asked, settings, work))
    if report is None:
        return Exit.INTERRUPTED
    _keep(report, files)
    _print(report, form)
    if nothing_is_set_up(report):
        sys.stderr.write(f"{NOTHING_IS_SET_UP}\n")
    return exit_code(report)


def nothing_is_set_up(report: Report) -> bool:
    """Whether an answer is unknown only because no source is configured here at all."""
    states = {reading.state for reading in report.sources}
    return report.verdict is Verdict.UNKNOWN and states == {SourceState.NOT_CONFIGURED}


async def answer_again(
    asked: Asked, settings: "Settings | None", form: Format, files: Path | None, seconds: float
) -> Exit:
    """Ask every `seconds` until Ctrl-C; return the last answer's exit code.

    At a terminal one picture is redrawn; elsewhere, and in the formats that are data, one answer
    is printed for each change. Raises the BatchbotError that asking again cannot help.
    """
    from bot.cli.watch.rounds import watch
    from bot.cli.watch.screen import LineScreen, PictureScreen

    def keep(report: Report) -> None:
        _keep(report, files)

    with stopped_by_signals() as stop:
        async with AsyncExitStack() as stack:
            ask = Question(asked, settings, stack)
            if form is Format.TEXT and sys.stdout.isatty():
                with PictureScreen(seconds, keep) as picture:
                    return await watch(ask.answer, picture, seconds, utc_now, stop)
            return await watch(ask.answer, LineScreen(form, keep), seconds, utc_now, stop)


class Question:
    """One question whose sources stay open from answer to answer; a failure opens them again.

    `stack` closes what is open in the end.
    """

    def __init__(self, asked: Asked, settings: "Settings | None", stack: AsyncExitStack) -> None:
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
