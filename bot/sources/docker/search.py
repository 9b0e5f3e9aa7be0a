"""Searches one container's log: from its files where they can be read, else the API."""

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from bot.border.outside import Outside
from bot.domain.log import LogQuery
from bot.errors import SourceError
from bot.sources.docker.codec import StampedLines
from bot.sources.docker.engine import Stream
from bot.sources.docker.errors import DAMAGED, BrokenOffError, engine_errors
from bot.sources.docker.json_files import EngineFiles, UnreadableError
from bot.sources.docker.lines import ContainerLines
from bot.sources.docker.listing import Container
from bot.sources.docker.spool import Spool, spool_folder
from bot.sources.log_format.parser import LineParser
from bot.sources.log_search.merge import SearchPart
from bot.sources.log_search.search import ESTIMATE, SLACK, search_segment
from bot.sources.log_search.segment import Segment
from bot.text.wording import many

TAIL_FACTOR = 20
MIN_TAIL = 10_000
# Of a log in which nothing can be read, so much is counted.
LOOKED_AT = 16 << 20


class Searcher:
    """Searches containers one by one, in the threads of its callers."""

    def __init__(self, zone: tzinfo, files: EngineFiles | None) -> None:
        self._zone = zone
        self._files = files

    def search(
        self, container: Container, query: LogQuery, stop: threading.Event
    ) -> list[SearchPart]:
        """Search one container; what cannot be read is named with the reason."""
        try:
            parts = self._searched(container, query, stop)
            return parts if container.running else [_of_stopped(part) for part in parts]
        except SourceError as error:
            return [(container.name, error.message)]
        except OSError as error:
            why = (error.strerror or "unknown reason").lower()
            return [(container.name, f"its log cannot be spooled to disk: {why}")]

    def _searched(
        self, container: Container, query: LogQuery, stop: threading.Event
    ) -> list[SearchPart]:
        note = ""
        if self._files is not None:
            try:
                return self._directly(self._files, container, query, stop)
            except (UnreadableError, OSError) as error:
                note = f"read through the Engine's API: {_words(error)}"
        return self._through_api(container, query, stop, note)

    def _directly(
        self, files: EngineFiles, container: Container, query: LogQuery, stop: threading.Event
    ) -> list[SearchPart]:
        with closing(files.opened(container.id)) as segment:
            events, coverage = search_segment(
                segment, query, lambda: self._parser(container), stop.is_set
            )
            is_read = coverage.begins_at or segment.last_time()
            spoiled = 0 if is_read else _lines_of(segment)
            gaps = [(container.name, why) for why in segment.gaps(query.since)]
        if not spoiled:
            return [(events, coverage), *gaps]
        why = f"{DAMAGED}: none of its {many(spoiled, 'line')} can be read"
        return [(events, replace(coverage, unreadable=spoiled)), (container.name, why)]

    def _through_api(
        self, container: Container, query: LogQuery, stop: threading.Event, note: str
    ) -> list[SearchPart]:
        tail, damage, last = _tail(query), "", one_line(container, 1)
        with (
            spool_folder() as folder,
            closing(Spool(Path(folder), query.any_of, StampedLines(self._zone))) as spool,
        ):
            try:
                is_cut = self._fill(container, query, tail, spool, _End(last, query), stop)
            except BrokenOffError as error:
                is_cut, damage = False, error.message
            with closing(spool.segment()) as segment:
                events, coverage = search_segment(segment, query, lambda: self._parser(container))
        # Of what was streamed each line was counted.
        notes = [*(part for part in coverage.note.split("; ") if part != ESTIMATE), note]
        if is_cut:
            notes.append("the newest part of the log was not read")
        if spool.dropped:
            notes.append("of very many matches only the newest were kept")
        is_tail = tail is not None and spool.lines >= tail
        if is_tail:
            notes.append(f"only the last {spool.lines} lines were read")
        is_part = is_cut or is_tail or spool.dropped
        found = replace(
            coverage,
            begins_at=self._begins_at(container, query, spool),
            newest=StampedLines(self._zone).time_of(last),
            scanned=spool.lines,
            is_estimate=False,
            bytes_read=spool.bytes,
            truncated=coverage.truncated or is_part,
            is_least=coverage.is_least or is_part,
            note="; ".join(part for part in notes if part),
        )
        return [(events, found), *([(container.name, damage)] if damage else [])]

    def _fill(
        self,
        container: Container,
        query: LogQuery,
        tail: int | None,
        spool: Spool,
        end: "_End",
        stop: threading.Event,
    ) -> bool:
        """Stream a container's log through a spool; return whether a bound ended it early.

        Raises BrokenOffError where the Engine does not come as far as the line that it calls last.
        """
        newest = list[bytes]()
        options: dict[str, object] = {"tail": "all" if tail is None else tail}
        if query.since:
            options["since"] = epoch(query.since - SLACK)
        if query.until:
            options["until"] = epoch(query.until + SLACK)
        for lines in streamed(container, options):
            spool.feed(lines)
            if stop.is_set() or spool.bytes > query.max_bytes:
                return True
            newest = lines
            end.passes(lines[-1])
        if not end.is_reached(newest):
            raise BrokenOffError(container.engine.source, "the Engine does not read it to its end")
        return False

    def _begins_at(self, container: Container, query: LogQuery, spool: Spool) -> datetime | None:
        """Return where the log begins, which the part that was asked for may not show."""
        first = spool.first
        if query.since or not first or _tail(query) is not None:
            first = one_line(container, "all")
        return StampedLines(self._zone).time_of(first)

    def _parser(self, container: Container) -> LineParser:
        service = container.service
        return LineParser(service.name, container.name, service.role, self._zone)


