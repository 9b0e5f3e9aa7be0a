"""The ENG5 runners: containers found by name or compose label, processes by their command line."""

import asyncio
import fnmatch
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bot.domain.evidence import CONTAINERS, RUNNERS
from bot.domain.log import Role, Service
from bot.domain.runner import SHORT_ID, Runner, RunnerKind, RunnerListing
from bot.errors import SourceError
from bot.sources.docker.address import EngineAddress
from bot.sources.docker.engine import COMPOSE_PROJECT, COMPOSE_SERVICE, Engine
from bot.sources.docker.errors import GoneError
from bot.sources.runners.command_line import shown_options
from bot.text.wording import many

KILLED = 137  # 128 + SIGKILL
_EXITED = re.compile(r"Exited \((\d{1,5})\)")


class EngineRunners:
    """Lists and stops runners; implements RunnerSource.

    `hosts` are Docker addresses, "" for Docker's own default and none at all to leave Docker out;
    `services` give the container globs and compose names of role runner. Only what matches is
    ever listed. Only what is listed can be stopped, and of containers only one of the compose
    project that a service's own container belongs to. Nothing is inspected.
    """

    name = RUNNERS

    def __init__(
        self,
        hosts: Sequence[str | EngineAddress],
        services: Iterable[Service],
        *,
        processes: bool = True,
    ) -> None:
        services = tuple(services)
        runners = [service for service in services if service.role is Role.RUNNER]
        self._services = frozenset(one.name for one in services if one.role is not Role.RUNNER)
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
                listed = await asyncio.to_thread(engine.containers)
                found += [_runner(raw) for raw in listed if self._is_runner(raw)]
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
        looked = f" among {' and '.join(listing.looked_at)}" if listing.looked_at else ""
        return f"{many(len(listing.runners), 'runner')}{looked}"

    def _is_runner(self, raw: Mapping[str, Any]) -> bool:
        names = [str(name).lstrip("/") for name in raw.get("Names") or ()]
        by_name = any(fnmatch.fnmatchcase(name, glob) for name in names for glob in self._globs)
        return by_name or (raw.get("Labels") or {}).get(COMPOSE_SERVICE) in self._names

    async def _stop_container(self, id: str, grace: float) -> str:
        for engine in self._engines:
            listed = await asyncio.to_thread(engine.containers)
            for raw in listed:
                if str(raw.get("Id")) != id or not self._is_runner(raw):
                    continue
                if not self._is_of_the_project(raw, listed):
                    raise SourceError(
                        RUNNERS,
                        f"container {id[:SHORT_ID]} is not of the services' compose project",
                        hint="Stop it by hand, if it is one of yours.",
                        permanent=True,
                    )
                with suppress(GoneError):
                    await asyncio.to_thread(engine.stop, id, grace)
                after = await asyncio.to_thread(engine.containers)
                return _ending(next((one for one in after if one.get("Id") == id), None))
        return ""

    def _is_of_the_project(
        self, raw: Mapping[str, Any], listed: Sequence[Mapping[str, Any]]
    ) -> bool:
        """Say whether a service's container is of the same compose project."""
        project = _label(raw, COMPOSE_PROJECT)
        return bool(project) and any(
            _label(one, COMPOSE_PROJECT) == project
            and _label(one, COMPOSE_SERVICE) in self._services
            for one in listed
        )


def _ending(listed: Mapping[str, Any] | None) -> str:
    """Say how a container ended, by its entry in the list after it; None when it is gone."""
    if listed is None or listed.get("State") in ("removing", "dead"):
        return "it ended, and was removed with its logs"
    exited = _EXITED.match(str(listed.get("Status") or ""))
    if exited is None:
        return "it ended"
    return (
        "it had to be killed"
        if int(exited[1]) == KILLED
        else f"it ended with exit code {exited[1]}"
    )


def _label(listed: Mapping[str, Any], name: str) -> str:
    return str((listed.get("Labels") or {}).get(name) or "")


def _processes() -> tuple[str, list[Runner]]:
    """Whose processes can be seen, and the runners among them; psutil is loaded on first use."""
    from bot.sources.runners import processes as runners_processes

    return runners_processes.scope(), runners_processes.runners()


def _stop_process(id: str, grace: float) -> str:
    from bot.sources.runners import processes as runners_processes

    return runners_processes.stop(id, grace)


def _runner(listed: Mapping[str, Any]) -> Runner:
    """Read an Engine's list entry; a runner's container is made when its run begins."""
    id = str(listed.get("Id") or "")
    names = [str(name).lstrip("/") for name in listed.get("Names") or ()]
    created = listed.get("Created")
    return Runner(
        id=id,
        kind=RunnerKind.CONTAINER,
        name=names[0] if names else id[:SHORT_ID],
        started_at=datetime.fromtimestamp(created, UTC) if isinstance(created, int) else None,
        running=listed.get("State") == "running",
        options=shown_options(_arguments(str(listed.get("Command") or ""))),
    )


def _arguments(command: str) -> list[str]:
    """Take a listed command apart; the Engine quotes arguments that hold blanks."""
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def _newest_first(runners: Iterable[Runner]) -> tuple[Runner, ...]:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return tuple(sorted(runners, key=lambda one: one.started_at or epoch, reverse=True))
