"""`python -m tests.fresh`: walks from deploy/README.md to an alert, and says what it saw."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import channel_id
from tests.fresh import huleedu, readme
from tests.fresh.machine import Machine, lacks, machine
from tests.support.paths import ROOT

PASSWORD = "p$a@b/c#d"
# HuleEdu's stand-ins have no Kafka and no HTTP of the services.
NOT_THERE = ("KAFKA_BOOTSTRAP_SERVERS", "CJ_URL", "LLM_PROVIDER_URL", "LOKI_URL")
MOVES_SECONDS, FREEZES_AFTER, HEALTHY_SECONDS = 30, 20, 300


def checkout(folder: Path) -> None:
    """Copy what git keeps, as a clone would have it; Compose 1 knows no name of a project."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, path)
    if subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    ).returncode:
        compose = folder / "deploy" / "compose.yaml"
        compose.write_text(compose.read_text("utf-8").replace("\nname: batchbot\n", "\n"), "utf-8")


def fill(folder: Path, slack_url: str) -> None:
    """Fill in .env: the README's block of development, Slack, and the passwords."""
    wanted = {
        **readme.settings("development"), **dict.fromkeys(NOT_THERE, ""),
        "SLACK_BOT_TOKEN": Workspace.bot_token, "SLACK_APP_TOKEN": Workspace.app_token,
        "SLACK_API_URL": f"{slack_url}/api/", "SLACK_ALERT_CHANNEL": "alerts",
        "SLACK_ALLOWED_USERS": "*",
        "BOT_DATABASE_PASSWORD": f"'{PASSWORD}'", "CJ_DATABASE_PASSWORD": f"'{PASSWORD}'",
        "TICK_SECONDS": "5",
    }  # fmt: skip
    path = folder / ".env"
    lines = path.read_text(encoding="utf-8").splitlines()
    for name, value in wanted.items():
        (place,) = [n for n, line in enumerate(lines) if line.startswith(f"{name}=")]
        lines[place] = f"{name}={value}"
    lines.append(f"DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS={FREEZES_AFTER}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@asynccontextmanager
async def slack_at(gateway: str) -> AsyncIterator[tuple[Workspace, str]]:
    """Run a local Slack that containers of a network reach at its gateway."""
    async with Workspace() as space:
        where = urlsplit(space.url)

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there = await asyncio.open_connection(where.hostname, where.port)
            await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))

        server = await asyncio.start_server(carry, gateway, 0)
        try:
            yield space, f"http://{gateway}:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def told(space: Workspace) -> list[str]:
    """Return what stands in #alerts."""
    found = space.space.seen(channel_id("alerts") or "")
    return [str(one.get("text", "")) for one in found]


async def healthy(here: Machine) -> float:
    """Wait until the bot's container is healthy; return how long it took."""
    began = time.monotonic()
    while time.monotonic() - began < HEALTHY_SECONDS:
        (bot,) = here.engine.client.containers.list(
            all=True, filters={"label": "com.docker.compose.service=batchbot"}
        )
        if bot.attrs["State"].get("Health", {}).get("Status") == "healthy":
            return time.monotonic() - began
        await asyncio.sleep(1)
    raise TimeoutError(bot.logs().decode(errors="replace")[-3_000:])


async def walk(here: Machine, folder: Path, beside: Path) -> None:
    """Type each command of the page, freeze the queue, and wait for the alert."""
    checkout(folder)
    await asyncio.to_thread(huleedu.start, here, beside)
    role = (ROOT / "deploy" / "readonly_role.sql").read_text(encoding="utf-8")
    huleedu.psql(here, role)
    huleedu.psql(here, f"ALTER ROLE batchbot_reader PASSWORD '{PASSWORD}'")
    network = here.engine.client.networks.get(readme.settings("development")["HULEEDU_NETWORK"])
    gateway = network.attrs["IPAM"]["Config"][0]["Gateway"]
    async with slack_at(gateway) as (space, url):
        try:
            for command in readme.commands():
                said = await asyncio.to_thread(here.type, command, folder)
                if command.startswith("cp "):
                    fill(folder, url)
                elif " up " in command:
                    say(f"healthy after {await healthy(here):.0f} s")
                else:
                    say("\n".join(said.splitlines()[-25:]))
            await freezes(space, huleedu.Queue(here, beside))
        finally:
            down = "docker compose --env-file .env -f deploy/compose.yaml down -v"
            await asyncio.to_thread(here.type, down, folder)


async def freezes(space: Workspace, queue: huleedu.Queue) -> None:
    """Let the queue move, then stand still; say how long the alert took."""
    await asyncio.to_thread(queue.put, 6)
    end = time.monotonic() + MOVES_SECONDS
    while time.monotonic() < end:
        await asyncio.to_thread(queue.put, 1)
        await asyncio.to_thread(queue.take)
        await asyncio.sleep(0.5)
    if told(space):
        raise AssertionError(f"an alert while the queue moved: {told(space)}")
    say("no alert while the queue moves; it is frozen now")
    began = time.monotonic()
    while not (found := told(space)):
        if time.monotonic() - began > HEALTHY_SECONDS:
            raise TimeoutError("no alert on a frozen queue")
        await asyncio.sleep(0.5)
    say(f"alert after {time.monotonic() - began:.0f} s: {found[0]}")


def say(text: str) -> None:
    """Print at once: what comes next may take long."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Walk, and say how it went."""
    if problem := lacks():
        say(problem)
        return 2
    folders = [Path(tempfile.mkdtemp(prefix=f"bb-{what}-")) for what in ("checkout", "huleedu")]
    try:
        with machine() as here:
            asyncio.run(walk(here, *folders))
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
    say("from README to an alert: right")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
