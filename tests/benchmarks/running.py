"""The real bot as a process of its own, against a local workspace, for the benchmarks."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.demo.workspace.server import Workspace


@dataclass(frozen=True, slots=True)
class Running:
    """A running bot: its process, where its HTTP side is, and how long it took to be ready (s)."""

    process: asyncio.subprocess.Process
    url: str
    ready_after: float


def settings(workspace: Workspace, memory_url: str, logs: Path, **more: str) -> dict[str, str]:
    """Return the environment of a bot."""
    clean = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    return {
        **clean,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "SLACK_ALERT_CHANNEL": "alerts",
        "SLACK_INCIDENT_CHANNELS": "incidents",
        "SLACK_OPERATORS": "oncall",
        "BOT_ENVIRONMENT": "bench",
        "BOT_DATABASE_URL": memory_url,
        "LOG_SOURCE": "files",
        "LOG_FILES_DIR": str(logs),
        **more,
    }


@asynccontextmanager
async def bot(environment: Mapping[str, str], port: int) -> AsyncIterator[Running]:
    """Run `batchbot run` until the block ends; yields once it says that it is ready."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        env={**environment, "HTTP_PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await asyncio.wait_for(_ready(url), 60)
        yield Running(process, url, time.monotonic() - began)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            with suppress(aiohttp.ClientError):
                async with session.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)
