"""The waves that CJ was sending when it ended: it takes none up again, and no line names the rest.

CJ says of how many comparisons a wave is, and of each one as it asks for it. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from bot.border.outside import raw
from bot.detectors._line_owners import MAPPED, asked_batch
from bot.diagnosis.evidence.submission import SERVICE_STARTED
from bot.domain.log import LogEvent, Role

MOST_WAVES = 100
_MAPPED = re.compile(rf"(?:DEBUG: )?{MAPPED} (\d{{1,6}}) entries for batch (\d{{1,9}})\b")


class BrokenWaves:
    """Follows of each batch how many comparisons of its newest wave were not asked for yet."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}

    def after(
        self, events: Iterable[LogEvent], waves: Mapping[str, str]
    ) -> Iterator[tuple[str, int]]:
        """Yield each batch and how many of its comparisons were not asked for as CJ ended.

        `waves` is the batch whose requests CJ asks for, by the correlation id of its own request.
        """
        for event in events:
            said = raw(event.event)
            if event.role is not Role.CJ:
                continue
            if SERVICE_STARTED in said:
                yield from ((batch, left) for batch, left in self._left.items() if left > 0)
                self._left.clear()
            elif begun := _MAPPED.match(said):
                left = {**self._left, begun[2]: int(begun[1])}
                self._left = dict([*left.items()][-MOST_WAVES:])
            elif (batch := asked_batch(event, waves)) in self._left:
                self._left[batch] -= 1
