"""Fetches what stands around matched lines: the head of their event, its traceback, the context."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

from bot.sources.log_format.head import starts_event
from bot.sources.loki.entries import Entry
from bot.sources.loki.paging import Pager

NEAR_NS = 2_000_000_000
PAGE_LINES = 400
MAX_LINES = 2_000
LINES_PER_EVENT = 30
MAX_FETCHES = 60
# How far away a neighbouring event may be: an hour says enough, and bounds what Loki must read.
REACH_NS = 3_600_000_000_000


class ContextFetcher:
    """Fetches around matches within [start, end) ns, `context` events to both sides."""

    def __init__(self, pager: Pager, start: int, end: int, context: int) -> None:
        self._pager = replace(pager, limit=min(pager.limit, PAGE_LINES), asked=0, stopped_at=None)
        self._start = start
        self._end = end
        self._context = context

    async def of(self, selector: str, matched: Sequence[Entry]) -> tuple[list[Entry], bool]:
        """Return the entries around matches, and whether all matches got theirs."""
        wanting = [entry for entry in sorted(matched) if self._context or needs_more(entry)]
        groups = list(_groups(wanting))
        found: list[Entry] = []
        for first, last in reversed(groups[-MAX_FETCHES:]):
            found += await self._around(selector, first, last)
        whole = len(groups) <= MAX_FETCHES and self._pager.stopped_at is None
        return found, whole

    async def _around(self, selector: str, first: Entry, last: Entry) -> list[Entry]:
        before = self._pager.back(selector, max(self._start, first.at - REACH_NS), first.at)
        after = self._pager.ahead(selector, first.at, min(self._end, last.at + REACH_NS))
        found = []
        if self._context or not _is_head(first):
            found += await self._enough(before, self._context + 1, backwards=True)
        found += await self._enough(after, self._context + 1, past=last.at)
        return found

    async def _enough(
        self,
        pages: AsyncIterator[list[Entry]],
        heads: int,
        *,
        backwards: bool = False,
        past: int = 0,
    ) -> list[Entry]:
        """Read on until `heads` events began beyond the matches, or enough lines were read."""
        found: list[Entry] = []
        seen = beyond = 0
        bound = max(MAX_LINES, heads * LINES_PER_EVENT)
        async for page in pages:
            for entry in reversed(page) if backwards else page:
                found.append(entry)
                if backwards or entry.at > past:
                    beyond += 1
                    seen += _is_head(entry)
                if seen >= heads or beyond >= bound:
                    return found
        return found


def needs_more(entry: Entry) -> bool:
    """Say whether an event may continue after this line, or begin before it."""
    if entry.line.lstrip().startswith("{"):
        return False
    if not _is_head(entry):
        return True
    words = entry.line[:200].lower()
    return entry.level.lower() in ("error", "critical", "warning") or any(
        level in words for level in ("error", "critical", "warning")
    )


def _is_head(entry: Entry) -> bool:
    return starts_event(entry.line[:400].encode("utf-8", "replace"))


def _groups(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Yield the first and last entry of each run of entries that lie close together."""
    first = last = None
    for entry in entries:
        if first is None or last is None:
            first = last = entry
        elif entry.at - last.at <= NEAR_NS:
            last = entry
        else:
            yield first, last
            first = last = entry
    if first is not None and last is not None:
        yield first, last
