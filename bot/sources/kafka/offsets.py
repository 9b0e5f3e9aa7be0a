"""How far a topic was read, kept in memory: nothing is committed for anybody."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# Topic and number, as the client's own partition is.
Partition = tuple[str, int]


@dataclass
class TopicProgress:
    """Where each partition is read on, and where the part of it begins that is handed out.

    `history` is how many messages of a topic are read back at the first time, `recreations` how
    many partitions of each topic were seen to be recreated.
    """

    history: Mapping[str, int]
    next: dict[Partition, int] = field(default_factory=dict)
    live_from: dict[Partition, int] = field(default_factory=dict)
    end: dict[Partition, int] = field(default_factory=dict)
    recreations: Counter[str] = field(default_factory=Counter)

    @property
    def caught_up(self) -> bool:
        """Whether everything that had been written when the partitions were assigned was read."""
        return all(self.next[one] >= end for one, end in self.end.items())

    def begin(
        self,
        partitions: Iterable[Partition],
        first: Mapping[Partition, int],
        end: Mapping[Partition, int],
    ) -> None:
        """Choose where to read from: at the first time a bounded way back, later where we were.

        A partition that ends before that was recreated, one that was not there at the first time
        is new: both are read from their beginning and handed out in full.
        """
        is_first_time = not self.end
        for one in partitions:
            if is_first_time:
                share = self.history[one[0]] // sum(other[0] == one[0] for other in end)
                self.next[one] = max(first[one], end[one] - share)
                self.live_from[one] = end[one]
            elif not first[one] <= self.next.get(one, -1) <= end[one]:
                self.recreations[one[0]] += end[one] < self.next.get(one, -1)
                self.next[one] = first[one]
                self.live_from[one] = first[one]
        self.end = dict(end)

    def advance(self, one: Partition, offset: int) -> None:
        """Note how far a partition was read."""
        self._look_back(one, offset)
        self.next[one] = offset

    def is_live(self, one: Partition, offset: int) -> bool:
        """Say whether a message is handed out."""
        self._look_back(one, offset)
        return offset >= self.live_from[one]

    def _look_back(self, one: Partition, offset: int) -> None:
        """Note a partition that is read from before where it was: it was recreated."""
        if offset < self.next[one]:
            self.live_from[one] = 0
            self.recreations[one[0]] += 1
            self.next[one] = offset
