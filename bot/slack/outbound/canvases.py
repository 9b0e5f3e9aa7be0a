"""Shows a document as one of Slack's canvases, where the app was granted the scope for it.

https://docs.slack.dev/reference/methods/canvases.create and canvases.access.set: a canvas is made
first, its link is posted, and only then may the channel's people read it.
"""

import logging
from collections.abc import Awaitable, Callable

from bot.domain.report import Attachment
from bot.errors import PostError
from bot.slack.blocks import elements as kit
from bot.slack.blocks.mrkdwn import escape, literal
from bot.slack.outbound.block_fallback import Message
from bot.slack.outbound.web_api import Web

log = logging.getLogger(__name__)

SCOPE = "canvases:write"
MOST_CHARS = 1_048_576
TITLE_CHARS = 150

Post = Callable[[Message], Awaitable[object]]


async def show_canvas(web: Web, channel: str, file: Attachment, post: Post) -> None:
    """Make a canvas of a Markdown file, `post` its link, and let the channel read it.

    Does nothing without the scope; what Slack refuses is logged, for the file itself stands there.
    """
    document = file.content.decode()
    if SCOPE not in web.scopes or len(document) > MOST_CHARS:
        return
    title = literal(file.title or file.filename, TITLE_CHARS)
    try:
        content = {"type": "markdown", "markdown": document}
        made = await web.call("canvases.create", title=title, document_content=content)
        me = await web.call("auth.test")
        canvas = str(made.get("canvas_id"))
        link = f"{str(me.get('url')).rstrip('/')}/docs/{me.get('team_id')}/{canvas}"
        told = f"<{link}|{escape(title)}> as a canvas"
        await post({"text": escape(f"{title} as a canvas"), "blocks": [kit.section(told)]})
        await web.call(
            "canvases.access.set", canvas_id=canvas, access_level="read", channel_ids=[channel]
        )
    except PostError as error:
        log.warning("a canvas is not shown: %s", error.message)
