"""The command line: run, demo, ask, mcp, replay, doctor, manifest, files, health.

Heavy libraries are imported inside the command that needs them, so that each starts quickly.
"""

import gc
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from bot.cli import help_texts
from bot.cli.arguments import WATCH, AskCommand, QuickGroup, next_words
from bot.cli.formats import EventFormat, Exit, Format
from bot.errors import BatchbotError, SettingsError

T = TypeVar("T")
# Objects made between two searches for garbage: modules make as many, and none is garbage.
OBJECTS_PER_SEARCH = 100_000
log = logging.getLogger("bot.__main__")
cli = typer.Typer(
    name="batchbot",
    cls=QuickGroup,
    help="Diagnoses stuck LLM comparison batches from logs, Postgres and Redis, in Slack or here.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool) -> None:
    if asked:
        from bot.monitoring.version import version

        sys.stdout.write(f"batchbot {version()}\n")
        raise typer.Exit


@cli.callback()
def options(
    env_file: Annotated[
        Path | None,
        typer.Option("--env-file", help="Read settings from this file, not .env."),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Diagnoses stuck LLM comparison batches from logs, Postgres and Redis, in Slack or here."""
    if env_file is None:
        return
    from bot.settings import refuse_no_file, use_env_file

    refuse_no_file(env_file)
    use_env_file(str(env_file))


@cli.command(epilog=help_texts.RUN)
def run() -> None:
    """Run the bot: Socket Mode with SLACK_APP_TOKEN, HTTP with SLACK_SIGNING_SECRET."""
    from bot.cli.output import complain, error_lines, start_code
    from bot.log import log_what_nobody_awaits, set_up
    from bot.settings import load_settings, readable_settings

    # Before all else that may fail: a collector reads why, too.
    own = readable_settings()[0].bot
    set_up(own.log_level, as_json=own.log_format == "json", environment=own.environment)
    log_what_nobody_awaits()
    settings = load_settings()
    from bot.cli.setting_check import refused_or_doubtful
    from bot.service.build import run_bot

    for doubt in refused_or_doubtful():
        log.warning("%s: %s. %s", doubt.name, doubt.detail, doubt.fix)
    try:
        _await(run_bot(settings))
    except BatchbotError as error:
        complain(*error_lines(error))
        raise typer.Exit(start_code(error)) from error


@cli.command(epilog=help_texts.DEMO)
def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where the local Slack workspace listens.")
    ] = 8765,
) -> None:
    """Show everything on this machine: the incident, a local Slack workspace and the bot."""
    try:
        from bot.demo.run import run_demo
    except ImportError as error:
        raise _lacking("The demo", "embedded", error) from error
    from bot.log import set_up

    set_up("WARNING")
    _await(run_demo(port))


@cli.command(
    cls=AskCommand,
    context_settings={"ignore_unknown_options": True},
    epilog=help_texts.ASK,
)
def ask(
    words: Annotated[
        list[str],
        typer.Argument(
            help='A question such as "is 34 ok?", or a command as in Slack: "/batch status 34".',
            autocompletion=next_words,
        ),
    ],
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print it.")] = (
        Format.TEXT
    ),
    files: Annotated[
        Path | None, typer.Option(help="Folder for the files of the answer, such as an export.")
    ] = None,
    watch: Annotated[
        float | None,
        typer.Option(WATCH, min=0.2, metavar="[SECONDS]", help="Ask again every 5 seconds."),
    ] = None,
) -> None:
    """Answer one command here, without Slack; you act as an operator."""
    from bot.cli import ask as asking
    from bot.cli.output import error_json, to_json

    _log_quietly()
    try:
        asked, settings = asking.asked_for(" ".join(words))
        if asked.is_read:
            without = f", without {asked.left_out}" if asked.left_out else ""
            sys.stderr.write(f"Read as {asked.typed}{without}\n")
        if watch is None:
            code = _await(asking.answer_once(asked, settings, format, files))
        else:
            code = _await(asking.answer_again(asked, settings, format, files, watch))
    except BatchbotError as error:
        if format in (Format.JSON, Format.BLOCKS):
            sys.stdout.write(to_json(error_json(error)))
        raise
    raise typer.Exit(code)


@cli.command(epilog=help_texts.MCP)
def mcp() -> None:
    """Answer a coding agent over standard input and output, by the Model Context Protocol."""
    try:
        from bot.cli.mcp.server import serve
    except ModuleNotFoundError as error:
        raise _lacking("The server for agents", "mcp", error) from error
    from bot.settings import load_settings

    _log_quietly()
    # A thread waits for the next line of the agent: Ctrl-C ends the process, as SIGTERM does.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _await(serve(load_settings()))


@cli.command(epilog=help_texts.REPLAY)
def replay(
    logs: Annotated[
        Path, typer.Option(help="Folder with <container>.log files, or an alert's zip.")
    ],
    format: Annotated[EventFormat, typer.Option("--format", "-f")] = EventFormat.TEXT,
    tick: Annotated[
        float | None, typer.Option(help="Seconds between two ticks; else TICK_SECONDS.", min=0.1)
    ] = None,
) -> None:
    """Run every detector over recorded logs, on the logs' own clock; print each alert event."""
    from bot.cli.replaying import show

    _log_quietly()
    raise typer.Exit(show(logs, format, tick))


@cli.command(epilog=help_texts.DOCTOR)
def doctor(
    logs: Annotated[
        bool, typer.Option("--logs", help="Say which log texts occur in the logs, and no more.")
    ] = False,
) -> None:
    """Check every setting, token, scope, channel and source, and say how to fix what is wrong."""
    from bot.cli.doctor.examination import examine, examine_logs, examine_settings
    from bot.cli.doctor.examined import show
    from bot.settings import readable_settings

    _log_quietly()
    settings, wrong = readable_settings()
    if logs:
        raise typer.Exit(show(_await(examine_logs(settings, sys.stderr))))
    raise typer.Exit(show([*examine_settings(wrong), *_await(examine(settings))]))


@cli.command(epilog=help_texts.MANIFEST)
def manifest() -> None:
    """Print the Slack app's manifest for the settings here."""
    from bot.settings import load_settings
    from bot.slack.setup.manifest import manifest_of, to_yaml

    sys.stdout.write(to_yaml(manifest_of(load_settings())))


@cli.command(epilog=help_texts.FILES)
def files(
    name: Annotated[str, typer.Argument(help="Which to print, such as compose.yaml.")] = "",
) -> None:
    """List the files that messages name, or print one of them."""
    from bot.cli.shipped import show

    show(name)


@cli.command(epilog=help_texts.HEALTH)
def health() -> None:
    """Say whether the bot that runs here is ready: its ticks, its database, Slack."""
    from bot.cli.health import address, show
    from bot.settings import load_settings

    own = load_settings().bot
    raise typer.Exit(show(address(own.http_host, own.http_port)))


def main() -> NoReturn:
    """Run the command line; every failure is a sentence and an exit code, never a traceback."""
    gc.set_threshold(OBJECTS_PER_SEARCH)
    _settle_home()
    # Pydantic looks for plug-ins of its own in every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # noqa: TID251 - no setting of ours
    try:
        code = cli(standalone_mode=False)
    except BatchbotError as error:
        from bot.cli.output import complain, error_code, error_lines

        complain(*error_lines(error))
        sys.exit(error_code(error))
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        from bot.cli.output import close_stdout

        close_stdout()
        sys.exit(0)
    except Exception as error:
        from bot.cli.output import unforeseen

        sys.exit(unforeseen(error))
    sys.exit(code if isinstance(code, int) else 0)


def _lacking(what: str, extra: str, error: ImportError) -> SettingsError:
    """Return the error for a library that only an extra of the package brings."""
    return SettingsError(
        f"{what} needs {error.name}, which is not installed.",
        hint=help_texts.EXTRA.format(extra),
    )


def _settle_home() -> None:
    """Name a home for a user whom the system does not know, such as a unit's DynamicUser.

    Libraries ask for one as they are imported, and break where there is none.
    """
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = str(Path.cwd())  # noqa: TID251 - of libraries, and no setting of ours


def _await(work: Coroutine[Any, Any, T]) -> T:
    import asyncio

    return asyncio.run(work)


def _log_quietly() -> None:
    from bot.log import set_up

    set_up("ERROR")


if __name__ == "__main__":
    main()
