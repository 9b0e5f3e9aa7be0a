"""Turns raw log lines into events; pure, decides per line because one stream mixes formats.

Formats: structlog's default console (naive local time), ISO console (ANSI colours,
`extra={...}` as Python repr), JSON lines (`extra` nested, `%`-templates with
`positional_args`), each optionally behind a timestamp that Docker put in front. What is no
head of an event (traceback, DETAIL, a broken head) belongs to the event before it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from bot.domain.log import LogEvent, Role
from bot.sources.log_error import error_of
from bot.sources.log_fields import pairs_of, unwrapped

MAX_EVENT_CHARS = 256 * 1024
MAX_LINE_BYTES = 1 << 20
UTC_ZONE = ZoneInfo("UTC")

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_STAMP = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_PREFIX = re.compile(rf"({_STAMP})[ \t](.*)\Z", re.DOTALL)
_HEAD = re.compile(rf"({_STAMP})[ \t]+\[([A-Za-z]{{3,10}})[ \t]*\][ \t]?(.*)\Z", re.DOTALL)
_LEVEL = re.compile(r"[ \t]*\[[A-Za-z]{3,10}[ \t]*\]")
_LOGGER = re.compile(r"[ \t]\[([A-Za-z_][\w.]*)\](?=[ \t]*\Z|[ \t]+[\w.]+=|[ \t]*\n)")
_PADDED_KEY = re.compile(r"[ \t]{2,}(?=[A-Za-z_][\w.]*=)")
_FRACTION = re.compile(r"(?<=\d)[.,](\d{1,9})")
_RESERVED = ("event", "timestamp", "level", "logger_name", "logger", "filename", "lineno", "extra")


@dataclass(slots=True)
class _Head:
    at: datetime | None
    level: str
    text: str
    json: dict[str, Any] | None = None
    lines: list[str] = field(default_factory=list)
    size: int = 0


class LineParser:
    """Folds the lines of one container into events; feed lines in order, then flush.

    `lines` counts what was fed, `unreadable` what could not be read as text, or looked like
    JSON and was none, or had no event to belong to.
    """

    def __init__(
        self,
        service: str,
        container: str,
        role: Role = Role.OTHER,
        zone: tzinfo = UTC_ZONE,
    ) -> None:
        self.service = service
        self.container = container
        self.role = role
        self.zone = zone
        self.lines = 0
        self.unreadable = 0
        self._head: _Head | None = None
        self._last_at: datetime | None = None

    def feed(self, line: bytes) -> LogEvent | None:
        """Take one line without caring for its end; return the event that it completed."""
        self.lines += 1
        text = self._decoded(line)
        docker_at, rest = self._without_docker_stamp(text)
        head = self._head_of(rest, docker_at)
        if head is None:
            self._continue(rest)
            return None
        done = self._completed()
        self._head = head
        return done

    def flush(self) -> LogEvent | None:
        """Return the event that was still open."""
        done = self._completed()
        self._head = None
        return done

    def _decoded(self, line: bytes) -> str:
        raw = line[:MAX_LINE_BYTES].rstrip(b"\r\n")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            self.unreadable += 1
            text = raw.decode("utf-8", "replace")
        return _ANSI.sub("", text) if "\x1b" in text else text

    def _without_docker_stamp(self, text: str) -> tuple[datetime | None, str]:
        match = _PREFIX.match(text) if text[:1].isdigit() else None
        if match is None or _LEVEL.match(match[2]) or "T" not in match[1]:
            return None, text
        return time_of(match[1], self.zone), match[2]

    def _head_of(self, text: str, docker_at: datetime | None) -> _Head | None:
        if text.startswith("{"):
            return self._json_head(text, docker_at)
        match = _HEAD.match(text) if text[:1].isdigit() else None
        if match is not None:
            at = time_of(match[1], self.zone) or docker_at
            return _Head(at, match[2].lower(), match[3], lines=[match[3]])
        if self._is_plain_runner_line(text):
            return _Head(docker_at or self._last_at, "info", text, lines=[text])
        return None

    def _is_plain_runner_line(self, text: str) -> bool:
        """The runner also echoes plain sentences; its JSON events never go on in a second line."""
        if self.role is not Role.RUNNER or not text.strip() or text[:1].isspace():
            return False
        return self._head is None or self._head.json is not None or len(self._head.lines) == 1

    def _json_head(self, text: str, docker_at: datetime | None) -> _Head | None:
        try:
            values = orjson.loads(text)
        except orjson.JSONDecodeError:
            self.unreadable += 1
            return None
        if not isinstance(values, dict):
            self.unreadable += 1
            return None
        at = time_of(str(values.get("timestamp") or ""), self.zone) or docker_at
        return _Head(at, str(values.get("level") or "").lower(), text, values)

    def _continue(self, text: str) -> None:
        if self._head is None:
            self.unreadable += bool(text.strip())
            return
        self._head.size += len(text)
        if self._head.size <= MAX_EVENT_CHARS:
            self._head.lines.append(text)

    def _completed(self) -> LogEvent | None:
        head = self._head
        if head is None:
            return None
        self._last_at = head.at or self._last_at
        return self._json_event(head) if head.json is not None else self._console_event(head)

    def _json_event(self, head: _Head) -> LogEvent:
        values = head.json or {}
        event = str(values.get("event") or values.get("message") or values.get("msg") or "")
        fields = {key: unwrapped(value) for key, value in values.items() if key not in _RESERVED}
        fields |= _flat_extra(values.get("extra"))
        trace = [str(values.get("exception") or values.get("stack") or ""), *head.lines]
        line = values.get("lineno")
        return LogEvent(
            at=head.at,
            service=self.service,
            container=self.container,
            role=self.role,
            level=head.level,
            event=_filled(event, values.get("positional_args")),
            logger=str(values.get("logger_name") or values.get("logger") or ""),
            file=str(values.get("filename") or ""),
            line=line if isinstance(line, int) else None,
            fields=fields,
            error=error_of("\n".join(trace), head=event),
            text="\n".join([head.text, *head.lines]),
        )

    def _console_event(self, head: _Head) -> LogEvent:
        text = "\n".join(head.lines)
        event, logger, tail, rest = _split(text)
        fields = pairs_of(tail)
        extra = fields.pop("extra", None)
        fields |= _flat_extra(extra)
        line = fields.pop("lineno", None)
        return LogEvent(
            at=head.at,
            service=self.service,
            container=self.container,
            role=self.role,
            level=head.level,
            event=_filled(event, fields.get("positional_args")),
            logger=logger,
            file=str(fields.pop("filename", "")),
            line=int(line) if isinstance(line, int | str) and str(line).isdecimal() else None,
            fields=fields,
            error=error_of(rest, head=text) or error_of(event, needs_traceback=False),
            text=text,
        )


def parse_lines(
    lines: Iterable[bytes],
    service: str,
    container: str,
    role: Role = Role.OTHER,
    zone: tzinfo = UTC_ZONE,
) -> Iterator[LogEvent]:
    """Parse all lines of one container into events, in order."""
    parser = LineParser(service, container, role, zone)
    for line in lines:
        if (event := parser.feed(line)) is not None:
            yield event
    if (event := parser.flush()) is not None:
        yield event


def time_of(text: str, zone: tzinfo = UTC_ZONE) -> datetime | None:
    """Read an ISO-8601 time, up to nanoseconds, as aware UTC; a naive one is in `zone`."""
    if not text[:1].isdigit():
        return None
    shortened = _FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text, count=1)
    try:
        at = datetime.fromisoformat(shortened)
    except ValueError:
        return None
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None


def _split(text: str) -> tuple[str, str, str, str]:
    """Return message, logger, key-values and what follows the head (a traceback).

    The head may break over lines when the message itself holds newlines, so the logger is looked
    for in the whole event.
    """
    match = _LOGGER.search(text)
    if match is not None:
        tail, _, rest = text[match.end() :].partition("\n")
        return text[: match.start()].strip(), match[1], tail, rest
    head, _, rest = text.partition("\n")
    padded = _PADDED_KEY.search(head)
    if padded is not None:
        return head[: padded.start()].strip(), "", head[padded.end() :], rest
    return head.strip(), "", "", rest


def _flat_extra(extra: Any) -> dict[str, Any]:
    if isinstance(extra, str):
        extra = pairs_of(f"extra={extra}").get("extra")
    if not isinstance(extra, dict):
        return {}
    return {str(key): unwrapped(value) for key, value in extra.items()}


def _filled(event: str, arguments: Any) -> str:
    if not isinstance(arguments, list | tuple) or not arguments or "%" not in event:
        return event
    try:
        return event % tuple(unwrapped(argument) for argument in arguments)
    except (TypeError, ValueError, KeyError):
        return event
