"""Reads a range of Loki in both directions past the server's limits, without a gap or a repeat."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.sources.loki.entries import Entry, entries_of
from bot.sources.loki.http import LokiHttp
from bot.sources.loki.refusals import EntriesLimitError, RangeLimitError

FIRST_LIMIT = 5_000
FIRST_SLICE = timedelta(hours=720)
SHORTEST_SLICE = timedelta(minutes=5)
# A server that searches little at once would be asked for years in thousands of slices.
MOST_REQUESTS = 400


@dataclass(slots=True)
class Cost:
    """What the server says it read for us: lines and bytes, and entries it could not give."""

    lines: int = 0
    bytes: int = 0
    hidden: int = 0

    def add(self, answer: Any) -> None:
        """Count one answer."""
        data = answer.get("data")
        stats = data.get("stats") if isinstance(data, dict) else None
        summary = stats.get("summary") if isinstance(stats, dict) else None
        if isinstance(summary, dict):
            self.lines += _whole(summary.get("totalLinesProcessed"))
            self.bytes += _whole(summary.get("totalBytesProcessed"))


@dataclass(slots=True)
class Pager:
    """Pages through ranges; learns the server's limits from its refusals and keeps to them."""

    http: LokiHttp
    limit: int = FIRST_LIMIT
    slice: timedelta = FIRST_SLICE
    cost: Cost = field(default_factory=Cost)
    # None reads on to the end, whatever it takes.
    most: int | None = MOST_REQUESTS
    asked: int = 0
    # From where on it read nothing older, as it had asked often enough.
    stopped_at: int | None = None

    async def back(self, query: str, start: int, end: int) -> AsyncIterator[list[Entry]]:
        """Yield pages of [start, end) ns, the newest first, each oldest entry first."""
        while end > start:
            if self._is_enough(end):
                return
            low = max(start, end - self._slice_ns)
            page = await self._page(query, low, end, "backward")
            if page is None:
                continue
            yield page[::-1]
            end = low
            async for more in self._older(query, low, page):
                yield more

    async def ahead(self, query: str, start: int, end: int) -> AsyncIterator[list[Entry]]:
        """Yield pages of [start, end) ns, the oldest first, each oldest entry first."""
        seen: set[Entry] = set()
        while start < end:
            if self._is_enough(start):
                return
            high = min(end, start + self._slice_ns)
            page = await self._page(query, start, high, "forward")
            if page is None:
                continue
            fresh = [entry for entry in page if entry not in seen]
            if fresh:
                yield fresh
            if len(page) < self.limit:
                start, seen = high, set()
                continue
            start, seen = self._edge(page, fresh, page[-1].at, +1, seen)

    async def _older(self, query: str, low: int, page: list[Entry]) -> AsyncIterator[list[Entry]]:
        seen: set[Entry] = set()
        fresh = page
        while len(page) >= self.limit:
            if self._is_enough(page[-1].at):
                return
            oldest, seen = self._edge(page, fresh, page[-1].at, -1, seen)
            # The end is exclusive, so the oldest nanosecond is asked for once more.
            answer = await self._page(query, low, oldest + 1, "backward")
            if answer is None:
                continue
            page = answer
            fresh = [entry for entry in page if entry not in seen]
            if fresh:
                yield fresh[::-1]

    def _edge(
        self, page: list[Entry], fresh: list[Entry], at: int, step: int, seen: set[Entry]
    ) -> tuple[int, set[Entry]]:
        """Return where to continue, and which lines of that nanosecond were already returned."""
        if not fresh:
            # A whole page of one nanosecond: the server can show no more of it than this.
            self.cost.hidden += 1
            return at + step, set()
        return at, {entry for entry in (*seen, *page) if entry.at == at}

    def _is_enough(self, at: int) -> bool:
        """Say whether it asked often enough, and keep where that was."""
        if self.most is None or self.asked < self.most:
            return False
        self.stopped_at = at if self.stopped_at is None else max(at, self.stopped_at)
        return True

    @property
    def _slice_ns(self) -> int:
        return int(self.slice.total_seconds()) * 1_000_000_000

    async def _page(self, query: str, start: int, end: int, direction: str) -> list[Entry] | None:
        """Return one answer in the direction's order; None says that a limit was learnt."""
        self.asked += 1
        try:
            answer = await self.http.get(
                "query_range",
                {
                    "query": query,
                    "start": str(start),
                    "end": str(end),
                    "limit": str(self.limit),
                    "direction": direction,
                },
            )
        except EntriesLimitError as error:
            self.limit = max(1, min(error.limit, self.limit - 1))
            return None
        except RangeLimitError as error:
            self.slice = _shorter(self.slice, error)
            return None
        self.cost.add(answer)
        data = answer.get("data")
        found = list(entries_of(data.get("result") if isinstance(data, dict) else None))
        # Streams come one after the other; only the time brings them together.
        found.sort(key=lambda entry: entry.at, reverse=direction == "backward")
        return found


def _shorter(now: timedelta, error: RangeLimitError) -> timedelta:
    if error.limit is not None and error.limit < now:
        return max(error.limit, SHORTEST_SLICE)
    if now <= SHORTEST_SLICE:
        raise error
    return max(now / 2, SHORTEST_SLICE)


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else 0
