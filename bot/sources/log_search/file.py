"""One file of a container's log, read at any place; a compressed one is unpacked only if needed."""

import errno
import gzip
import io
import json
import os
import re
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

from bot.sources.log_format.foreign import LOOKED_AT, foreign
from bot.sources.log_format.time import utc
from bot.sources.log_search.siblings import rotations

HEAD_BYTES = 128 << 10
BLOCK_BYTES = 1 << 20
# A small compressed file can hold any number of bytes; no log that is rotated is larger.
MOST_BYTES = 4 << 30
_SIZE_BYTES = 4
ATTEMPTS = 8
LEADS_OUT = "a link that leads out of the folder"
_DAMAGED, _CUT_OFF = "damaged", "cut off"
NO_FILE = "a pipe, a device or a socket, not a file"
# The Engine writes when a rotated file's last line was written into the gzip header's extra field.
_LAST_TIME = re.compile(rb'\{"lastTime":"[^"]{10,40}"\}')


def _never() -> bool:
    return False


class LateError(OSError):
    """What says when to stop said so while a file was unpacked."""


class SegmentFile:
    """An open file. `size` counts its plain bytes and `offset` is where it lies in the whole log.

    A compressed part is read from its beginning as a stream, as a scan does, without a copy; its
    first bytes are kept; any other place makes a plain copy, until `release`. `damage` says why it
    is read only up to a place, if it is. Raises OSError, LateError where `stopped` ended the
    unpacking.
    """

    def __init__(self, path: Path, offset: int = 0, stopped: Callable[[], bool] = _never) -> None:
        self.path = path
        self.offset = offset
        self.is_packed = path.suffix == ".gz"
        self._stopped = stopped
        self._file = open_within(path)
        self._plain = -1 if self.is_packed else self._file
        self._stream: gzip.GzipFile | None = None
        self._stream_at = 0
        self._head = b""
        self.last_time: datetime | None = None
        self.damage = ""
        self.size = os.fstat(self._file).st_size
        self.inode = os.fstat(self._file).st_ino
        try:
            self._look()
        except OSError:
            self.close()
            raise

    @property
    def end(self) -> int:
        """Where the part ends in the whole log."""
        return self.offset + self.size

    @property
    def modified(self) -> int:
        """When the file was last written, in nanoseconds."""
        return os.fstat(self._file).st_mtime_ns

    def refresh(self) -> int:
        """Return the size now; only a plain file grows."""
        if not self.is_packed:
            self.size = os.fstat(self._file).st_size
        return self.size

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of [start, end) of this part."""
        if self._plain < 0 and end <= len(self._head):
            return self._head[start:end]
        return os.pread(self._unpacked(), max(0, end - start), start)

    def into(self, view: memoryview, start: int) -> int:
        """Fill `view` from `start`; return how many bytes there were."""
        if self._plain < 0 and start in (0, self._stream_at):
            if start == 0:
                self.release()
            return self._streamed(view)
        return os.preadv(self._unpacked(), [view], start)

    def release(self) -> None:
        """Close the plain copy and stream from the beginning."""
        if self.is_packed and self._plain >= 0:
            os.close(self._plain)
            self._plain = -1
        self._stream, self._stream_at = None, 0

    def close(self) -> None:
        """Close the file."""
        self.release()
        os.close(self._file)

    def _streamed(self, view: memoryview) -> int:
        if self._stream is None:
            self._stream = self._reader()
        size = 0
        with self._damage_noted():
            size = self._stream.readinto(view) or 0
        self._stream_at += size
        return size

    def _reader(self) -> gzip.GzipFile:
        # A descriptor of its own would share the offset, and opening by name could meet a
        # rotation, so the packed bytes are read by place.
        return gzip.GzipFile(fileobj=io.BufferedReader(_Placed(self._file), BLOCK_BYTES))

    def _look(self) -> None:
        """Learn what must be known of a file. Raises OSError for one that is no log."""
        if self.is_packed:
            self._measure()
        elif why := foreign(os.pread(self._file, LOOKED_AT, 0)):
            raise OSError(errno.EILSEQ, why, str(self.path))

    def _measure(self) -> None:
        """Learn the plain size and the last time; a file whose own figure is unsure is unpacked.

        A gzip file ends with its plain size, true for one member below 4 GiB, which is what the
        Engine writes; its header says that it was the Engine.
        """
        with self._damage_noted():
            self._head = self._reader().read(HEAD_BYTES)
        said = _LAST_TIME.search(os.pread(self._file, 80, 0))
        if said is not None and self.size > _SIZE_BYTES:
            self.last_time = utc(json.loads(said.group())["lastTime"], UTC)
            self.size = int.from_bytes(os.pread(self._file, 4, self.size - _SIZE_BYTES), "little")
            return
        self.size = os.fstat(self._unpacked()).st_size
        if self.damage:  # what is left of a line is not the beginning of the next file's first
            begin = max(0, self.size - BLOCK_BYTES)
            self.size = begin + self.read(begin, self.size).rfind(b"\n") + 1

    def _unpacked(self) -> int:
        if self._plain < 0:
            with tempfile.TemporaryFile() as plain:
                with self._damage_noted():
                    _unpack(self._reader(), plain, self._stopped)
                plain.flush()
                self._plain = os.dup(plain.fileno())
        return self._plain

    @contextmanager
    def _damage_noted(self) -> Iterator[None]:
        """Read a compressed file as far as it can be, and note why no further."""
        try:
            yield
        except EOFError:
            self.damage = _CUT_OFF
        except (zlib.error, gzip.BadGzipFile):
            self.damage = _DAMAGED


def open_within(path: Path) -> int:
    """Open a file to be read. Raises OSError, also for a link that leads out of its folder.

    Whoever may write a log may not choose which other files the bot reads. A link to another name
    in the folder is followed. A pipe is not waited for.
    """
    real = Path(os.path.realpath(path, strict=True))
    if not real.is_relative_to(os.path.realpath(path.parent)):
        raise OSError(errno.ELOOP, LEADS_OUT, str(path))
    opened = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    mode = os.fstat(opened).st_mode
    if stat.S_ISREG(mode):
        return opened
    os.close(opened)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, NO_FILE, str(path))


def linked(path: Path, folders: Sequence[Path]) -> Path:
    """Return the file that a link leads to, however many links on, where that lies in a folder.

    Any other path is returned as it is, and a link that leads elsewhere is refused when opened.
    """
    if not folders or not path.is_symlink():
        return path
    real = Path(os.path.realpath(path))
    within = any(real.is_relative_to(os.path.realpath(folder)) for folder in folders)
    return real if within else path


class Unread(NamedTuple):
    """A rotated file that cannot be read, why, and the next newer one of its log."""

    path: Path
    why: str
    newer: SegmentFile


class OpenedLog(NamedTuple):
    """A log's open files, oldest first; whether older ones could not be unpacked in time."""

    parts: list[SegmentFile]
    lacks_older: bool = False
    unread: Sequence[Unread] = ()


