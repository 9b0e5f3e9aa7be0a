"""`python -m tests.fresh.unit`: deploy/batchbot.service under a real systemd, in a container.

A Debian is made by mmdebstrap and booted by systemd-nspawn with the machine's own network; the bot
is installed by the commands that stand in the unit's head. It needs root and those two packages;
some minutes.
"""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bot.demo.workspace.server import Workspace
from bot.service import embedded_postgres
from tests.installs.peers import front
from tests.support.paths import ROOT
from tests.support.servers.tcp_ports import lasting_port

UNIT = ROOT / "deploy" / "batchbot.service"
PACKAGES = "systemd,dbus,python3,python3-venv,ca-certificates"
NEEDED = ("mmdebstrap", "systemd-nspawn")
# Longer than RestartSec, so that a new start would be seen.
LOOKED_SECONDS, READY_SECONDS, BOOT_SECONDS = 30, 180, 180
UP = ("running", "degraded")


def commands() -> list[str]:
    """Return what the unit's head says to type, without the last, which starts it."""
    head = UNIT.read_text(encoding="utf-8").partition("[Unit]")[0]
    typed = re.findall(r"^#   (.*)$", head, re.MULTILINE)
    return [re.sub(r"\s{2,}.*$", "", one).partition(" && systemctl")[0] for one in typed]


def install(root: Path) -> None:
    """Make a Debian and install a wheel of this checkout in it, as the unit's head says."""
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", "bookworm", root],
        check=True,
    )
    work = root / "root"
    # pip asks there as it does here, by the same certificates.
    for name in ("pip.conf", "resolv.conf", "ssl/certs/ca-certificates.crt"):
        if Path("/etc", name).exists():
            shutil.copy(Path("/etc", name).resolve(), root / "etc" / name)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--wheel-dir", work, ROOT], check=True,
    )  # fmt: skip
    (wheel,) = work.glob("batchbot-*.whl")
    shutil.copy(UNIT, work)
    (work / ".env").write_text("")
    for command in commands():
        sys.stdout.write(f"# {command}\n")
        typed = re.sub(r"batchbot-…-py3-none-any\.whl", f"./{wheel.name}", command)
        subprocess.run(["chroot", root, "sh", "-ec", f"cd /root; {typed}"], check=True)


class Booted:
    """A Debian that runs; `show` tells of the unit what systemd knows."""

    def __init__(self, root: Path, init: int) -> None:
        self._root = root
        self._init = init

    def run(self, *words: str) -> str:
        """Run a command inside."""
        inside = ["nsenter", "-t", str(self._init), "-a", *words]
        return subprocess.run(inside, capture_output=True, text=True, check=False).stdout

    def settings(self, settings: Mapping[str, str]) -> None:
        """Write /etc/batchbot.env, and start the unit with it."""
        lines = "".join(f"{name}='{value}'\n" for name, value in settings.items())
        (self._root / "etc" / "batchbot.env").write_text(lines)
        self.run("systemctl", "reset-failed", "batchbot")
        self.run("systemctl", "restart", "batchbot")

    def show(self) -> dict[str, str]:
        """Return the state of the unit."""
        names = "ActiveState,ExecMainStatus,NRestarts"
        rows = self.run("systemctl", "show", "-p", names, "batchbot").splitlines()
        return dict(row.split("=", 1) for row in rows)


