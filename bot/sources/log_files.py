"""Service logs as files: `<container>.log` in one folder, with their rotated siblings."""

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from bot.domain.evidence import LogStore
from bot.domain.log import (
    EXCERPT,
    LogCoverage,
    LogQuery,
    LogSearch,
    Role,
    Service,
    is_wanted,
    service_of,
)
from bot.errors import SourceError
from bot.sources.docker.codec import codec_of
from bot.sources.log_follow.follow import FileFollow
from bot.sources.log_format.codec import Codec
from bot.sources.log_format.parser import LineParser, parse_lines
from bot.sources.log_search.file import SegmentFile, linked, snapshot
from bot.sources.log_search.in_time import in_time, unpacking_stops
from bot.sources.log_search.merge import SearchPart, merged
from bot.sources.log_search.search import search_segment
from bot.sources.log_search.segment import Segment
from bot.sources.log_search.siblings import is_packed_or_rotated
from bot.text.wording import many

AT_ONCE = 4
# So many files are searched, looked at and followed; a folder may hold any number.
MOST_FILES = 1_000
LOOKED_AT = 64 << 10
# The logs that verdicts rest on; another may write as it likes.
NEEDED = (Role.CJ, Role.LLM_PROVIDER)
EMPTY = "without a line yet"
NOT_UNDERSTOOD = "without a line that is understood"
REST = "the rest"
ALL = LogQuery()


class LogFile(NamedTuple):
    """A log file that exists now: its service, its container's name, where it lies."""

    service: Service
    container: str
    path: Path


