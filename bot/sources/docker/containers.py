"""The services' containers as their Engines list them, and what happened to them by events.

An inspection shows a container's environment, with API keys and passwords, so none is made unless
`inspects` is set (DOCKER_INSPECT=on). Two settings decide how comparisons are bundled, are
configured apart and can disagree; they alone are picked out of it, where it is read.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.domain.evidence import CONTAINERS
from bot.domain.log import Role, Service, service_of
from bot.domain.service_state import ContainerState
from bot.errors import SourceError
from bot.sources.docker.address import EngineAddress
from bot.sources.docker.engine import COMPOSE_SERVICE, ContainerEvent, Engine
from bot.sources.docker.errors import GoneError
from bot.text.wording import many

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
_HEALTH = re.compile(r"\((?:health: )?(healthy|unhealthy|starting)\)")
_IMAGE_ID = re.compile(r"(?:sha256:)?([0-9a-f]{12})[0-9a-f]*")
_EXITED = re.compile(r"Exited \((\d{1,5})\)")


@dataclass(frozen=True, slots=True)
class Life:
    """What events said of one container since the bot looks: starts, its end, lack of memory."""

    started_at: datetime | None = None
    starts: int = 0
    exit_code: int | None = None
    out_of_memory: bool = False

    def after(self, event: ContainerEvent) -> "Life":
        """Return what is known once this happened too."""
        match event.action:
            case "start":
                return Life(event.at, self.starts + 1)
            case "oom":
                return replace(self, out_of_memory=True)
            case _:
                return replace(self, exit_code=event.exit_code)


class EngineContainers:
    """Lists the containers of the configured services; implements ContainerSource."""

    name = CONTAINERS

    def __init__(
        self,
        hosts: Sequence[str | EngineAddress],
        services: Sequence[Service],
        *,
        inspects: bool = False,
    ) -> None:
        self._engines = tuple(Engine(host, CONTAINERS) for host in hosts)
        self._services = tuple(services)
        self._inspects = inspects
        self._lives: dict[Engine, dict[str, Life]] = {engine: {} for engine in self._engines}
        # Each Engine is first asked for all the events that it still has.
        self._seen_until = dict.fromkeys(self._engines, 0.0)
        self._looking = asyncio.Lock()

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
        """Say how many containers are listed, and the modes found. Raises SourceError."""
        found = await self.containers()
        running = sum(one.state == "running" for one in found)
        modes = {f"{key}={value or 'empty'}" for one in found for key, value in one.modes.items()}
        return "; ".join(
            [f"{many(len(found), 'container')} of the services, {running} running", *modes]
        )

    async def _of(self, engine: Engine) -> list[tuple[float, ContainerState]]:
        listed = await asyncio.to_thread(engine.containers)
        lives = await self._lived(engine, {str(raw.get("Id")) for raw in listed})
        mine = [(raw, service) for raw in listed if (service := self._service(raw)) is not None]
        at_once = asyncio.Semaphore(AT_ONCE)
        return list(
            await asyncio.gather(
                *(
                    self._state(engine, at_once, raw, service, lives.get(str(raw.get("Id"))))
                    for raw, service in kept_of(mine)
                )
            )
        )

    async def _lived(self, engine: Engine, ids: AbstractSet[str]) -> Mapping[str, Life]:
        """Return what is known of each container that exists; without events what was known."""
        async with self._looking:
            lives, until = self._lives[engine], time.time()
            try:
                events = await asyncio.to_thread(engine.events, self._seen_until[engine], until)
            except SourceError:
                events = []  # a proxy that hides events costs restart counts, not the states
            else:
                self._seen_until[engine] = until
            for event in events:
                lives[event.id] = lives.get(event.id, Life()).after(event)
            self._lives[engine] = {id: life for id, life in lives.items() if id in ids}
            return self._lives[engine]

    async def _state(
        self,
        engine: Engine,
        at_once: asyncio.Semaphore,
        raw: Mapping[str, Any],
        service: Service,
        life: Life | None,
    ) -> tuple[float, ContainerState]:
        modes: Mapping[str, str] = {}
        if self._inspects and service.role in MODE_KEYS:
            async with at_once:
                with suppress(GoneError):
                    inspected = await asyncio.to_thread(engine.inspect, str(raw["Id"]))
                    modes = modes_of((inspected.get("Config") or {}).get("Env"), service.role)
        return _number(raw.get("Created")), state_of(raw, service, life or Life(), modes)

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


def state_of(
    listed: Mapping[str, Any], service: Service, life: Life, modes: Mapping[str, str]
) -> ContainerState:
    """Return what a list's entry and events say; pure."""
    names = [str(name).lstrip("/") for name in listed.get("Names") or ()]
    state = str(listed.get("State") or "unknown")
    status = str(listed.get("Status") or "")
    exited, health = _EXITED.match(status), _HEALTH.search(status)
    image_id = _IMAGE_ID.fullmatch(str(listed.get("ImageID") or ""))
    return ContainerState(
        service=service.name,
        container=names[0] if names else "",
        id=str(listed.get("Id") or "")[:12],
        state=state,
        started_at=life.started_at,
        restarts=max(0, life.starts - 1),
        exit_code=int(exited[1]) if exited else None if state == "running" else life.exit_code,
        out_of_memory=life.out_of_memory,
        modes=modes,
        image=str(listed.get("Image") or ""),
        image_id=image_id[1] if image_id else "",
        health=health[1] if health else "",
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


def _rank(row: tuple[Mapping[str, Any], Service]) -> tuple[bool, float]:
    return row[0].get("State") != "running", -_number(row[0].get("Created"))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