@contextmanager
def booted(root: Path) -> Iterator[Booted]:
    """Boot it, with no network of its own."""
    process = subprocess.Popen(
        ["systemd-nspawn", "--quiet", "-D", root, "--boot", "--register=no", "--keep-unit",
         "--console=pipe", "--machine=bb-unit"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        here = Booted(root, _init(process.pid))
        end = time.monotonic() + BOOT_SECONDS
        # Degraded is enough: the unit under test may be what fails.
        while (said := here.run("systemctl", "is-system-running").strip()) not in UP:
            if time.monotonic() > end or process.poll() is not None:
                raise TimeoutError(f"systemd says {said!r}; nspawn ended with {process.poll()}")
            time.sleep(0.5)
        yield here
    finally:
        process.terminate()
        process.wait(60)


def _init(nspawn: int) -> int:
    children = Path(f"/proc/{nspawn}/task/{nspawn}/children")
    end = time.monotonic() + 20
    while not (found := children.read_text().split()):
        if time.monotonic() > end:
            raise TimeoutError("systemd-nspawn started nothing")
        time.sleep(0.1)
    return int(found[0])


def ended(here: Booted, settings: Mapping[str, str]) -> dict[str, str]:
    """Start with settings; return the unit's state once it is tried again, or long is not."""
    here.settings(settings)
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        seen = here.show()
        if seen.get("NRestarts", "0") != "0":
            return seen
        if seen.get("ActiveState") == "failed":
            end = min(end, time.monotonic() + LOOKED_SECONDS)
        time.sleep(0.5)
    return here.show()


def ready(port: int) -> str:
    """Return what /readyz says once it is ready, or the last that was heard."""
    end, said = time.monotonic() + READY_SECONDS, "nothing"
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                return str(json.load(answer)["status"])
        except urllib.error.HTTPError as error:
            said = error.read().decode()
        except OSError as error:
            said = str(error)
        time.sleep(0.5)
    return said


async def table(root: Path, here: Booted) -> int:
    """Print each end of the program and what systemd made of it; return how many are wrong."""
    wrong = 0

    def row(condition: str, seen: Mapping[str, str], right: bool) -> None:
        nonlocal wrong
        wrong += not right
        sys.stdout.write(f"{'right' if right else 'WRONG'}  {condition}: {dict(seen)}\n")
        sys.stdout.flush()

    database = root.parent / f"{root.name}-server"
    database.mkdir(mode=0o711)
    server = await embedded_postgres.start(database, durable=False)
    try:
        url = urlsplit(await server.create_database("unit"))
        socket = f"{parse_qs(url.query)['host'][0]}/.s.PGSQL.{url.port or 5432}"
        async with Workspace() as space, front(socket) as memory:
            port = lasting_port()
            settings = {
                "SLACK_BOT_TOKEN": space.bot_token, "SLACK_APP_TOKEN": space.app_token,
                "SLACK_API_URL": space.api_url, "SLACK_ALERT_CHANNEL": "alerts",
                "HTTP_PORT": str(port), "LOG_SOURCE": "files", "LOG_FILES_DIR": "/var/log",
                "BOT_ENVIRONMENT": "unit",
                "BOT_DATABASE_URL": f"postgresql://postgres@127.0.0.1:{memory.port}/unit",
            }  # fmt: skip
            wrong_setting = {**settings, "SLACK_BOT_TOKEN": ""}
            seen = await asyncio.to_thread(ended, here, wrong_setting)
            row("a wrong setting is not tried again", seen, seen == {
                "ActiveState": "failed", "ExecMainStatus": "2", "NRestarts": "0"})  # fmt: skip
            away = {**settings, "BOT_DATABASE_URL": "postgresql://bot@127.0.0.1:1/bot"}
            seen = await asyncio.to_thread(ended, here, away)
            said = here.run("journalctl", "--no-pager", "-b", "-u", "batchbot")
            seen = {**seen, "ended with": ", ".join(re.findall(r"status=(\d+/\w+)", said))}
            row("what is away is tried again", seen,
                "69/" in seen["ended with"] and int(seen["NRestarts"]) > 0)  # fmt: skip
            await asyncio.to_thread(here.settings, settings)
            said = await asyncio.to_thread(ready, port)
            seen = {**await asyncio.to_thread(here.show), "readyz": said}
            row("it runs", seen, (seen["ActiveState"], said) == ("active", "ready"))
            await asyncio.to_thread(here.run, "systemctl", "stop", "batchbot")
            seen = await asyncio.to_thread(here.show)
            row("it is stopped", seen,
                (seen["ActiveState"], seen["ExecMainStatus"]) == ("inactive", "0"))  # fmt: skip
    finally:
        await server.stop(remove=True)
        shutil.rmtree(database, ignore_errors=True)
    if wrong:
        sys.stdout.write(here.run("journalctl", "--no-pager", "-n", "40", "-u", "batchbot"))
    return wrong


def main() -> int:
    """Install, boot, and print the table."""
    if missing := [one for one in NEEDED if shutil.which(one) is None]:
        sys.stdout.write(f"not installed: {', '.join(missing)}\n")
        return 2
    root = Path(tempfile.mkdtemp(prefix="bb-unit-"))
    root.chmod(0o755)
    try:
        install(root)
        with booted(root) as here:
            return 1 if asyncio.run(table(root, here)) else 0
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
