"""Takes secrets, student text and terminal tricks out of one piece of outside text.

What a service writes into an error message is not ours to trust: it may hold API keys, a DSN
with its password, an essay in its SQL parameters. Every such text passes here before it leaves.
"""

import re
from collections.abc import Callable

MAX_TEXT_CHARS = 200
MAX_READ_CHARS = 16_384
HIDDEN = "***"
ELLIPSIS = "…"

UUID = re.compile(
    r"(?<![0-9a-fA-F])([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?![0-9a-fA-F])"
)
_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|(?:\x1b\[|\x9b)[0-?]*[@-~]?"
    r"|\x1b[()#%*+][0-9A-Za-z]|\x1b[0-~]?"
)
# Zero-width and direction marks can split a secret so that no pattern sees it; a lone surrogate
# cannot be encoded at all.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_STUDENT_KEYS = (
    r"user_prompt|prompt_text|prompt_blocks|prompt|essay_text|essay_content|essay_[ab]_text"
    r"|assessment_input_text|justification|raw_llm_response|raw_response|student_name|feedback"
)
_HIDDEN_KEYS = (
    r"(?:api[_-]?key|access[_-]?key|private[_-]?key|secret|token(?!s|_usage)|passw(?:or)?d"
    r"|passphrase|pwd|credential|signature|session[_-]?id)[\w.-]{0,40}"
    r"|(?<![\w.-])(?:sig|(?:user|org|organi[sz]ation|owner|teacher|student)_?id)"
)
_VALUE = r"""(?:b?"(?:[^"\\]|\\.)*"?|b?'(?:[^'\\]|\\.)*'?|[^\s&]+)"""

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # SQLAlchemy's own text: parameters are rows, and a row may be an essay with any bracket in it.
    (re.compile(r"\[SQL:.*?(?=\[parameters:|\(Background on|\Z)", re.S), "[SQL …] "),
    (re.compile(r"\[parameters:.*?(?=\(Background on|\Z)", re.S), "[parameters …] "),
    (re.compile(r"Failing row contains \(.*?(?=\[SQL|\(Background on|\Z)", re.S), "Failing row … "),
    (re.compile(r"input_value=.*?(?=, input_type=|\Z)", re.S), "input_value=…"),
    (
        re.compile(
            rf"""(?i)(?<![\w-])({_STUDENT_KEYS})(["']?\s*[:=]\s*)"""
            r"""("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\n]+)"""
        ),
        r"\1\2…",
    ),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END[^-]*-----|\Z)", re.S), HIDDEN),
    (re.compile(r"(?i)\b(bearer)\s+[\"']?[\w.~+/=:-]{4,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\b([Bb]asic)\s+(?=[a-z]*[A-Z0-9+/=])[A-Za-z0-9+/]{6,}=*"), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"""(?i)((?:authorization|cookie)["']?\s*[:=]\s*)("[^"\n]*"?|'[^'\n]*'?|[^\n"']+)"""
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"eyJ[\w-]{4,}(?:\.[\w-]*){0,4}"), HIDDEN),
    (re.compile(r"\bxox[a-z](?:\.xox[a-z])?-[\w-]+|\bxapp-[\w-]+"), HIDDEN),
    (re.compile(r"hooks\.slack\.com/\S+"), f"hooks.slack.com/{HIDDEN}"),
    (re.compile(r"\b[srp]k[-_](?=[\w-]{6})[\w-]+"), HIDDEN),
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|AKIA|ASIA|AIza|ya29\.)[\w-]{10,}"), HIDDEN),
    (re.compile(r"(?<![\w+.-])([A-Za-z][\w+.-]*://)\S{0,2048}@"), rf"\1{HIDDEN}@"),
    (re.compile(rf"""(?i)({_HIDDEN_KEYS})(["']?\s*[:=]\s*)({_VALUE})"""), r"\1\2***"),
    (re.compile(r"(?<![\w.+%'-])[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
)
_LONG_WORD = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_RUNS = re.compile(r"[0-9]+|[A-Z]+|[a-z]+|[+/_=-]+")
_HEX = re.compile(r"[0-9a-fA-F]{32,}")


def redact(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Return `text` as one line that may be shown: no secret, no SQL parameter, no terminal code.

    Uuids stay readable. The result is at most `limit` characters, its end marked by an ellipsis
    when something was cut off. Only the first `MAX_READ_CHARS` characters are looked at: what
    this costs is bounded, however long the text is.
    """
    clean = _hide(_plain_head(text))
    return clip(" ".join(clean.split()), limit)


def plain(text: str) -> str:
    """Return `text` without terminal codes, invisible marks and control characters."""
    return _CONTROL.sub(" ", _INVISIBLE.sub("", without_escapes(text)))


def without_escapes(text: str) -> str:
    """Return `text` without terminal codes (colours, titles, cursor moves)."""
    return _ESCAPES.sub("", text) if "\x1b" in text or "\x9b" in text else text


def clip(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Return `text` in at most `limit` characters, the cut marked by an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: max(0, limit - 1)].rstrip() + ELLIPSIS if limit > 0 else ""


def _plain_head(text: str) -> str:
    """Return plain `text`, at most of its first `MAX_READ_CHARS` characters, in whole words."""
    if len(text) <= MAX_READ_CHARS:
        return plain(text)
    head = plain(text[:MAX_READ_CHARS])
    # A secret cut in two no longer looks like one: the word at the cut goes as a whole. It is
    # sought after cleaning, because a terminal code within a word may hold spaces.
    words = head.rsplit(None, 1)
    return words[0] if len(words) > 1 else ""


def _hide(text: str) -> str:
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return _outside_uuids(text, lambda part: _LONG_WORD.sub(_hide_opaque, part))


def _outside_uuids(text: str, change: Callable[[str], str]) -> str:
    parts = UUID.split(text)
    return "".join(part if index % 2 else change(part) for index, part in enumerate(parts))


def _hide_opaque(match: re.Match[str]) -> str:
    word = match.group()
    return HIDDEN if _HEX.search(word) or _looks_random(word) else word


def _looks_random(word: str) -> bool:
    """Keys change between letters, capitals and digits far more often than names and paths do."""
    kinds = [run[0] for run in _RUNS.findall(word)]
    if len(kinds) - 1 < 0.3 * len(word):
        return False
    longest = max(len(part) for part in re.split(r"[-_/+=]", word))
    return longest >= 24 or (any(map(str.islower, kinds)) and any(map(str.isupper, kinds)))
