"""`batchbot replay`: prints what every detector would have said of recorded logs."""

import sys
from pathlib import Path

from bot.cli.formats import EventFormat, Exit
from bot.cli.output import complain, event_line, to_json_line
from bot.cli.progress import Replayed
from bot.errors import UsageError
from bot.replay.files import opened
from bot.replay.logs import Tally
from bot.replay.run import replay_directory
from bot.settings import load_settings


def show(logs: Path, format: EventFormat, tick_seconds: float | None) -> Exit:
    """Print each alert event as it comes about, then what was not read; return the exit code."""
    settings = load_settings()
    if not logs.exists():
        raise UsageError(f"There is no folder {logs}.", hint="Give --logs a folder of .log files.")
    as_json = format is EventFormat.JSON
    tally = Tally()
    with opened(logs) as folder:
        for event in replay_directory(
            folder,
            settings.logs.services,
            settings.logs.zone,
            tick_seconds or settings.bot.tick_seconds,
            settings.bot.environment or "replay",
            tally=tally,
            progress=Replayed(sys.stderr),
        ):
            sys.stdout.write(to_json_line(event) if as_json else event_line(event))
            sys.stdout.flush()
    if not tally.events:
        nothing = tally.nothing()
        sys.stdout.write(to_json_line(nothing) if as_json else f"{nothing['title']}\n")
    complain(*tally.told(), *tally.silence())
    return Exit.UNKNOWN if tally.failed else Exit.FINE