def snapshot(path: Path, stopped: Callable[[], bool] = _never) -> OpenedLog:
    """Open all files of a log as they were at one moment. Raises OSError.

    It may be rotated between listing and opening, or a file compressed and so vanish; then it is
    listed again. Once `stopped` says so, what is still to be unpacked and all that is older is
    left out. A rotated file that cannot be read is left out too, and said to be.
    """
    for attempt in range(ATTEMPTS):
        opened: list[SegmentFile] = []
        try:
            listed = rotations(path)
            inodes = [(one.stat() if one.exists() else one.lstat()).st_ino for one in listed]
            log = _opened(listed, opened, stopped)
            kept = [(part.path, part.inode) for part in opened]
            there = [pair for pair in zip(listed, inodes, strict=True) if pair[0] in dict(kept)]
            if there == kept and len(rotations(path)) == len(listed):
                return log
        except OSError as error:
            if not isinstance(error, FileNotFoundError) or attempt == ATTEMPTS - 1:
                _close(opened)
                raise
        _close(opened)
    raise OSError(errno.EAGAIN, "it was rotated faster than it could be opened")


def _opened(
    listed: Sequence[Path], parts: list[SegmentFile], stopped: Callable[[], bool]
) -> OpenedLog:
    """Open files into `parts`, the newest first. Raises OSError where the newest cannot be."""
    unread: list[Unread] = []
    for one in reversed(listed):
        try:
            parts.insert(0, SegmentFile(one, stopped=stopped))
        except LateError:
            return OpenedLog(parts, lacks_older=True, unread=unread)
        except OSError as error:
            is_gone = isinstance(error, FileNotFoundError) and not one.is_symlink()
            if is_gone or not parts:
                raise
            unread.append(Unread(one, error.strerror or type(error).__name__, parts[0]))
    return OpenedLog(parts, unread=unread)


def _close(parts: Sequence[SegmentFile]) -> None:
    for part in parts:
        part.close()


class _Placed(io.RawIOBase):
    """Reads a descriptor from its beginning without moving its offset."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` with what comes next."""
        size = os.preadv(self._descriptor, [buffer], self._at)
        self._at += size
        return size


def _unpack(packed: gzip.GzipFile, plain: IO[bytes], stopped: Callable[[], bool]) -> None:
    """Write what can be unpacked, at most MOST_BYTES. Raises what a damaged file does."""
    left = MOST_BYTES
    while left > 0 and (block := packed.read1(BLOCK_BYTES)):
        if stopped():
            raise LateError(errno.ETIMEDOUT, "it was not unpacked in time")
        plain.write(block)
        left -= len(block)
