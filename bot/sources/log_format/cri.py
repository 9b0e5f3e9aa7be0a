"""Lines as the runtimes of Kubernetes store them: containerd, and CRI-O by its conmon."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from bot.sources.log_format.codec import Line, PlainLines
from bot.sources.log_format.head import HEAD_BYTES, starts_event
from bot.sources.log_format.time import later, utc

# Kubernetes, pkg/kubelet/kuberuntime/logs: a tag is P or F, and more may follow behind colons.
_LINE = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) "
    rb"([PF])(?::[^ ]{0,40})? "
)
_LINES = re.compile(rb"^" + _LINE.pattern, re.M)
# Of a line in pieces no more is read than of a whole one.
MOST_JOINED = 1 << 20


class CriLines(PlainLines):
    """Behind a time, the stream, and P for a piece of a longer line or F for a line's end.

    containerd cuts at 16 KiB, CRI-O at 8 KiB and where a process wrote a part of a line, so that
    the tag alone says what is cut. Pieces of the two streams come by turns. A line that is in no
    such form is read as it is.
    """

    cuts_lines = True
    cut_marks: Sequence[bytes] = (b" stdout P", b" stderr P")

    def starts_event(self, raw: bytes) -> bool:
        """Say whether an event surely begins at this line."""
        found = _LINE.match(raw)
        return starts_event(raw[found.end() :][: 2 * HEAD_BYTES] if found else raw)

    def piece(self, raw: bytes) -> tuple[bytes, bool]:
        """Return a line's stream, and whether it ends here."""
        found = _LINE.match(raw)
        return (found[2], found[3] == b"F") if found else (b"", True)

    def time_of(self, raw: bytes) -> datetime | None:
        """Return when the runtime took this line."""
        found = _LINE.match(raw)
        return utc(found[1].decode("ascii"), self._zone) if found else super().time_of(raw)

    def lines(self, raws: Iterable[bytes]) -> Iterator[Line]:
        """Yield the lines without what stands before them, pieces joined."""
        pending: dict[bytes, Line] = {}
        for raw in raws:
            found = _LINE.match(raw)
            if found is None:
                yield raw, None
                continue
            before, at = pending.pop(found[2], (b"", later(found[1].decode("ascii"), self._zone)))
            line = before + raw[found.end() :], at
            if found[3] == b"P" and len(line[0]) < MOST_JOINED:
                pending[found[2]] = line
            else:
                yield line
        yield from pending.values()

    def text(self, block: bytes) -> tuple[str, int] | None:
        """Return none: each line is read alone."""
        return None


def is_cri(beginning: bytes) -> bool:
    """Say whether a file that begins so was written by such a runtime."""
    return _LINES.search(beginning) is not None
