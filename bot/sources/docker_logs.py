"""Service logs from one or several Docker Engines, through the docker SDK in threads."""

import asyncio
import socket
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Literal, NamedTuple

import docker
import requests
import urllib3

from bot.domain.log import LogCoverage, LogEvent, LogQuery, LogSearch, Role, Service
from bot.errors import SourceError
from bot.sources.container_names import is_wanted, service_of
from bot.sources.docker_follow import DockerFollow
from bot.sources.docker_lines import Stamped, framed_lines, terminal_lines
from bot.sources.log_codec import PlainLines
from bot.sources.log_line import LineParser
from bot.sources.log_merge import Part, merged
from bot.sources.log_search import SLACK, search_segment
from bot.sources.log_segment import Segment
from bot.sources.log_time import utc

TIMEOUT_SECONDS = 20
AT_ONCE = 4
SERVICE_LABEL = "com.docker.compose.service"
OWN_LABEL = "batchbot.self"
FAILURES = (
    docker.errors.DockerException,
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
)


class Container(NamedTuple):
    """A container that exists now, on one Engine."""

    host: str
    id: str
    name: str
    service: Service
    running: bool


class DockerLogs:
    """The LogSource over Docker Engines; "" among `hosts` is the environment's own Engine.

    `log_dir` may hold the Engine's files; they are not read directly yet, and answers say so.
    """

    name = "docker_logs"

    def __init__(
        self,
        hosts: Sequence[str],
        services: Sequence[Service],
        zone: tzinfo,
        log_dir: Path | None = None,
    ) -> None:
        self._hosts = tuple(hosts) or ("",)
        self._services = tuple(services)
        self._zone = zone
        self._log_dir = log_dir
        self._clients: dict[str, docker.DockerClient] = {}

    async def search(self, query: LogQuery) -> LogSearch:
        """Search every wanted container, several at once; an unreadable one becomes missing."""
        containers, missing = await asyncio.to_thread(self.containers)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(container: Container) -> Part:
            async with gate:
                return await asyncio.to_thread(self._search_one, container, query)

        wanted = [row for row in containers if is_wanted(row.service, query)]
        found = merged(await asyncio.gather(*(one(row) for row in wanted)))
        return replace(found, missing=(*found.missing, *missing.items()))

    async def follow(self, *, since: datetime, any_of: Sequence[str] = ()) -> DockerFollow:
        """Follow every container from `since`; with `any_of`, other events are not kept."""
        follow = DockerFollow(
            self.containers, self.lines, self._zone, FAILURES, since=since, any_of=any_of
        )
        await asyncio.to_thread(follow.start)
        return follow

    async def services(self) -> Sequence[tuple[Service, str]]:
        """Return each container's service and name."""
        containers, _ = await asyncio.to_thread(self.containers)
        return [(row.service, row.name) for row in containers]

    async def check(self) -> str:
        """Say how many containers can be read; raises SourceError when no Engine answers."""
        containers, missing = await asyncio.to_thread(self.containers)
        note = "".join(f"; {host}: {reason}" for host, reason in missing.items())
        running = sum(row.running for row in containers)
        return f"{len(containers)} containers of the services, {running} running{note}"

    async def close(self) -> None:
        """Close the connections to the Engines."""
        for client in self._clients.values():
            await asyncio.to_thread(client.close)
        self._clients.clear()

    def containers(self) -> tuple[list[Container], Mapping[str, str]]:
        """Return the services' containers, and which Engines did not answer; blocking.

        Raises SourceError when none answered.
        """
        found: list[Container] = []
        missing: dict[str, str] = {}
        for host in self._hosts:
            try:
                rows = self._client(host).api.containers(all=True)
            except FAILURES as error:
                self._clients.pop(host, None)
                missing[f"Docker Engine {host}".strip()] = _reason(error)
            else:
                found += [row for raw in rows if (row := self._container(host, raw)) is not None]
        if len(missing) == len(self._hosts):
            raise SourceError(
                self.name,
                f"no Docker Engine answers: {next(iter(missing.values()))}",
                hint="Check DOCKER_HOST, and that the bot may use the Engine's socket.",
            )
        return found, missing

    def lines(
        self, container: Container, *, since: datetime | None = None, follow: bool = False,
        until: datetime | None = None, tail: int | Literal["all"] = "all",
        streams: list[Any] | None = None,
    ) -> Generator[Stamped, None, None]:  # fmt: skip
        """Stream a container's (stamp, line) pairs; blocking, raises what the SDK raises.

        The open stream is put into `streams`, so that another thread can close it.
        """
        client = self._client(container.host)
        has_terminal = bool(client.api.inspect_container(container.id)["Config"]["Tty"])
        stream = client.api.logs(
            container.id,
            stream=True,
            follow=follow,
            timestamps=True,
            tail=tail,
            # The SDK would turn a datetime into whole seconds.
            since=max(since.timestamp(), 0.001) if since else None,
            until=max(until.timestamp(), 0.001) if until else None,
        )
        if streams is not None:
            streams[:] = [stream]
        try:
            yield from terminal_lines(stream) if has_terminal else framed_lines(stream)
        finally:
            with suppress(*FAILURES):
                stream.close()
            # The SDK shuts the socket down and leaves its response open.
            response = getattr(stream, "_response", None)
            if response is not None:
                response.close()

    def _client(self, host: str) -> docker.DockerClient:
        client = self._clients.get(host)
        if client is None:
            client = (
                docker.DockerClient(base_url=host, timeout=TIMEOUT_SECONDS)
                if host
                else docker.from_env(timeout=TIMEOUT_SECONDS)
            )
            self._clients[host] = client
        return client

    def _container(self, host: str, raw: Mapping[str, Any]) -> Container | None:
        names = [str(name).lstrip("/") for name in raw.get("Names") or ()]
        labels = raw.get("Labels") or {}
        if not names or OWN_LABEL in labels or _is_own(str(raw["Id"])):
            return None
        label = labels.get(SERVICE_LABEL)
        service = next((row for row in self._services if row.name == label), None)
        service = service or service_of(names[0], self._services)
        if service.role is Role.OTHER and service not in self._services:
            return None
        return Container(host, str(raw["Id"]), names[0], service, raw.get("State") == "running")

    def _search_one(self, container: Container, query: LogQuery) -> Part:
        try:
            return self._search(container, query)
        except FAILURES as error:
            return container.name, _reason(error)

    def _search(self, container: Container, query: LogQuery) -> tuple[list[LogEvent], LogCoverage]:
        since = query.since - SLACK if query.since else None
        until = query.until + SLACK if query.until else None
        tail: int | Literal["all"] = "all" if query.any_of or since else 20 * query.max_events
        with tempfile.NamedTemporaryFile(prefix="batchbot-", suffix=".log") as spool:
            size = 0
            for stamp, line in self.lines(container, since=since, until=until, tail=tail):
                size += spool.write(b"%s %s\n" % (stamp, line))
                if size > query.max_bytes:
                    break
            spool.flush()
            segment = Segment(Path(spool.name), PlainLines(self._zone))
            try:
                events, coverage = search_segment(segment, query, lambda: self._parser(container))
            finally:
                segment.close()
        return events, self._honest(container, coverage, size > query.max_bytes)

    def _honest(self, container: Container, coverage: LogCoverage, is_cut: bool) -> LogCoverage:
        notes = [coverage.note] if coverage.note else []
        if is_cut:
            notes.append("the newest part of the log was not read")
        if self._log_dir is not None:
            notes.append("read through the Engine's API, not from DOCKER_LOG_DIR")
        return replace(
            coverage,
            begins_at=self._first_time(container) or coverage.begins_at,
            truncated=coverage.truncated or is_cut,
            note="; ".join(notes),
        )

    def _first_time(self, container: Container) -> datetime | None:
        lines = self.lines(container)
        first = next(lines, None)
        lines.close()
        return utc(first[0].decode("ascii"), self._zone) if first and first[0] else None

    def _parser(self, container: Container) -> LineParser:
        service = container.service
        return LineParser(service.name, container.name, service.role, self._zone)


def _is_own(id: str) -> bool:
    """A container's host name is the beginning of its id, unless somebody set another."""
    own = socket.gethostname()
    return len(own) >= 12 and id.startswith(own)


def _reason(error: Exception) -> str:
    """Say why an Engine did not answer, without its address or anything it sent."""
    if isinstance(error, docker.errors.NotFound):
        return "the container is gone"
    if isinstance(error, requests.exceptions.Timeout):
        return f"no answer within {TIMEOUT_SECONDS} s"
    if isinstance(error, PermissionError):
        return "no permission to use the Engine's socket"
    return f"the Engine could not be reached ({type(error).__name__})"
