"""Which environments' bots use this app: what they posted says it, and what answers for them."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import aiohttp

from bot.errors import PostError
from bot.requests.access import Access
from bot.slack.outbound.posts import ENVIRONMENT, metadata_of
from bot.slack.outbound.web_api import Web

# One that posted nothing for so long may have been renamed or taken away since.
POSTED_WITHIN = timedelta(days=1)
MOST_CHANNELS = 20
PAGE = 200
# Behind one address several may answer in turn.
ASKED = 6
ANSWER_SECONDS = 5.0
MOST_BYTES = 10_000
LONGEST_NAME = 60


async def posted_for(web: Web, access: Access, bot_user: str) -> frozenset[str]:
    """Return the environments whose bots posted as this app of late, where it may read."""
    known = {access.alert_channel, *access.routed_channels, *access.incident_channels} - {"", "*"}
    channels = list(dict.fromkeys([*sorted(known), *await _joined(web)]))[:MOST_CHANNELS]
    oldest = f"{time.time() - POSTED_WITHIN.total_seconds():.6f}"
    found: set[str] = set()
    for channel in channels:
        page = await _asked(
            web, "conversations.history", channel=channel, oldest=oldest,
            limit=PAGE, include_all_metadata=True,
        )  # fmt: skip
        found |= environments_in(page.get("messages") or (), bot_user)
    return frozenset(found)


def environments_in(messages: Iterable[Any], bot_user: str) -> frozenset[str]:
    """Return the environments that messages of one bot user were posted for. Pure."""
    own = [one for one in messages if isinstance(one, Mapping) and one.get("user") == bot_user]
    told = (metadata_of(message).get(ENVIRONMENT) for message in own)
    return frozenset(one[:LONGEST_NAME] for one in told if isinstance(one, str))


async def answering_at(session: aiohttp.ClientSession, public_url: str) -> frozenset[str]:
    """Return the environments whose bots answer where Slack sends what people ask."""
    found: set[str] = set()
    for _ in range(ASKED if public_url else 0):
        found |= await _answering(session, f"{public_url.rstrip('/')}/healthz")
    return frozenset(found)


async def _answering(session: aiohttp.ClientSession, url: str) -> frozenset[str]:
    limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with session.get(url, timeout=limit, allow_redirects=False) as answer:
            told = json.loads(await answer.content.read(MOST_BYTES))
    except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError):
        return frozenset()  # only Slack's path need be open there
    named = told.get(ENVIRONMENT) if isinstance(told, Mapping) and "version" in told else None
    return frozenset([named[:LONGEST_NAME]] if isinstance(named, str) else [])


async def _joined(web: Web) -> list[str]:
    page = await _asked(
        web, "users.conversations", types="public_channel,private_channel",
        exclude_archived=True, limit=PAGE, team_id=web.team_id,
    )  # fmt: skip
    return [str(one.get("id")) for one in page.get("channels") or () if isinstance(one, Mapping)]


async def _asked(web: Web, method: str, **arguments: Any) -> Mapping[str, Any]:
    """Return an answer, an empty one where Slack gives none: `doctor` says which scopes lack."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await web.query(method, **arguments)
    except (PostError, TimeoutError):
        return {}
