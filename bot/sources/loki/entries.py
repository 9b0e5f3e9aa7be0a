"""What Loki answers, as entries, and the lines of a service made from them.

Two label layouts occur. The older one keeps only a line's event text and moves level, logger and
correlation id into labels; the newer one keeps the whole line.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bot.sources.log_format.head import starts_event
from bot.sources.loki.labels import CONTAINER_LABELS, SERVICE_LABELS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000_000
EVENT_TEXT_LABEL = "logger_name"


class Entry(NamedTuple):
    """One line: its time (ns since 1970), container, service and level by its labels, its text."""

    at: int
    container: str
    service: str
    level: str
    line: str


def entries_of(streams: Any) -> Iterator[Entry]:
    """Yield the entries of an answer's streams; what is no entry is left out."""
    for stream in streams if isinstance(streams, list) else ():
        labels = stream.get("stream") if isinstance(stream, Mapping) else None
        values = stream.get("values") if isinstance(stream, Mapping) else None
        if not isinstance(labels, Mapping) or not isinstance(values, list):
            continue
        for value in values:
            entry = _entry(labels, value)
            if entry is not None:
                yield entry


def _entry(labels: Mapping[str, Any], value: Any) -> Entry | None:
    if not isinstance(value, list) or len(value) < 2 or not str(value[0]).isdigit():
        return None
    service = _first(labels, SERVICE_LABELS)
    container = _first(labels, CONTAINER_LABELS) or service
    line = _whole_line(int(value[0]), labels, str(value[1]))
    return Entry(int(value[0]), container, service, str(labels.get("level") or ""), line)


def _first(labels: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((str(labels[name]) for name in names if labels.get(name)), "")


def _whole_line(at: int, labels: Mapping[str, Any], text: str) -> str:
    """Give an event text its time, level and logger back, as the console would write them."""
    logger = labels.get(EVENT_TEXT_LABEL)
    if not logger or starts_event(text.encode("utf-8", "replace")):
        return text
    first, newline, rest = text.partition("\n")
    tail = f" correlation_id={labels['correlation_id']}" if labels.get("correlation_id") else ""
    level = str(labels.get("level") or "info")
    return f"{stamp(at)} [{level:<9}] {first} [{logger}]{tail}{newline}{rest}"


def stamp(at: int) -> str:
    """Return nanoseconds since 1970 as RFC 3339, exactly."""
    seconds, rest = divmod(at, _SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def moment(at: int) -> datetime:
    """Return nanoseconds since 1970 as aware UTC, to the microsecond."""
    return datetime.fromtimestamp(at // _SECOND, UTC).replace(microsecond=at % _SECOND // 1_000)


def nanoseconds(at: datetime) -> int:
    """Return a time as nanoseconds since 1970."""
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * _SECOND + delta.microseconds * 1_000


def as_lines(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield the entries as lines with an engine's timestamp, as a file of them would hold."""
    for entry in entries:
        yield f"{stamp(entry.at)} {entry.line}\n".encode("utf-8", "replace")


def stamped_lines(entry: Entry) -> Iterator[bytes]:
    """Yield an entry's lines, of which a shipper may have joined several, each with its stamp."""
    at = stamp(entry.at)
    for line in entry.line.split("\n"):
        yield f"{at} {line}\n".encode("utf-8", "replace")
