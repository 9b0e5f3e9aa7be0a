"""The one border where outside text becomes Slack text: cleaned, escaped once, clamped after.

Slack gives `& < >` a meaning in mrkdwn and in a message's top-level text; everything that pings
or links is written with `<`, so escaping those three is what stops mentions
(https://docs.slack.dev/messaging/formatting-message-text#escaping).
"""

import re
from datetime import UTC, datetime
from typing import NewType

from bot.text.redaction import ELLIPSIS, plain

Mrkdwn = NewType("Mrkdwn", str)

MAX_READ_CHARS = 20_000
_SEPARATORS = re.compile("[\u2028\u2029\x85]")
_MENTION = re.compile(r"<(?=[!@#])")
_ENTITY = re.compile(r"&[a-z]{0,3}$")
_TOKEN = re.compile(r"<[^<>]*$")
_UUID_TAIL = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f-]{18,22}[0-9a-f]{4}\b", re.IGNORECASE)


def clean(text: object) -> str:
    """Return any value as one visible line: no control, ANSI, direction or surrogate characters.

    At most MAX_READ_CHARS are read, so that a megabyte costs no more than a page.
    """
    raw = str(text)[:MAX_READ_CHARS]
    return " ".join(plain(_SEPARATORS.sub(" ", raw)).split())


def escape(text: object) -> Mrkdwn:
    """Return `text` cleaned and with Slack's three control characters as entities."""
    line = clean(text)
    return Mrkdwn(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def clamp(text: str, limit: int) -> Mrkdwn:
    """Return escaped `text` in at most `limit` characters, never cut inside an entity or a token.

    Slack counts characters after escaping, so this comes after `escape`.
    """
    if len(text) <= limit:
        return Mrkdwn(text)
    cut = text[: max(0, limit - 1)]
    cut = _TOKEN.sub("", _ENTITY.sub("", cut)).rstrip()
    return Mrkdwn(cut + ELLIPSIS) if limit > 0 else Mrkdwn("")


def mrkdwn(text: object, limit: int) -> Mrkdwn:
    """Return outside text for a mrkdwn place: cleaned, escaped, clamped."""
    return clamp(escape(text), limit)


def literal(text: object, limit: int) -> str:
    """Return outside text for a literal container (rich_text, raw_text, plain_text).

    Slack parses nothing there; the `<` of what looks like a mention is changed all the same, so
    that a copy of the text mentions no one either.
    """
    line = _MENTION.sub("‹", clean(text))
    return line if len(line) <= limit else line[: max(0, limit - 1)].rstrip() + ELLIPSIS


def code(text: object, limit: int) -> Mrkdwn:
    """Return outside text as inline code; its own backticks cannot end the span."""
    inner = clamp(escape(text).replace("`", "ˋ"), max(1, limit - 2))
    return Mrkdwn(f"`{inner or ' '}`")


def utc(at: datetime) -> str:
    """Return a time as people read it where there is no reader's zone."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def date_token(at: datetime) -> Mrkdwn:
    """Return a time that each reader sees in their own zone, with UTC as the fallback."""
    stamp = int(at.timestamp())
    return Mrkdwn(f"<!date^{stamp}^{{date_short_pretty}} {{time_secs}}|{utc(at)}>")


def short_ids(text: str) -> str:
    """Return `text` with uuids cut to their first eight digits, for buttons and headings."""
    return _UUID_TAIL.sub(r"\1…", text)


def duration(seconds: float) -> str:
    """Return a span in the two largest units that matter: 45 s, 7 min, 2 h 05 min, 3 d 4 h."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min"
    if whole < 86_400:
        return f"{whole // 3_600} h {whole % 3_600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"
