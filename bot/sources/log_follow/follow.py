"""Follows a folder of log files through growth, rotation, truncation and late creation."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Protocol

from bot.domain.followed import Followed
from bot.domain.log import Service
from bot.errors import SourceError
from bot.sources.log_follow.buffer import EventBuffer
from bot.sources.log_follow.prefilter import Prefilter
from bot.sources.log_follow.tail import Stand, Tail, open_tail
from bot.sources.log_format.codec import Codec, PlainLines
from bot.sources.log_format.parser import LineParser
from bot.sources.log_search.file import SegmentFile, snapshot
from bot.sources.log_search.segment import Segment
from bot.sources.log_search.siblings import is_rotated

POLL_SECONDS = 0.25
QUIET_SECONDS = 1.0
# A folder on a network may hang: what it is silent about is not known.
STALE_SECONDS = 5.0
MAX_STEPS = 4
FINISHED = -1.0
SAME_BYTES = 4 << 10
FOLDER = "log folder"


class _File(Protocol):
    @property
    def service(self) -> Service: ...
    @property
    def container(self) -> str: ...
    @property
    def path(self) -> Path: ...


def _plain(part: SegmentFile, zone: tzinfo) -> Codec:
    return PlainLines(zone)


class FileFollow:
    """A running follow of log files; a background task polls, `take` hands out what came."""

    def __init__(
        self,
        files: Callable[[], Sequence[_File]],
        zone: tzinfo,
        *,
        since: datetime,
        needles: Sequence[str] | None = None,
        codec: Callable[[SegmentFile, tzinfo], Codec] = _plain,
        buffer: EventBuffer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        self._zone = zone
        self._since = since
        self._needles = None if needles is None else tuple(needles)
        self._codec = codec
        self._buffer = buffer or EventBuffer()
        self._clock = clock
        self._tails: dict[Path, Tail] = {}
        self._left: dict[Path, Stand] = {}
        self._missing: dict[str, str] = {}
        self._unread: dict[Path, str] = {}
        self._problem: SourceError | None = None
        self._has_more = False
        self._behind = True
        self._read_at: float | None = None
        self._polled_at = clock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the files that exist and poll from now on. Raises SourceError without a folder."""
        await asyncio.to_thread(self._begin)
        self._task = asyncio.create_task(self._run(), name="follow log files")

    @property
    def missing(self) -> Mapping[str, str]:
        """Which files cannot be read, and why."""
        return self._missing

    @property
    def is_behind(self) -> bool:
        """Whether what stood in the files at the start, or since a look that hangs, is unread."""
        return self._behind or self._clock() - self._polled_at > STALE_SECONDS

    def take(self) -> Followed:
        """Return what arrived since the last call.

        Raises SourceError when nothing did and the folder cannot be listed: that is no silence.
        """
        if (problem := self._problem) is not None and not self._buffer.has_any:
            raise SourceError(problem.source, problem.message, hint=problem.hint)
        # Asked before what came is taken: what the last look brought is then among it.
        behind = self.is_behind
        containers = {tail.container: tail.service.role for tail in list(self._tails.values())}
        times = {one.container: one.reached for one in list(self._tails.values()) if one.reached}
        followed = self._buffer.take(containers, dict(self._missing), behind=behind)
        return replace(followed, reached=times)

    async def close(self) -> None:
        """Stop polling and close the files."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await asyncio.to_thread(self._close_tails)

    def poll(self) -> None:
        """Look at every file once; blocking."""
        missing: dict[str, str] = {}
        self._has_more = False
        try:
            files = self._files()
        except SourceError as error:
            self._problem, self._missing = error, {FOLDER: error.message}
            return
        self._problem = None
        for file in files:
            try:
                self._poll_file(file)
            except OSError as error:
                missing[file.container] = error.strerror or "unknown reason"
            if why := self._unread.get(file.path):
                missing.setdefault(file.container, why)
        for path in self._tails.keys() - {file.path for file in files}:
            self._drop(path)
        self._missing = missing
        self._polled_at = self._clock()
        if self._behind and not self._has_more:
            self._note_read()

    async def _run(self) -> None:
        while True:
            # A cancelled wait must not leave the thread behind while its files are closed.
            await asyncio.shield(polling := asyncio.ensure_future(asyncio.to_thread(self.poll)))
            await polling
            await asyncio.sleep(0 if self._has_more else POLL_SECONDS)

    def _note_read(self) -> None:
        """Note that all was read; the last event waits a while for its end."""
        now = self._clock()
        self._read_at = now if self._read_at is None else self._read_at
        self._behind = now - self._read_at <= QUIET_SECONDS

    def _begin(self) -> None:
        for file in self._files():
            with suppress(OSError):
                self._first_look(file)

    def _first_look(self, file: _File) -> None:
        """Begin to follow a file, after what was rotated away since the follow began.

        One that was followed before, and was away, goes on where it stood.
        """
        *older, newest = self._opened(file.path)
        left = self._left.get(file.path)
        since = max(self._since, left.at) if left and left.at else self._since
        for part in older:
            tail = self._tail(part, file.service, file.container)
            ended = tail.segment.last_time()
            if ended and ended >= since:
                self._begin_at(tail, left)
                self._finish(tail)
            else:
                tail.segment.close()
        self._follow_newest(file, newest)

    def _opened(self, path: Path) -> list[SegmentFile]:
        """Open a log's files; of one that cannot be read the reason is kept, beside the rest."""
        log = snapshot(path)
        self._unread[path] = log.unread[0].why if log.unread else ""
        return log.parts

    def _follow_newest(self, file: _File, newest: SegmentFile) -> None:
        tail = self._tail(newest, file.service, file.container)
        self._begin_at(tail, self._left.pop(file.path, None))
        self._tails[file.path] = tail

    @staticmethod
    def _begin_at(tail: Tail, left: Stand | None) -> None:
        if left is None:
            tail.begin()
        else:
            tail.resume(left)

    def _after_rotation(self, file: _File, old: Tail) -> None:
        """Read on in the files that were begun since: it may have rotated twice by now."""
        old.segment.refresh()
        *older, newest = self._opened(file.path)
        later = [part for part in older if _is_later(part, old)]
        self._drop(file.path)
        for part in older:
            if part in later:
                self._finish(self._tail(part, file.service, file.container))
            else:
                part.close()
        self._follow_newest(file, newest)

    def _finish(self, tail: Tail) -> None:
        """Read a file that grows no more to its end, and let it go."""
        try:
            self._advance(tail, finished=True)
        finally:
            tail.segment.close()

    def _tail(self, path: Path | SegmentFile, service: Service, container: str) -> Tail:
        part = SegmentFile(path) if isinstance(path, Path) else path
        parser = LineParser(service.name, container, service.role, self._zone)
        prefilter = Prefilter(self._codec(part, self._zone), parser, self._needles)
        return open_tail(part, prefilter, service, container, since=self._since)

    def _poll_file(self, file: _File) -> None:
        tail = self._tails.get(file.path)
        if tail is None or (tail.is_empty and file.path.stat().st_size):
            # Of an empty file it was not known how its lines are written.
            if tail is not None:
                tail.segment.close()
            self._first_look(file)
            self._advance(self._tails[file.path])
            return
        if file.path.stat().st_ino != tail.segment.inode:
            self._after_rotation(file, tail)
            self._advance(self._tails[file.path])
            return
        if tail.was_truncated():
            self._rescue(tail)
            tail.rewind()
        self._advance(tail)

    def _advance(self, tail: Tail, *, finished: bool = False) -> None:
        steps, quiet = 0, FINISHED if finished else QUIET_SECONDS
        while tail.advance(self._buffer, now=self._clock(), quiet=quiet):
            steps += 1
            # One chatty log must not keep the others waiting; a finished one is read to its end.
            if steps >= MAX_STEPS and not finished:
                self._has_more = True
                return

    def _drop(self, path: Path) -> None:
        """Read a file that was renamed or removed to its end, and let it go."""
        tail = self._tails.pop(path)
        try:
            self._finish(tail)
        finally:
            self._left[path] = tail.stand()

    def _rescue(self, tail: Tail) -> None:
        """Read on in the copy that was made before the file was truncated."""
        for path in _siblings(tail.segment.path):
            with suppress(OSError):
                if tail.is_copied_to(path):
                    self._read_whole(path, tail, start=tail.position)
                    return

    def _read_whole(self, path: Path, like: Tail, start: int = 0) -> None:
        with suppress(OSError):
            tail = self._tail(path, like.service, like.container)
            tail.position = start
            self._advance(tail, finished=True)
            tail.segment.close()

    def _close_tails(self) -> None:
        for tail in self._tails.values():
            tail.segment.close()
        self._tails.clear()


def _siblings(path: Path) -> list[Path]:
    """Return the rotated files beside a log that are not compressed, the oldest first."""
    found = []
    for sibling in path.parent.glob(f"{path.name}*"):
        if sibling.suffix != ".gz" and is_rotated(path, sibling):
            with suppress(OSError):
                found.append((sibling.stat().st_mtime_ns, sibling))
    return [sibling for _, sibling in sorted(found)]


def _is_later(part: SegmentFile, old: Tail) -> bool:
    """Say whether a rotated file was begun after the one that was followed.

    A compressed file is recognised by its beginning: the last time that the Engine writes into its
    header can be that of lines which already went into the next file.
    """
    if not part.is_packed:
        return part.inode != old.segment.inode and part.modified > old.segment.modified
    head = min(SAME_BYTES, part.size)
    if part.read(0, head) == old.segment.read(0, head):
        return False
    began = Segment([part], old.prefilter.codec).first_time()
    before = old.segment.first_time()
    return bool(began and before and began >= before)
