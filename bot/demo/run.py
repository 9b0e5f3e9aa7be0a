"""`batchbot demo`: everything embedded, and the same bot as in earnest talking to it."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from fakeredis import TcpFakeServer
from rich.console import Console

from bot.demo.incident.rows import load
from bot.demo.incidents import Incidents
from bot.demo.services import PREFIX, LlmProvider, Script
from bot.demo.workspace.server import Workspace
from bot.errors import SettingsError
from bot.registry import commands
from bot.service import embedded_postgres
from bot.service.build import build_bot
from bot.settings import (
    BotSettings,
    CjSettings,
    LogSettings,
    QueueSettings,
    Settings,
    SlackSettings,
)
from bot.slack.setup.manifest import build_manifest

OPEN_AFTER_SECONDS = "45"
TICK_SECONDS = 3.0
# What takes minutes in earnest; a setting of the environment wins, and the .env tells a replay.
SHORTENED = {
    "DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS": OPEN_AFTER_SECONDS,
    "DETECTOR_CONSUMER_SILENT_AFTER_SECONDS": "20",
    "DETECTOR_FINALISATION_STUCK_AFTER_SECONDS": "20",
    "DETECTOR_PROVIDER_ERRORS_WINDOW_SECONDS": "60",
    "DETECTOR_PROVIDER_ERRORS_QUIET_SECONDS": "60",
    "DETECTOR_REJECTED_CALLBACKS_QUIET_SECONDS": "120",
    "DETECTOR_DATABASE_ERRORS_QUIET_SECONDS": "60",
}
# The settings that are the same in every demo; the others are places of its parts.
FIXED = {
    "BOT_ENVIRONMENT": "demo",
    "HTTP_PORT": "0",
    "TICK_SECONDS": str(TICK_SECONDS),
    "LOG_SOURCE": "files",
    "LLM_QUEUE_PREFIX": PREFIX,
    "QUEUE_REPAIR": "on",
    "RUNNER_PROCESSES": "off",
}
INCIDENT_LOGS = Path(__file__).parent / "incident" / "logs" / "console"
NOTE = (
    f"Times are shortened here: a stuck queue is told after {OPEN_AFTER_SECONDS} s, in earnest "
    "after five minutes."
)
HINTS = """[bold]batchbot demo[/bold] — open [link]{url}[/link] and type, as [b]oncall[/b]:
  /batch status 34
  /batch status 33
  /trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9
  /queue
Watch #alerts: rejected callbacks first, a stuck queue after about a minute, then its resolve.
Tour shows it in a minute; What breaks on the page brings each incident back at any time.
(The demo opens a stuck-queue alert after {opens} s without life instead of 300, by settings.)

In a second terminal the command line asks the same demo, by the .env of this folder:
  cd {folder}
  {program} ask /queue --watch
  {program} doctor
Ctrl-C stops everything."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: the page's address, the database of CJ in it, and what can be broken."""

    url: str
    cj_url: str
    incidents: Incidents


async def run_demo(port: int = 8765) -> None:
    """Run until Ctrl-C or SIGTERM. Raises SettingsError when the port is taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    for setting, seconds in SHORTENED.items():
        os.environ.setdefault(setting, seconds)
    console = Console(stderr=True)
    async with AsyncExitStack() as stack:
        with console.status("starting Postgres, Redis, the workspace and the bot …"):
            folder = make_folder(stack)
            demo = await start_demo(stack, port, folder=folder)
        hints = HINTS.format(
            url=demo.url, opens=OPEN_AFTER_SECONDS, folder=folder, program=_program(sys.argv[0])
        )
        console.print(hints, soft_wrap=True)
        await stop.wait()
        console.print("stopping …")


def _program(path: str) -> str:
    """Return how this program is called from another folder."""
    if Path(path).name == "__main__.py":
        return f"{sys.executable} -m bot"
    return str(Path(path).absolute()) if "/" in path else path


async def start_demo(
    stack: AsyncExitStack,
    port: int,
    script: Script | None = None,
    *,
    folder: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Demo:
    """Start everything on `stack`. Raises SettingsError when the port is taken.

    `folder` gets the logs, the database and a .env with which the command line asks the demo;
    `settings` come on top of the demo's own.
    """
    folder = folder or make_folder(stack)
    logs = folder / "logs"
    shutil.copytree(INCIDENT_LOGS, logs)
    incidents = Incidents()
    workspace = await _workspace(stack, port, incidents)
    redis_url = _start_redis(stack)
    server = await embedded_postgres.start(folder / "postgres", durable=False)
    stack.push_async_callback(server.stop)
    cj_url = await server.create_database("cj_demo")
    await load(cj_url)
    memory_url = await server.create_database("batchbot_demo")
    values = {
        **FIXED,
        **_slack(workspace),
        "BOT_DATABASE_URL": memory_url,
        "CJ_DATABASE_URL": cj_url,
        "LOG_FILES_DIR": str(logs),
        "LLM_QUEUE_REDIS_URL": redis_url,
        **(settings or {}),
    }
    shortened = {name: os.environ[name] for name in SHORTENED if name in os.environ}
    _write(folder / ".env", {**values, **shortened})
    provider = LlmProvider(logs, redis_url, script or Script(), cj_url=cj_url, incidents=incidents)
    services = asyncio.create_task(provider.run())
    stack.push_async_callback(_cancel, services)
    await asyncio.sleep(0.2)
    await build_bot(_settings(values), stack, durable=False)
    return Demo(workspace.url, cj_url, incidents)


async def _workspace(stack: AsyncExitStack, port: int, incidents: Incidents) -> Workspace:
    manifest = build_manifest(commands())
    try:
        return await stack.enter_async_context(
            Workspace(port, manifest=manifest, note=NOTE, app_starts=True, incidents=incidents)
        )
    except OSError as error:
        raise SettingsError(
            f"port {port} cannot be used ({error.strerror})", hint="Try --port 8766."
        ) from error


def make_folder(stack: AsyncExitStack) -> Path:
    """Return a new folder that goes with `stack`."""
    folder = Path(tempfile.mkdtemp(prefix="batchbot-demo-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o711)  # as root the embedded server runs as another user, who passes through
    return folder


def _slack(workspace: Workspace) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "SLACK_ALERT_CHANNEL": "alerts",
        "SLACK_INCIDENT_CHANNELS": "incidents",
        "SLACK_ALLOWED_USERS": "researcher",
        "SLACK_OPERATORS": "oncall",
    }


def _write(path: Path, values: Mapping[str, str]) -> None:
    """Write the settings for a second terminal, for its owner alone as a .env should be."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def _settings(values: Mapping[str, str]) -> Settings:
    """Return these settings alone; each group takes what is its own."""
    return Settings(
        slack=SlackSettings.model_validate(values),
        bot=BotSettings.model_validate(values),
        cj=CjSettings.model_validate(values),
        logs=LogSettings.model_validate(values),
        queue=QueueSettings.model_validate(values),
    )


def _start_redis(stack: AsyncExitStack) -> str:
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return f"redis://127.0.0.1:{server.server_address[1]}/0"


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
