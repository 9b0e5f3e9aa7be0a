"""One container of the bot, from its start to its end, with a Slack and a database of its own."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docker.models.containers import Container

from bot.demo.workspace.server import Workspace
from tests.support.servers.engine import Engine
from tests.support.servers.tcp_ports import lasting_port

BOUND = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "read_only": True,
         "tmpfs": {"/tmp": ""}, "mem_limit": "512m", "pids_limit": 256}  # fmt: skip
SECOND = 1_000_000_000
HEALTHY_SECONDS, STOP_SECONDS = 240, 30
LEADS = "ticks leading"


@dataclass(frozen=True, slots=True)
class Life:
    """What was seen of a container: its health, what its checks said, its end and its log."""

    health: str
    said: str
    exit_code: int
    log: str


async def lived(
    engine: Engine, image: str, database_url: str, *, command: list[str] | None = None,
    settings: Mapping[str, str] | None = None, **options: Any,
) -> Life:  # fmt: skip
    """Run a container until it is healthy, and stop it as compose does."""
    async with Workspace() as space:
        environment = {
            "SLACK_BOT_TOKEN": space.bot_token, "SLACK_APP_TOKEN": space.app_token,
            "SLACK_API_URL": space.api_url, "SLACK_ALERT_CHANNEL": "alerts",
            "BOT_DATABASE_URL": database_url, "BOT_ENVIRONMENT": "image", "TICK_SECONDS": "1",
            "HTTP_PORT": str(lasting_port()), **(settings or {}),
        }  # fmt: skip
        container = await asyncio.to_thread(
            lambda: engine.client.containers.run(
                image, command, detach=True, network_mode="host", environment=environment,
                healthcheck={"interval": SECOND, "retries": 100, **_check(image, options)},
                **{**BOUND, **options},
            )
        )  # fmt: skip
        return await asyncio.to_thread(_watched, container)


def _check(image: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the command of the health check where the image has none of its own."""
    check = options.pop("health", None)
    return {"test": check} if check else {}


def _watched(container: Container) -> Life:
    try:
        health = _settled(container)
        container.stop(timeout=STOP_SECONDS)
        code = int(container.wait()["StatusCode"])
        checks = health.get("Log") or [{}]
        said = str(checks[-1].get("Output", "")).strip()
        return Life(str(health["Status"]), said, code, container.logs().decode(errors="replace"))
    finally:
        container.remove(force=True)


def _settled(container: Container) -> dict[str, Any]:
    """Return the container's health once it is healthy and leads, has ended, or was waited for in
    vain: a bot that waits for its first tick stands by, and is ready, too."""
    end = time.monotonic() + HEALTHY_SECONDS
    while True:
        container.reload()
        state = container.attrs["State"]
        health: dict[str, Any] = state.get("Health") or {"Status": "none"}
        over = state["Status"] != "running" or time.monotonic() > end
        leads = any(LEADS in str(one.get("Output", "")) for one in (health.get("Log") or [])[-1:])
        if (health["Status"] == "healthy" and leads) or over:
            return health
        time.sleep(0.2)
