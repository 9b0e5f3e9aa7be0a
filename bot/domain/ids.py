"""The ids people paste, by shape, and run labels: the names that people give to experiment runs.

The CJ service stores only a random uuid of a run (`bos_batch_id`). Its label stands in three
places: the runner prints `Canonical batch UUID: U (label: L)`, its JSON lines hold both, and the
request on Kafka carries `metadata.batch_label`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from bot.deferred import Pattern

if TYPE_CHECKING:
    from bot.domain.log import LogEvent

# The role of a runner, by its value.
_RUNNER = "runner"
MAX_CJ_ID = 2_147_483_647
LABEL = Pattern(r"[A-Za-z0-9][A-Za-z0-9._:+@-]{0,119}")
_NUMBER = Pattern(r"#?([0-9]{1,10})")
_UUID = Pattern(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE
)
_PREFIX = Pattern(r"[0-9a-f]{6,8}(?:-[0-9a-f-]*)?|[0-9a-f]{6,31}", re.IGNORECASE)

BANNER = "Canonical batch UUID"
# What stands in every line that can tell a label.
NEEDLES = (BANNER, "batch_uuid", "bos_batch_id")
_BANNER = Pattern(
    rf"{BANNER}:\s*([0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}})"
    rf"\s*\(label:\s*({LABEL.pattern})\)"
)
_LABEL_FIELDS = ("batch_label", "label", "batch_id")
_UUID_FIELDS = ("batch_uuid", "bos_batch_id")


class IdKind(StrEnum):
    """What an id can be by its shape alone; the sources decide what it is."""

    NUMBER = "number"
    UUID = "uuid"
    PREFIX = "prefix"
    LABEL = "label"


def kind_of(word: str) -> IdKind | None:
    """Return the first meaning that `word` can have: number, uuid, uuid prefix, run label."""
    if cj_number(word) is not None:
        return IdKind.NUMBER
    if parse_uuid(word) is not None:
        return IdKind.UUID
    if uuid_prefix(word) is not None:
        return IdKind.PREFIX
    return IdKind.LABEL if LABEL.fullmatch(word) else None


def cj_number(word: str) -> int | None:
    """Return the CJ batch number of `34` or `#34`, or None when it is none Postgres could hold."""
    match = _NUMBER.fullmatch(word)
    number = int(match.group(1)) if match else 0
    return number if 0 < number <= MAX_CJ_ID else None


def parse_uuid(word: str) -> UUID | None:
    """Return the uuid that `word` spells in full, with hyphens or without, in any case."""
    return UUID(word) if _UUID.fullmatch(word) else None


def uuid_prefix(word: str) -> str | None:
    """Return the beginning of a uuid (6 characters or more, lower case), or None."""
    fold = word.casefold()
    if not _PREFIX.fullmatch(fold) or len(fold) >= 36 or parse_uuid(fold):
        return None
    return fold if _fits_uuid(fold) else None


def short_id(id: str) -> str:
    """Return the first 8 characters of a uuid, and any other id as it is."""
    return id[:8] if parse_uuid(id) is not None else id


def _fits_uuid(prefix: str) -> bool:
    """Hyphens, where there are any, stand where a uuid has them."""
    return "-" not in prefix or all(
        (char == "-") == (place in (8, 13, 18, 23)) for place, char in enumerate(prefix)
    )


@dataclass(frozen=True, slots=True)
class RunLabel:
    """A label and the batch (its BOS uuid, lower case) that it stands for; who said so, when."""

    label: str
    bos_batch_id: str
    source: str
    at: datetime | None = None


def label_of_event(event: LogEvent) -> RunLabel | None:
    """Return what a runner's log event teaches, or None; pure and cheap for other events.

    The banner is no JSON, so it may stand in the text of the line before it.
    """
    if event.role != _RUNNER:
        return None
    banner = _BANNER.search(event.text or event.event)
    if banner is not None:
        return RunLabel(banner[2], banner[1].lower(), event.container, event.at)
    uuid = next((id for key in _UUID_FIELDS if (id := _uuid(event.fields.get(key)))), "")
    label = next((text for key in _LABEL_FIELDS if (text := _label(event.fields.get(key)))), "")
    return RunLabel(label, uuid, event.container, event.at) if label and uuid else None


def label_of_request(message: bytes | None, at: datetime, source: str) -> RunLabel | None:
    """Return what a request for an assessment teaches, or None; survives any bytes."""
    try:
        told = orjson.loads(message or b"")
    except orjson.JSONDecodeError:
        return None
    data = _mapping(_mapping(told).get("data"))
    label = _label(_mapping(_mapping(told).get("metadata")).get("batch_label"))
    entity = _mapping(data.get("entity_ref")).get("entity_id")
    uuid = _uuid(data.get("entity_id")) or _uuid(entity) or _uuid(data.get("bos_batch_id"))
    return RunLabel(label, uuid, source, at) if label and uuid else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _label(value: object) -> str:
    """A label, but no uuid: some lines hold the batch's uuid under the same name."""
    fits = isinstance(value, str) and LABEL.fullmatch(value) and not _uuid(value)
    return str(value) if fits else ""


def _uuid(value: object) -> str:
    text = str(value) if isinstance(value, str | UUID) else ""
    try:
        return str(UUID(text)) if len(text) in (32, 36) else ""
    except ValueError:
        return ""