class LogFiles:
    """The LogSource over a folder of files. A missing folder raises SourceError.

    A link in it may lead to another name in it, or into a folder of `links` (a Kubernetes node's
    `/var/log/containers` holds links only); any other names its file as one that cannot be read.
    """

    name = LogStore.FILES.source_name

    def __init__(
        self,
        directory: Path,
        services: Sequence[Service],
        zone: tzinfo,
        links: Sequence[str] = (),
    ) -> None:
        self._directory = directory
        self._links = tuple(Path(folder) for folder in links)
        self._services = tuple(services)
        self._zone = zone

    async def search(self, query: LogQuery) -> LogSearch:
        """Search every wanted file, several at once; one that cannot be read becomes missing."""
        listed = await asyncio.to_thread(self._some_listed)
        files, left_out = self._chosen(listed, query)
        stop = threading.Event()
        at_once, is_late = asyncio.Semaphore(AT_ONCE), unpacking_stops(stop)

        async def one(file: LogFile) -> list[SearchPart]:
            async with at_once:
                return await asyncio.to_thread(self._search_file, file, query, stop, is_late)

        answers, late = await in_time([(file.container, one(file)) for file in files], stop)
        known = self._chosen(listed)[0]
        newest = None if self._is_excerpt() else await asyncio.to_thread(self._newest, known)
        parts = sorted([*chain.from_iterable(answers), *late], key=_container)
        unread = [(REST, _not_searched(left_out))] if left_out else []
        found = replace(merged([*parts, *unread]), newest=newest, until=query.until)
        ends = found.coverage if newest else tuple(map(_without_end, found.coverage))
        return replace(found, coverage=ends)

    async def follow(self, *, since: datetime, needles: Sequence[str] | None = None) -> FileFollow:
        """Follow every file from `since`; with `needles`, events without any are not parsed.

        Raises SourceError, and so does its `take`, while there is no file.
        """
        follow = FileFollow(
            self._some_files, self._zone, since=since, needles=needles, codec=codec_at
        )
        await follow.start()
        return follow

    async def services(self) -> Sequence[tuple[Service, str]]:
        """Return each file's service and container name."""
        files = await asyncio.to_thread(self._files)
        return sorted(((file.service, file.container) for file in files), key=itemgetter(1))

    async def check(self) -> str:
        """Say how many files can be read, and of which not one line is understood.

        Raises SourceError when none can be read.
        """
        files, left_out = self._chosen(await asyncio.to_thread(self._some_listed))
        looked = [await asyncio.to_thread(self._look, file) for file in files]
        pairs = [(f"{file.container}.log", one) for file, one in zip(files, looked, strict=True)]
        bad = [name for name, one in pairs if one.problem]
        if len(bad) == len(files):
            raise SourceError(
                self.name,
                f"none of the {len(files)} log files can be read: {looked[0].problem}",
                hint="Give the bot's user read access to the files of LOG_FILES_DIR.",
                permanent=True,
            )
        empty = [name for name, one in pairs if one.is_empty]
        odd = [name for name, one in pairs if one.is_odd]
        rest = f"{left_out} more not looked at" if left_out else ""
        told = [
            f"{len(files)} log files",
            rest,
            _named(bad, "cannot be read"),
            _named(empty, EMPTY),
        ]
        return ", ".join(one for one in (*told, _named(odd, NOT_UNDERSTOOD)) if one)

    def _is_excerpt(self) -> bool:
        return (self._directory / EXCERPT).exists()

    def _newest(self, files: Sequence[LogFile]) -> datetime | None:
        """Return the time of the last line of all files, which may no longer be written.

        A file that cannot be read is named by the search.
        """
        times = []
        for file in files:
            with suppress(OSError), closing(part := SegmentFile(file.path)):
                times.append(Segment([part], codec_at(part, self._zone)).last_time())
        return max(filter(None, times), default=None)

    def _look(self, file: LogFile) -> "Look":
        """Read the end of a file: a whole line that is understood is enough."""
        try:
            with closing(SegmentFile(file.path)) as opened:
                lines = opened.read(max(0, opened.size - LOOKED_AT), opened.size).splitlines()
                codec = codec_at(opened, self._zone)
        except OSError as error:
            return Look(problem=error.strerror or "unknown reason")
        if not any(line.strip(b"\0 \t\r") for line in lines):
            return Look(is_empty=True)
        service = file.service
        if service.role not in NEEDED:
            return Look()
        events = parse_lines(
            (text for text, _ in codec.lines(lines)), service=service.name,
            container=file.container, role=service.role, zone=self._zone,
        )  # fmt: skip
        return Look(is_odd=not any(event.at for event in events))

    def _empty(self) -> SourceError:
        """An empty folder is a wrong one far more often than a system without a log."""
        found = os.listdir(self._directory)
        old = [name for name in found if is_packed_or_rotated(name)]
        holds = f"{many(len(old), 'packed or rotated file')} but no" if old else "no"
        return SourceError(
            self.name,
            f"the log folder holds {holds} <container>.log file",
            hint="Check LOG_FILES_DIR.",
        )

    def _files(self) -> list[LogFile]:
        return self._chosen(self._listed())[0]

    def _some_files(self) -> list[LogFile]:
        return self._chosen(self._some_listed())[0]

    def _chosen(
        self, listed: Sequence[tuple[Service, str]], query: LogQuery = ALL
    ) -> tuple[list[LogFile], int]:
        """Return the files that a query asks for, and how many more there are than MOST_FILES."""
        wanted = [(service, name) for service, name in listed if is_wanted(service, query)]
        files = [
            LogFile(service, name[:-4], linked(self._directory / name, self._links))
            for service, name in wanted[:MOST_FILES]
        ]
        return files, len(wanted) - len(files)

    def _some_listed(self) -> list[tuple[Service, str]]:
        if not (listed := self._listed()):
            raise self._empty()
        return listed

    def _listed(self) -> list[tuple[Service, str]]:
        """Return every log of the folder: known services first, each kind latest first."""

        def order(file: tuple[Service, str]) -> tuple[bool, float]:
            with suppress(OSError):
                return file[0].role is Role.OTHER, -os.stat(f"{self._directory}/{file[1]}").st_mtime
            return True, 0

        listed = [
            (service_of(name[:-4], self._services, file=name), name) for name in self._names()
        ]
        return sorted(listed, key=order)

    def _names(self) -> list[str]:
        """Return the names of the folder's logs; one of pipes alone is no folder of logs."""
        try:
            found = os.listdir(self._directory)
        except OSError as error:
            raise SourceError(
                self.name,
                f"the log folder cannot be read: {error.strerror or 'unknown reason'}",
                hint="Check LOG_FILES_DIR.",
            ) from error
        names = sorted(name for name in found if name[1:].endswith(".log"))
        return [] if all(_is_no_file(self._directory / name) for name in names) else names

    def _search_file(
        self,
        file: LogFile,
        query: LogQuery,
        stop: threading.Event,
        is_late: Callable[[], bool],
    ) -> list[SearchPart]:
        service, container, path = file

        def parser() -> LineParser:
            return LineParser(service.name, container, service.role, self._zone)

        try:
            parts, lacks_older, unread = snapshot(path, is_late)
            written = next((part for part in reversed(parts) if part.size), parts[-1])
            codec = codec_at(written, self._zone)
            segment = Segment(parts, codec, lacks_older=lacks_older, unread=unread)
            with closing(segment):
                found = search_segment(segment, query, parser, stop.is_set)
                return [found, *((container, why) for why in segment.gaps(query.since))]
        except OSError as error:
            return [(container, f"cannot be read: {error.strerror or 'unknown reason'}")]


class Look(NamedTuple):
    """What the end of a file shows: why it cannot be read, nothing, or nothing that is a log."""

    problem: str = ""
    is_empty: bool = False
    is_odd: bool = False


def codec_at(part: SegmentFile, zone: tzinfo) -> Codec:
    """Return how a file's lines are written."""
    return codec_of(part.read(0, min(LOOKED_AT, part.size)), zone)


def _not_searched(files: int) -> str:
    return f"{many(files, 'file')}: a search reads the {MOST_FILES:,} that were written last"


def _container(part: SearchPart) -> str:
    first, second = part
    return second.container if isinstance(second, LogCoverage) else str(first)


def _without_end(cover: LogCoverage) -> LogCoverage:
    return replace(cover, newest=None)


def _is_no_file(path: Path) -> bool:
    return path.is_fifo() or path.is_socket() or path.is_char_device()


def _named(names: Sequence[str], what: str) -> str:
    return f"{len(names)} {what}: {', '.join(names[:5])}" if names else ""
