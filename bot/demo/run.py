"""`batchbot demo`: everything embedded, and the same bot as in earnest talking to it."""

import asyncio
import os
import shutil
import signal
import tempfile
import threading
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from fakeredis import TcpFakeServer
from rich.console import Console

from bot import postgres
from bot.demo.incident.rows import load
from bot.demo.services import PREFIX, LlmProvider, Script
from bot.demo.workspace.server import Workspace
from bot.errors import SettingsError
from bot.running import build_bot
from bot.settings import (
    BotSettings,
    CjSettings,
    LogSettings,
    QueueSettings,
    Settings,
    SlackSettings,
)

OPEN_AFTER_SECONDS = "45"
TICK_SECONDS = 3.0
INCIDENT_LOGS = Path(__file__).parent / "incident" / "logs" / "console"
HINTS = """[bold]batchbot demo[/bold] — open [link]{url}[/link] and type, as [b]oncall[/b]:
  /batch status 34
  /batch status 33
  /trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9
  /queue
Watch #alerts: rejected callbacks first, a stuck queue after about a minute, then its resolve.
(The demo opens a stuck-queue alert after {opens} s without life instead of 300, by settings.)
Ctrl-C stops everything."""


async def run_demo(port: int = 8765) -> None:
    """Run until Ctrl-C or SIGTERM. Raises SettingsError when the port is taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    os.environ.setdefault("DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS", OPEN_AFTER_SECONDS)
    console = Console(stderr=True)
    async with AsyncExitStack() as stack:
        with console.status("starting Postgres, Redis, the workspace and the bot …"):
            url = await start_demo(stack, port)
        console.print(HINTS.format(url=url, opens=OPEN_AFTER_SECONDS))
        await stop.wait()
        console.print("stopping …")


async def start_demo(stack: AsyncExitStack, port: int, script: Script | None = None) -> str:
    """Start everything on `stack`; return the workspace's address."""
    folder, logs = _folders(stack)
    try:
        workspace = await stack.enter_async_context(Workspace(port))
    except OSError as error:
        raise SettingsError(
            f"port {port} cannot be used ({error.strerror})", hint="Try --port 8766."
        ) from error
    redis_url = _start_redis(stack)
    server = await postgres.start(folder / "postgres", durable=False)
    stack.push_async_callback(server.stop)
    cj_url = await server.create_database("cj_demo")
    await load(cj_url)
    memory_url = await server.create_database("batchbot_demo")
    settings = _settings(workspace, cj_url, memory_url, redis_url, logs)
    services = asyncio.create_task(LlmProvider(logs, redis_url, script or Script()).run())
    stack.push_async_callback(_cancel, services)
    await asyncio.sleep(0.2)
    await build_bot(settings, stack, durable=False)
    return workspace.url


def _folders(stack: AsyncExitStack) -> tuple[Path, Path]:
    folder = Path(tempfile.mkdtemp(prefix="batchbot-demo-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o711)  # as root the embedded server runs as another user, who passes through
    logs = folder / "logs"
    shutil.copytree(INCIDENT_LOGS, logs)
    return folder, logs


def _settings(
    workspace: Workspace, cj_url: str, memory_url: str, redis_url: str, logs: Path
) -> Settings:
    return Settings(
        slack=SlackSettings.model_validate(
            {
                "SLACK_BOT_TOKEN": workspace.bot_token,
                "SLACK_APP_TOKEN": workspace.app_token,
                "SLACK_API_URL": workspace.api_url,
                "SLACK_ALERT_CHANNEL": "alerts",
                "SLACK_INCIDENT_CHANNELS": "incidents",
                "SLACK_ALLOWED_USERS": "researcher",
                "SLACK_OPERATORS": "oncall",
            }
        ),
        bot=BotSettings.model_validate(
            {
                "BOT_ENVIRONMENT": "demo",
                "HTTP_PORT": 0,
                "TICK_SECONDS": TICK_SECONDS,
                "BOT_DATABASE_URL": memory_url,
            }
        ),
        cj=CjSettings.model_validate({"CJ_DATABASE_URL": cj_url}),
        logs=LogSettings.model_validate({"LOG_SOURCE": "files", "LOG_FILES_DIR": logs}),
        queue=QueueSettings.model_validate(
            {"LLM_QUEUE_REDIS_URL": redis_url, "LLM_QUEUE_PREFIX": PREFIX}
        ),
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
