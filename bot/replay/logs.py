"""The log files of a recording, merged in time, with a count of what could not be read."""

import errno
import fnmatch
import gzip
import heapq
import io
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from operator import attrgetter
from pathlib import Path
from typing import Any

from bot.border.outside import Outside
from bot.domain.log import EXCERPT, Role, Service
from bot.domain.words import Span, words
from bot.errors import UsageError
from bot.replay.files import MOST_FILES, SAMPLES, too_many
from bot.replay.ordering import in_order
from bot.replay.passed import Recorded
from bot.replay.wanted import EPOCH, MarkedLines, Wanted
from bot.sources.log_format.parser import MAX_LINE_BYTES, LineParser
from bot.text.wording import many

EVERY_SETTING = "DETECTOR_* and TICK_SECONDS, as the environment and .env have them"
PATTERNS = ("*.log", "*.log.gz")
# More blank lines in a row than any event keeps.
MOST_BLANK = 32
_BLANKS = re.compile(rb"[\r\n]{64,}")
_RUNS = (b"\n" * 64, b"\r\n" * 32)
# A small compressed file can hold any number of bytes.
MOST_UNPACKED_BYTES = 2_000_000_000
BLOCK_BYTES = 1 << 20
UNREADABLE = (OSError, EOFError, zlib.error)
Packed = gzip.GzipFile | io.BufferedReader


@dataclass(slots=True)
class Tally:
    """What a replay read: files, lines, samples, and what of them it could not use.

    `ahead` maps a container to how far its clock was ahead for a stretch, by which it was moved.
    `undated` counts events without a time, `stepped_back` those far older than the line before;
    neither can be put on the clock. `overtaken` counts samples that were followed by another
    before a tick saw them. `failed` maps a file to why it was not read to its end. `events` counts
    what was reported, `settings` what it was judged with where that is an alert's export. `skipped`
    is what was left out of `gaps` silences, in which nothing could change any more.
    """

    files: int = 0
    lines: int = 0
    samples: int = 0
    overtaken: int = 0
    unreadable: int = 0
    undated: int = 0
    stepped_back: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    ahead: dict[str, timedelta] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)
    events: int = 0
    settings: str = ""
    gaps: int = 0
    skipped: timedelta = timedelta(0)

    def skip(self, span: timedelta) -> None:
        """Count one silence of which no more ticks were judged."""
        self.gaps += 1
        self.skipped += span

    def step_back(self, event: Recorded) -> None:
        """Count one event that lies far before the one before it."""
        self.stepped_back += 1

    def be_ahead(self, event: Recorded, by: timedelta) -> None:
        """Note that a container's clock was ahead from this event on, for a stretch."""
        self.ahead[event.container] = max(by, self.ahead.get(event.container, by))

    def lack_time(self, event: Recorded) -> None:
        """Count one event without a time."""
        self.undated += 1

    def told(self) -> list[str]:
        """Return it in lines for people; none when there was nothing to read."""
        if not self.files and not self.samples:
            return []
        counts = {
            "could not be decoded": self.unreadable,
            "had no time": self.undated,
            "stepped back in time": self.stepped_back,
        }
        odd = [f"{count:,} {kind}" for kind, count in counts.items() if count]
        overtaken = many(self.overtaken, "sample", ("was", "were"))
        odd += [f"{overtaken} overtaken by another within a tick"] if self.overtaken else []
        read = [f"{many(self.files, 'file')}, {many(self.lines, 'line')}"] if self.files else []
        read += [many(self.samples, "sample")] if self.samples else []
        head = f"read {', '.join(read)}"
        told = [f"{head}; {', '.join(odd)}" if odd else head]
        if self.gaps:
            silences = many(self.gaps, "silence")
            skipped = words("left out ", Span(self.skipped), f" of {silences}, once all was judged")
            told += [str(skipped)]
        told += [
            str(
                words(f"clock of {name} was ahead by some ", Span(by), ": its lines are moved back")
            )
            for name, by in self.ahead.items()
        ]
        told += [f"not read to its end: {name} ({reason})" for name, reason in self.failed.items()]
        if self.other:
            told.append(f"not looked at, being no .log file: {', '.join(self.other)}")
        return told

    def nothing(self) -> dict[str, Any]:
        """Return the answer of a replay in which nothing was reported, in the shape of an event."""
        read = (many(self.files, "file"), many(self.lines, "line"), many(self.samples, "sample"))
        return {
            "at": None,
            "detector": "",
            "key": "",
            "event": "none",
            "severity": "info",
            "since": None,
            "title": f"0 events: read {', '.join(read)}",
            "evidence": [],
            "files": self.files,
            "lines": self.lines,
            "samples": self.samples,
            "not_read": dict(self.failed),
        }

    def silence(self) -> list[str]:
        """Return that nothing was reported, and by what it was judged; none where something was."""
        if self.events:
            return []
        return [f"0 events, with these settings: {self.settings or EVERY_SETTING}"]


