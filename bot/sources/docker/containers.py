"""The services' containers as their Engines see them, and of their environment the two modes.

A container's environment holds API keys and passwords. Two settings decide how comparisons are
bundled, are configured apart and can disagree; they alone are picked out, where the environment
is read, and nothing else of it leaves this file.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.domain.evidence import CONTAINERS
from bot.domain.log import Role, Service, service_of
from bot.domain.service_state import ContainerState
from bot.sources.docker.address import EngineAddress
from bot.sources.docker.engine import COMPOSE_SERVICE, Engine
from bot.sources.docker.errors import GoneError

# Each start of a runner leaves a container behind; hundreds of those may hide no other service.
PER_SERVICE = 10
AT_ONCE = 8
MODE_KEYS = {
    Role.CJ: ("CJ_ASSESSMENT_SERVICE_LLM_BATCHING_MODE", "LLM_BATCHING_MODE"),
    Role.LLM_PROVIDER: ("LLM_PROVIDER_SERVICE_QUEUE_PROCESSING_MODE", "QUEUE_PROCESSING_MODE"),
}
# A mode is a word; any other value is none, and might be a secret.
_MODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_NOT_A_MODE = "unreadable"


class EngineContainers:
    """Inspects the containers of the configured services; implements ContainerSource."""

    name = CONTAINERS

    def __init__(self, hosts: Sequence[str | EngineAddress], services: Sequence[Service]) -> None:
        self._engines = tuple(Engine(host, CONTAINERS) for host in hosts)
        self._services = tuple(services)

    async def close(self) -> None:
        """Close the connections to the Engines."""
        for engine in self._engines:
            await asyncio.to_thread(engine.close)

    async def containers(self) -> Sequence[ContainerState]:
        """Return the services' containers of every Engine, newest instance first.

        Raises SourceError when an Engine does not answer: its containers would look gone.
        """
        found = await asyncio.gather(*(self._of(engine) for engine in self._engines))
        rows = [row for rows in found for row in rows]
        return tuple(state for _, state in sorted(rows, key=lambda row: row[0], reverse=True))

    async def check(self) -> str:
        """Say how many containers can be inspected, and the modes found. Raises SourceError."""
        found = await self.containers()
        running = sum(one.state == "running" for one in found)
        modes = {f"{key}={value or 'empty'}" for one in found for key, value in one.modes.items()}
        return "; ".join([f"{len(found)} containers of the services, {running} running", *modes])

    async def _of(self, engine: Engine) -> list[tuple[float, ContainerState]]:
        listed = await asyncio.to_thread(engine.containers)
        mine = [(raw, service) for raw in listed if (service := self._service(raw)) is not None]
        at_once = asyncio.Semaphore(AT_ONCE)
        found = await asyncio.gather(*(self._state(engine, at_once, *row) for row in kept_of(mine)))
        return [row for row in found if row is not None]

    async def _state(
        self, engine: Engine, at_once: asyncio.Semaphore, raw: Mapping[str, Any], service: Service
    ) -> tuple[float, ContainerState] | None:
        async with at_once:
            try:
                inspected = await asyncio.to_thread(engine.inspect, raw["Id"])
            except GoneError:
                return None
        return _number(raw.get("Created")), state_of(inspected, service)

    def _service(self, raw: Mapping[str, Any]) -> Service | None:
        names = [str(name).lstrip("/") for name in raw.get("Names") or ()]
        label = (raw.get("Labels") or {}).get(COMPOSE_SERVICE)
        by_label = next((one for one in self._services if one.name == label), None)
        found = by_label or (service_of(names[0], self._services) if names else None)
        return found if found in self._services else None


def kept_of(
    listed: Sequence[tuple[Mapping[str, Any], Service]],
) -> list[tuple[Mapping[str, Any], Service]]:
    """Return PER_SERVICE containers of each service: what runs before what ended, newest first."""
    kept: list[tuple[Mapping[str, Any], Service]] = []
    counts: Counter[str] = Counter()
    for raw, service in sorted(listed, key=_rank):
        counts[service.name] += 1
        if counts[service.name] <= PER_SERVICE:
            kept.append((raw, service))
    return kept


def state_of(told: Mapping[str, Any], service: Service) -> ContainerState:
    """Return what an inspection says; pure, and the border that the environment stops at."""
    state = told.get("State") or {}
    running = bool(state.get("Running"))
    code = state.get("ExitCode")
    return ContainerState(
        service=service.name,
        container=str(told.get("Name") or "").lstrip("/"),
        id=str(told.get("Id") or "")[:12],
        state=str(state.get("Status") or "unknown"),
        started_at=engine_time(state.get("StartedAt")),
        restarts=int(_number(told.get("RestartCount"))),
        exit_code=code if isinstance(code, int) and not running else None,
        out_of_memory=state.get("OOMKilled") is True,
        modes=modes_of((told.get("Config") or {}).get("Env"), service.role),
    )


def modes_of(environment: object, role: Role) -> dict[str, str]:
    """Return the batching mode of an environment (`KEY=value` items) by its key, else nothing.

    A variable that Compose was given no value for is there and empty.
    """
    wanted = MODE_KEYS.get(role, ())
    found: dict[str, str] = {}
    for item in environment if isinstance(environment, list) else ():
        key, separator, value = str(item).partition("=")
        if key in wanted and separator:
            found[key] = value if not value or _MODE.fullmatch(value) else _NOT_A_MODE
    return found


def engine_time(value: object) -> datetime | None:
    """Read an Engine's time (nanoseconds, Z); the year 1 means never."""
    try:
        moment = datetime.fromisoformat(str(value or "")[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if moment.year > 1 else None


def _rank(row: tuple[Mapping[str, Any], Service]) -> tuple[bool, float]:
    return row[0].get("State") != "running", -_number(row[0].get("Created"))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
