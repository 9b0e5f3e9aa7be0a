"""The ENG5 runners: containers found by name or compose label, processes by their command line."""

import asyncio
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.domain.evidence import CONTAINERS, RUNNERS
from bot.domain.log import Role, Service
from bot.domain.runner import Runner, RunnerKind, RunnerListing
from bot.errors import SourceError
from bot.sources.docker.address import EngineAddress
from bot.sources.docker.containers import engine_time
from bot.sources.docker.engine import COMPOSE_SERVICE, Engine
from bot.sources.docker.errors import GoneError
from bot.sources.runners.command_line import shown_options

KILLED = 137  # 128 + SIGKILL


class EngineRunners:
    """Lists and stops runners; implements RunnerSource.

    `hosts` are Docker addresses, "" for Docker's own default and none at all to leave Docker out;
    `services` give the container globs and compose names of role runner. Only what matches is
    ever listed, and only what is listed can be stopped.
    """

    name = RUNNERS

    def __init__(
        self,
        hosts: Sequence[str | EngineAddress],
        services: Iterable[Service],
        *,
        processes: bool = True,
    ) -> None:
        runners = [service for service in services if service.role is Role.RUNNER]
        self._globs = tuple(service.container for service in runners)
        self._names = frozenset(service.name for service in runners)
        self._engines = tuple(Engine(host, RUNNERS) for host in hosts)
        self._processes = processes
        self._listing: asyncio.Task[RunnerListing] | None = None

    async def close(self) -> None:
        """Close the connections to the Engines."""
        if self._listing is not None:
            await asyncio.wait({self._listing})
        for engine in self._engines:
            await asyncio.to_thread(engine.close)

    async def list(self) -> RunnerListing:
        """Return the runners that exist now, newest first; an Engine that fails is named.

        Concurrent callers share one listing, since it reads every process of the machine.
        """
        if self._listing is None or self._listing.done():
            self._listing = asyncio.create_task(self._list())
        return await asyncio.shield(self._listing)

    async def _list(self) -> RunnerListing:
        found: list[Runner] = []
        unreadable: dict[str, str] = {}
        for engine in self._engines:
            try:
                found += [_runner(told) for told in await self._containers(engine)]
            except SourceError as error:
                unreadable[engine.host or "docker"] = error.message
        looked_at = [CONTAINERS] if self._engines else []
        if self._processes:
            scope, processes = await asyncio.to_thread(_processes)
            found += processes
            looked_at.append(scope)
        once = {runner.id: runner for runner in found}
        return RunnerListing(
            _newest_first(once.values()), tuple(unreadable.items()), tuple(looked_at)
        )

    async def stop(self, id: str, *, grace_seconds: float) -> str:
        """Stop the runner with exactly this id. Raises SourceError when it cannot be."""
        if id.startswith("p") and self._processes:
            ended = await asyncio.to_thread(_stop_process, id, grace_seconds)
        else:
            ended = await self._stop_container(id, grace_seconds)
        if not ended:
            raise SourceError(RUNNERS, f"no runner has the id {id} any more", permanent=True)
        return ended

    async def check(self) -> str:
        """Return how many runners exist. Raises SourceError when an Engine cannot be asked."""
        listing = await self.list()
        if listing.unreadable:
            where, reason = listing.unreadable[0]
            raise SourceError(RUNNERS, f"{where}: {reason}")
        return f"{len(listing.runners)} runners among {' and '.join(listing.looked_at)}"

    async def _containers(self, engine: Engine) -> Sequence[Mapping[str, Any]]:
        """The inspected runner containers of one Engine."""
        listed = await asyncio.to_thread(engine.containers)
        found = []
        for raw in listed:
            if self._is_runner(raw):
                # A --rm container may vanish between the list and its inspection.
                try:
                    found.append(await asyncio.to_thread(engine.inspect, raw["Id"]))
                except GoneError:
                    continue
        return found

    def _is_runner(self, raw: Mapping[str, Any]) -> bool:
        names = [str(name).lstrip("/") for name in raw.get("Names") or ()]
        by_name = any(fnmatch.fnmatchcase(name, glob) for name in names for glob in self._globs)
        return by_name or (raw.get("Labels") or {}).get(COMPOSE_SERVICE) in self._names

    async def _stop_container(self, id: str, grace: float) -> str:
        for engine in self._engines:
            for told in await self._containers(engine):
                if _short_id(told) != id:
                    continue
                try:
                    await asyncio.to_thread(engine.stop, told["Id"], grace)
                    after = await asyncio.to_thread(engine.inspect, told["Id"])
                except GoneError:
                    return "it ended, and was removed with its logs"
                return _ending((after.get("State") or {}).get("ExitCode"))
        return ""


def _ending(code: object) -> str:
    return "it had to be killed" if code == KILLED else f"it ended with exit code {code}"


def _processes() -> tuple[str, list[Runner]]:
    """Whose processes can be seen, and the runners among them; psutil is loaded on first use."""
    from bot.sources.runners import processes as runners_processes

    return runners_processes.scope(), runners_processes.runners()


def _stop_process(id: str, grace: float) -> str:
    from bot.sources.runners import processes as runners_processes

    return runners_processes.stop(id, grace)


def _short_id(told: Mapping[str, Any]) -> str:
    return str(told.get("Id") or "")[:12]


def _runner(told: Mapping[str, Any]) -> Runner:
    state = told.get("State") or {}
    return Runner(
        id=_short_id(told),
        kind=RunnerKind.CONTAINER,
        name=str(told.get("Name") or "").lstrip("/") or _short_id(told),
        started_at=engine_time(state.get("StartedAt")),
        running=bool(state.get("Running")),
        options=shown_options([str(one) for one in told.get("Args") or ()]),
    )


def _newest_first(runners: Iterable[Runner]) -> tuple[Runner, ...]:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return tuple(sorted(runners, key=lambda one: one.started_at or epoch, reverse=True))
