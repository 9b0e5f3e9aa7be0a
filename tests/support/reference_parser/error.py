"""Extracts the error of one event from its traceback, its SQLAlchemy text or its fields."""

import re
from collections.abc import Mapping, Sequence

from bot.domain.log import LogError

BOX = "\u2500-\u257f"
_UNSEEN = re.compile(rf"\s+|[{BOX}]+|\\n|\\u25[0-7][0-9a-f]")
KIND = re.compile(r"(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)(?::(?: (.*)|)|)\Z", re.S)
_SQLALCHEMY = re.compile(
    r"\((?:[a-z_]\w*\.)+([A-Z]\w*)\)\s*<class\s*'(?:\w+\.)*(\w+)'>:?\s*([^\n]*)"
)
# Not anywhere in a line: a box quotes source lines and locals, and those may say "Traceback".
_START = re.compile(r"[\s|+]*(?:╭[\s─]*)?(?:Exception Group )?Traceback \(most recent call last\)")
_NAMED = re.compile(r"\b([A-Z]\w*(?:Error|Exception)): ([^\n]*)")
_CODE = re.compile(r"sqlalche\.me/e/\w{2}/(\w{4})")
_CONSTRAINT = re.compile(r"constraint\\*[\"'](\w+)\\*[\"']")
_CODE_KINDS = {"gkpj": "IntegrityError", "7s2a": "PendingRollbackError"}
PIECES = (
    "DETAIL:", "HINT:", "CONTEXT:", "[SQL:", "[parameters:", "(Background on", "During handling",
    "The above exception", "Traceback (most recent", "Original exception",
)  # fmt: skip
_WRAPPED_AT = 60
MAX_MESSAGE_CHARS = 2_000
MAX_CHAIN = 20
FAILED = frozenset({"error", "critical"})


def compact(text: str) -> str:
    """Return `text` without whitespace and box drawing, so that a wrapped id is whole again."""
    return _UNSEEN.sub("", text)


def holds(text: str, words: Sequence[str]) -> bool:
    """Say whether an event's text holds any of `words`, even cut by wrapping or by a box."""
    if any(word in text for word in words):
        return True
    if "\n" not in text and "\\n" not in text:
        return False
    bare = compact(text)
    return any(compact(word) in bare for word in words if word.strip())


def is_traceback_start(line: str) -> bool:
    """Say whether a traceback, plain or drawn as a box, begins at this line."""
    return "Traceback (most" in line and _START.match(line) is not None


def error_of(event: str, trace: str, level: str, fields: Mapping[str, object]) -> LogError | None:
    """Return the error that an event reports, or None when it reports none.

    `trace` is the traceback text or "". The last class of a chain is the error's kind.
    """
    raised = _raised(trace.split("\n")) if trace else []
    whole = f"{event}\n{trace}"
    found = _from_raised(raised) or _from_text(event, trace, level, fields)
    if found is None:
        return None
    bare = compact(whole) if ("sqlalche" in whole or "constraint" in whole) else ""
    code = (_CODE.findall(bare) or [""])[-1]
    constraint = _CONSTRAINT.search(bare)
    kind, message, chain = found
    return LogError(
        kind=kind,
        message=message[:MAX_MESSAGE_CHARS],
        chain=tuple(chain[:MAX_CHAIN]),
        code=code,
        constraint=constraint.group(1) if constraint else "",
        cause=raised[0][1][:MAX_MESSAGE_CHARS] if len(raised) > 1 else "",
    )


_Found = tuple[str, str, list[str]]


def _from_raised(raised: list[tuple[str, str]]) -> _Found | None:
    if not raised:
        return None
    kind, message = raised[-1]
    return kind, message, [name for name, _ in raised]


def _from_text(event: str, trace: str, level: str, fields: Mapping[str, object]) -> _Found | None:
    found = _SQLALCHEMY.search(f"{event}\n{trace}")
    if found:
        inner, message = found.group(2), found.group(3)
        codes = _CODE.findall(compact(f"{event}\n{trace}"))
        kind = _CODE_KINDS.get(codes[-1], found.group(1)) if codes else found.group(1)
        return kind, message, list(dict.fromkeys((inner, found.group(1), kind)))
    for key in ("error_type", "exception_type"):
        kind_field = fields.get(key)
        if isinstance(kind_field, str) and kind_field:
            return kind_field.rsplit(".", 1)[-1], event.split("\n", 1)[0], [kind_field]
    named = _NAMED.search(event) if level in FAILED or not level else None
    return (named.group(1), named.group(2), [named.group(1)]) if named else None


def _raised(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return (class, message) of each exception of a traceback text, first raised first."""
    raised: list[tuple[str, str]] = []
    inside = boxed = False
    for number, line in enumerate(lines):
        line = line.rstrip().removeprefix("  | ").removeprefix("    | ")
        if is_traceback_start(line):
            inside, boxed = True, line.lstrip()[:1] == "╭"
        elif inside and _is_outside_frames(line, boxed):
            inside = False
            found = KIND.match(line)
            if found:
                message = found.group(2) or ""
                raised.append(
                    (found.group(1), message + _rest(line, lines[number + 1 :][:40], boxed))
                )
    return raised


def _is_outside_frames(line: str, boxed: bool) -> bool:
    if not line or line[0].isspace():
        return False
    return not (boxed and line[0] in "│╭╰|+")


def _rest(line: str, following: Sequence[str], boxed: bool) -> str:
    """Return what wrapping cut off the first line of a message drawn below a box."""
    rest = ""
    for next_line in following if boxed else ():
        text = next_line.strip()
        if len(line) < _WRAPPED_AT or not text or text.startswith(PIECES):
            break
        rest, line = f"{rest} {text}", next_line
    return rest
