"""Follows Loki by its tail websocket, and fills every gap by a range query.

A tail ends after an hour by default, drops lines for slow readers and says so, and breaks with
the connection; each time the range since the last line is read again, without a repeat.
https://grafana.com/docs/loki/latest/reference/loki-http-api/#stream-logs
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

import aiohttp
import orjson

from bot.domain.followed import Followed
from bot.domain.log import Role, Service, service_of
from bot.errors import SourceError
from bot.sources.docker.codec import StampedLines
from bot.sources.log_follow.buffer import EventBuffer
from bot.sources.log_follow.prefilter import MAX_EVENT_BYTES, Prefilter, last_head
from bot.sources.log_format.parser import LineParser
from bot.sources.loki.entries import Entry, entries_of, moment, nanoseconds, stamped_lines
from bot.sources.loki.http import LokiHttp, TailRefusedError
from bot.sources.loki.labels import selectors
from bot.sources.loki.layouts import LayoutReader
from bot.sources.loki.memory import OVERLAP_NS, Memory
from bot.sources.loki.paging import Pager
from bot.sources.loki.refusals import NAME, EntriesLimitError, RangeLimitError

QUIET_SECONDS = 1.0
RELOOK_SECONDS = 60.0
POLL_SECONDS = 5.0
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
DAY = timedelta(days=1)
# By which label the streams of each tail are chosen.
NAMES = ("service", "container")
# A reader this far behind the service only counts most lines; see Prefilter.
BEHIND = timedelta(seconds=60)


class Intake:
    """Turns entries of any container into events, and holds them until they are taken.

    Of lines only those around a needle are parsed; see Prefilter.
    """

    def __init__(
        self, services: Sequence[Service], zone: tzinfo, needles: Sequence[str] | None,
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self.buffer = EventBuffer()
        # When the newest line of each container was written.
        self.reached: dict[str, int] = {}
        self._services = tuple(services)
        self._zone = zone
        self._needles = needles
        self._clock = clock
        self._prefilters: dict[str, Prefilter] = {}
        self._held: dict[str, list[bytes]] = {}
        self._fed_at: dict[str, float] = {}
        self._was_current = False

    def feed(self, entries: Sequence[Entry]) -> None:
        """Take entries, oldest first; of each container the last event waits for its end."""
        touched: dict[str, None] = {}
        for entry in entries:
            self.reached[entry.container] = max(entry.at, self.reached.get(entry.container, 0))
            if entry.container not in self._prefilters:
                self._prefilters[entry.container] = self._prefilter(entry)
            self._held.setdefault(entry.container, []).extend(stamped_lines(entry))
            touched[entry.container] = None
        behind = bool(entries) and self._is_behind(entries[-1].at)
        for name in touched:
            self._fed_at[name] = time.monotonic()
            block = b"".join(self._held[name])
            cut = last_head(block, self._prefilters[name].codec)
            cut = len(block) if len(block) - cut > MAX_EVENT_BYTES else max(cut, 0)
            self._held[name] = [block[cut:]] if cut < len(block) else []
            self._pass(name, block[:cut], behind=behind)

    def flush_quiet(self) -> None:
        """Hand on the open event of each container that was quiet for a while."""
        now = time.monotonic()
        for name, held in self._held.items():
            if held and now - self._fed_at[name] > QUIET_SECONDS:
                self._held[name] = []
                self._pass(name, b"".join(held), behind=False)

    def _pass(self, name: str, block: bytes, *, behind: bool) -> None:
        prefilter = self._prefilters[name]
        events, lost = prefilter.events(block, behind=behind)
        self.buffer.add(events, unreadable=prefilter.take_unreadable(), lost=lost)

    def _is_behind(self, at: int) -> bool:
        """Say whether lines come faster than they are read; what was there before is caught up."""
        is_late = self._clock() - moment(at) > BEHIND
        self._was_current = self._was_current or not is_late
        return is_late and self._was_current

    def _prefilter(self, entry: Entry) -> Prefilter:
        labelled = (one for one in self._services if one.name == entry.service)
        service = next(labelled, None) or service_of(entry.container, self._services)
        parser = LineParser(service.name, entry.container, service.role, self._zone)
        return Prefilter(StampedLines(self._zone), parser, self._needles)


class LokiFollow:
    """A running follow; a task reads each tail, `take` hands on what they brought."""

    def __init__(
        self, http: LokiHttp, layouts: LayoutReader, services: Sequence[Service], zone: tzinfo,
        clock: Callable[[], datetime], since: datetime, needles: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        self._http = http
        self._layouts = layouts
        self._services = tuple(services)
        self._clock = clock
        self._since = nanoseconds(since)
        # Who wrote nothing since was silent at least from here on.
        self._began = nanoseconds(clock())
        self._intake = Intake(services, zone, needles, clock)
        self._containers: dict[str, Role] = {}
        self._missing: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        # When each tail had read what was stored before the follow began.
        self._read_at: dict[int, float] = {}

    async def start(self) -> None:
        """Prove that Loki answers, then follow. Raises SourceError when it does not."""
        await self._look()
        self._tasks = [
            asyncio.create_task(self._run(number), name=f"tail Loki by {name}")
            for number, name in enumerate(NAMES)
        ]

    def take(self) -> Followed:
        """Return what arrived since the last call. Raises SourceError when following broke."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise SourceError(NAME, "following ended by an error of its own") from error
        behind = len(self._read_at) < len(NAMES) or any(
            time.monotonic() - at <= QUIET_SECONDS for at in self._read_at.values()
        )
        self._intake.flush_quiet()
        followed = self._intake.buffer.take(self._containers, self._missing, behind=behind)
        wrote = {name: self._intake.reached.get(name, self._began) for name in self._containers}
        return replace(followed, reached={name: moment(at) for name, at in wrote.items()})

    async def close(self) -> None:
        """Stop following."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _look(self) -> tuple[str, str]:
        """Learn which containers there are now, and return the selectors of their streams.

        Raises SourceError where nothing of the services was ever stored: that is no silence.
        """
        now = nanoseconds(self._clock())
        day = nanoseconds(self._clock() - DAY)
        layout = await self._layouts.read(min(self._since, day), now)
        chosen = [one for one in self._services if layout.selector(one)]
        if not chosen:
            await self._layouts.prove_ours(layout)
        # The first service that a container fits is its own, as everywhere.
        self._containers = {
            name: one.role
            for one in reversed(chosen)
            for name in layout.containers_of(one) or [one.name]
        }
        return selectors(layout, chosen)

    async def _run(self, number: int) -> None:
        memory, failures = Memory(self._since), 0
        while True:
            try:
                selector = (await self._look())[number]
                if selector:
                    await self._tail_or_poll(selector, memory, number)
                self._has_read(number)
                failures = 0 if selector else len(RETRY_SECONDS) - 1
            except (SourceError, EntriesLimitError, RangeLimitError) as error:
                self._missing["Loki"] = str(error)
                failures += 1
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])

    async def _tail_or_poll(self, selector: str, memory: Memory, number: int) -> None:
        """Follow by the tail; where a proxy refuses its websocket, by range queries for a while."""
        try:
            await self._tail(selector, memory, number)
        except TailRefusedError:
            looked_at, start = time.monotonic(), memory.late_at
            while time.monotonic() - looked_at < RELOOK_SECONDS:
                await self._fill(selector, memory, start)
                start = memory.resume_at
                self._has_read(number)
                await asyncio.sleep(POLL_SECONDS)

    async def _tail(self, selector: str, memory: Memory, number: int) -> None:
        """Read one websocket until it ends or other containers are to be followed."""
        now = str(nanoseconds(self._clock()))
        socket = await self._http.websocket(
            "tail", {"query": selector, "start": now, "limit": "1000"}
        )
        try:
            await self._fill(selector, memory, memory.late_at)
            self._has_read(number)
            looked_at = time.monotonic()
            while await self._receive(socket, selector, memory):
                if time.monotonic() - looked_at > RELOOK_SECONDS:
                    looked_at = time.monotonic()
                    if (await self._look())[number] != selector:
                        return
        finally:
            await socket.close()

    def _has_read(self, number: int) -> None:
        self._missing.pop("Loki", None)
        self._read_at.setdefault(number, time.monotonic())

    async def _receive(
        self, socket: aiohttp.ClientWebSocketResponse, selector: str, memory: Memory
    ) -> bool:
        """Take one message if there is one; False when the websocket is over."""
        try:
            message = await socket.receive(timeout=RELOOK_SECONDS / 10)
        except TimeoutError:
            return True
        if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            return False
        answer = _object(message.data)
        if answer is None:
            self._intake.buffer.add((), unreadable=1)
            return True
        found = sorted(entries_of(answer.get("streams")), key=lambda entry: entry.at)
        self._accept(found, memory)
        if dropped := _first_dropped(answer.get("dropped_entries")):
            await self._fill(selector, memory, min(dropped, memory.resume_at))
        return True

    async def _fill(self, selector: str, memory: Memory, start: int) -> None:
        pager = Pager(self._http, most=None)
        end = nanoseconds(self._clock()) + OVERLAP_NS
        async for page in pager.ahead(selector, start, end):
            self._accept(page, memory)
        self._intake.buffer.lose(pager.cost.hidden)

    def _accept(self, entries: Sequence[Entry], memory: Memory) -> None:
        self._intake.feed([entry for entry in entries if memory.is_new(entry)])


def _object(data: str | bytes) -> dict[str, Any] | None:
    try:
        answer = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def _first_dropped(entries: Any) -> int:
    """Return the time of the first line that a tail says it dropped, 0 when none."""
    times = [
        int(str(one.get("timestamp")))
        for one in (entries if isinstance(entries, list) else ())
        if isinstance(one, Mapping) and str(one.get("timestamp")).isdigit()
    ]
    return min(times, default=0)
