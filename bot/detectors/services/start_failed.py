"""A service cannot start: it says so once, or again at each try, and is silent otherwise.

CJ logs both that it could not initialise and that it could not start; the LLM provider's own lines
end, and its server's traceback names the failure. It is over when the service says that it runs.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.border.outside import raw
from bot.border.passing import NO_NAME, name
from bot.detectors._event_counts import dated_events
from bot.detectors._state import nothing_read, unreadable_reason
from bot.diagnosis.changes.sighting import STARTED
from bot.diagnosis.comparison.rejections import database_fault
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.evidence import EvidenceLine, Missing
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Time, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

FAILED_TEXTS = ("Failed to start ", "Failed to initialize ")
SERVER_GAVE_UP = "LifespanFailureError"
LISTENS = "Running on http"
DOWN = "down"
CALLED = {"cj_assessment_service": "CJ", "llm_provider_service": "The LLM provider"}
# One start that fails is told in several lines.
ONE_START = timedelta(seconds=2)
_FAILED = re.compile(rf"(?:{'|'.join(FAILED_TEXTS)})(?:[A-Z]\w* ){{1,4}}Service\b")
# What a failing start says, in the driver's or the system's words, and what that means.
_ACCOUNT = "Mend the user and the password in its settings (DATABASE_URL), then start it."
_CAUSES = {
    "InvalidPasswordError": ("its database refuses its password", _ACCOUNT),
    "password authentication failed": ("its database refuses its password", _ACCOUNT),
    "InvalidAuthorizationSpecificationError": ("its database does not know its user", _ACCOUNT),
    "InvalidCatalogNameError": ("its database does not exist", _ACCOUNT),
    "UndefinedTableError": ("a table is missing in its database", "Run its migrations."),
    "UndefinedColumnError": ("a column is missing in its database", "Run its migrations."),
    "InsufficientPrivilegeError": ("its database refuses it a right", _ACCOUNT),
    "Name or service not known": (
        "a host of its settings has no address", "Look at the hosts in its settings."
    ),
    "the database system is": (
        "its database is not ready", "Wait for the database, then start it again."
    ),
    "Connect call failed": (
        "a server that it needs refuses its connection",
        "Look whether Postgres, Redis and Kafka run, and at their addresses in its settings.",
    ),
}  # fmt: skip
_CAUSES["Connection refused"] = _CAUSES["KafkaConnectionError"] = _CAUSES["Connect call failed"]


@dataclass(frozen=True, slots=True)
class FailedStart:
    """A service that did not start: since when, how often it tried, and what its line says."""

    first_at: datetime
    last_at: datetime
    tries: int
    cause: str
    remedy: str
    container: str
    text: str
    sought: str


_DOWN: TypeAdapter[dict[str, FailedStart]] = TypeAdapter(dict[str, FailedStart])


class StartFailedSettings(BaseModel):
    """For how long a service that does not start is reported."""

    keep_seconds: float = Field(86_400, gt=0, description="how long one that never ran is reported")


class StartFailed:
    """Watches the services' own lines on their start."""

    name: ClassVar[str] = "start_failed"
    summary: ClassVar[str] = "A service cannot start, and says why"
    open_ticks: ClassVar[int] = 1
    clear_ticks: ClassVar[int] = 1
    needles: ClassVar[tuple[str, ...]] = (
        *FAILED_TEXTS, SERVER_GAVE_UP, LISTENS, *STARTED.values(),
    )  # fmt: skip
    # A service that does not start is silent: only its own line ends this.
    rests_on: ClassVar[tuple[Role, ...]] = ()
    Settings: ClassVar[type[BaseModel]] = StartFailedSettings

    def __init__(self, settings: StartFailedSettings) -> None:
        self._keep = timedelta(seconds=settings.keep_seconds)
        self._down: dict[str, FailedStart] = {}

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see: what matters is in the last sample."""
        return 120

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells of a start."""
        return is_failed_start(event) or _runs(event)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        try:
            self._down = _DOWN.validate_python(samples[-1].data.get(DOWN) or {})
        except ValidationError:
            self._down = {}

    async def sample(self, watch: Watch) -> Sample:
        """Follow which services failed to start, and which run again."""
        for at, event in dated_events(watch):
            if is_failed_start(event):
                before = self._down.get(event.service)
                self._down[event.service] = _after(before, at, event)
            elif _runs(event):
                self._down.pop(event.service, None)
        self._down = {
            service: one
            for service, one in self._down.items()
            if watch.now - one.last_at < self._keep
        }
        missing = watch.logs if isinstance(watch.logs, Missing) else None
        data = {DOWN: _DOWN.dump_python(self._down, mode="json")}
        return Sample(watch.now, data, unreadable_reason(missing) if missing else "")

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the last sample; pure."""
        unknown = nothing_read(window)
        if unknown is not None:
            return unknown
        down: Mapping[str, Any] = window.samples[-1].data.get(DOWN) or {}
        told = {one for sample in window.samples for one in sample.data.get(DOWN) or ()}
        return Judgement(
            Sight.CLEAR,
            tuple(_condition(*one) for one in _DOWN.validate_python(down).items()),
            closing=dict.fromkeys(told, "it runs"),
        )


DETECTOR = StartFailed


def is_failed_start(event: LogEvent) -> bool:
    """Say whether a service says by a line that it cannot start."""
    if event.role is Role.RUNNER:
        return False
    if _FAILED.match(raw(event.event)):
        return event.level in ("critical", "error")
    return event.error is not None and event.error.kind == SERVER_GAVE_UP


def why_not_started(event: LogEvent) -> tuple[str, str]:
    """Return what a failing start says of its cause, in words, and what to do about it."""
    error = event.error
    kinds = (error.kind, *error.chain) if error else ()
    said = " ".join((raw(event.event), raw(error.message) if error else "", *kinds))
    for text, told in _CAUSES.items():
        if text in said or text in raw(event.text):
            return told
    look = "Read its own line, and mend what it names, then start it."
    if fault := database_fault(event):
        return fault, look
    if "ValidationError" in kinds:
        return "a setting of it is missing or of another form", "Mend its settings, then start it."
    known = (name(one) for one in kinds if one != SERVER_GAVE_UP)
    kind = next((one for one in known if one not in ("", NO_NAME)), "")
    return f"it fails with {kind}" if kind else "its own line says why", look


def _runs(event: LogEvent) -> bool:
    first = STARTED.get(event.role)
    said = event.event
    return said.startswith(LISTENS) or (first is not None and said.startswith(first))


def _after(before: FailedStart | None, at: datetime, event: LogEvent) -> FailedStart:
    """Return a service's failing starts with one line more."""
    cause, remedy = why_not_started(event)
    own = _FAILED.match(raw(event.event)) is not None
    sought = "start --level error" if own else "lifespan"
    text = redact(event.event if own or event.error is None else event.error.message)
    now = FailedStart(at, at, 1, cause, remedy, event.container, text, sought)
    if before is None:
        return now
    if at - before.last_at <= ONE_START:
        return replace(before, last_at=at)
    return replace(now, first_at=before.first_at, tries=before.tries + 1)


def _condition(service: str, failed: FailedStart) -> Condition:
    called = CALLED.get(service, f"The {service.replace('_', ' ')}")
    tried = f" ({many(failed.tries, 'try')})" if failed.tries > 1 else ""
    look = Command(f"/logs {service} {failed.sought}")
    return Condition(
        subject=service,
        rule="start-failed",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"{called} cannot start since ", Time(failed.first_at),
            f"{tried}: {failed.cause}. Next: ", look,
        ),
        since=failed.first_at,
        known=failed.cause,
        count=0,
        headline=f"{called} cannot start: {failed.cause}",
        why="Until it runs nothing of its work is done, and what others ask of it fails or waits.",
        evidence=(EvidenceLine(failed.container, failed.last_at, failed.text),),
        next=(failed.remedy, words(look)),
    )  # fmt: skip
