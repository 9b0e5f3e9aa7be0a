"""Service logs from one or several Docker Engines: from their files, or through their API."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path

from bot.domain.log import LogQuery, LogSearch, Service, is_wanted
from bot.errors import SourceError
from bot.sources.docker.address import EngineAddress
from bot.sources.docker.errors import BrokenOffError, GoneError
from bot.sources.docker.follow import DockerFollow
from bot.sources.docker.json_files import EngineFiles, UnreadableError
from bot.sources.docker.listing import NAME, Container, Containers, Listing, said_of_projects
from bot.sources.docker.search import Searcher, one_line
from bot.sources.log_search.in_time import in_time
from bot.sources.log_search.merge import SearchPart, merged
from bot.text.wording import many

AT_ONCE = 4
MOST_CHECKED = 50


class DockerLogs:
    """The LogSource over Docker Engines; "" among `hosts` is the environment's own Engine.

    `log_dir` is the Engine's folder of containers, mounted for reading; a container whose files
    are not there, or may not be read, is read through the API and its coverage says so.
    """

    name = NAME

    def __init__(
        self,
        hosts: Sequence[str | EngineAddress],
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

        async def one(container: Container) -> list[SearchPart]:
            async with at_once:
                return await asyncio.to_thread(self._searcher.search, container, query, stop)

        self._needed(listing)
        wanted = [row for row in listing.containers if is_wanted(row.service, query)]
        parts, late = await in_time([(row.name, one(row)) for row in wanted], stop)
        found = merged([*(part for each in parts for part in each), *late])
        missing = (*found.missing, *listing.missing.items())
        return replace(found, missing=missing, until=query.until)

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
        """Read a line of each container; return how many there are, and how they are read.

        Raises SourceError that names those that cannot be read, or when there is none.
        """
        listing = await asyncio.to_thread(self._containers.list)
        containers = self._needed(listing)
        looked = await self._looked(containers)
        unread: dict[str, str | SourceError] = {
            name: found for name, found in looked.items() if isinstance(found, SourceError)
        }
        unread |= dict(listing.missing)
        if unread:
            raise SourceError(
                self.name,
                "; ".join(f"{name}: {why}" for name, (why, _) in _with_hints(unread).items()),
                hint=next((hint for _, hint in _with_hints(unread).values() if hint), ""),
            )
        running = sum(row.running for row in containers)
        said = f"{many(len(containers), 'container')} of the services, {running} running"
        silent = [name for name, found in looked.items() if found is False]
        said += ", a line of each read" if not silent else ""
        if silent:
            said += f", {len(silent)} without a line in the Engine: {', '.join(silent)}"
        if projects := said_of_projects((row.service.name, row.project) for row in containers):
            said += f"; {projects}"
        if self._files is None:
            return said
        return f"{said}; {await asyncio.to_thread(self._readable, containers)}"

    async def _looked(self, containers: Sequence[Container]) -> dict[str, "bool | SourceError"]:
        """Return whether each container has a line, or why none of it can be read."""
        at_once = asyncio.Semaphore(AT_ONCE)

        async def one(container: Container) -> "bool | SourceError":
            async with at_once:
                return await asyncio.to_thread(_has_lines, container)

        newest = containers[:MOST_CHECKED]
        found = await asyncio.gather(*(one(container) for container in newest))
        return {row.name: one for row, one in zip(newest, found, strict=True)}

    async def close(self) -> None:
        """Close the connections to the Engines."""
        await asyncio.to_thread(self._containers.close)

    def _needed(self, listing: Listing) -> Sequence[Container]:
        """Return the containers; raises SourceError where no Engine has one of the services.

        An Engine that was never the services' own knows nothing of them.
        """
        if listing.containers or listing.missing:
            return listing.containers
        meant = next((one.project for one in self._containers.engines if one.project), "")
        message = "the Docker Engine has no container of the services"
        hint = "SERVICES names the containers, DOCKER_HOST the Engine; see docker ps -a."
        if meant:
            message += f" in the compose project {meant}"
            hint = f"DOCKER_PROJECT names their project; see docker compose ls. {hint}"
        raise SourceError(NAME, message, hint=hint)

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


def _has_lines(container: Container) -> bool | SourceError:
    """Say whether a log has a line at both of its ends; a damaged one lacks either."""
    try:
        first, last = one_line(container, "all"), one_line(container, 1)
    except GoneError:
        return True
    except SourceError as error:
        return error
    if bool(first) != bool(last):
        return BrokenOffError(container.engine.source, "the Engine does not read it to its end")
    return bool(last)


def _with_hints(unread: Mapping[str, "str | SourceError"]) -> dict[str, tuple[str, str]]:
    return {
        name: (why, "") if isinstance(why, str) else (why.message, why.hint)
        for name, why in unread.items()
    }
