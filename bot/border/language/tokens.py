"""Outside text as tokens: words, quotes, brackets and separators, and which brackets match."""

from typing import NamedTuple

from bot.deferred import Pattern

_TOKEN = Pattern(
    r"(?P<word>f(?:[cd][0-9a-f]{2}|e80)(?::[0-9a-f]{0,4}){2,7}(?![\w:])"
    r"|\w(?:[\w.@/%+~#$*-]|:(?=[\w/])|(?<=\w\w)['’](?=\w))*)"
    r"|(?P<flag>(?<![\w-])--?[A-Za-z][\w-]*)"
    r"|(?P<quote>[\"'`“”„«»‘’])"
    r"|(?P<open>[(\[{<])|(?P<close>[)\]}>])"
    r"|(?P<equals>=)|(?P<colon>:)|(?P<comma>[,;|&])|(?P<line>\n)|(?P<space>[^\S\n]+)|(?P<other>.)"
)
_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
_CLOSING_QUOTES = {"“": "”", "„": "”", "«": "»", "‘": "’"}


class Token(NamedTuple):
    """One token: its kind, a group's name in the pattern, its text, and whether software wrote it.

    `known` is said of a word of a text that software is known to write word for word.
    """

    kind: str
    text: str
    known: bool = False


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of readable `text`; joined they are the text."""
    return [Token(match.lastgroup or "other", match.group()) for match in _TOKEN.finditer(text)]


def partners(tokens: list[Token]) -> dict[int, int]:
    """Return where each opening bracket and quote is closed."""
    found: dict[int, int] = {}
    open_: dict[str, list[int]] = {"(": [], "[": [], "{": [], "<": []}
    quotes: dict[str, int] = {}
    within: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind == "open":
            open_[token.text].append(index)
        elif token.kind == "close" and open_[_PAIRS[token.text]]:
            found[open_[_PAIRS[token.text]].pop()] = index
        elif token.kind == "quote" and token.text in quotes and _opens_within(tokens, index):
            within.append(index)
        elif token.kind == "quote" and within and tokens[within[-1]].text == token.text:
            found[within.pop()] = index
        elif token.kind == "quote":
            opener = next(
                (o for o, c in _CLOSING_QUOTES.items() if c == token.text and o in quotes),
                token.text,
            )
            if opener in quotes:
                found[quotes.pop(opener)] = index
            else:
                quotes[token.text] = index
    return found


def _opens_within(tokens: list[Token], index: int) -> bool:
    """Say whether a quote begins a key or value of JSON that stands in quotes of the same kind."""
    before = index - 1
    while before > 0 and tokens[before].kind == "space":
        before -= 1
    if tokens[before].kind in ("colon", "comma") and before > 0:
        return tokens[before - 1].kind in ("quote", "close") and _is_worded(tokens, index)
    return tokens[before].kind == "open" and _is_worded(tokens, index)


def _is_worded(tokens: list[Token], index: int) -> bool:
    return index + 1 < len(tokens) and tokens[index + 1].kind in ("word", "flag", "open")
