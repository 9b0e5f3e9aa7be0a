"""Outside text made readable before anything is matched in it: bounded, decoded, normalised."""

import html
import re
import unicodedata
from urllib.parse import unquote

from bot.deferred import Pattern

HEAD_CHARS, TAIL_CHARS = 6_144, 2_048
# Stands for what was cut out, until each side of it was judged; no text from outside holds it.
CUT_SIGN = "\ue001"
CUT = f"\n{CUT_SIGN}\n"
ROUNDS = 4

_ESCAPES = Pattern(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|(?:\x1b\[|\x9b)[0-?]*[@-~]?"
    r"|\x1b[()#%*+][0-9A-Za-z]|\x1b[0-~]?"
)
# Nearly every terminal code; looked for first, it is found three times as fast.
_COLOUR = Pattern("\x1b\\[[0-9;]*m")
_BREAKS = Pattern("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = Pattern(r"[\x1f\x80-\x84\x86-\x9f]")
_BACKSPACED = Pattern("[^\x08\n]\x08")
_REVERSED = Pattern("\u202e([^\u202c\n]{0,2000})\u202c?")
_SPACED = Pattern(r"(?<!\w)(?:[^\W\d_]\s){3}(?:\w\s)*\w(?!\w)|(?<!\w)(?:\w\s{1,3}){7,}\w(?!\w)")
# Letters and digits with pictures between them.
_PICTURED = Pattern(
    "(?<!\\w)\\w(?: {0,2}[\u2190-\u2bff\U0001f000-\U0001faff]{1,3} {0,2}\\w(?!\\w)){2,}"
)
_CHAR_LIST = Pattern(r"""(?:"[^"\n]?", ?){3,}"[^"\n]?"|(?:'[^'\n]?', ?){3,}'[^'\n]?'""")
_QUOTED_CHAR = Pattern(r"""(?:"([^"\n]?)"|'([^'\n]?)'),?""")
# The borders of tables and panels say nothing.
_DASHES = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2212\ufe63\uff0d", "-")
    | dict.fromkeys(map(chr, range(0x2500, 0x2580)), " ")
)
# Format characters (Cf), variation selectors and fillers: invisible, so they can split a word in
# two for a pattern while a person reads it as one.
_INVISIBLE = Pattern(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
    "\U0001d173-\U0001d17a\x00-\x08\x0e-\x1b\x7f\ud800-\udfff]"
    # Behind a picture this one says that it is drawn in colours; elsewhere it splits words.
    "|(?<![\u2190-\u2bff\U0001f000-\U0001faff])\ufe0f"
)
_PERCENT = Pattern(r"%[0-9A-Fa-f]{2}")
_ESCAPED = Pattern(
    r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))",
    re.S,
)
_SHORT = {"n": "\n", "r": "\n", "t": " ", "b": " ", "f": " ", "v": " ", "a": " ", "0": " "}
_KEY = r"[A-Za-z_][\w.@-]{0,80}"
# Where a text that begins anywhere says for itself what follows: a key in quotes, a line that
# begins as those of logs and traces do, a bare key with its sign.
_CLEAN = Pattern(
    rf"""(?P<quoted>[,{{]\s{{0,2}}(?=\\{{0,8}}["']{_KEY}\\{{0,8}}["']\s?:))"""
    r"|(?P<line>\n(?=[ \t]{0,8}(?:Traceback |File \"|During handling |The above exception "
    r"|[\w.]{1,120}(?:Error|Exception|Warning|Exit|Interrupt)\b|\d{4}-\d\d-\d\d[T ]"
    rf"""|[{{"']{{0,2}}{_KEY}["']?\s?[:=])))"""
    rf"|(?P<bare>[\s,;&?](?={_KEY}=[^=\s]))"
)
_ENTITY = Pattern(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});?")


def readable(raw: str) -> str:
    """Return `raw` bounded, decoded and normalised, with line breaks kept as `\\n`.

    Decodes percent encoding, JSON and unicode escapes and HTML entities until nothing changes,
    in at most ROUNDS rounds. The result holds at most twice HEAD_CHARS + TAIL_CHARS characters.
    """
    text = visible(bounded(raw.replace(CUT_SIGN, " ")))
    for _ in range(ROUNDS):
        decoded = _decoded(text)
        if decoded == text:
            break
        text = visible(decoded)
    if not text.isascii():
        text = _PICTURED.sub(_joined, text)
    text = _CHAR_LIST.sub(_listed, _SPACED.sub(_joined, text))
    return bounded(text.replace('"""', '"').replace("'''", "'"))


def _joined(match: re.Match[str]) -> str:
    """Return letters that stand alone as the word that they spell."""
    return "".join(char for char in match.group() if char.isalnum() or char == "_")


def _listed(match: re.Match[str]) -> str:
    """Return a list of single characters as the one text that it spells, in quotes."""
    spelt = "".join(found[1] or found[2] or "" for found in _QUOTED_CHAR.finditer(match.group()))
    return f'"{spelt.replace(chr(34), "")}"'


def bounded(text: str) -> str:
    """Return head and tail of a text that is too long, each ending at a word's end.

    A word at the head's cut is dropped as a whole: a secret cut in two no longer looks like one.
    The key of what stands behind the cut may lie in what was cut out. So the tail is dropped up
    to where it says for itself what follows, and as a whole where it never does.
    """
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    head, tail = text[:HEAD_CHARS], text[-TAIL_CHARS:]
    before, blank, _ = head.rpartition(" ")
    clean = _CLEAN.search(tail)
    return f"{before if blank else ''}{CUT}{tail[clean.end() :] if clean else ''}"


def visible(text: str) -> str:
    """Return `text` without terminal codes, invisible and control characters, in form NFKC."""
    if text.isascii() and text.isprintable():
        return text
    text = _typed(without_escapes(text)).translate(_DASHES)
    text = _INVISIBLE.sub("", _composed(_INVISIBLE.sub("", text)))
    return _CONTROL.sub(" ", _BREAKS.sub("\n", text))


def _typed(text: str) -> str:
    """Return `text` as it looks: backspaces and reversed writing carried out."""
    if "\x08" in text:
        for _ in range(ROUNDS):
            text = _BACKSPACED.sub("", text)
    if "\u202e" in text:
        text = _REVERSED.sub(lambda found: found[1][::-1], text)
    return text


def _composed(text: str) -> str:
    """Return `text` in form NFKC, but with the mark of what was cut off as it is."""
    return "…".join(unicodedata.normalize("NFKC", part) for part in text.split("…"))


def without_escapes(text: str) -> str:
    """Return `text` without terminal codes (colours, titles, cursor moves)."""
    if "\x1b" not in text and "\x9b" not in text:
        return text
    bare = "".join(_COLOUR.split(text))
    return bare if "\x1b" not in bare and "\x9b" not in bare else _ESCAPES.sub("", text)


def _decoded(text: str) -> str:
    if "%" in text and _PERCENT.search(text):
        text = unquote(text, errors="replace")
    if "\\" in text:
        text = _ESCAPED.sub(_unescaped, text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    return text


def _unescaped(match: re.Match[str]) -> str:
    *codes, char = match.groups()
    code = next(filter(None, codes), None)
    if code is None:
        return _SHORT.get(char, char)
    number = int(code, 16)
    return chr(number) if number <= 0x10FFFF else " "
