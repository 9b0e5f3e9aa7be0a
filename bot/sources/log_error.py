"""Folds a traceback, plain or drawn as a box, into the error that it ends with.

Frames and local variables are never kept: locals may hold API keys and student text.
"""

import re

from bot.domain.log import LogError

MAX_MESSAGE_CHARS = 2_000

_BOX = re.compile(r"[\u2500-\u257f]")
_SPACE = re.compile(r"\s+")
_KIND = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Z]\w*)(?::[ \t]*(.*))?\Z")
_ERROR_WORD = re.compile(r"(?:Error|Exception|Timeout|Exit|Interrupt|Violation|Failure|Warning)")
_CODE = re.compile(r"sqlalche\.me/e/\d+/([0-9a-z]{4})")
_CONSTRAINT = re.compile(r"""constraint\\?["']([\w.]+)\\?["']""")
_MARKS = ("Traceback (most recent call last)", "Traceback(mostrecentcalllast)")


def error_of(text: str, *, head: str = "", needs_traceback: bool = True) -> LogError | None:
    """Return the error of a traceback text, None when there is none.

    `head` is the event's own text, which may quote the code and the constraint too.

    With `needs_traceback` False, a message that only quotes a database error ("IntegrityError
    ... sqlalche.me/e/20/gkpj") is read as well.
    """
    if not text.strip():
        return None
    compact = _SPACE.sub("", _BOX.sub("", f"{head}{text}"))
    code = _CODE.search(compact)
    constraint = _CONSTRAINT.search(compact)
    if not any(mark in text or mark in compact for mark in _MARKS) and needs_traceback:
        return None
    raised = _raised(text) if needs_traceback else _quoted(text)
    if not raised or (not needs_traceback and code is None and constraint is None):
        return None
    kind, message = raised[-1]
    return LogError(
        kind=kind,
        message=message[:MAX_MESSAGE_CHARS],
        chain=tuple(name for name, _ in raised),
        code=code[1] if code else "",
        constraint=constraint[1] if constraint else "",
    )


def _raised(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        match = None if line[:1].isspace() or _BOX.match(line) else _KIND.match(line.rstrip())
        if match and _ERROR_WORD.search(match[1]):
            found.append((match[1].rpartition(".")[2], (match[2] or "").strip()))
    return found


def _quoted(text: str) -> list[tuple[str, str]]:
    names = re.findall(r"\b((?:[A-Z]\w*)?(?:IntegrityError|PendingRollbackError))\b", text)
    return [(name, text.splitlines()[0]) for name in names[:1]]
