"""Keeps of a streamed log only what may matter, on disk, however long the log is."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.sources.log_follow.prefilter import MAX_EVENT_BYTES, last_head
from bot.sources.log_format.codec import Codec
from bot.sources.log_search.leftovers import SPOOL
from bot.sources.log_search.scan import halves
from bot.sources.log_search.segment import Segment

BLOCK_BYTES = 1 << 20
FILE_BYTES = 32 << 20


class Spool:
    """Takes whole lines in order; keeps blocks of events around hits, the newest on disk.

    Without words everything is kept. Of what is kept the newest 32 to 64 MiB stay; `dropped` says
    that there was more. `lines` and `bytes` count what went through, `first` is the first line.
    """

    def __init__(self, folder: Path, words: Sequence[str], codec: Codec) -> None:
        needles = [codec.needle(word) for word in words if word]
        self._words = [
            *needles,
            *(half for one in needles if len(one) >= 32 for half in halves(one)),
        ]
        self._codec = codec
        self._folder = folder
        self._files = [folder / "0"]
        self._file = self._files[0].open("wb")
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._before = b""
        self._was_hit = False
        self.dropped = False
        self.first = b""
        self.lines = 0
        self.bytes = 0

    def feed(self, lines: list[bytes]) -> None:
        """Take lines, each with its newline."""
        block = b"".join(lines)
        self.first = self.first or lines[0]
        self.lines += len(lines)
        self.bytes += len(block)
        self._waiting.append(block)
        self._waiting_bytes += len(block)
        if self._waiting_bytes >= BLOCK_BYTES:
            self._pass()

    def segment(self) -> Segment:
        """Return what was kept, as a log of its own; its files go with the folder."""
        self._take(b"".join(self._waiting))
        self._file.close()
        return Segment(self._files, self._codec)

    def close(self) -> None:
        """Close the file that is written; an Engine that refuses leaves nothing to search in it."""
        self._file.close()

    def _pass(self) -> None:
        """Judge what came, up to where its last event begins, so that no event is torn."""
        waiting = b"".join(self._waiting)
        cut = last_head(waiting, self._codec)
        if cut <= 0 and len(waiting) < MAX_EVENT_BYTES:
            self._waiting = [waiting]
            return
        cut = cut if cut > 0 else len(waiting)
        self._take(waiting[:cut])
        self._waiting = [waiting[cut:]]
        self._waiting_bytes = len(waiting) - cut

    def _take(self, block: bytes) -> None:
        is_hit = not self._words or any(block.find(word) >= 0 for word in self._words)
        if is_hit:
            self._write(self._before)
        if is_hit or self._was_hit:
            self._write(block)
            self._before = b""
        else:
            self._before = block
        self._was_hit = is_hit

    def _write(self, block: bytes) -> None:
        if self._file.tell() >= FILE_BYTES:
            self._file.close()
            self._files.append(self._folder / str(int(self._files[-1].name) + 1))
            self._file = self._files[-1].open("wb")
        self._file.write(block)
        if len(self._files) > 2:
            os.unlink(self._files.pop(0))
            self.dropped = True


def spool_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for one spool."""
    return tempfile.TemporaryDirectory(prefix=SPOOL)