def merged(
    directory: Path,
    services: Sequence[Service],
    zone: tzinfo,
    tally: Tally,
    wanted: Wanted | None = None,
) -> Iterator[Recorded]:
    """Yield the dated events of all files in time order. Raises UsageError without any file."""
    if not directory.is_dir():
        raise UsageError(
            f"{directory} is no folder", hint="Give a folder of <container>.log files."
        )
    files = sorted({path for pattern in PATTERNS for path in directory.glob(pattern)})
    tally.other = sorted({one.name for one in directory.iterdir()} - {one.name for one in files})
    tally.other = [name for name in tally.other if name not in (SAMPLES, EXCERPT)]
    if not files:
        there = f"; it holds {', '.join(tally.other[:5])}" if tally.other else ""
        raise UsageError(
            f"{directory} holds no <container>.log file{there}",
            hint="Write one with: docker logs --timestamps NAME > DIR/NAME.log 2>&1",
        )
    if len(files) > MOST_FILES:
        raise too_many(len(files))
    wanted = wanted or Wanted()
    streams = [_events(path, services, zone, tally, wanted) for path in files]
    return heapq.merge(*streams, key=attrgetter("at"))


def at(event: Recorded) -> datetime:
    """Return when an event was; the epoch for one without a time."""
    return event.at or EPOCH


def _events(
    path: Path, services: Sequence[Service], zone: tzinfo, tally: Tally, wanted: Wanted
) -> Iterator[Recorded]:
    """Yield a file's dated events; one that steps back by more than a little is left out."""
    name, role = _service_of(path, services)
    parser = LineParser(name, _container(path), role, zone)
    events = _parsed(path, tally, wanted.reading(parser, role, zone))
    yield from wanted.thinned(in_order(events, tally.step_back, tally.lack_time, tally.be_ahead))
    tally.files += 1
    tally.lines += parser.lines
    tally.unreadable += parser.unreadable


def _parsed(path: Path, tally: Tally, reading: MarkedLines) -> Iterator[Recorded]:
    """Yield what a file holds, as far as it can be read."""
    most = MOST_UNPACKED_BYTES if path.suffix == ".gz" else sys.maxsize
    try:
        with _opened(path) as lines:
            for block in _blocks(_bounded(lines, most, tally)):
                yield from reading.events(block)
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or "damaged gzip"
        tally.failed[path.name] = reason
    last = reading.last()
    if last is not None:
        yield last


def _opened(path: Path) -> Packed:
    return gzip.GzipFile(path) if path.suffix == ".gz" else path.open("rb")


def _blocks(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Yield lines many at a time; where reading fails, first what was read until then."""
    block: list[bytes] = []
    size = 0
    try:
        for line in lines:
            block.append(line)
            size += len(line)
            if size >= BLOCK_BYTES:
                yield block
                block, size = [], 0
    except UNREADABLE:
        yield block
        raise
    yield block


def _bounded(file: Packed, most: int, tally: Tally) -> Iterator[bytes]:
    """Yield lines of at most MAX_LINE_BYTES each, of a longer one its beginning.

    Of blank lines in a row, those that no event keeps are counted and left out. Raises OSError
    once the file holds more than `most` bytes.
    """
    begin, is_long = b"", False
    while block := file.read1(BLOCK_BYTES):
        most -= len(block)
        if most < 0:
            raise OSError(errno.EFBIG, "larger than 2 GB unpacked")
        if any(run in block for run in _RUNS):
            kept = _BLANKS.sub(b"\n" * MOST_BLANK, block)
            tally.lines += block.count(b"\n") - kept.count(b"\n")
            block = kept
        first, *lines = block.split(b"\n")
        begin = begin if is_long else begin + first
        is_long = len(begin) >= MAX_LINE_BYTES
        if lines:
            yield begin[:MAX_LINE_BYTES]
            *whole, begin = lines
            yield from whole
            is_long = False
    if begin:
        yield begin[:MAX_LINE_BYTES]


def _container(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".log")


def _service_of(path: Path, services: Sequence[Service]) -> tuple[str, Role]:
    name = _container(path)
    for service in services:
        if fnmatch.fnmatch(name, service.container) or (
            service.file and fnmatch.fnmatch(f"{name}.log", service.file)
        ):
            return service.name, service.role
    return Outside(name), Role.OTHER
