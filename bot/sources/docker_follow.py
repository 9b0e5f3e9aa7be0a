"""Follows containers through restart, recreation and a restart of the Engine itself."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import Any, Protocol

from bot.domain.log import Followed, LogEvent, Service
from bot.errors import SourceError
from bot.sources.docker_lines import Stamped
from bot.sources.log_arrivals import Arrivals
from bot.sources.log_error import holds
from bot.sources.log_line import LineParser
from bot.sources.log_time import utc

WATCH_SECONDS = 1.0
QUIET_SECONDS = 1.0
JOIN_SECONDS = 5.0


class _Container(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def service(self) -> Service: ...
    @property
    def running(self) -> bool: ...


Containers = Callable[[], tuple[Sequence[Any], Mapping[str, str]]]
Lines = Callable[..., Iterator[Stamped]]


class Reader:
    """Reads one container in a thread; knows the last line it handed on, to the nanosecond."""

    def __init__(
        self, lines: Lines, failures: tuple[type[Exception], ...], zone: tzinfo,
        arrivals: Arrivals, any_of: Sequence[str], since: datetime,
    ) -> None:  # fmt: skip
        self._lines = lines
        self._failures = failures
        self._zone = zone
        self._arrivals = arrivals
        self._any_of = any_of
        self._since = since
        self._last = b""
        self._at_last = 0
        self._parser: LineParser | None = None
        self._lock = threading.Lock()
        self._fed_at = 0.0
        self._streams: list[Any] = []
        self._thread: threading.Thread | None = None
        self.was_running = False
        self.started = 0

    @property
    def is_alive(self) -> bool:
        """Whether the stream is still open."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, container: _Container) -> None:
        """Read on from the last line."""
        service = container.service
        if self._parser is None:
            self._parser = LineParser(service.name, container.name, service.role, self._zone)
        self.started += 1
        self.was_running = container.running
        self._thread = threading.Thread(
            target=self._read, args=(container,), name=f"follow {container.name}", daemon=True
        )
        self._thread.start()

    def flush_if_quiet(self) -> None:
        """Hand on the open event when its container was quiet for a while."""
        with self._lock:
            if self._parser and time.monotonic() - self._fed_at > QUIET_SECONDS:
                self._keep(self._parser.flush())

    def close(self) -> None:
        """Close the stream and wait for the thread."""
        for stream in self._streams:
            with suppress(*self._failures):
                stream.close()
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)

    def _read(self, container: _Container) -> None:
        since = utc(self._last.decode("ascii"), self._zone) if self._last else self._since
        skip = self._at_last
        with suppress(*self._failures):
            for stamp, line in self._lines(
                container, since=since, follow=True, streams=self._streams
            ):
                if stamp < self._last:
                    continue
                if stamp == self._last and skip > 0:
                    skip -= 1
                    continue
                self._feed(stamp, line)

    def _feed(self, stamp: bytes, line: bytes) -> None:
        self._at_last = self._at_last + 1 if stamp == self._last else 1
        self._last = stamp
        with self._lock:
            self._fed_at = time.monotonic()
            if self._parser is not None:
                before = self._parser.unreadable
                at = utc(stamp.decode("ascii"), self._zone)
                self._keep(self._parser.feed(line, at), self._parser.unreadable - before)

    def _keep(self, event: LogEvent | None, unreadable: int = 0) -> None:
        kept = [event] if event and (not self._any_of or holds(event.text, self._any_of)) else []
        self._arrivals.add(kept, unreadable=unreadable)


class DockerFollow:
    """A running follow of containers; a watching thread starts a reader for each."""

    def __init__(
        self, containers: Containers, lines: Lines, zone: tzinfo,
        failures: tuple[type[Exception], ...], *, since: datetime, any_of: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._containers = containers
        self._arrivals = Arrivals()
        self._new_reader = lambda: Reader(
            lines, failures, zone, self._arrivals, tuple(any_of), since
        )
        self._readers: dict[str, Reader] = {}
        self._names: dict[str, str] = {}
        self._now_running: tuple[str, ...] = ()
        self._missing: Mapping[str, str] = {}
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watch containers", daemon=True)

    def start(self) -> None:
        """Open every container's stream. Raises SourceError when no Engine answers."""
        self._look()
        self._watcher.start()

    def take(self) -> Followed:
        """Return what arrived since the last call."""
        return self._arrivals.take(self._now_running, self._missing)

    async def close(self) -> None:
        """Stop watching and close the streams."""
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
        containers, missing = self._containers()
        for container in containers:
            self._look_at(container)
        self._missing = missing
        self._now_running = tuple(row.name for row in containers if row.running)
        for id in self._readers.keys() - {row.id for row in containers}:
            if not missing:
                self._readers[id].flush_if_quiet()
                self._readers.pop(id).close()

    def _look_at(self, container: _Container) -> None:
        reader = self._readers.get(container.id)
        if reader is None:
            reader = self._readers[container.id] = self._new_reader()  # type: ignore[no-untyped-call]
            if self._names.get(container.name, container.id) != container.id:
                self._arrivals.restart(container.name)
            self._names[container.name] = container.id
        reader.flush_if_quiet()
        if reader.is_alive:
            return
        has_ended = reader.started > 0 and reader.was_running
        if container.running and reader.started:
            self._arrivals.restart(container.name)
        # A stopped container is read once more, for what it wrote at its end.
        if container.running or has_ended or not reader.started:
            reader.start(container)
