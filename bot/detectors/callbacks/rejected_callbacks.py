"""Callbacks that fail their contract, grouped by the failing field and the mode.

Sources: the runner's own words ("Comparison callback missing essay identifiers; correlation=C",
HuleEdu incident of 2025-11-18) and the CJ service's callback handler. A run can die of a single
stray callback that no batch owns, so ownership is looked up where a database is configured.
A runner logs one callback in several lines, and CJ in one more: callbacks are counted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from bot.border.outside import raw
from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    QuietSettings,
    dated_events,
)
from bot.detectors.callbacks._rejected_text import NO_BATCH, NO_MODE, condition_of
from bot.domain.alert import Condition, Sample
from bot.domain.callbacks.callback import RejectedCallback, SeenCallback
from bot.domain.callbacks.tally import rejections, tally
from bot.domain.evidence import Missing
from bot.domain.log import LogEvent, Role
from bot.ports import Watch
from bot.text.redaction import redact

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), field)
    for pattern, field in (
        (r"Comparison callback missing essay identifiers", "essay_a_id"),
        (r"Comparison callback missing prompt hash", "prompt_sha256"),
        (r"missing request_id; cannot hydrate", "request_id"),
        (r"Cannot find comparison pair for callback", "correlation_id"),
        (r"Error processing LLM comparison callback message", "model"),
        (r"collector_llm_comparison_deserialization_failed", "model"),
    )
)
# Each text above holds one of these; most lines hold none.
_PARTS = (
    "callback missing", "cannot hydrate", "pair for callback", "callback message",
    "deserialization_failed",
)  # fmt: skip
# As pydantic says it of a message that it could not read at all.
NO_JSON = "[type=json_invalid"
UNMATCHED = "correlation_id"
MOST_REMEMBERED = 10_000
_FIELD_LINE = re.compile(r"^([a-z_]\w*(?:\.\w+)*)\n\s+\S.*\[type=", re.MULTILINE)


class RejectedCallbacks(EventCountDetector):
    """Watches the logs for callbacks that were rejected."""

    name: ClassVar[str] = "rejected_callbacks"
    summary: ClassVar[str] = (
        "Callbacks fail validation: missing essay ids or prompt hash, no such comparison, bad model"
    )
    needles: ClassVar[tuple[str, ...]] = (
        "Comparison callback", "essay identifiers", "prompt hash", "cannot hydrate",
        "comparison pair for callback", "LLM comparison callback", "deserialization_failed",
    )  # fmt: skip
    rests_on: ClassVar[tuple[Role, ...]] = (Role.CJ,)

    def __init__(self, settings: QuietSettings) -> None:
        super().__init__(settings)
        self._counted = CountedCallbacks(timedelta(seconds=self.window_seconds))

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event reports a rejected callback."""
        return rejected_field(event) is not None

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's rejections and look up who owns them."""
        found = [
            (at, event, field)
            for at, event in dated_events(watch)
            if (field := rejected_field(event)) is not None
        ]
        seen = await watch.callbacks()
        topic = rejected_on(seen if isinstance(seen, Sequence) else ())
        # A runner's line and the topic show the same callback.
        ids = {one.correlation_id for one in topic}
        logged = [one for one in found if correlation_of(one[1]) not in ids - {""}]
        owned = await _owners(watch, [*(correlation_of(e) for _, e, _ in logged), *ids])
        found_now = [_occurrence(*one, owned) for one in logged]
        found_now += [_from_topic(one, watch.now, _shares(seen), owned) for one in topic]
        return self.sampled(watch, self._counted.once(found_now, watch.now), seen)

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        return condition_of(counted)


DETECTOR = RejectedCallbacks


class CountedCallbacks:
    """Which callbacks were counted for which field, by correlation id, for as long as a window.

    Without a correlation id nothing shows that two lines are of one callback: each counts.
    """

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._first: dict[tuple[str, str], tuple[datetime, str]] = {}

    def once(self, found: Sequence[Occurrence], now: datetime) -> Iterator[Occurrence]:
        """Yield what was found, a callback that was counted before as one that counts no more.

        That no comparison matches is left out where another field of the callback is wrong.
        """
        self._forget(now - self._span)
        named = _named(found) | {key[1] for key in self._first if key[0] != UNMATCHED}
        seen: set[tuple[str, str]] = set()
        for one in found:
            key = field, id = one.subject.partition("/")[0], str(one.extra["correlation_id"])
            if not id:
                yield one
            elif field != UNMATCHED or id not in named:
                at, subject = self._first.setdefault(key, (one.at, one.subject))
                # A tick that was not written down reads the same lines again: those count.
                again = key in seen or at != one.at
                yield replace(one, subject=subject, counts=0) if again else one
                seen.add(key)

    def _forget(self, before: datetime) -> None:
        kept = [(key, first) for key, first in self._first.items() if first[0] >= before]
        self._first = dict(kept[-MOST_REMEMBERED:])


