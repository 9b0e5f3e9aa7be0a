"""What a person wrote on purpose, such as a note on an alert: prose stays, data goes.

No line of a service: words that are no data stay as they were written. Keys, logins, persons'
names behind their mark, full names, their numbers, addresses and ids go, and what stands in quotes
is judged as outside text is, since it was copied from somewhere.
"""

from bot.border.context import is_data
from bot.border.decode import readable
from bot.border.keys import HIDDEN_KINDS, KeyKind, kind_of
from bot.border.language.tokens import Token, tokens_of
from bot.border.language.vocabulary import is_known
from bot.border.layout import TokenLayout
from bot.border.passing import clip, let_out
from bot.border.phrases import MARK
from bot.border.secret.by_shape import HIDDEN, without_secrets
from bot.border.secret.numbers import without_secret_numbers
from bot.border.secret.words import without_secret_words
from bot.border.shapes import changes_often, is_early_date, is_measure
from bot.border.words import is_name, may_show
from bot.deferred import Pattern

LONGEST_PLAIN = 24
MOST_ROUNDS = 8
LEAST_DIGITS, LEAST_RANDOM = 5, 9
_JOINTS = Pattern(r"[-/._~+:'’]+")
LONGEST_MIXED, LONGEST_OF_URL = 4, 24
# Without a login or a query, which may hold a key.
_URL = Pattern(r"https?://[\w./:~-]{1,160}")
# The beginning of a sha may have no letter.
_SHORT_SHA = Pattern(r"\d{8}")
_ALWAYS = (KeyKind.SECRET, KeyKind.PERSONAL)


def noted(raw: str, limit: int) -> str:
    """Return what a person wrote as one line of at most `limit` characters that may be kept."""
    text = raw
    for _ in range(MOST_ROUNDS):
        shown = _judged(text)
        if shown == text:
            return clip(text, limit)
        text = shown
    return MARK


def _judged(raw: str) -> str:
    text = without_secrets(readable(raw)).replace(HIDDEN, MARK)
    tokens, _ = without_secret_numbers(tokens_of(text), MARK)
    tokens, _ = without_secret_words(tokens, MARK)
    line = " ".join("".join(_parts(tokens)).split())
    while f"{MARK} {MARK}" in line:
        line = line.replace(f"{MARK} {MARK}", MARK)
    return line


def _parts(tokens: list[Token]) -> list[str]:
    """Return what stands in each token's place; each is visited once."""
    layout, end = TokenLayout(tokens), len(tokens)
    found: list[str] = []
    before: list[str] = []
    index = 0
    while index < end:
        token = tokens[index]
        partner = layout.partner.get(index) if token.kind == "quote" else None
        if partner is not None:
            found.append(_quoted("".join(one.text for one in tokens[index : partner + 1])))
            index = partner + 1
            continue
        value = _value_of(layout, index, end)
        if value is not None:
            found += [token.text, *(one.text for one in tokens[index + 1 : value]), MARK]
            index = layout.value_end(value, end, KeyKind.SECRET)
            continue
        if token.kind in ("word", "flag"):
            named = _is_full_name(tokens, index)
            found.append(token.text if _may_stay(token.text, before) and not named else MARK)
            before = [*before[-2:], token.text.rstrip(".-")]
        else:
            before = before if token.kind == "space" else []
            found.append(token.text)
        index += 1
    return found


def _quoted(text: str) -> str:
    return text if let_out(text, len(text)).text == text else f"{text[0]}{MARK}{text[-1]}"


def _value_of(layout: TokenLayout, index: int, end: int) -> int | None:
    """Return where the value begins that the key here makes a secret or a person's."""
    token = layout.tokens[index]
    sep = layout.separator_after(index, end) if token.kind in ("word", "flag") else None
    if sep is None:
        return None
    kinds = HIDDEN_KINDS if layout.tokens[sep].kind == "equals" else _ALWAYS
    value = sep + 1
    while value < end and layout.tokens[value].kind in ("space", "equals", "colon"):
        value += 1
    return value if kind_of(token.text) in kinds and value < end else None


def _is_full_name(tokens: list[Token], index: int) -> bool:
    """Say whether a word and the one beside it are a first name and a surname."""
    around = (tokens[index - 2 : index + 1], tokens[index : index + 3])
    return any(
        len(near) == 3
        and near[1].kind == "space"
        and all(_is_odd_word(one.text) for one in (near[0], near[2]))
        for near in around
    )


def _is_odd_word(word: str) -> bool:
    """Say whether a word with a capital is none that services write."""
    bare = word.rstrip(".")
    return bare.istitle() and bare.isalpha() and not is_known(bare.lower())


def _may_stay(word: str, before: list[str]) -> bool:
    bare = word.rstrip(".-")
    if _SHORT_SHA.fullmatch(bare):
        return not is_early_date(bare) and not is_data(bare[:-1], before)
    if is_data(bare, before):
        return False
    parts = [part for part in _JOINTS.split(bare) if part]
    if _URL.fullmatch(bare):
        return all(part.isalnum() and len(part) <= LONGEST_OF_URL for part in parts)
    digits = sum(map(str.isdigit, bare))
    plain = all(map(_is_plain, parts)) and (digits < LEAST_DIGITS or is_name(bare))
    return plain or may_show(bare)


def _is_plain(part: str) -> bool:
    """Say whether a word's part is letters alone, or a short number."""
    if part.isalpha():
        return len(part) <= LONGEST_PLAIN and not (
            len(part) >= LEAST_RANDOM and changes_often(part)
        )
    return is_measure(part)
