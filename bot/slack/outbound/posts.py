"""Posting, editing and finding messages in channels, with a token that identifies ours."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.errors import PostError, PostFailure
from bot.slack.outbound.web_api import Web

# `since` is of our own clock, which may run far ahead of Slack's.
LOOK_BACK = timedelta(days=1)
PAGE = 200
MAX_PAGES = 10
PAYLOAD_TOKEN = "token"  # noqa: S105 - a key of message metadata, no secret
# What a message is about, so that a question in its thread may leave it out.
SUBJECT = "subject"
# Whose bot said it: two environments' bots of one app have one name in Slack.
ENVIRONMENT = "environment"
QUIETLY: Mapping[str, Any] = {
    "unfurl_links": False,
    "unfurl_media": False,
    "link_names": False,
    "parse": "none",
}


class ChannelPosts:
    """Messages in channels. Every method raises PostError; none tries twice."""

    def __init__(self, web: Web, event_type: str) -> None:
        self._web = web
        self._event_type = event_type

    async def post(
        self,
        channel: str,
        message: Mapping[str, Any],
        *,
        token: str,
        thread_ts: str = "",
        broadcast: bool = False,
    ) -> str:
        """Post a message and return its ts; with `broadcast` a reply is in the channel too."""
        told = await self.open(
            channel, message, token=token, thread_ts=thread_ts, broadcast=broadcast
        )
        return told[1]

    async def open(
        self,
        channel: str,
        message: Mapping[str, Any],
        *,
        token: str,
        thread_ts: str = "",
        broadcast: bool = False,
    ) -> tuple[str, str]:
        """Post a message; return the id of the channel it stands in, and its ts.

        To post to a person is to open a direct message, whose channel files need.
        """
        answer = await self._web.call(
            "chat.postMessage",
            channel=channel,
            thread_ts=thread_ts or None,
            reply_broadcast=True if broadcast and thread_ts else None,
            metadata={
                "event_type": self._event_type,
                "event_payload": _payload(token, message, self._web.environment),
            },
            **_content(message),
            **QUIETLY,
        )
        return str(answer.get("channel") or channel), str(answer.get("ts") or "")

    async def edit(self, channel: str, ts: str, message: Mapping[str, Any]) -> None:
        """Replace a message's content; its metadata stays as it was."""
        content = {"blocks": [], **_content(message)}
        await self._web.call(
            "chat.update", channel=channel, ts=ts, link_names=False, parse="none", **content
        )

    async def subject(self, channel: str, thread_ts: str) -> str:
        """Return what the newest message of ours in a thread is about, "" when none says.

        Raises PostError.
        """
        page = await self._web.query(
            "conversations.replies",
            channel=channel,
            ts=thread_ts,
            limit=PAGE,
            include_all_metadata=True,
        )
        told = [metadata_of(message).get(SUBJECT) for message in page.get("messages") or []]
        return str(next(filter(None, reversed(told)), ""))

    async def find(
        self, channel: str, *, token: str, since: datetime, thread_ts: str = ""
    ) -> str | None:
        """Return the ts of the message that carries `token`, or None when there is none.

        Raises PostError, `unsure` when more was posted since than can be read.
        """
        method = "conversations.replies" if thread_ts else "conversations.history"
        cursor = ""
        for _ in range(MAX_PAGES):
            page = await self._web.query(
                method,
                channel=channel,
                ts=thread_ts,
                oldest=f"{(since - LOOK_BACK).timestamp():.6f}",
                limit=PAGE,
                include_all_metadata=True,
                cursor=cursor,
            )
            for message in page.get("messages") or []:
                if _token(message) == token:
                    return str(message.get("ts") or "") or None
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return None
        raise PostError(
            PostFailure.UNSURE,
            f"{method}: not among {MAX_PAGES * PAGE} messages, and there are more",
        )


def _content(message: Mapping[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"text": message["text"]}
    if message.get("blocks"):
        content["blocks"] = list(message["blocks"])
    return content


def _payload(token: str, message: Mapping[str, Any], environment: str) -> dict[str, str]:
    subject = message.get(SUBJECT)
    told = {PAYLOAD_TOKEN: token, ENVIRONMENT: environment}
    return {**told, **({SUBJECT: str(subject)} if subject else {})}


def _token(message: Any) -> str:
    return str(metadata_of(message).get(PAYLOAD_TOKEN) or "")


def metadata_of(message: Any) -> Mapping[str, Any]:
    """Return what was noted with a message of ours; empty for anybody else's."""
    metadata = message.get("metadata") if isinstance(message, Mapping) else None
    payload = metadata.get("event_payload") if isinstance(metadata, Mapping) else None
    return payload if isinstance(payload, Mapping) else {}
