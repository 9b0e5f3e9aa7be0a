"""Which labels Loki's streams bear, and whether any of them is of the services."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.border import passing
from bot.domain.log import Service
from bot.errors import SourceError
from bot.sources.loki.entries import nanoseconds
from bot.sources.loki.http import LokiHttp
from bot.sources.loki.labels import CONTAINER_LABELS, SERVICE_LABELS, Layout, layout_of
from bot.sources.loki.refusals import NAME, RangeLimitError

# Without a lower bound an id is looked for a month at a time, until a month holds it.
STEP = timedelta(days=30)
LABEL_NAMES = "labels"
# A server that searches little at once is asked for the newest pieces of a long time alone.
MOST_PIECES = 60


class LayoutReader:
    """Reads the labels of one tenant's streams, for these services."""

    def __init__(
        self, http: LokiHttp, services: Sequence[Service], clock: Callable[[], datetime]
    ) -> None:
        self._http = http
        self._services = services
        self._clock = clock

    async def read(self, start: int, end: int) -> Layout:
        """Return the labels used between two times (ns since 1970). Raises SourceError."""
        try:
            names, values = await self._values(start, end)
            return layout_of(names, values, self._services)
        except RangeLimitError as error:
            step = int((error.limit or STEP).total_seconds()) * 1_000_000_000
            edges = [*range(max(start, end - MOST_PIECES * step), end, step), end]
        pieces = await asyncio.gather(*(self._values(*one) for one in pairwise(edges)))
        merged_values: dict[str, set[str]] = {}
        for _, one in pieces:
            for label, found in one.items():
                merged_values.setdefault(label, set()).update(found)
        every = frozenset[str]().union(*(names for names, _ in pieces))
        return layout_of(every, merged_values, self._services)

    async def _values(self, start: int, end: int) -> tuple[frozenset[str], dict[str, list[str]]]:
        """Return the labels there are, and the values of those that may name a service."""
        bounds = {"start": str(start), "end": str(end)}
        names = frozenset(_strings(await self._http.get(LABEL_NAMES, bounds)))
        asked = [label for label in (*SERVICE_LABELS, *CONTAINER_LABELS) if label in names]
        found = await asyncio.gather(
            *(self._http.get(f"label/{label}/values", bounds) for label in asked)
        )
        return names, {label: _strings(one) for label, one in zip(asked, found, strict=True)}

    async def prove_ours(self, layout: Layout) -> None:
        """Refuse to call a service quiet that Loki never had. Raises SourceError."""
        if any(layout.selector(one) for one in self._services):
            return
        end = nanoseconds(self._clock())
        whole = await self.read(nanoseconds(self._clock() - STEP), end)
        if any(whole.selector(one) for one in self._services):
            return
        if not whole.names:
            raise SourceError(
                NAME,
                "Loki holds nothing at all for this tenant",
                hint="Check LOKI_TENANT, which Loki calls org id; it is case sensitive.",
            )
        labels = ", ".join(sorted(passing.name(one) for one in whole.names)[:20])
        raise SourceError(
            NAME,
            f"none of Loki's streams is of the services; the labels there are {labels}",
            hint=f"Let the collector write one of {', '.join(SERVICE_LABELS + CONTAINER_LABELS)}, "
            "or name what it writes in SERVICES.",
        )


def _strings(answer: object) -> list[str]:
    data = answer.get("data") if isinstance(answer, dict) else None
    return [value for value in data if isinstance(value, str)] if isinstance(data, list) else []
