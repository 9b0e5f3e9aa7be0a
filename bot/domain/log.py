"""Log lines as facts: what one event said, and how much of the log was looked at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from bot.border.outside import Outside, OutsideFields, named, outside, seal
from bot.border.passing import NO_NAME

T = TypeVar("T")

# Beside logs that are cut out of whole ones: that a service is silent in them says nothing of it.
EXCERPT = "EXCERPT.md"
# The reason of a log that was there, and that the time did not suffice to read.
LATE = "not read within"


class Role(StrEnum):
    """What part a service plays in the life of a comparison."""

    CJ = "cj"
    LLM_PROVIDER = "llm_provider"
    RUNNER = "runner"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Service:
    """A service whose logs are read: compose name, container name (a glob), role, file (a glob)."""

    name: str
    container: str
    role: Role
    file: str = ""


@dataclass(frozen=True, slots=True)
class LogError:
    """The error of one event, folded from its traceback; never holds frames or locals.

    `kind` is the exception's class name (`IntegrityError`), `message` its first line, raw;
    `chain` names the classes of a chained traceback, first raised first; `code` is SQLAlchemy's
    (`gkpj`, `7s2a`); `constraint` a database constraint's name. `cause` is the first line of the
    innermost, raw, where another was raised from it.
    """

    kind: str
    message: str = ""
    chain: tuple[str, ...] = ()
    code: str = ""
    constraint: str = ""
    cause: str = ""

    def __post_init__(self) -> None:
        seal(self, texts=("message", "cause"), names=("kind", "chain", "code", "constraint"))

    @property
    def shown_kind(self) -> str:
        """The class where it may be shown, or "": its event's text may say it whole."""
        return "" if self.kind == NO_NAME else self.kind


class _Lazy:
    """Reads a field from the event's source when it is first asked for, and seals it then."""

    __slots__ = (
        *("_failure", "_named_batches", "_published", "_queue_sign", "_snapshot"),
        *("_source", "_step", "_tie"),
    )

    if not TYPE_CHECKING:  # A checker would take any name for an attribute.

        def __getattr__(self, name: str) -> object:
            """Called for a slot that is still empty only: what was read costs nothing more."""
            seal_one = _SEALS.get(name)
            if seal_one is None:
                raise AttributeError(name)
            source = _source_of(self)
            value = seal_one(getattr(source, name))
            if name == "text":
                source.hold(value)
            object.__setattr__(self, name, value)
            return value


@dataclass(frozen=True, slots=True)
class LogEvent(_Lazy):
    """One parsed log event, with its continuation lines folded in.

    `event` is the message with `%`-arguments filled in, `fields` the flattened key-values
    (`extra` included; values may hold student text: pick, never dump), `text` the whole raw
    event without ANSI codes, for searching only. `at` is aware UTC, None when the line had no
    readable time. `offset` is the byte of the container's log where it begins, where the source
    knows it, or of that file of a rotated log that `log_file` names (".1", ".2.gz" unpacked, or
    "newest"). Of an `unread` one each field is read, and made outside text, when it is asked for.
    """

    at: datetime | None
    service: str
    container: str
    role: Role
    level: str
    event: str
    logger: str = ""
    file: str = ""
    line: int | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    error: LogError | None = None
    text: str = ""
    offset: int | None = field(default=None, compare=False)
    log_file: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        seal(
            self, texts=("container", "event", "fields", "text"), names=("level", "logger", "file")
        )

    @staticmethod
    def unread(
        source: object, service: str, container: str, role: Role, offset: int | None
    ) -> "LogEvent":
        """Return an event each of whose other fields is a property of `source`, read when asked."""
        event: LogEvent = _new(LogEvent)
        _set_source(event, source)
        _set_service(event, service)
        _set_container(event, container)
        _set_role(event, role)
        _set_offset(event, offset)
        _set_log_file(event, "")
        return event


def kept_on(slot: str) -> Callable[[Callable[["LogEvent"], T]], Callable[["LogEvent"], T]]:
    """Let a reader of events, which all detectors ask, read each event once; a slot of its own."""
    kept, keep = vars(_Lazy)[slot].__get__, vars(_Lazy)[slot].__set__

    def decorated(reader: Callable[["LogEvent"], T]) -> Callable[["LogEvent"], T]:
        @wraps(reader)
        def read(event: "LogEvent") -> T:
            try:
                answer: T = kept(event)
            except AttributeError:
                answer = reader(event)
                keep(event, answer)
            return answer

        return read

    return decorated


