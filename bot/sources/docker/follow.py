"""Follows containers through restart, recreation and a restart of the Engine itself."""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from bot.domain.followed import Followed
from bot.domain.log import Role, Service
from bot.errors import SourceError
from bot.sources.docker.codec import JsonFileLines
from bot.sources.docker.container_follow import JOIN_SECONDS, Reader
from bot.sources.docker.engine import Engine
from bot.sources.docker.json_files import EngineFiles, UnreadableError
from bot.sources.docker.listing import Container, Containers
from bot.sources.log_follow.buffer import EventBuffer
from bot.sources.log_follow.follow import FileFollow
from bot.sources.log_search.file import SegmentFile

WATCH_SECONDS = 1.0


class FollowedFile(NamedTuple):
    """A container's json-file log that is followed directly."""

    service: Service
    container: str
    path: Path


def _json_file(part: SegmentFile, zone: tzinfo) -> JsonFileLines:
    return JsonFileLines(zone)


class DockerFollow:
    """A running follow of containers; a watching thread looks which there are.

    A container whose files can be read is followed there, which costs the Engine nothing; each
    other one has a reader of its own on the Engine's API.
    """

    def __init__(
        self,
        containers: Containers,
        files: EngineFiles | None,
        zone: tzinfo,
        *,
        since: datetime,
        needles: Sequence[str] | None = None,
    ) -> None:
        self._containers = containers
        self._files = files
        self._buffer = EventBuffer()
        self._new_reader = Reader.maker(zone, self._buffer, needles, since)
        self._readers: dict[str, Reader] = {}
        self._direct: dict[str, FollowedFile] = {}
        self._names: dict[str, str] = {}
        self._now_running: Mapping[str, Role] = {}
        self._missing: Mapping[str, str] = {}
        self._looked_at = time.time()
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watch containers", daemon=True)
        self._tails = FileFollow(
            self._followed_files, zone, since=since, needles=needles, codec=_json_file,
            buffer=self._buffer,
        )  # fmt: skip

    async def start(self) -> None:
        """Open every container's log. Raises SourceError when no Engine answers."""
        await asyncio.to_thread(self._look)
        await self._tails.start()
        self._watcher.start()

    def take(self) -> Followed:
        """Return what arrived since the last call."""
        readers = [*self._readers.values()]
        behind = any(one.is_behind for one in readers)
        by_files = self._tails.take()
        reached = {**{one.name: one.reached for one in readers}, **by_files.reached}
        return replace(
            by_files,
            containers=self._now_running,
            missing={**self._missing, **by_files.missing},
            behind=behind or by_files.behind,
            # What has stopped is not awaited.
            reached={name: at for name, at in reached.items() if name in self._now_running},
        )

    async def close(self) -> None:
        """Stop watching and close the streams and files."""
        await self._tails.close()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._stop.set()
        self._watcher.join(JOIN_SECONDS)
        for reader in self._readers.values():
            reader.close()

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_SECONDS):
            try:
                self._look()
            except SourceError as error:
                self._missing = {"Docker Engine": error.message}

    def _look(self) -> None:
        listed, missing = self._containers.list()
        # One that was made and not yet started wrote nothing, and its start is its first.
        found = [row for row in listed if row.begun]
        started = self._started({row.engine for row in found if row.id in self._direct})
        for container in found:
            self._look_at(container, restarted=container.id in started)
        unread = {
            row.name: reader.problem
            for row in found
            if row.running and (reader := self._readers.get(row.id)) and reader.problem
        }
        self._missing = {**missing, **unread}
        self._now_running = {row.name: row.service.role for row in found if row.running}
        if not missing:
            self._forget({row.id for row in found})

    def _forget(self, ids: set[str]) -> None:
        """Let go of containers that were removed, with what they wrote at their end."""
        for id in self._readers.keys() - ids:
            self._readers.pop(id).close()
        for id in self._direct.keys() - ids:
            del self._direct[id]

    def _look_at(self, container: Container, *, restarted: bool) -> None:
        is_new = container.id not in self._readers and container.id not in self._direct
        if is_new and self._names.get(container.name, container.id) != container.id:
            self._restart(container)
        self._names[container.name] = container.id
        if container.id in self._direct or (is_new and self._is_direct(container)):
            if restarted and not is_new:
                self._restart(container)
            return
        reader = self._readers.get(container.id)
        if reader is None:
            reader = self._readers[container.id] = self._new_reader(container)
        if reader.look_at(container):
            self._restart(container)

    def _restart(self, container: Container) -> None:
        """Tell that a service started again; a runner starts for each of its runs."""
        if container.service.role is not Role.RUNNER:
            self._buffer.restart(container.name)

    def _is_direct(self, container: Container) -> bool:
        """Follow a container by its file, if there is one."""
        if self._files is None:
            return False
        try:
            path = self._files.path(container.id)
        except UnreadableError:
            return False
        self._direct[container.id] = FollowedFile(container.service, container.name, path)
        return True

    def _followed_files(self) -> Sequence[FollowedFile]:
        return tuple(self._direct.values())

    def _started(self, engines: set[Engine]) -> set[str]:
        """Return the ids of containers that started since the last look."""
        since, self._looked_at = self._looked_at, time.time()
        found: set[str] = set()
        for engine in engines:
            try:
                found |= engine.starts(since, self._looked_at)
            except SourceError:
                continue  # a proxy that hides events costs a note, not the logs
        return found
