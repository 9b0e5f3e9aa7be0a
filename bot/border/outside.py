"""The type of outside text: it can be searched as it is, and written only by passing the border."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from operator import is_
from typing import Any, SupportsIndex, TypeVar

from bot.border.keys import HIDDEN_KINDS, KeyKind, kind_of
from bot.border.layout import may_be_behind
from bot.border.passing import let_out, name
from bot.border.phrases import MARK
from bot.border.shapes import LEAST_PERSONAL, is_id, is_personal

T = TypeVar("T")
_FIELDS: dict[type, Mapping[str, bool]] = {}
# Most values of a fact: they hold no text from outside.
_PLAIN = frozenset({str, int, float, bool, type(None), datetime, timedelta})
# A list within a line, row or item of a queue that is longer is no diagnosis's.
MOST_ITEMS = 10_000
DEEPEST = 32
# A number of eight digits and more may be a password, unless its key says what it counts.
LEAST_LONG = 10**7
QUOTES = "\"' "


class Outside(str):
    """Text of a log, row, queue, topic, container, process or person that was not yet let out.

    Matching (`in`, `startswith`, regular expressions) sees the whole text. Formatting it, in an
    f-string or by `str()`, gives what passes the border, so that words made of it are safe by
    construction. `raw` gives the text itself, for readers and comparisons only. Parts that its
    own methods make of it stay outside. Another text's `join`, `replace` and `in`, `re`, encoders
    and a walk over its characters see the raw text: what they make of it must be wrapped again or
    passed.
    """

    __slots__ = ()

    @property
    def raw(self) -> str:
        """Return the text itself; never to be shown, kept or logged."""
        return str.__str__(self)

    def __str__(self) -> str:
        return let_out(self.raw).text

    def __format__(self, spec: str) -> str:
        return format(let_out(self.raw).text, spec)

    def __repr__(self) -> str:
        return f"Outside({let_out(self.raw).text!r})"

    def __add__(self, other: str) -> "Outside":
        return Outside(self.raw + raw(other))

    def __radd__(self, other: str) -> "Outside":
        return Outside(raw(other) + self.raw)

    def __getitem__(self, key: SupportsIndex | slice) -> "Outside":
        return Outside(self.raw[key])


def _kept(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of str whose result, or the items of it, are outside text as well."""

    def kept(self: Outside, *given: Any, **named: Any) -> Any:
        made = method(str.__str__(self), *given, **named)
        if type(made) is str:
            return Outside(made)
        # A list holds the parts of a text; a tuple is what a partition gives.
        return [Outside(part) for part in made] if type(made) is list else outside(made)

    return kept


_KEPT = (
    "capitalize", "casefold", "center", "expandtabs", "format", "format_map", "join", "ljust",
    "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rjust",
    "rpartition", "rsplit", "rstrip", "split", "splitlines", "strip", "swapcase", "title",
    "translate", "upper", "zfill", "__mod__", "__mul__", "__rmul__",
)  # fmt: skip
for _method in _KEPT:
    setattr(Outside, _method, _kept(getattr(str, _method)))


_AS_IT_IS = frozenset({Outside, type(None), bool, datetime})


def raw(text: str) -> str:
    """Return the characters of any text, for comparing and searching only."""
    return str.__str__(text) if isinstance(text, Outside) else text


def outside(value: Any, depth: int = 0) -> Any:
    """Return decoded data with every text in it, keys included, as outside text.

    An enum of ours is a str too and stays what it is. What is nested deeper than DEEPEST is not
    read: no service nests so, and each level costs a call.
    """
    kind = type(value)
    if kind is str:
        return Outside(value)
    if kind in _AS_IT_IS:
        return value
    match value:
        case bytes():
            return Outside(value.decode("utf-8", "replace"))
        case Mapping() | list() | set() | frozenset() | tuple() if depth >= DEEPEST:
            return MARK
        case Mapping():
            return {_key(key): _behind(key, item, depth + 1) for key, item in value.items()}
        case list() | set() | frozenset():
            return [outside(item, depth + 1) for item in value]
        case int() | float() if abs(value) >= LEAST_PERSONAL and is_personal(str(abs(value))):
            return MARK
        case tuple():
            return tuple(outside(item, depth + 1) for item in value)
        case _:
            return value


class OutsideFields(Mapping[str, Any]):
    """What `outside` makes of a mapping, each value judged when it is asked for.

    It holds the data unjudged, and gives out nothing of it but as `outside` would.
    """

    __slots__ = ("_data", "_whole")

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._whole: dict[str, Any] | None = None

    def __getitem__(self, key: str) -> Any:
        # A key that is an id is shown as another, so it is not found by its own.
        if key in self._data and _key(key) is not MARK:
            return _behind(key, self._data[key])
        if key == MARK:
            return self._judged()[key]
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return what stands behind a key."""
        if key in self._data and _key(key) is not MARK:
            return _behind(key, self._data[key])
        return self._judged().get(key, default) if key == MARK else default

    def __contains__(self, key: object) -> bool:
        if key in self._data and _key(key) is not MARK:
            return True
        return key == MARK and key in self._judged()

    def __iter__(self) -> Iterator[str]:
        return iter(self._judged())

    def __len__(self) -> int:
        return len(self._judged())

    def __repr__(self) -> str:
        return repr(self._judged())

    def _judged(self) -> dict[str, Any]:
        if self._whole is None:
            self._whole = {_key(key): _behind(key, item) for key, item in self._data.items()}
        return self._whole


@lru_cache(maxsize=4_096)
def _key(key: Any) -> Any:
    """Return a key; one that is an id may be a person's."""
    return MARK if isinstance(key, str) and is_id(raw(key)) else outside(key)