def _named(found: Iterable[Occurrence]) -> set[str]:
    """Return the ids of the callbacks of which more is known than that none matches."""
    return {str(one.extra["correlation_id"]) for one in found if not _is_unmatched(one)}


def _is_unmatched(one: Occurrence) -> bool:
    return one.subject.partition("/")[0] == UNMATCHED


def rejected_field(event: LogEvent) -> str | None:
    """Return the field for which an event reports a rejected callback; None for other events."""
    error = event.fields.get("error")
    said = [event.event, error if isinstance(error, str) else f"{error or ''}"]
    if event.error is not None:
        said.append(event.error.message)
    whole = " ".join(map(raw, said))
    low = whole.lower()
    if not any(part in low for part in _PARTS):
        return None
    for pattern, field in _TEXTS:
        if pattern.search(whole):
            return _model_field(event) if field == "model" else field
    return None


def correlation_of(event: LogEvent) -> str:
    """Return the correlation id that a rejection names, empty when it names none."""
    match = _UUID.search(event.event) or _UUID.search(event.error.message if event.error else "")
    if match:
        return match[0].lower()
    value = str(event.fields.get("correlation_id") or "")
    return value.lower() if _UUID.fullmatch(value) else ""


def rejected_on(seen: Sequence[SeenCallback]) -> list[RejectedCallback]:
    """Return what the topic's callbacks fail on, each callback by its first failing field."""
    return [found[0] for one in seen if (found := rejections(one))]


def _shares(seen: object) -> dict[str, str]:
    """Return each failing field's share by mode: `serial_bundle 10/10 missing essay_a_id, ...`."""
    callbacks = (
        [one for one in seen if isinstance(one, SeenCallback)]
        if (isinstance(seen, Sequence))
        else []
    )
    return {one.field: one.words for one in tally(callbacks)}


def _from_topic(
    one: RejectedCallback,
    now: datetime,
    shares: Mapping[str, str],
    owned: Mapping[UUID, int] | None,
) -> Occurrence:
    share = shares.get(one.field, "")
    return Occurrence(
        subject=f"{one.field}/{one.mode or NO_MODE}",
        at=one.at or now,
        source=one.source,
        text=redact(f"{one.text} ({share})" if share else one.text),
        extra={"correlation_id": one.correlation_id, "owner": _owner(one.correlation_id, owned)},
    )


def _model_field(event: LogEvent) -> str:
    if NO_JSON in event.text:
        return "json"
    match = _FIELD_LINE.search(event.text)
    return match[1] if match else "model"


async def _owners(watch: Watch, ids: list[str]) -> Mapping[UUID, int] | None:
    """Return owners by id; None when there is no database to ask."""
    uuids = [UUID(id) for id in ids if id]
    if not uuids:
        return {}
    answer = await watch.owned(uuids)
    return None if answer is None or isinstance(answer, Missing) else answer


def _occurrence(
    at: datetime, event: LogEvent, field: str, owned: Mapping[UUID, int] | None
) -> Occurrence:
    correlation = correlation_of(event)
    mode = event.fields.get("queue_processing_mode") or event.fields.get("cj_llm_batching_mode")
    extra: dict[str, Any] = {"correlation_id": correlation, "owner": _owner(correlation, owned)}
    return Occurrence(
        subject=f"{field}/{mode if isinstance(mode, str) and mode else NO_MODE}",
        at=at,
        source=event.container,
        text=redact(event.event),
        extra=extra,
    )


def _owner(correlation: str, owned: Mapping[UUID, int] | None) -> str:
    if not correlation:
        return "no correlation id logged"
    if owned is None:
        return "ownership not checked"
    batch = owned.get(UUID(correlation))
    return f"batch {batch}" if batch is not None else NO_BATCH
