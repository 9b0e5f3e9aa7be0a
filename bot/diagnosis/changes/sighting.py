"""What one tick sees of the things that change: containers, start-up lines, and single words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.border.outside import let_out_all
from bot.domain.batch import BatchSummary
from bot.domain.batch.modes import batching_mode
from bot.domain.callbacks.callback import ConsumerBacklog, SeenCallback
from bot.domain.changes.change import ChangeKind
from bot.domain.evidence import CONTAINERS, DATABASE, HEALTH, LOGS, TOPIC, Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.report import plain
from bot.domain.service_state import ContainerState, ServiceHealth
from bot.ports import Watch

# A runner's container ends with its run.
ONE_RUN = "runner"
STARTED = {
    Role.LLM_PROVIDER: "Queue processor started",
    Role.CJ: "CJ Assessment Service started successfully",
}
# A second line of the same start, seconds later; it does not come while Kafka is away.
LISTENS = {Role.CJ: "CJ Assessment Kafka consumer started"}
ANSWERED = "Processing LLM comparison callback for request"
DEFAULTS = "provider initialized with manifest configuration"
CJ_MODE = "effective_llm_batching_mode"
PROVIDER_MODE = "queue_processing_mode"
NEEDLES = (*STARTED.values(), *LISTENS.values(), ANSWERED, DEFAULTS, CJ_MODE, PROVIDER_MODE)
MODES_OF = {Role.LLM_PROVIDER: "LLM provider's mode", Role.CJ: "CJ's mode"}
# A setting's key in a container's environment names whose it is.
_PROVIDERS_KEY = "QUEUE_PROCESSING_MODE"
MODEL, MOCK, SCHEMA, VERSION = "model", "mock mode", "CJ's schema", "batchbot"
_MODELS_UNKNOWN = frozenset({"", "unknown"})

Fact = Mapping[str, Any]
Facts = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Value:
    """One word that may change: of what, as of when, and where it was read."""

    kind: ChangeKind
    subject: str
    value: str
    of: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Own:
    """The bot itself: its version, and a short digest of each setting by its name."""

    version: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a tick saw; what could not be read is absent, and nothing follows from that.

    `containers` are the facts of each service's containers by id, `starts` the services that
    logged their start, when and in which words, `heard` since when this tick's lines tell of each
    service, `read` the sources that answered.
    """

    at: datetime
    containers: Mapping[str, Facts] | None = None
    starts: tuple[tuple[str, datetime, str], ...] = ()
    heard: Mapping[str, datetime] = field(default_factory=dict)
    values: tuple[Value, ...] = ()
    topic: ConsumerBacklog | None = None
    own: Own = field(default_factory=Own)
    read: frozenset[str] = frozenset()


def wants(event: LogEvent) -> bool:
    """Say whether an event tells a start, a mode or a model."""
    if event.role not in MODES_OF:
        return False
    told = event.event
    if _start_text(event) or ANSWERED in told or DEFAULTS in told:
        return True
    return CJ_MODE in event.fields or PROVIDER_MODE in event.fields


async def sighting(watch: Watch, own: Own, *, with_schema: bool) -> Sighting:
    """Read what a tick may see; each source is read at most once a tick, whoever asks."""
    engine, health, batches = (
        await watch.containers(),
        await watch.health(),
        await watch.open_batches(),
    )
    callbacks, backlog = await watch.callbacks(), await watch.backlog()
    schema = await watch.schema_revision() if with_schema else None
    heard = watch.logs.events if isinstance(watch.logs, Followed) else ()
    answers = {
        CONTAINERS: engine,
        HEALTH: health,
        DATABASE: batches,
        TOPIC: backlog,
        LOGS: watch.logs,
    }
    values = [
        *_of_lines(heard),
        *_of_callbacks(_read(callbacks)),
        *_of_batches(_read(batches)),
        *_of_health(_read(health)),
        *_of_environments(_read(engine), watch.now),
    ]
    if isinstance(schema, str) and schema:
        values.append(Value(ChangeKind.SCHEMA, SCHEMA, schema, watch.now, DATABASE))
    if own.version:
        values.append(Value(ChangeKind.VERSION, VERSION, own.version, watch.now, ""))
    return Sighting(
        at=watch.now,
        containers=_by_service(_read(engine)) if _is_read(engine) else None,
        starts=tuple(_starts(heard)),
        heard=_first_lines(heard),
        values=tuple(sorted(values, key=lambda one: one.of)),
        topic=backlog if isinstance(backlog, ConsumerBacklog) else None,
        own=own,
        read=frozenset(name for name, one in answers.items() if _is_read(one)),
    )


