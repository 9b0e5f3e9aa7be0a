"""Turns the channel and user names of the settings into Slack ids, once, at start-up."""

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.errors import PostError
from bot.slack.outbound.web_api import Web, patiently

log = logging.getLogger(__name__)

PAGE = 200
MAX_PAGES = 100
PATIENCE_SECONDS = 60.0
EVERYBODY = "*"
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,}")
_USER_ID = re.compile(r"[UW][A-Z0-9]{6,}")


@dataclass(frozen=True, slots=True)
class FoundNames:
    """The ids of some names, the names of those ids, and the names that do not exist."""

    ids: Mapping[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    problem: str = ""

    def of(self, words: Iterable[str]) -> frozenset[str]:
        """Return the ids of `words`; unknown ones are left out, so they allow no one."""
        return frozenset(self.ids[word] for word in words if word in self.ids)


async def find_channels(web: Web, words: Iterable[str]) -> FoundNames:
    """Return the ids of channels by name (with or without #) or id.

    An archived channel is found too, where no other has its name: what waits for it must name it.
    """
    return await _find(
        web,
        {word: word.lstrip("#") for word in words},
        _CHANNEL_ID,
        "conversations.list",
        "channels",
        types="public_channel,private_channel",
    )


async def find_users(web: Web, words: Iterable[str]) -> FoundNames:
    """Return the ids of users by user name (with or without @) or id.

    Display names do not count: anybody can give themselves an operator's.
    """
    return await _find(
        web, {word: word.lstrip("@") for word in words}, _USER_ID, "users.list", "members"
    )


async def _find(
    web: Web,
    wanted: Mapping[str, str],
    id_shape: re.Pattern[str],
    method: str,
    key: str,
    **arguments: Any,
) -> FoundNames:
    ids = {word: name for word, name in wanted.items() if _is_id(name, id_shape)}
    names = {word: name for word, name in wanted.items() if word not in ids}
    if not names:
        return FoundNames(ids)
    try:
        rows = await _pages(web, method, key, arguments)
    except PostError as error:
        log.warning("cannot look names up: %s", error.message)
        return FoundNames(
            ids, unknown=tuple(names), problem=f"{error.message} {error.hint}".strip()
        )
    known = {str(row.get("id")): str(row.get("name") or "") for row in rows}
    standing = _by_name(row for row in rows if not row.get("is_archived"))
    archived = _by_name(row for row in rows if row.get("is_archived"))
    for word, name in names.items():
        matches = standing.get(name.casefold()) or archived.get(name.casefold(), set())
        if len(matches) == 1:
            ids[word] = next(iter(matches))
    unknown = tuple(word for word in names if word not in ids)
    return FoundNames(ids, {id: known[id] for id in ids.values() if id in known}, unknown)


def _by_name(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name in (str(row.get("id")), str(row.get("name") or "")):
            found[name.casefold()].add(str(row.get("id")))
    return found


def _is_id(name: str, shape: re.Pattern[str]) -> bool:
    return name == EVERYBODY or bool(shape.fullmatch(name))


async def _pages(
    web: Web, method: str, key: str, arguments: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    cursor, waited = "", 0.0
    for _ in range(MAX_PAGES):
        try:
            page = await web.query(method, limit=PAGE, cursor=cursor, **arguments)
        except PostError as error:
            waited = await patiently(error, waited, PATIENCE_SECONDS)
            continue
        rows += [row for row in page.get(key) or [] if not row.get("deleted")]
        cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
    return rows
