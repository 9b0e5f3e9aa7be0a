"""The contract of a comparison callback, checked in the two steps of its readers.

First the envelope, then LLMComparisonResultV1 inside it, then what the experiment runner demands
on top (HuleEdu, ENG5 hydrator): a request id, a batch hint, both essay ids and the prompt's hash.
The models here are our own; what a callback argues (its justification) is checked for its length
and never kept.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.callbacks.callback import SeenCallback

NOT_JSON = "json"
ENVELOPE = "envelope."
ERROR_DETAIL = "error_detail"
# These two words mean something else where a log line names a rejection: a comparison that does
# not exist, and a model (in the sense of validation) whose failing field is not told.
_QUALIFIED = {"correlation_id": "data.correlation_id", "model": "data.model"}
_SUCCESS_FIELDS = ("winner", "justification", "confidence")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_MAX_BUNDLE = 10_000

Count = Annotated[int, Field(ge=0)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Envelope(_Model):
    """The envelope of every HuleEdu event; `data` is checked in a second step."""

    event_type: str
    source_service: str
    data: Any
    event_id: UUID | None = None
    event_timestamp: datetime | None = None
    schema_version: int = 1
    correlation_id: UUID | None = None
    data_schema_uri: str | None = None
    metadata: dict[str, Any] | None = None


class TokenUsage(_Model):
    """Tokens of one comparison."""

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    total_tokens: Count = 0


class ErrorDetail(_Model):
    """Why a comparison failed."""

    error_code: str
    message: str
    correlation_id: UUID
    timestamp: datetime
    service: str
    operation: str
    details: dict[str, Any] = {}


class ComparisonResult(_Model):
    """LLMComparisonResultV1, unchanged between the revisions of 2025-11-19 and 2026-02."""

    request_id: str
    correlation_id: UUID
    winner: Literal["Essay A", "Essay B", "Error"] | None = None
    justification: Annotated[str, Field(max_length=500)] | None = None
    confidence: Annotated[float, Field(ge=1, le=5)] | None = None
    error_detail: ErrorDetail | None = None
    provider: Literal["anthropic", "openai", "google", "openrouter", "mock"]
    model: str
    response_time_ms: Count
    token_usage: TokenUsage = TokenUsage()
    cost_estimate: Annotated[float, Field(ge=0)]
    requested_at: datetime
    completed_at: datetime
    trace_id: str | None = None
    request_metadata: dict[str, Any] = {}


class _Faults:
    """The failing fields in the order found, each once, and which of them are there but wrong."""

    def __init__(self) -> None:
        self._wrong: dict[str, bool] = {}

    def add(self, name: str, *, malformed: bool) -> None:
        self._wrong.setdefault(_QUALIFIED.get(name, name), malformed)

    def add_errors(self, error: ValidationError, prefix: str = "") -> None:
        for one in error.errors(include_url=False, include_context=False):
            missing = one["type"] == "missing" or one["input"] is None
            self.add(prefix + _path(one["loc"]), malformed=not missing)

    @property
    def rejected(self) -> tuple[str, ...]:
        return tuple(self._wrong)

    @property
    def malformed(self) -> tuple[str, ...]:
        return tuple(name for name, malformed in self._wrong.items() if malformed)


def seen_of(message: bytes | None, published_at: datetime) -> SeenCallback:
    """Return what a message of the topic is; pure, and it survives any bytes.

    `published_at` is the broker's time, taken where the envelope has none.
    """
    faults = _Faults()
    told = _object(message)
    if told is None:
        faults.add(NOT_JSON, malformed=True)
        told = {}
    else:
        _check(told, faults)
    data = _mapping(told.get("data"))
    hints = _mapping(data.get("request_metadata"))
    return SeenCallback(
        at=_time(told.get("event_timestamp")) or published_at,
        correlation_id=_matching(
            _ID, told.get("correlation_id"), data.get("correlation_id")
        ).lower(),
        request_id=_matching(_ID, data.get("request_id")),
        is_error=data.get(ERROR_DETAIL) is not None,
        bos_batch_id=_matching(_ID, *_batch_hints(hints)),
        mode=_matching(_WORD, hints.get("queue_processing_mode")),
        # On an error the service fills in a default provider, so what it resolved is asked first.
        provider=_matching(_WORD, hints.get("resolved_provider"), data.get("provider")),
        bundle_size=_bundle_size(hints.get("preferred_bundle_size")),
        rejected=faults.rejected,
        malformed=faults.malformed,
    )


def _check(told: Mapping[str, Any], faults: _Faults) -> None:
    """Both steps, then the runner's; as for the readers, a failing step ends the check."""
    try:
        envelope = Envelope.model_validate(told)
    except ValidationError as error:
        faults.add_errors(error, ENVELOPE)
        return
    try:
        result = ComparisonResult.model_validate(envelope.data)
    except ValidationError as error:
        faults.add_errors(error)
    else:
        _check_outcome(result, faults)
    _check_runner_demands(_mapping(envelope.data), faults)


def _check_outcome(result: ComparisonResult, faults: _Faults) -> None:
    """Either all three success fields or an error, never both and never neither."""
    given = [name for name in _SUCCESS_FIELDS if getattr(result, name) is not None]
    if result.error_detail is not None:
        if result.winner is not None:
            faults.add(ERROR_DETAIL, malformed=True)
    elif not given:
        faults.add(ERROR_DETAIL, malformed=False)
    else:
        for name in _SUCCESS_FIELDS:
            if name not in given:
                faults.add(name, malformed=False)


def _check_runner_demands(data: Mapping[str, Any], faults: _Faults) -> None:
    hints = _mapping(data.get("request_metadata"))
    _demand("request_id", data.get("request_id"), faults)
    _demand("bos_batch_id", next(iter(_batch_hints(hints)), None), faults)
    _demand("essay_a_id", hints.get("essay_a_id"), faults)
    _demand("essay_b_id", hints.get("essay_b_id"), faults)
    prompt_hash = hints.get("prompt_sha256")
    _demand("prompt_sha256", prompt_hash, faults)
    if prompt_hash and not (isinstance(prompt_hash, str) and _HASH.fullmatch(prompt_hash)):
        faults.add("prompt_sha256", malformed=True)


def _demand(name: str, value: object, faults: _Faults) -> None:
    if not value:
        faults.add(name, malformed=False)
    elif not isinstance(value, str):
        faults.add(name, malformed=True)


def _batch_hints(hints: Mapping[str, Any]) -> list[Any]:
    return [value for key in ("bos_batch_id", "batch_id") if (value := hints.get(key))]


def _path(parts: Iterable[int | str]) -> str:
    return ".".join(str(part) for part in parts) or "data"


def _object(message: bytes | None) -> Mapping[str, Any] | None:
    try:
        value = orjson.loads(message or b"")
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _matching(shape: re.Pattern[str], *values: object) -> str:
    """The first value of that shape: what looks otherwise might be a text of a student."""
    found = (value for value in values if isinstance(value, str) and shape.fullmatch(value))
    return next(found, "")


def _bundle_size(value: object) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MAX_BUNDLE
    return value if fits and isinstance(value, int) else None


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
