"""Which containers of the services exist, over several Docker Engines."""

import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from bot.border import passing
from bot.domain.evidence import LogStore
from bot.domain.log import Role, Service, service_of
from bot.errors import SourceError
from bot.sources.docker.address import EngineAddress, addresses
from bot.sources.docker.engine import COMPOSE_SERVICE, Engine, project_of
from bot.sources.docker.errors import HINT

NAME = LogStore.DOCKER.source_name
OWN_LABEL = "batchbot.self"
LIST_SECONDS = 5.0
# An Engine that was too slow to answer is not asked again for this long.
BACKOFF_SECONDS = 15.0


class Container(NamedTuple):
    """A container that exists now, on one Engine; `begun` once it was started."""

    engine: Engine
    id: str
    name: str
    service: Service
    running: bool
    project: str = ""
    begun: bool = True


class Listing(NamedTuple):
    """The services' containers, and what is missing: an Engine, or a container of it, and why."""

    containers: Sequence[Container]
    missing: Mapping[str, str]


class Containers:
    """Lists the services' containers of all Engines, each Engine on its own."""

    def __init__(self, hosts: Sequence[str | EngineAddress], services: Sequence[Service]) -> None:
        self.engines = tuple(
            Engine(address, NAME, LIST_SECONDS) for address in addresses(hosts or ("",))
        )
        self._services = tuple(services)
        self._known: dict[str, tuple[Container, ...]] = {}
        self._hints: dict[str, str] = {}
        self._backoff: dict[str, tuple[float, str]] = {}

    def list(self) -> Listing:
        """Return what exists now; blocking. Raises SourceError when no Engine answers.

        The containers that a silent Engine was last seen with are missing by name.
        """
        with ThreadPoolExecutor(len(self.engines), thread_name_prefix="engines") as pool:
            found = list(pool.map(self._of, self.engines))
        missing: dict[str, str] = {}
        for engine, answer in zip(self.engines, found, strict=True):
            if isinstance(answer, str):
                missing[engine.name] = answer
                missing |= {row.name: answer for row in self._known.get(engine.host, ())}
        if all(isinstance(answer, str) for answer in found):
            raise SourceError(
                NAME,
                f"no Docker Engine answers: {next(iter(missing.values()))}",
                hint=next(iter(self._hints.values()), "") or HINT,
            )
        rows = [row for answer in found if not isinstance(answer, str) for row in answer]
        return Listing(rows, missing)

    def close(self) -> None:
        """Close the connections; blocking."""
        for engine in self.engines:
            engine.close()

    def _of(self, engine: Engine) -> tuple[Container, ...] | str:
        """Return one Engine's containers, or why they cannot be listed."""
        until, why = self._backoff.pop(engine.host, (0.0, ""))
        if time.monotonic() < until:
            self._backoff[engine.host] = until, why
            return why
        began = time.monotonic()
        try:
            listed = engine.containers()
        except SourceError as error:
            engine.close()
            self._hints[engine.host] = error.hint
            if time.monotonic() - began >= LIST_SECONDS / 2:
                self._backoff[engine.host] = time.monotonic() + BACKOFF_SECONDS, error.message
            return error.message
        rows = tuple(row for raw in listed if (row := self._container(engine, raw)) is not None)
        self._known[engine.host] = rows
        return rows

    def _container(self, engine: Engine, raw: Mapping[str, Any]) -> Container | None:
        names = [str(name).lstrip("/") for name in raw.get("Names") or ()]
        labels = raw.get("Labels") or {}
        if not names or OWN_LABEL in labels or _is_own(str(raw["Id"])):
            return None
        label = labels.get(COMPOSE_SERVICE)
        service = next((row for row in self._services if row.name == label), None)
        service = service or service_of(names[0], self._services)
        if service.role is Role.OTHER and service not in self._services:
            return None
        running, begun = raw.get("State") == "running", raw.get("State") != "created"
        return Container(engine, str(raw["Id"]), names[0], service, running, project_of(raw), begun)


def said_of_projects(found: Iterable[tuple[str, str]]) -> str:
    """Return words for (service, compose project) of each container, "" where none has one."""
    by_service: dict[str, set[str]] = {}
    for service, project in found:
        if project:
            by_service.setdefault(service, set()).add(project)
    every = sorted(set().union(*by_service.values()))
    if not every:
        return ""
    names = ", ".join(passing.name(one).replace(passing.NO_NAME, passing.ELLIPSIS) for one in every)
    if any(len(projects) > 1 for projects in by_service.values()):
        return f"the compose projects {names} have services of the same name, and each is read"
    return f"compose project{'s' * (len(every) > 1)} {names}"


def _is_own(id: str) -> bool:
    """A container's host name is the beginning of its id, unless another was set."""
    own = socket.gethostname()
    return len(own) >= 12 and id.startswith(own)
