"""Which entries a tail handed on already: what is read again repeats nothing."""

from collections import deque

from bot.sources.loki.entries import Entry

# Lines of several containers do not reach Loki in the order of their times.
OVERLAP_NS = 10_000_000_000
# A shipper that was away for a while sends what it kept once it is back.
LATE_NS = 300_000_000_000
MAX_REMEMBERED = 200_000


class Memory:
    """Which entries of one tail were handed on, as far back as a gap is read again."""

    def __init__(self, since: int, most: int = MAX_REMEMBERED) -> None:
        self.newest = since
        self._since = since
        self._most = most
        self._forgotten = since - 1
        # Of an entry its time and hash: a line may be long, and very many are remembered.
        self._seen: set[tuple[int, int]] = set()
        self._order: deque[tuple[int, int]] = deque()

    @property
    def resume_at(self) -> int:
        """From when a range must be read so that nothing is missed."""
        return max(self._forgotten + 1, self.newest - OVERLAP_NS)

    @property
    def late_at(self) -> int:
        """From when a range is read for what reached Loki late, as a shipper that was away sends.

        Where more came in that time than is remembered it is shorter, so that nothing is repeated.
        """
        return max(self._forgotten + 1, self.newest - LATE_NS)

    def is_new(self, entry: Entry) -> bool:
        """Say whether an entry was not seen before, and remember it."""
        known = (entry.at, hash(entry))
        if entry.at < self._since or known in self._seen:
            return False
        self._seen.add(known)
        self._order.append(known)
        self.newest = max(self.newest, entry.at)
        edge = self.newest - 2 * LATE_NS
        while self._order and (len(self._order) > self._most or self._order[0][0] < edge):
            oldest = self._order.popleft()
            self._seen.discard(oldest)
            self._forgotten = max(self._forgotten, oldest[0])
        return True
