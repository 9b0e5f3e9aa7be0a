"""Reads out of files of sources and catalogues what software may write, as templates.

Python by its syntax; Go, Java, Scala, C and Erlang by their literals; catalogues of gettext
(`.po`, `.pot`) by their first language; a file `.strings` line by line, such as `strings` makes of
a binary.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# What is filled in: a number has a shape, anything else is judged where it stands.
ANYTHING, NUMBER = "\ue010", "0"
_FILLED = re.compile(
    r"%%|%\((?:\w+)\)[#0+-]*\d*(?:\.\d+)?[a-zA-Z]"
    r"|%[#0+-]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j|t|L|q)?[diuoxXeEfgGcrsavwVtTqpUbmM]"
    r"|\$?\{[^{}]*\}|\$[A-Za-z_]\w*|~[\d.*-]{0,6}t?[a-zA-Z]"
)
_NUMBERS = "diuoxXeEfgGbB"
_LOGS = frozenset(
    ["debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log", "msg"]
)
_TEXTS = frozenset(["event", "message", "msg", "detail"])
# What an error's class says; so may a constant.
_ATTRIBUTES = frozenset(["description", "message", "msg", "reason", "detail", "error", "template"])
# A comment, a letter in quotes, or a literal.
_PARTS = re.compile(
    r"//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|'(?:\\.|[^'\\\n])'|`[^`]*`"
    r'|"((?:[^"\\\n]|\\.)*)"'
)
# What may stand between two literals that are one text, a macro's name among it.
_JOINED = re.compile(r"[\s+]*(?:[A-Z][A-Z0-9_]{2,20}[\s+]*)?|\s*\+[^\"+,;{}]{1,60}\+\s*")
MOST_BETWEEN = 120
_MESSAGE = re.compile(
    r'^(?:#~ )?(msgid(?:_plural)?|msgctxt|msgstr(?:\[\d\])?)? ?"((?:[^"\\]|\\.)*)"$'
)
_ESCAPES = {"n": "\n", "t": " ", "r": " "}
# Erlang's end of a line, as its formats write it.
_ERLANG_LINE = "~n"
# A sentence of more words is a manual's, and so is what describes a setting.
MOST_WORDS, LEAST_WORDS = 45, 2
MOST_CHARS = 400
# What help on options, imports and pieces of code hold, and messages hardly.
_CODE = re.compile(
    r"^\s*(-{1,2}[a-z]|usage|\[?--)|github\.com|[{}<>;]{3,}|\bassert|==|->|\(\)|__|0x0 0x0|\|"
)
_WORD = re.compile(r"(?<!\S)[\"'(\[]?[A-Za-z][a-z']+")
CALLED = (".go", ".java", ".scala", ".c", ".h", ".cc", ".cpp", ".erl")


def templates(path: Path) -> Iterator[str]:
    """Yield what a file of sources may write, with marks where something is filled in."""
    if path.suffix == ".py":
        yield from _of_python(path)
        return
    text = path.read_text(encoding="utf-8", errors="replace") if path.suffix in _READERS else ""
    yield from filter(_is_said, _READERS.get(path.suffix, _of_lines)(text))


def _of_lines(text: str) -> Iterator[str]:
    yield from map(marked, text.split("\n"))


def _of_python(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        given: list[ast.expr] = []
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            given = [*node.exc.args, *(word.value for word in node.exc.keywords)]
        elif isinstance(node, ast.Call) and _writes(node.func):
            given = [*node.args, *(word.value for word in node.keywords if word.arg in _TEXTS)]
        elif isinstance(node, ast.Dict):
            given = node.values
        elif isinstance(node, ast.Assign):
            names = {getattr(one, "id", "") for one in node.targets}
            is_said = any(name in _ATTRIBUTES or name.isupper() for name in names)
            given = [node.value] if is_said else []
        for one in given:
            text = _text_of(one)
            if text is not None and _is_said(text):
                yield text


def _writes(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    # An error's class, or what is made of its own.
    return name in _LOGS or name[:1].isupper() or name == "__init__"


def _text_of(node: ast.expr) -> str | None:
    """Return the template that an expression is, or None where it is no text."""
    match node:
        case ast.Constant(value=str() as text):
            return marked(text)
        case ast.JoinedStr(values=parts):
            return "".join(_text_of(part) or ANYTHING for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            sides = _text_of(left), _text_of(right)
            return None if sides == (None, None) else "".join(s or ANYTHING for s in sides)
        case ast.BinOp(left=left, op=ast.Mod()):
            return _text_of(left)
        case ast.Call(func=ast.Attribute(value=text, attr="format")):
            return _text_of(text)
    return None


def _of_literals(text: str) -> Iterator[str]:
    joined, last = "", 0
    for part in _PARTS.finditer(text):
        if part[1] is None:
            continue
        between = text[last : part.start()][:MOST_BETWEEN]
        if joined and _JOINED.fullmatch(between):
            joined += ANYTHING if between.strip(" \t\n+") else ""
        elif joined:
            yield marked(joined)
            joined = ""
        joined += _read(part[1])
        last = part.end()
    yield marked(joined)


def _of_catalogue(text: str) -> Iterator[str]:
    """Yield the messages of a catalogue, not their translations."""
    kind, said = "", ""
    for line in (*text.split("\n"), 'msgid ""'):
        found = _MESSAGE.match(line)
        if found is None:
            continue
        if found[1] is not None:
            if kind.startswith("msgid"):
                yield marked(said)
            kind, said = found[1], ""
        said += _read(found[2])


def _read(literal: str) -> str:
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), literal)


def _is_said(template: str) -> bool:
    """Say whether a template is a message: some words and not a manual's many."""
    few = len(template) < MOST_CHARS and not _CODE.search(template)
    return few and LEAST_WORDS <= len(_WORD.findall(template)) <= MOST_WORDS


def marked(text: str) -> str:
    """Return a text of sources with marks for what is filled in."""
    return _FILLED.sub(_mark, text)


def _mark(match: re.Match[str]) -> str:
    if match.group() == "%%":
        return "%"
    is_number = match.group()[0] in "%~" and match.group()[-1] in _NUMBERS
    return NUMBER if is_number else ANYTHING


def _of_erlang(text: str) -> Iterator[str]:
    return _of_literals(text.replace(_ERLANG_LINE, r"\n"))


_READERS = {
    ".strings": _of_lines,
    ".po": _of_catalogue,
    ".pot": _of_catalogue,
    **dict.fromkeys(CALLED, _of_literals),
    ".erl": _of_erlang,
}