def taken_at(event: LogEvent, at: datetime) -> LogEvent:
    """Return an event with another time; what was not read of it stays unread."""
    source = getattr(event, "_source", None)
    if source is None:
        return replace(event, at=at)
    moved = LogEvent.unread(source, event.service, event.container, event.role, event.offset)
    object.__setattr__(moved, "at", at)
    return moved


def settled(event: LogEvent) -> LogEvent:
    """Return an event that is kept for long: it holds its line, and no more of it twice.

    What every reader of a kept event asks for is read first where it is at hand.
    """
    source: Any = getattr(event, "_source", None)
    if source is not None:
        for name in source.at_hand:
            getattr(event, name)
        source.settle()
    return event


def place(event: LogEvent, offset: int, log_file: str) -> None:
    """Say in which file of a rotated log an event begins, and where in it."""
    _set_offset(event, offset)
    _set_log_file(event, log_file)


def _as_it_is(value: object) -> object:
    return value


_new = object.__new__
# What a slot itself offers, past the dataclass that is frozen.
_source_of = vars(_Lazy)["_source"].__get__
_set_source = vars(_Lazy)["_source"].__set__
_set_service, _set_container, _set_role, _set_offset, _set_log_file = (
    vars(LogEvent)[name].__set__ for name in ("service", "container", "role", "offset", "log_file")
)
_SEALS: Mapping[str, Callable[[Any], object]] = {
    **dict.fromkeys(("event", "text"), Outside),
    **dict.fromkeys(("level", "logger", "file"), named),
    **dict.fromkeys(("at", "line", "error"), _as_it_is),
    "fields": OutsideFields,
}


@dataclass(frozen=True, slots=True)
class LogCoverage:
    """How much of one container's log was searched.

    `begins_at` is the horizon: nothing before it can be found. `newest` is when the newest line of
    the whole log was written, whatever was asked for; None where that is not known, or where it
    may say nothing, as of a container that has stopped. `scanned` and `matched` count
    lines, `scanned` about so many where `is_estimate`, `shown` events returned, `unreadable`
    lines that could not be parsed; `truncated` says that a bound (lines, bytes, time) cut the
    search short, `note` says it in words, `is_least` that more lines may match than were counted;
    `beyond` counts events so long that the words stand only in what is not read of them.
    """

    container: str
    service: str
    begins_at: datetime | None = None
    scanned: int = 0
    matched: int = 0
    shown: int = 0
    unreadable: int = 0
    bytes_read: int = 0
    truncated: bool = False
    note: str = ""
    beyond: int = 0
    is_estimate: bool = False
    is_least: bool = False
    newest: datetime | None = None
    role: Role = Role.OTHER

    def __post_init__(self) -> None:
        seal(self, texts=("container",))


@dataclass(frozen=True, slots=True)
class LogQuery:
    """A bounded search. An event matches when its raw text (whitespace removed on both sides for
    ids cut by wrapping) holds any of `any_of`; an empty `any_of` matches every event.

    `roles` and `services` narrow the containers (empty means all); `since` and `until` are aware
    UTC; `max_events` keeps the newest matches of each container, `max_bytes` bounds each
    container's scan; `context` adds that many events before and after each match; `levels`
    keeps only these levels; `counts` lets the lines be counted past `max_events`, in the time there
    is.
    """

    any_of: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    services: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    max_events: int = 2_000
    max_bytes: int = 4 << 30
    context: int = 0
    levels: tuple[str, ...] = ()
    counts: bool = False


@dataclass(frozen=True, slots=True)
class LogSearch:
    """The answer to a LogQuery: events in time order, and the coverage of each container.

    `missing` names containers or files that exist but could not be read, each with the reason.
    `newest` is when the newest line of all the source's logs was written, whatever was searched
    for, `until` the end of what was asked for: what happened in between stands nowhere. None where
    the source answers for this very moment, as an Engine does, or holds no line.
    """

    events: tuple[LogEvent, ...]
    coverage: tuple[LogCoverage, ...]
    missing: tuple[tuple[str, str], ...] = ()
    newest: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        named = tuple((outside(container), reason) for container, reason in self.missing)
        object.__setattr__(self, "missing", named)


def service_of(container: str, services: Sequence[Service], *, file: str = "") -> Service:
    """Return the service of a container name or of a file; an unknown one is its own."""
    for service in services:
        if fnmatchcase(container, service.container) or container == service.name:
            return service
        if file and service.file and fnmatchcase(file, service.file):
            return service
    return Service(Outside(container), Outside(container), Role.OTHER)


def is_wanted(service: Service, query: LogQuery) -> bool:
    """Say whether a query asks for this service's log."""
    if query.roles and service.role not in query.roles:
        return False
    return not query.services or service.name in query.services
