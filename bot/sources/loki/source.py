"""Service logs from Loki, for logs of more than one machine.

Loki narrows by line filter; what it gives is put into time order and read by the same search as
a log file, so that an answer does not depend on where the logs are kept.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from bot.domain.followed import NEEDED
from bot.domain.log import (
    LogCoverage,
    LogEvent,
    LogQuery,
    LogSearch,
    Service,
    is_wanted,
    service_of,
)
from bot.errors import SourceError
from bot.sources.log_format.codec import PlainLines
from bot.sources.log_format.parser import LineParser
from bot.sources.log_search.leftovers import SPOOL
from bot.sources.log_search.merge import SearchPart, merged
from bot.sources.log_search.search import SLACK, search_segment
from bot.sources.log_search.segment import Segment
from bot.sources.loki.context import ContextFetcher
from bot.sources.loki.entries import Entry, as_lines, moment, nanoseconds
from bot.sources.loki.follow import LokiFollow
from bot.sources.loki.http import LokiHttp, TailRefusedError
from bot.sources.loki.labels import (
    Layout,
    by_label,
    line_filter,
)
from bot.sources.loki.layouts import STEP, LayoutReader
from bot.sources.loki.paging import Pager
from bot.sources.loki.refusals import NAME, RangeLimitError

LOOKBACK = timedelta(days=732)
AT_ONCE = 4
MAX_HORIZONS = 12
# The requests after which nothing older of a container is looked for.
MOST_FIRST = 40


@dataclass(slots=True)
class FetchedEntries:
    """What was fetched of one container: matched entries, those around them, and the bounds."""

    service: Service
    matched: dict[Entry, None] = field(default_factory=dict)
    around: dict[Entry, None] = field(default_factory=dict)
    cut: bool = False
    back_to: datetime | None = None


class Loki:
    """The LogSource over one Loki tenant; `clock` gives the end of an open range."""

    name = NAME

    def __init__(
        self,
        http: LokiHttp,
        services: Sequence[Service],
        zone: tzinfo,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._http = http
        self._services = tuple(services)
        self._zone = zone
        self._clock = clock
        self._layouts = LayoutReader(http, self._services, clock)
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def search(self, query: LogQuery) -> LogSearch:
        """Search the wanted services side by side; raises SourceError when Loki cannot be read."""
        start, end = self._range(query)
        layout = await self._layouts.read(start, end)
        await self._layouts.prove_ours(layout)
        wanted = [one for one in self._services if is_wanted(one, query) and layout.selector(one)]
        parts = await asyncio.gather(
            *(self._search_service(one, layout, query, start, end) for one in wanted)
        )
        found = merged([part for found in parts for part in found])
        return replace(found, until=query.until)

    async def follow(self, *, since: datetime, needles: Sequence[str] | None = None) -> LokiFollow:
        """Follow all services from `since`; with `needles`, events without any are not kept."""
        follow = LokiFollow(
            self._http, self._layouts, self._services, self._zone, self._clock, since, needles
        )
        await follow.start()
        return follow

    async def services(self) -> Sequence[tuple[Service, str]]:
        """Return each container of the services that Loki holds lines of."""
        layout = await self._layouts.read(*self._range(LogQuery()))
        found = []
        for name in layout.containers:
            service = service_of(name, self._services)
            if service in self._services:
                found.append((service, name))
        return found

    async def check(self) -> str:
        """Say how many containers Loki holds lines of; raises SourceError."""
        layout = await self._layouts.read(*self._range(LogQuery()))
        await self._layouts.prove_ours(layout)
        found = [one for one in self._services if layout.selector(one)]
        told = f"Loki holds lines of {len(found)} of the services"
        try:
            socket = await self._http.websocket("tail", {"query": layout.selector(found[0])})
        except TailRefusedError as error:
            return f"{told}; range queries are used, as {error.message}"
        await socket.close()
        return told

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _range(self, query: LogQuery) -> tuple[int, int]:
        end = min(query.until + SLACK, self._clock()) if query.until else self._clock()
        start = query.since - SLACK if query.since else end - LOOKBACK
        return nanoseconds(start), max(nanoseconds(start), nanoseconds(end)) + 1

    async def _search_service(
        self, service: Service, layout: Layout, query: LogQuery, start: int, end: int
    ) -> list[SearchPart]:
        async with self._at_once:
            pager = Pager(self._http)
            try:
                caught = await self._fetch(pager, service, layout, query, start, end)
                begins = await self._horizons(pager, layout, caught, start, end)
                ends = await self._ends(pager, service, layout, caught)
            except RangeLimitError as error:
                raise SourceError(NAME, f"Loki searches {error}: too short a time") from error
        parts: list[SearchPart] = []
        for name, catch in caught.items():
            is_part = catch.cut or pager.cost.hidden > 0 or pager.stopped_at is not None
            share = pager.cost.lines // len(caught), pager.cost.bytes // len(caught)
            events, coverage = await asyncio.to_thread(self._read, name, catch, query)
            notes = [coverage.note] if coverage.note else []
            if query.since is None or pager.stopped_at is not None:
                notes.append(f"searched back to {catch.back_to:%Y-%m-%d}")
            if catch.cut or pager.cost.hidden:
                notes.append("Loki holds more matching lines than were fetched")
            parts.append(
                (
                    events,
                    replace(
                        coverage,
                        begins_at=begins.get(name) or coverage.begins_at,
                        newest=ends.get(name),
                        scanned=max(share[0], len(catch.matched) + len(catch.around)),
                        matched=len(catch.matched),
                        bytes_read=max(share[1], coverage.bytes_read),
                        truncated=coverage.truncated or is_part,
                        is_least=coverage.is_least or is_part,
                        note="; ".join(notes),
                    ),
                )
            )
        return parts

    async def _fetch(
        self, pager: Pager, service: Service, layout: Layout, query: LogQuery, start: int, end: int
    ) -> dict[str, FetchedEntries]:
        selector = layout.selector(service)
        caught = {name: FetchedEntries(service) for name in layout.containers_of(service)}
        queries = [selector + line_filter(query.any_of)]
        if labelled := by_label(selector, layout, query.any_of):
            queries.append(labelled)
        low, high = self._lowest(query, start, end), end
        while low < high:
            for text in queries:
                await self._collect(pager.back(text, low, high), service, caught, query)
            if pager.stopped_at is not None:
                low = pager.stopped_at
                break
            if any(one.matched for one in caught.values()):
                break
            low, high = self._lowest(query, start, low), low
        for catch in caught.values():
            catch.back_to = moment(low)
        if query.any_of:
            around = ContextFetcher(pager, start, end, query.context)
            for name, catch in caught.items():
                found, whole = await around.of(layout.container_selector(name), list(catch.matched))
                catch.around = dict.fromkeys(found)
                catch.cut = catch.cut or not whole
        return caught

    @staticmethod
    def _lowest(query: LogQuery, start: int, end: int) -> int:
        """Return how far back one round goes; an open search goes back step by step."""
        step = int(STEP.total_seconds()) * 1_000_000_000
        return start if query.since else max(start, end - step)

    async def _collect(
        self,
        pages: AsyncIterator[list[Entry]],
        service: Service,
        caught: dict[str, FetchedEntries],
        query: LogQuery,
    ) -> None:
        # An event may be many lines, so an unfiltered read takes more lines than events.
        enough = query.max_events * (2 if query.any_of else 20)
        bytes_left = query.max_bytes
        async for page in pages:
            for entry in page:
                catch = caught.setdefault(entry.container, FetchedEntries(service))
                catch.matched[entry] = None
                bytes_left -= len(entry.line)
            full = bool(caught) and all(len(one.matched) >= enough for one in caught.values())
            too_many = sum(len(one.matched) for one in caught.values()) >= 4 * enough
            if full or too_many or bytes_left <= 0:
                for one in caught.values():
                    one.cut = True
                return

    async def _horizons(
        self,
        pager: Pager,
        layout: Layout,
        caught: Mapping[str, FetchedEntries],
        start: int,
        end: int,
    ) -> dict[str, datetime | None]:
        """Return how far back each container's log goes, of those that matter most."""
        names = sorted(caught, key=lambda name: not caught[name].matched)[:MAX_HORIZONS]
        return {
            name: await self._first(pager, layout.container_selector(name), start, end)
            for name in names
        }

    async def _first(self, pager: Pager, selector: str, start: int, end: int) -> datetime | None:
        """Return the time of the oldest line that Loki still has of a container."""
        first = replace(pager, limit=1, most=MOST_FIRST, asked=0)
        oldest = nanoseconds(self._clock() - LOOKBACK)
        async for page in first.ahead(selector, min(oldest, start), end):
            return moment(page[0].at)
        return None

    async def _ends(
        self, pager: Pager, service: Service, layout: Layout, caught: Iterable[str]
    ) -> dict[str, datetime | None]:
        """Return when each container whose silence is judged wrote last, whatever is asked for."""
        names = list(caught)[:MAX_HORIZONS] if service.role in NEEDED else []
        now = nanoseconds(self._clock()) + 1
        return {
            name: await self._last(pager, layout.container_selector(name), now) for name in names
        }

    async def _last(self, pager: Pager, selector: str, now: int) -> datetime | None:
        newest = replace(pager, limit=1, most=MOST_FIRST, asked=0)
        async for page in newest.back(selector, nanoseconds(self._clock() - LOOKBACK), now):
            if page:
                return moment(page[-1].at)
        return None

    def _read(
        self, container: str, catch: FetchedEntries, query: LogQuery
    ) -> tuple[list[LogEvent], LogCoverage]:
        entries = sorted({**catch.around, **catch.matched}, key=lambda entry: entry.at)
        with tempfile.NamedTemporaryFile(prefix=SPOOL) as spool:
            spool.writelines(as_lines(entries))
            spool.flush()
            segment = Segment(Path(spool.name), PlainLines(self._zone))
            role = catch.service.role
            try:
                return search_segment(
                    segment,
                    query,
                    lambda: LineParser(catch.service.name, container, role, self._zone),
                )
            finally:
                segment.close()
