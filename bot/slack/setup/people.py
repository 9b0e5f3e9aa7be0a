"""Looks up the users and user groups that the settings name by id."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.errors import PostError
from bot.slack.outbound.web_api import Web, patiently
from bot.slack.setup.names import PATIENCE_SECONDS

_USER = re.compile(r"(?:<@)?([UW][A-Z0-9]{6,})>?")
_GROUP = re.compile(r"(?:<!subteam\^)?(S[A-Z0-9]{6,})>?")
_NOBODY = ("user_not_found", "users_not_found", "user_not_visible")


@dataclass(frozen=True, slots=True)
class Strangers:
    """The words whose ids do not exist, with why in words; `problem` when Slack did not tell."""

    why: dict[str, str] = field(default_factory=dict)
    problem: str = ""


async def strangers(web: Web, words: Iterable[str]) -> Strangers:
    """Look up each word that is the id of a user or of a user group, or a mention of one.

    Slack reports no mention that has no recipient, and a mistyped id allows no one.
    """
    users = {word: found[1] for word in words if (found := _USER.fullmatch(word.lstrip("@")))}
    groups = {word: found[1] for word in words if (found := _GROUP.fullmatch(word.lstrip("@")))}
    why: dict[str, str] = {}
    try:
        for word, id in users.items():
            if state := await _state(web, id):
                why[word] = state
        known = await _groups(web) if groups else frozenset()
    except PostError as error:
        return Strangers(why, f"{error.message.rstrip('.')}. {error.hint}".strip())
    unknown = {word: "no user group has this id" for word, id in groups.items() if id not in known}
    return Strangers(why | unknown)


async def _state(web: Web, id: str) -> str:
    """Return why a user cannot act, "" of one who can. Raises PostError."""
    waited = 0.0
    while True:
        try:
            user = (await web.query("users.info", user=id)).get("user") or {}
            return "the account is deactivated" if user.get("deleted") else ""
        except PostError as error:
            if error.message.endswith(_NOBODY):
                return "nobody in this workspace has this id"
            waited = await patiently(error, waited, PATIENCE_SECONDS)


async def _groups(web: Web) -> frozenset[str]:
    rows = (await web.query("usergroups.list", team_id=web.team_id)).get("usergroups") or []
    return frozenset(str(row.get("id")) for row in rows if not row.get("date_delete"))