def _behind(key: Any, item: Any, depth: int = 0) -> Any:
    """Return what stands behind a key; a person's, a secret's or a student's is not read at all."""
    if item is None or type(item) is bool:
        return item
    if isinstance(item, tuple | list | set | frozenset) and depth >= DEEPEST:
        return MARK
    if isinstance(item, tuple):
        return tuple(_behind(key, one, depth + 1) for one in item)
    if isinstance(item, list | set | frozenset):
        some = [_behind(key, one, depth + 1) for one in islice(item, MOST_ITEMS)]
        return some if len(item) <= MOST_ITEMS else [*some, MARK]
    return MARK if isinstance(key, str) and _is_hidden(raw(key), item) else outside(item, depth)


def _is_hidden(key: str, item: object) -> bool:
    """Say whether one value is not read; an id is read behind a key of ids only."""
    kind = kind_of(key)
    if isinstance(item, bytes):
        return kind in HIDDEN_KINDS
    if isinstance(item, str):
        of_somebody = len(key) > 1 and kind in HIDDEN_KINDS
        word = raw(item).strip(QUOTES)
        return of_somebody or (is_id(word) and not may_be_behind(key, word))
    return kind is not KeyKind.KNOWN and type(item) is int and abs(item) >= LEAST_LONG


def seal(fact: object, *, texts: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> None:
    """Make fields of a frozen fact outside text, or the names that they are; None stays.

    For `__post_init__`: a fact then holds nothing that could be shown unjudged, whoever reads it.
    """
    for field in texts:
        object.__setattr__(fact, field, outside(getattr(fact, field)))
    for field in names:
        object.__setattr__(fact, field, named(getattr(fact, field)))


def named(value: Any) -> Any:
    """Return a value with each text in it as the name that it is, or as none."""
    if type(value) in (str, Outside):
        return name(value)
    match value:
        case Mapping():
            return _summed((named(key), item) for key, item in value.items())
        case tuple():
            return tuple(named(item) for item in value)
        case _:
            return value


def _summed(items: Any) -> dict[Any, Any]:
    """Counts of several keys that are no names are one count."""
    found: dict[Any, Any] = {}
    for key, item in items:
        both = key in found and isinstance(item, int)
        found[key] = found[key] + item if both else item
    return found


def let_out_all(value: T) -> T:
    """Return `value` (data, or a fact of dataclasses) with each outside text let out."""
    return _let_out(value)  # type: ignore[no-any-return]


def _let_out(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list:
        return [*value] if _all_plain(value) else [_let_out(one) for one in value]
    if kind is dict:
        if _all_plain(value) and _all_plain(value.values()):
            return value.copy()
        return {_let_out(key): _let_out(item) for key, item in value.items()}
    if kind is tuple and _all_plain(value):
        return value
    # A kind that was asked for its fields is none of those that are told apart before that.
    return _fact(value, _FIELDS[kind]) if kind in _FIELDS else _told_apart(value)


def _told_apart(value: Any) -> Any:
    match value:
        case Outside():
            return str(value)
        case Mapping():
            return {_let_out(key): _let_out(item) for key, item in value.items()}
        case list():
            return [_let_out(item) for item in value]
        case tuple():
            passed = tuple(_let_out(item) for item in value)
            return value if all(map(is_, passed, value)) else passed
        case set() | frozenset():
            return type(value)(_let_out(item) for item in value)
        case _ if names := _fields_of(value):
            return _fact(value, names)
        case _:
            return value


def _all_plain(values: Iterable[Any]) -> bool:
    """Say whether values hold no text from outside, as most do; asked of each by C alone."""
    return _PLAIN.issuperset(map(type, values))


def _fields_of(fact: Any) -> Mapping[str, bool]:
    """Return a fact's fields and whether its constructor takes them; none of anything else."""
    kind = type(fact)
    if kind not in _FIELDS:
        _FIELDS[kind] = {one.name: one.init for one in fields(kind)} if is_dataclass(kind) else {}
    return _FIELDS[kind]


def _fact(fact: Any, names: Mapping[str, bool]) -> Any:
    found = {}
    for field, is_given in names.items():
        value = getattr(fact, field)
        passed = _let_out(value)
        if is_given and passed is not value and (passed != value or _holds(value)):
            found[field] = passed
    return replace(fact, **found) if found else fact


def _holds(value: Any) -> bool:
    """Say whether data holds outside text; equal texts may differ in this alone."""
    match value:
        case Outside():
            return True
        case Mapping():
            return any(_holds(key) or _holds(item) for key, item in value.items())
        case list() | tuple() | set() | frozenset():
            return any(_holds(item) for item in value)
        case _:
            return any(_holds(getattr(value, field)) for field in _fields_of(value))