def _is_read(answer: object) -> bool:
    return answer is not None and not isinstance(answer, Missing)


def _read(answer: Sequence[Any] | Missing | None) -> Sequence[Any]:
    return () if answer is None or isinstance(answer, Missing) else answer


def _by_service(engine: Sequence[ContainerState]) -> Mapping[str, Facts]:
    """Return the facts of each container; runners come and go by nature."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for one in engine:
        if ONE_RUN in one.service:
            continue
        found.setdefault(one.service, {})[one.id] = plain(
            {
                "image": let_out_all(one.image_id or one.image),
                "state": one.state,
                "health": one.health,
                "started_at": one.started_at,
            }
        )
    return found


def _first_lines(events: Sequence[LogEvent]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for event in events:
        if event.at is not None and event.role in MODES_OF:
            found[event.service] = min(event.at, found.get(event.service, event.at))
    return found


def _starts(events: Sequence[LogEvent]) -> Iterator[tuple[str, datetime, str]]:
    for event in events:
        text = _start_text(event)
        if text and event.at is not None:
            yield event.service, event.at, text


def _start_text(event: LogEvent) -> str:
    """Return in which words a service logged its start; "" for any other line."""
    first = STARTED.get(event.role)
    if first is not None and event.event.startswith(first):
        return first
    second = LISTENS.get(event.role)
    return second if second is not None and event.event.startswith(second) else ""


def _of_lines(events: Sequence[LogEvent]) -> Iterator[Value]:
    for event in events:
        if event.at is None:
            continue
        key = {Role.LLM_PROVIDER: PROVIDER_MODE, Role.CJ: CJ_MODE}.get(event.role, "")
        mode = batching_mode(str(event.fields.get(key, "")))
        if mode:
            yield Value(ChangeKind.MODE, MODES_OF[event.role], mode, event.at, LOGS)
        if event.role is Role.CJ and ANSWERED in event.event and not event.fields.get("is_error"):
            provider, model = (str(event.fields.get(name, "")) for name in ("provider", "model"))
            if model not in _MODELS_UNKNOWN:
                used = f"{provider}/{model}"
                yield Value(ChangeKind.MODEL, MODEL, used, event.at, LOGS)
        if DEFAULTS in event.event and event.fields.get("default_model"):
            whose, model = event.event.split()[0], str(event.fields["default_model"])
            yield Value(ChangeKind.MODEL, f"{whose}'s default model", model, event.at, LOGS)


def _of_callbacks(callbacks: Sequence[SeenCallback]) -> Iterator[Value]:
    for one in callbacks:
        if mode := batching_mode(one.mode):
            subject = MODES_OF[Role.LLM_PROVIDER]
            yield Value(ChangeKind.MODE, subject, mode, one.at, TOPIC)


def _of_batches(batches: Sequence[BatchSummary]) -> Iterator[Value]:
    """Yield the mode of the newest batch that has not ended, as CJ records it."""
    newest = max(batches, key=lambda one: one.header.batch_id, default=None)
    mode = batching_mode(newest.header.batching_mode or "") if newest else None
    if newest and mode:
        created = newest.header.created_at
        yield Value(ChangeKind.MODE, MODES_OF[Role.CJ], mode, created, DATABASE)


def _of_health(health: Sequence[ServiceHealth]) -> Iterator[Value]:
    for one in health:
        if one.mock_mode is not None:
            told = "on" if one.mock_mode else "off"
            yield Value(ChangeKind.MOCK_MODE, MOCK, told, one.at, HEALTH)


def _of_environments(engine: Sequence[ContainerState], now: datetime) -> Iterator[Value]:
    """Yield the modes that running containers are configured with, where that may be read."""
    for one in engine:
        for key, word in one.modes.items() if one.state == "running" else ():
            role = Role.LLM_PROVIDER if str(key).endswith(_PROVIDERS_KEY) else Role.CJ
            if mode := batching_mode(str(word)):
                yield Value(ChangeKind.MODE, MODES_OF[role], mode, now, CONTAINERS)