def streamed(
    container: Container, options: Mapping[str, object], streams: list[Stream] | None = None
) -> Generator[list[bytes], None, None]:
    """Yield a container's lines as they come, each `stamp text` and a newline.

    The open stream is put into `streams`, so that another thread can close it. Raises SourceError.
    """
    engine = container.engine
    lines = ContainerLines()
    stream = engine.logs(container.id, **options)
    if streams is not None:
        streams[:] = [stream]
    try:
        with engine_errors(engine.source, engine.where):
            for chunk in stream.chunks():
                if fresh := lines.feed(chunk):
                    yield fresh
        if rest := lines.rest():
            yield rest
        if lines.complaint:
            raise BrokenOffError(engine.source, str(Outside(lines.complaint)))
    finally:
        stream.close()


def _tail(query: LogQuery) -> int | None:
    """Return how many of the last lines are enough; None for all.

    Only a search without words can end early, and one that filters must look further back.
    """
    if query.any_of or query.since or query.until:
        return None
    return max(MIN_TAIL, TAIL_FACTOR * query.max_events)


def epoch(moment: datetime) -> str:
    """Return a time as the Engine's API takes it."""
    # In text and not as a number, which the Engine would cut to whole seconds or round.
    return f"{max(moment.timestamp(), 0.001):.6f}"


def one_line(container: Container, tail: object) -> bytes:
    """Return the first of a log's last lines, with its stamp. Raises SourceError."""
    with closing(streamed(container, {"tail": tail})) as lines:
        return next(lines, [b""])[0]


def _of_stopped(part: SearchPart) -> SearchPart:
    """Return what was found of a container that does not run: that it writes no more is no gap."""
    events, coverage = part
    if isinstance(events, str) or isinstance(coverage, str):
        return part
    return events, replace(coverage, newest=None)


def _lines_of(segment: Segment) -> int:
    """Return how many lines a log has that are no entries; half a one counts as well."""
    whole = segment.refresh()
    return segment.read(0, min(whole, LOOKED_AT)).count(b"\n") or bool(whole)


class _End:
    """The line that the Engine calls a log's last, which what is read must come to."""

    def __init__(self, line: bytes, query: LogQuery) -> None:
        self._text = line.partition(b" ")[2].rstrip()
        at = StampedLines(UTC).time_of(line)
        is_asked_for = at is not None and (query.since or at) <= at <= (query.until or at)
        self._at = at if is_asked_for else None

    def passes(self, line: bytes) -> None:
        """Note a line that was read: one of its time, or of a later one, proves that it came."""
        at = StampedLines(UTC).time_of(line)
        if self._at is not None and at is not None and at >= self._at:
            self._at = None

    def is_reached(self, newest: Sequence[bytes]) -> bool:
        """Say whether it came. The last piece of a long line bears a later stamp than the line."""
        return self._at is None or any(one.rstrip().endswith(self._text) for one in newest)


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, UnreadableError) else "its files cannot be read"
