"""Turns the channel and user names of the settings into Slack ids, once, at start-up."""

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.errors import PostError, PostFailure
from bot.slack.outbound.web_api import Web, patiently

log = logging.getLogger(__name__)

PAGE = 200
MAX_PAGES = 100
PATIENCE_SECONDS = 60.0
EVERYBODY = "*"
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,}")
_LINK = re.compile(r"https://[\w.-]{1,100}/(?:archives|team)/([A-Z0-9]{7,30})/?")
_MENTION = re.compile(r"<(?:[@#]|!subteam\^)([A-Z0-9]{7,30})(?:\|[^<>|]{0,100})?>")
_USER_ID = re.compile(r"[UW][A-Z0-9]{6,}")
# What Slack answers where an app of a whole organisation does not say which workspace it means.
_NO_TEAM = ("missing_argument", "team_access_not_granted", "invalid_arguments")


@dataclass(frozen=True, slots=True)
class FoundNames:
    """The ids of some names, the names of those ids, and the names that do not exist.

    `members` are the ids of those who belong to a user group, by its word in the settings.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    problem: str = ""
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, words: Iterable[str]) -> frozenset[str]:
        """Return the ids of `words`, of a user group its members'; unknown ones allow no one."""
        asked = tuple(words)
        groups = (self.members[word] for word in asked if word in self.members)
        ids = frozenset(self.ids[word] for word in asked if word in self.ids)
        return ids.union(*groups)

    def renamed(self) -> dict[str, str]:
        """Return the words that are no name of now, each with the name that is."""
        now = ((word, self.names.get(id, "")) for word, id in self.ids.items())
        return {
            word: name
            for word, name in now
            if name and name.casefold() != word.lstrip("#@").casefold() and word not in self.names
        }


async def find_channels(web: Web, words: Iterable[str]) -> FoundNames:
    """Return the ids of channels by name (with or without #) or id.

    An archived channel is found too, where no other has its name: what waits for it must name it.
    """
    return await _find(
        web,
        {word: _pasted(word).lstrip("#") for word in words},
        _CHANNEL_ID,
        "conversations.list",
        "channels",
        types="public_channel,private_channel",
    )


async def find_users(web: Web, words: Iterable[str]) -> FoundNames:
    """Return the ids of users by user name (with or without @) or id, and of user groups.

    Display names do not count: anybody can give themselves an operator's.
    """
    wanted = {word: _pasted(word).lstrip("@") for word in words}
    found = await _find(web, wanted, _USER_ID, "users.list", "members")
    return await _with_groups(web, found, wanted) if found.unknown else found


def _pasted(word: str) -> str:
    """Return the id in a link or a mention, as Slack's own clients copy them, else the word."""
    found = _LINK.fullmatch(word) or _MENTION.fullmatch(word)
    return found[1] if found else word


async def _with_groups(web: Web, found: FoundNames, wanted: Mapping[str, str]) -> FoundNames:
    """Add the user groups among the names that no user has; a disabled group is none."""
    try:
        rows = await _pages(web, "usergroups.list", "usergroups", {"include_users": True})
    except PostError as error:
        problem = f"{found.problem} User groups: {_sentences(error)}".strip()
        return replace(found, problem=problem)
    groups: dict[str, frozenset[str]] = {}
    for row in rows:
        if not row.get("date_delete"):
            people = frozenset(str(one) for one in row.get("users") or ())
            groups |= dict.fromkeys((str(row.get("id")), str(row.get("handle") or "")), people)
    members = {word: groups[wanted[word]] for word in found.unknown if wanted[word] in groups}
    unknown = tuple(word for word in found.unknown if word not in members)
    return replace(found, members=members, unknown=unknown)


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
        return FoundNames(ids, unknown=tuple(names), problem=_sentences(error))
    known = {str(row.get("id")): str(row.get("name") or "") for row in rows}
    standing = _by_name(row for row in rows if not row.get("is_archived"))
    archived = _by_name(row for row in rows if row.get("is_archived"))
    before = _by_former_name(rows)
    for word, name in names.items():
        fold = name.casefold()
        matches = standing.get(fold) or archived.get(fold) or before.get(fold, set())
        if len(matches) == 1:
            ids[word] = next(iter(matches))
    unknown = tuple(word for word in names if word not in ids)
    return FoundNames(ids, {id: known[id] for id in ids.values() if id in known}, unknown)


def _sentences(error: PostError) -> str:
    return f"{error.message.rstrip('.')}. {error.hint}".strip()


def _by_name(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name in (str(row.get("id")), str(row.get("name") or "")):
            found[name.casefold()].add(str(row.get("id")))
    return found


def _by_former_name(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, set[str]]:
    """Return the channels that were renamed, by the names they had."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name in row.get("previous_names") or ():
            found[str(name).casefold()].add(str(row.get("id")))
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
            page = await web.query(
                method, limit=PAGE, cursor=cursor, team_id=web.team_id, **arguments
            )
        except PostError as error:
            if not web.team_id and error.message.endswith(_NO_TEAM):
                web.team_id = await _only_team(web, error)
                continue
            waited = await patiently(error, waited, PATIENCE_SECONDS)
            continue
        rows += [row for row in page.get(key) or [] if not row.get("deleted")]
        cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
    return rows


async def _only_team(web: Web, error: PostError) -> str:
    """Return the one workspace of an app that is installed for an organisation.

    Raises PostError when there are several, for none may be taken unasked.
    """
    teams = (await web.query("auth.teams.list")).get("teams") or []
    if len(teams) == 1:
        return str(teams[0].get("id"))
    raise PostError(
        PostFailure.REFUSED,
        f"the app is installed for {len(teams)} workspaces, and names are those of one",
        hint="Set SLACK_TEAM_ID, or write ids (C..., U...) in place of names.",
    ) from error
