"""The second line: shapes of keys and of personal data, taken out of any text, our own included.

Each pattern is linear: bounded repeats, no nested ones, and nothing that begins at every character.
"""

import re

from bot.border.secret.by_owner import without_owned
from bot.border.shapes import UUID, changes_often, is_id, kinds_of, without_people
from bot.border.words import is_name
from bot.deferred import Pattern

HIDDEN = "***"

_URL_LOGIN = Pattern(
    r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{1,30}://)"
    r"[^\s/@\"'<>]{0,512}(?:/[^\s@\"'<>]{0,256})?@"
)
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        Pattern(
            r"-----BEGIN [A-Z0-9 ]{0,40}(?:KEY|CERTIFICATE)[A-Z ]{0,20}-----"
            r".*?(?:-----END[^-]{0,60}-----|\Z)",
            re.S,
        ),
        HIDDEN,
    ),
    (Pattern(r"\beyJ[\w-]{4,}(?:\.[\w-]*){0,4}"), HIDDEN),
    (
        Pattern(r"\bxox[a-z](?:\.xox[a-z])?-[\w-]{6,}|\bxapp-[\w-]{6,}|\bxoxe[.-][\w.-]{6,}"),
        HIDDEN,
    ),
    (Pattern(r"hooks\.slack\.com/[^\s\"'<>]+"), f"hooks.slack.com/{HIDDEN}"),
    (Pattern(r"\b(?:sk|pk|rk|whsec|sess)[-_](?=[\w-]{8})[\w-]+"), HIDDEN),
    (
        Pattern(
            r"\b(?:gh[pousr]_|github_pat_|glpat-|gldt-|glrt-|npm_|pypi-|hf_|gsk_|xai-|r8_|dop_v1_"
            r"|shpat_|sq0\w{3}-|AKIA|ASIA|AROA|AIza|ya29\.|SG\.|AC[a-f0-9]{4}|key-|nvapi-|pplx-|rpa_"
            r"|lin_api_|ntn_|secret_|figd_|PMAK-|dckr_pat_|ATATT|atlasv1)[\w.-]{10,}"
        ),
        HIDDEN,
    ),
    (
        Pattern(r"(?i)\b(AccountKey|SharedAccessSignature|SharedAccessKey|sig)=[^\s;&\"']{6,}"),
        rf"\1={HIDDEN}",
    ),
)
_LOGIN_SCHEME = Pattern(
    r"(?i)\b(bearer|basic|digest|negotiate)\s+(?!sha\d{1,3}:[0-9a-f]{40})[\"']?"
    r"(?=[\w.~+/:-]{0,4096}[A-Z0-9+/=])([\w.~+/=:-]{6,})"
)
# The two names that a web server's access log writes between address and time.
_REMOTE_USER = Pattern(
    r"(?<![\w.])((?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?) ([^\[\n]{1,160}) "
    r"(?=\[\d{2}/[A-Z][a-z]{2}/\d{4})"
)
# `user:password@host` without a scheme, as in lists of servers; no image's tag and digest.
_BARE_LOGIN = Pattern(r"(?<![\w/.:@-])[\w.-]{1,40}:[^\s@/\"'<>,;]{3,200}@(?=[A-Za-z])(?!sha\d)")
_REDIS_AUTH = Pattern(r'"(AUTH|HELLO)"(?:[^\S\n]+"[^"\n]{0,512}"){1,4}', re.I)
_HEX_DUMP = Pattern(r"(?<!\S)(?:[0-9a-fA-F]{2} {1,2}){1,16} {0,48}\|[^\n]{1,16}\|")
_HEX_PAIRS = Pattern(
    r"(?<!\w)(?:(?:[0-9a-fA-F]{2}[ :]{1,2}){7,64}[0-9a-fA-F]{2}"
    r"|(?=[0-9a-f ]{0,12}[a-f])(?:[0-9a-f]{2} ){3,7}[0-9a-f]{2})(?!\w)"
)
# What is left of a key that its reader masked: `sk-…****5uB3`.
_MASKED = Pattern(r"(?<![\w*])[\w-]{0,64}\*{2,400}(?=[\w-]{0,32}\d)[\w-]{1,32}(?!\w)")
_LONG_WORD = Pattern(r"[A-Za-z0-9+/_=-]{24,}")
_JOINTS = Pattern(r"[-_/+=]")
_HEX = Pattern(r"[0-9a-fA-F]{32,}")
_SHOWN_HEX = Pattern(r"(?:sha\d{1,3}[:-])?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})")


def without_secrets(text: str) -> str:
    """Return `text` without keys, logins in addresses and personal data; other words stay."""
    if "://" in text:
        text = _URL_LOGIN.sub(rf"\1{HIDDEN}@", text)
    if "@" in text:
        text = _BARE_LOGIN.sub(f"{HIDDEN}@", text)
    if '" "' in text:
        text = _REDIS_AUTH.sub(rf'"\1" {HIDDEN}', text)
    if "|" in text:
        text = _HEX_DUMP.sub(HIDDEN, text)
    text = _REMOTE_USER.sub(_remote, text)
    text = _HEX_PAIRS.sub(HIDDEN, text)
    if "**" in text:
        text = _MASKED.sub(HIDDEN, text)
    text = _LOGIN_SCHEME.sub(_login, text)
    for pattern, replacement in _SHAPES:
        text = pattern.sub(replacement, text)
    return without_people(without_owned(text, HIDDEN), HIDDEN)


def _login(match: re.Match[str]) -> str:
    """Hide what a scheme of logins leads to; a known word, "Basic information", is none."""
    word = match[2].rstrip(".:")
    is_plain = word.isalpha() and word[1:].islower() and is_name(word)
    return match.group() if is_plain else f"{match[1]} {HIDDEN}"


def _remote(match: re.Match[str]) -> str:
    return match.group() if match[2] == "- -" else f"{match[1]} {HIDDEN} "


def without_opaque_words(text: str) -> str:
    """Return `text` without long words that look random; uuids and digests stay."""
    parts = UUID.split(text)
    return "".join(
        part if index % 2 else _LONG_WORD.sub(_opaque, part) for index, part in enumerate(parts)
    )


def _opaque(match: re.Match[str]) -> str:
    key, equals, word = match.group().rpartition("=")
    if not word.strip("="):
        key, equals, word = "", "", match.group()
    if _SHOWN_HEX.fullmatch(word) or is_id(word):
        return match.group() if not key or not _is_opaque(key) else f"{HIDDEN}{equals}{word}"
    return HIDDEN if _is_opaque(match.group()) else match.group()


def _is_opaque(word: str) -> bool:
    return _HEX.search(word) is not None or (_looks_random(word) and not is_name(word))


def _looks_random(word: str) -> bool:
    """Keys change between letters, capitals and digits far more often than names and paths do."""
    if not changes_often(word):
        return False
    kinds = kinds_of(word)
    longest = max(len(part) for part in _JOINTS.split(word))
    return longest >= 24 or (any(map(str.islower, kinds)) and any(map(str.isupper, kinds)))
