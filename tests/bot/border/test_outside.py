import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.border.outside import MOST_ITEMS, Outside, OutsideFields, let_out_all, outside
from bot.border.phrases import MARK

ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
TEXT = Outside("password=hunter2 refused")


def test_matching_sees_the_whole_text() -> None:
    assert "hunter2" in TEXT
    assert TEXT.startswith("password")
    assert re.search("hunter2", TEXT)
    assert TEXT == "password=hunter2 refused"
    assert TEXT.raw == "password=hunter2 refused"
    assert type(TEXT.raw) is str


@pytest.mark.parametrize(
    "written",
    [
        f"{TEXT}",
        f"{TEXT:>40}",
        f"{TEXT!r}",
        str(TEXT),
        "%s" % TEXT,  # noqa: UP031
        "{}".format(TEXT),  # noqa: UP032
        f"{[TEXT]}",
        f"{('before ' + TEXT)}",
        f"{(TEXT + ' after')}",
        f"{TEXT[:16]}",
        f"{TEXT.strip()}",
        f"{TEXT.lower()}",
    ],
)
def test_writing_it_shows_only_what_passes(written: str) -> None:
    assert "hunter2" not in written


def test_parts_of_it_are_outside_too() -> None:
    for part in (TEXT + "x", "x" + TEXT, TEXT[1:], TEXT.strip(), TEXT.lower()):
        assert isinstance(part, Outside)


@pytest.mark.parametrize(
    "data",
    [
        "hunter2", b"hunter2", ["hunter2"], ("hunter2",), {"hunter2"}, {"hunter2": 1},
        {"api_key": "8f3a11d7-9411-4ca2-9999-59a9d18c5da9 hunter2"}, {"a": [{"b": b"hunter2"}]},
    ],
)  # fmt: skip
def test_decoded_data_of_any_shape_is_outside_text(data: object) -> None:
    assert "hunter2" not in str(let_out_all(outside(data)))


def test_a_field_shows_an_id_only_behind_a_key_of_ids() -> None:
    read = outside({"x": ID, "message_id": ID, ID: 1, "event_count": 200802109926, "size": 7})
    assert read == {"x": "…", "message_id": ID, "…": 1, "event_count": "…", "size": 7}


def test_what_stands_behind_a_person_s_key_is_not_read() -> None:
    read = outside({"user_id": "8f3a11d7-9411-4ca2-9999-59a9d18c5da9", "batch_id": "34"})
    assert read == {"user_id": "…", "batch_id": "34"}


@pytest.mark.parametrize("key", ["note", "unheard_of", "password", "user"])
def test_a_long_number_is_read_only_behind_a_key_that_says_what_it_is(key: str) -> None:
    assert outside({key: 19990229}) == {key: MARK}
    assert outside({"offset": 19990229, key: 7}) == {"offset": 19990229, key: 7}


def test_a_list_behind_a_key_is_read_as_far_as_a_diagnosis_needs_it() -> None:
    short, long = outside({"of": [1] * MOST_ITEMS, "more": [1] * (MOST_ITEMS + 9)}).values()
    assert len(short) == MOST_ITEMS
    assert long == [*short, MARK]


# What is given to each method of str that makes texts; the others make numbers, bytes and answers.
GIVEN: dict[str, tuple[object, ...]] = {
    "__add__": ("x",), "__getitem__": (slice(0, 12),), "__mod__": ((),), "__mul__": (2,),
    "__rmul__": (2,), "center": (40,), "format_map": ({},), "join": (["a", "b"],), "ljust": (40,),
    "partition": ("=",), "removeprefix": ("x",), "removesuffix": ("x",), "replace": ("a", "b"),
    "rjust": (40,), "rpartition": ("=",), "translate": ({},), "zfill": (40,),
}  # fmt: skip
NO_TEXTS = frozenset(
    {"encode", "count", "find", "index", "rfind", "rindex", "startswith", "endswith", "maketrans"}
)


@pytest.mark.parametrize(
    "method", sorted({one for one in dir(str) if one[0] != "_"} - NO_TEXTS | set(GIVEN))
)
def test_whatever_its_own_methods_make_of_it_stays_outside(method: str) -> None:
    made = getattr(TEXT, method)(*GIVEN.get(method, ()))
    parts = made if isinstance(made, list | tuple) else [made]
    assert {type(one) for one in parts} <= {Outside, bool}


@pytest.mark.parametrize("levels", [100, 1_500])
@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: {"k": x}, lambda x: (x,)])
def test_what_is_nested_deeper_than_services_nest_is_not_read(
    wrap: Callable[[Any], Any], levels: int
) -> None:
    deep: Any = "deepest"
    for _ in range(levels):
        deep = wrap(deep)
    read = OutsideFields({"batch_id": 3, "x": deep})
    assert read["batch_id"] == 3
    assert "deepest" not in repr(let_out_all(outside({"x": deep, "y": read["x"]})))
    assert MARK in repr(read["x"])
