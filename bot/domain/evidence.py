"""What a read of a source gives: evidence, or the reason why there is none."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.words import Text

# The names of the sources in reports, errors and metrics.
DATABASE = "cj_database"
QUEUE = "llm_queue"
LOGS = "logs"
TOPIC = "callback_topic"
HEALTH = "service_health"
CONTAINERS = "containers"
SESSIONS = "database_sessions"
RUNNERS = "runners"
MEMORY = "memory"


class LogStore(StrEnum):
    """Where service logs are read from, by its LOG_SOURCE; the first that has a value is chosen.

    `source_name` is its name in reports, errors and metrics; `example` is the setting that it
    cannot do without, with a value, and `setting` the one that says where it is.
    """

    source_name: str
    setting: str
    example: str

    FILES = "files", "log_files", "LOG_FILES_DIR", "/path/to/logs"
    LOKI = "loki", "loki", "LOKI_URL", "http://host:3100"
    # Docker's usual socket is tried without a setting.
    DOCKER = "docker", "docker_logs", "DOCKER_HOST", ""

    def __new__(cls, word: str, source_name: str, setting: str, example: str) -> "LogStore":
        """Make the member whose value is its word."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.source_name, member.setting, member.example = source_name, setting, example
        return member


# "LOG_FILES_DIR, LOKI_URL or DOCKER_HOST", for hints.
LOG_SETTINGS = " or ".join(", ".join(one.setting for one in LogStore).rsplit(", ", 1))


class SourceState(StrEnum):
    """How the reading of one source went."""

    OK = "ok"
    MISSING = "missing"
    TIMEOUT = "timeout"
    NOT_CONFIGURED = "not_configured"


@dataclass(frozen=True, slots=True)
class Missing:
    """A source that gave no evidence, and why; never to be read as "nothing wrong there".

    `hint` says what can be done about it, where that is known.
    """

    source: str
    reason: str
    state: SourceState = SourceState.MISSING
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SourceReading:
    """One line of a report's account of its sources: name, state, and a detail for people."""

    name: str
    state: SourceState
    detail: Text = ""


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One fact that convinced a rule: where it was read, when it happened, redacted text.

    `lacks` is a log text that ought to stand in the lines that were read, and does not, where the
    fact is concluded from that.
    """

    source: str
    at: datetime | None
    text: Text
    lacks: str = ""


def reading_of(missing: Missing) -> SourceReading:
    """Return the report line of a source that gave no evidence."""
    return SourceReading(missing.source, missing.state, missing.reason)
