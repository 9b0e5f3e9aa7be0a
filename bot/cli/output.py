"""How the command line gives an answer or a failure: formats, files, exit codes."""

import contextlib
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.cli.formats import Exit, Format
from bot.cli.shipped import with_places
from bot.domain.report import Report, Verdict
from bot.domain.words import times_of
from bot.errors import (
    AwayError,
    BatchbotError,
    DeniedError,
    NotFoundError,
    SettingsError,
    SourceError,
    UnreadError,
    UsageError,
)
from bot.text.privacy import presentable, said
from bot.text.times import UtcTimes

log = logging.getLogger(__name__)


def to_json(value: Any) -> str:
    """Return indented JSON with a newline at its end."""
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode() + "\n"


def to_json_line(value: Any) -> str:
    """Return one JSON object as one line."""
    import orjson

    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode() + "\n"


def event_line(event: Mapping[str, Any]) -> str:
    """Return an alert event of a replay as one line for people."""
    names = ("at", "event", "severity", "key", "title")
    return "  ".join(str(event.get(name) or "-") for name in names) + "\n"


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


def start_code(error: BatchbotError) -> Exit:
    """Return the exit code of a start that failed: 2 when a setting is to be corrected."""
    if isinstance(error, AwayError):
        return Exit.AWAY
    if isinstance(error, SourceError):
        return Exit.USAGE if error.permanent else Exit.AWAY
    return error_code(error)


def rendered(report: Report, form: Format) -> str:
    """Return an answer as JSON, Markdown or Slack blocks; text is the terminal's own affair."""
    if form in (Format.JSON, Format.BLOCKS):
        return to_json(as_object(report, form))
    from bot.text.markdown_report import render

    return render(report)


def as_object(report: Report, form: Format) -> dict[str, Any]:
    """Return an answer as the object that `--format json` or `blocks` prints."""
    if form is Format.JSON:
        return presentable(report).as_json()
    from bot.slack.blocks.renderer import BlockKit

    message = BlockKit().report(report)
    return {"text": message["text"], "blocks": message["blocks"]}


def error_json(error: BatchbotError) -> dict[str, Any]:
    """Return a failure as JSON, for `--format json`."""
    usage = list(error.usage) if isinstance(error, UsageError) else []
    told = {"error": str(said(error.message)), "hint": str(said(error.hint)), "usage": usage}
    return {"command": "", "verdict": "unknown", **told}


def error_lines(error: BatchbotError) -> list[str]:
    """Return a failure as lines for people: what is wrong, what to do, how it is called."""
    source = f"{error.source}: " if isinstance(error, SourceError) else ""
    usage = [f"  {line}" for line in error.usage] if isinstance(error, UsageError) else []
    message, hint = said(error.message), said(with_places(error.hint))
    times = UtcTimes.of([*times_of(message), *times_of(hint)])
    commands = ", ".join(error.offers) if isinstance(error, UsageError) else ""
    offers = f"{'Or' if isinstance(error, UnreadError) else 'That is'}: {commands}"
    lines = [
        f"{source}{times.text(message)}",
        times.text(hint),
        times.notice,
        offers if commands else "",
        *usage,
    ]
    return [line for line in lines if line]


def unforeseen(error: Exception) -> int:
    """Say click's own usage errors as click does, and anything else with its place in our code."""
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if callable(show) and isinstance(code, int):
        show()
        return code
    from bot.log import cause_line

    complain(f"Something broke inside batchbot: {cause_line(error)}", "Please report this line.")
    return Exit.BROKEN


def complain(*lines: str) -> None:
    """Write lines for people, or as one of the log's where a collector reads standard error."""
    from bot.log import writes_json

    if writes_json():
        log.critical("%s", " ".join(lines))
        return
    for line in lines:
        sys.stderr.write(f"{line}\n")


def close_stdout() -> None:
    """Keep Python from complaining, at its own end, about a reader that went away."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
