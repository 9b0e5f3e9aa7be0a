"""Service logs from one or several Docker Engines: from their files, or through their API."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path

from bot.domain.log import LogQuery, LogSearch, Service, is_wanted
from bot.sources.docker.follow import DockerFollow
from bot.sources.docker.json_files import EngineFiles, UnreadableError
from bot.sources.docker.listing import NAME, Container, Containers
from bot.sources.docker.search import Searcher
from bot.sources.log_search.merge import SearchPart, merged

AT_ONCE = 4


class DockerLogs:
    """The LogSource over Docker Engines; "" among `hosts` is the environment's own Engine.

    `log_dir` is the Engine's folder of containers, mounted for reading; a container whose files
    are not there, or may not be read, is read through the API and its coverage says so.
    """

    name = NAME

    def __init__(
        self,
        hosts: Sequence[str],
        services: Sequence[Service],
        zone: tzinfo,
        log_dir: Path | None = None,
    ) -> None:
        self._zone = zone
        self._files = EngineFiles(log_dir, zone) if log_dir is not None else None
        self._containers = Containers(hosts, services)
        self._searcher = Searcher(zone, self._files)

    async def search(self, query: LogQuery) -> LogSearch:
        """Search every wanted container, several at once; an unreadable one becomes missing."""
        listing = await asyncio.to_thread(self._containers.list)
        at_once, stop = asyncio.Semaphore(AT_ONCE), threading.Event()

        async def one(container: Container) -> SearchPart:
            async with at_once:
                return await asyncio.to_thread(self._searcher.search, container, query, stop)

        wanted = [row for row in listing.containers if is_wanted(row.service, query)]
        try:
            found = merged(await asyncio.gather(*(one(row) for row in wanted)))
        finally:
            # A thread cannot be cancelled; past a deadline it must end by itself.
            stop.set()
        return replace(found, missing=(*found.missing, *listing.missing.items()))

    async def follow(
        self, *, since: datetime, needles: Sequence[str] | None = None
    ) -> DockerFollow:
        """Follow every container from `since`, from its files where they can be read.

        With `needles`, only events whose raw text holds one of them are parsed at all.
        """
        follow = DockerFollow(
            self._containers, self._files, self._zone, since=since, needles=needles
        )
        await follow.start()
        return follow

    async def services(self) -> Sequence[tuple[Service, str]]:
        """Return each container's service and name."""
        listing = await asyncio.to_thread(self._containers.list)
        return [(row.service, row.name) for row in listing.containers]

    async def check(self) -> str:
        """Say how many containers can be read, and how; SourceError when no Engine answers."""
        listing = await asyncio.to_thread(self._containers.list)
        note = "".join(f"; {name}: {why}" for name, why in listing.missing.items())
        running = sum(row.running for row in listing.containers)
        said = f"{len(listing.containers)} containers of the services, {running} running{note}"
        if self._files is None:
            return said
        return f"{said}; {await asyncio.to_thread(self._readable, listing.containers)}"

    async def close(self) -> None:
        """Close the connections to the Engines."""
        await asyncio.to_thread(self._containers.close)

    def _readable(self, containers: Sequence[Container]) -> str:
        if self._files is None:
            return "DOCKER_LOG_DIR is not set"
        readable, why = 0, ""
        for container in containers:
            try:
                self._files.path(container.id)
                readable += 1
            except UnreadableError as error:
                why = f" (others: {error})"
        return f"{readable} read from DOCKER_LOG_DIR{why}"
