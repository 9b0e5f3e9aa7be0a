"""A user at the terminal of one installation: its settings, `doctor` and `ask`."""

import contextlib
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.cli import ask as asking
from bot.cli.doctor.examination import examine, examine_settings
from bot.cli.doctor.examined import show
from bot.cli.formats import Format
from bot.cli.output import error_code, error_lines
from bot.errors import BatchbotError
from bot.settings import load_settings, readable_settings, setting_names
from tests.installs.table import Seen


@contextlib.contextmanager
def installed(
    folder: Path, settings: Mapping[str, str], env_file: str | bytes = ""
) -> Iterator[None]:
    """Stand in a folder with these settings and no others, and with a .env if one is given."""
    before, where = dict(os.environ), Path.cwd()
    for name in setting_names() | {"DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"}:
        os.environ.pop(name, None)
    os.environ.update({"BOT_DATA_DIR": str(folder / "data"), **settings})
    content = env_file if isinstance(env_file, bytes) else env_file.encode()
    path = folder / ".env"
    path.write_bytes(content) if content else path.unlink(missing_ok=True)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(where)
        os.environ.clear()
        os.environ.update(before)


async def doctor() -> Seen:
    """Run `batchbot doctor` here."""
    out = io.StringIO()
    try:
        settings, wrong = readable_settings()
        with contextlib.redirect_stdout(out):
            code = show([*examine_settings(wrong), *await examine(settings)])
    except BatchbotError as error:
        return Seen(out.getvalue() + "\n".join(error_lines(error)), int(error_code(error)))
    return Seen(out.getvalue(), code)


async def ask(line: str) -> Seen:
    """Run `batchbot ask` here."""
    out = io.StringIO()
    try:
        settings = load_settings()
        asked = asking.understand(line, settings.slack.command_prefix)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = int(await asking.answer_once(asked, settings, Format.MARKDOWN, None))
    except BatchbotError as error:
        return Seen(out.getvalue() + "\n".join(error_lines(error)), int(error_code(error)))
    return Seen(out.getvalue(), code)


def line_of(seen: Seen, what: str) -> Seen:
    """Return doctor's line on one thing, with its fix; the code is 1 where it is broken."""
    lines = seen.text.splitlines()
    found = [
        f"{line}{lines[n + 1] if lines[n + 1 : n + 2] and 'fix:' in lines[n + 1] else ''}"
        for n, line in enumerate(lines)
        if f" {what} - " in line
    ]
    return Seen("\n".join(found), int(any("🔴" in line for line in found)))
