"""`python -m tests.upgrades`: upgrades beside each earlier version, and goes back to it.

Of each earlier schema the last version that made it is taken from git's history and runs as it was,
on this machine's packages: it leads and alerts; today's version starts beside it and brings the
tables up to date; the older one goes on alerting; today's takes over; then the older one alone.
"""

import argparse
import ast
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bot.alerts.store.migrations import MIGRATIONS
from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import CHANNELS
from bot.service import embedded_postgres
from tests.chaos.kills import Pace, environment_of, logs_in
from tests.chaos.violations import write
from tests.support.paths import ROOT
from tests.support.servers.tcp_ports import lasting_port

FILE = "bot/alerts/store/migrations.py"
PATIENCE = 120.0
# Going back to one before it tells open alerts again: deploy/README.md says so.
BACK_SINCE = 5
SCHEMA = "SELECT max(version) FROM batchbot.schema_version"


@dataclass(frozen=True, slots=True)
class Way:
    """An upgrade that was tried: what each part of it came to, in words."""

    schema: int
    commit: str
    upgraded: str
    beside: str
    back: str

    @property
    def is_right(self) -> bool:
        """Whether all of it came out as it was promised."""
        back = self.back if self.schema >= BACK_SINCE else ""
        return "NOT" not in f"{self.upgraded} {self.beside} {back}"

    @property
    def row(self) -> str:
        cells = (str(self.schema), self.commit, self.upgraded, self.beside, self.back)
        return f"| {' | '.join(cells)} |"


def git(*words: str) -> str:
    """Return what git says of this checkout."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def schemas_in(source: str) -> int:
    """Return how many migrations a version's file lists."""
    for one in ast.parse(source).body:
        if isinstance(one, ast.AnnAssign) and ast.unparse(one.target) == "MIGRATIONS":
            return len(one.value.elts) if isinstance(one.value, ast.Tuple) else 0
    return 0


def last_versions() -> Mapping[int, str]:
    """Return the last commit of each earlier schema that git's history has."""
    found: dict[int, str] = {}
    for commit in git("log", "--first-parent", "--format=%h", "--", FILE).split():
        before = f"{commit}^"
        try:
            schema = schemas_in(git("show", f"{before}:{FILE}"))
        except subprocess.CalledProcessError:
            continue  # the file begins with this commit
        if 0 < schema < len(MIGRATIONS):
            found.setdefault(schema, git("rev-parse", "--short", before).strip())
    return dict(sorted(found.items()))


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Make a work tree of an earlier version."""
    folder = Path(tempfile.mkdtemp(prefix="bb-version-"))
    git("worktree", "add", "--detach", str(folder), commit)
    try:
        yield folder
    finally:
        git("worktree", "remove", "--force", str(folder))
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def running(code: Path, environment: Mapping[str, str]) -> AsyncIterator[int]:
    """Run a version of the bot until it is ready; yield its port, and stop it as a unit would."""
    port = lasting_port()
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=code, stdout=log, stderr=log,
            env={**environment, "PYTHONPATH": str(code), "HTTP_PORT": str(port)},
        )  # fmt: skip
        try:
            if not await within(lambda: asyncio.to_thread(lambda: bool(ticks(port)))):
                log.seek(0)
                raise TimeoutError(log.read().decode(errors="replace")[-2_000:])
            yield port
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def ticks(port: int) -> str:
    """Return what /readyz says of the ticks, "" unless all is well."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return str(json.load(answer)["checks"]["ticks"])
    except OSError:
        return ""


async def within(check: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> bool:
    """Say whether a check holds within its time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if await check():
            return True
        await asyncio.sleep(0.5)
    return False


@dataclass(frozen=True, slots=True)
class Alerted:
    """A violation that goes on: who leads writes its ticks, and #alerts has it once."""

    workspace: Workspace
    logs: Path
    url: str

    async def led_by(self, port: int, who: str) -> str:
        """Return what is wrong with how a version leads, "" when it ticks, writes and tells."""
        write(self.logs, 0)
        began = await self._written()

        async def leads() -> bool:
            is_leading = await asyncio.to_thread(ticks, port) == "leading"
            return is_leading and await self._written() > began and bool(self._heads())

        if not await within(leads):
            return f"{who}: NOT leading, {ticks(port) or 'not ready'}"
        return "" if self._heads() == 1 else f"{who}: told {self._heads()} times, NOT once"

    def _heads(self) -> int:
        rows = self.workspace.space.messages[CHANNELS["alerts"]]
        return sum(not row["thread_ts"] for row in rows)

    async def _written(self) -> float:
        return float(await self.value("SELECT extract(epoch FROM max(at)) FROM batchbot.progress"))

    async def value(self, query: str) -> Any:
        """Return what the bot's database answers, 0 for nothing."""
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(query) or 0
        finally:
            await connection.close()


async def tried(version: int, commit: str) -> Way:
    """Upgrade beside one earlier version, and go back to it."""
    async with AsyncExitStack() as stack:
        older = stack.enter_context(checkout(commit))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bb-upgrade-")))
        logs = logs_in(folder)
        workspace = await stack.enter_async_context(Workspace(0))
        server = await embedded_postgres.start(folder / "postgres", durable=True)
        stack.push_async_callback(server.stop)
        url = await server.create_database("memory")
        # The violation goes on for as long as a slow machine takes for all of this.
        environment = environment_of(workspace, url, logs, Pace(quiet=3_600))
        environment["TICK_SECONDS"] = "1"
        alerted = Alerted(workspace, logs, url)
        async with AsyncExitStack() as newer:
            async with running(older, environment) as port:
                alone = await alerted.led_by(port, "the older one alone")
                before = await alerted.value(SCHEMA)
                today = await newer.enter_async_context(running(ROOT, environment))
                beside = await alerted.led_by(port, "the older one beside it")
            taken = await alerted.led_by(today, "today's")
            after = await alerted.value(SCHEMA)
        async with running(older, environment) as port:
            back = await alerted.led_by(port, "the older one again")
    upgraded = f"{before} to {after}, takes over, its alert goes on"
    return Way(
        version, commit, alone or taken or upgraded, beside or "goes on leading and writing",
        back or "works",
    )  # fmt: skip


def main() -> int:
    """Try each way, and print the table; 1 when one did not work."""
    parser = argparse.ArgumentParser(prog="python -m tests.upgrades", description=__doc__)
    parser.add_argument("--only", type=int, action="append", help="a schema to come from")
    only = parser.parse_args().only
    say("| from schema | its last version | to today's | the older one, beside it | back to it |")
    say("|---:|---|---|---|---|")
    bad = False
    for version, commit in last_versions().items():
        if not only or version in only:
            done = asyncio.run(tried(version, commit))
            say(done.row)
            bad = bad or not done.is_right
    return int(bad)


def say(text: str) -> None:
    """Print at once: the next row takes a minute."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
