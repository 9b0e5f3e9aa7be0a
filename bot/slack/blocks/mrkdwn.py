"""The one border where outside text becomes Slack text: cleaned, escaped once, clamped after.

Slack gives `& < >` a meaning in mrkdwn and in a message's top-level text; everything that pings
or links is written with `<`, so escaping those three is what stops mentions
(https://docs.slack.dev/messaging/formatting-message-text#escaping).
"""

import re
from datetime import UTC, datetime
from typing import NewType

from bot.domain.ids import short_id
from bot.domain.words import Command, Id, Part, Span, Time, Words, span_words, spelled
from bot.text.redaction import ELLIPSIS, plain

Mrkdwn = NewType("Mrkdwn", str)

MAX_READ_CHARS = 20_000
CODE_CHARS = 200
_SEPARATORS = re.compile("[\u2028\u2029\x85]")
_MENTION = re.compile(r"<(?=[!@#])")
_FORMATS = re.compile(r"[*_~`]")
_AT = " at "
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
    return _entities(clean(text))


def _entities(line: str) -> Mrkdwn:
    return Mrkdwn(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def clamp(text: str, limit: int) -> Mrkdwn:
    """Return escaped `text` in at most `limit` characters, cut between two words where it has any.

    It is never cut inside an entity or a token. Slack counts characters after escaping, so this
    comes after `escape`.
    """
    if len(text) <= limit:
        return Mrkdwn(text)
    head = _whole_words(text, max(0, limit - 1))
    head = _TOKEN.sub("", _ENTITY.sub("", head)).rstrip()
    return Mrkdwn(head + ELLIPSIS) if limit > 0 else Mrkdwn("")


def mrkdwn(text: object, limit: int) -> Mrkdwn:
    """Return a text for a mrkdwn place: cleaned, escaped, clamped; its times are date tokens."""
    if isinstance(text, Words):
        return clamp(spelled(text, _in_mrkdwn).strip(), limit)
    return clamp(escape(text), limit)


def _in_mrkdwn(part: Part) -> str:
    match part:
        case Time():
            return f"{_entities(between_parts(before_date(part.lead)))}{date_token(part.at)}"
        case Id():
            return code(short_id(part.value), CODE_CHARS)
        case Command():
            return code(part.line, CODE_CHARS)
        case _:
            return _entities(as_literal(part))


def literal(text: object, limit: int) -> str:
    """Return a text for a place that shows characters only (plain_text, raw_text, notifications).

    Slack parses nothing there; the `<` of what looks like a mention is changed all the same, so
    that a copy of the text mentions no one either. No time can be shown in its reader's zone, so
    none is: it goes with its lead.
    """
    whole = spelled(text, as_literal).strip() if isinstance(text, Words) else clean(text)
    line = without_mentions(whole)
    return cut(line, limit)


def cut(line: str, limit: int) -> str:
    """Return a line in at most `limit` characters, between two words where it has any."""
    if len(line) <= limit:
        return line
    return _whole_words(line, max(0, limit - 1)).rstrip() + ELLIPSIS


def _whole_words(line: str, limit: int) -> str:
    """Return the words of a line that fit; where they are next to nothing, its beginning."""
    head = line[:limit]
    if line[limit : limit + 1] == " ":
        return head
    place = head.rfind(" ")
    return head[:place] if place > limit // 4 else head


def without_mentions(line: str) -> str:
    """Return a line in which nothing looks like a mention."""
    return _MENTION.sub("‹", line)


def as_literal(part: Part) -> str:
    """Return a part of a text as characters, without its time."""
    match part:
        case Time():
            return ""
        case Span():
            return span_words(part.length)
        case Id():
            return clean(short_id(part.value))
        case Command():
            return clean(part.line)
        case _:
            return between_parts(part)


def between_parts(text: str) -> str:
    """Return a string of typed text as one visible line; blanks at its ends stay."""
    line = clean(f"|{str(text)[: MAX_READ_CHARS - 2]}|")
    return line.removeprefix("|").removesuffix("|")


def before_date(lead: str) -> str:
    """Return what leads to a time: Slack begins one with its date, so `at` does not stand before.

    It says `restarted Today 15:29`, and not `restarted at Today 15:29`.
    """
    return lead[: -len(_AT)] + " " if lead.endswith(_AT) else lead


def quoted(text: object, limit: int) -> Mrkdwn:
    """Return a text in which no character formats: as code where one would."""
    if not isinstance(text, Words) and _FORMATS.search(str(text)):
        return code(text, limit)
    return mrkdwn(text, limit)


def code(text: object, limit: int) -> Mrkdwn:
    """Return outside text as inline code; its own backticks cannot end the span."""
    inner = clamp(escape(text).replace("`", "ˋ"), max(1, limit - 2))
    return Mrkdwn(f"`{inner or ' '}`")


def utc(at: datetime) -> str:
    """Return what stands in a date's place where Slack cannot show it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def date_token(at: datetime) -> Mrkdwn:
    """Return a time that each reader sees in their own zone, with UTC as the fallback."""
    stamp = int(at.timestamp())
    return Mrkdwn(f"<!date^{stamp}^{{date_short_pretty}} {{time_secs}}|{utc(at)}>")


def short_ids(text: str) -> str:
    """Return `text` with uuids cut to their first eight digits, for buttons and headings."""
    return _UUID_TAIL.sub(r"\1", text)
