"""Ids are told apart by their shape, and what is no id is none."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import IdKind, cj_number, kind_of, parse_uuid, uuid_prefix

ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("34", IdKind.NUMBER),
        ("#34", IdKind.NUMBER),
        ("841111", IdKind.NUMBER),
        (ID, IdKind.UUID),
        (ID.upper(), IdKind.UUID),
        (ID.replace("-", ""), IdKind.UUID),
        ("84ebf6", IdKind.PREFIX),
        ("8f3a11d7", IdKind.PREFIX),
        ("8f3a11d7-94", IdKind.PREFIX),
        ("8f3a1-94", IdKind.LABEL),
        ("84ebf", IdKind.LABEL),
        ("serial-bundle-20251119-0018", IdKind.LABEL),
        ("99999999999", IdKind.PREFIX),
        ("0", IdKind.LABEL),
        ("'; drop table", None),
        ("🔥", None),
        ("", None),
    ],
)
def test_the_shape_tells_what_an_id_can_be(word: str, kind: IdKind | None) -> None:
    assert kind_of(word) == kind


@given(st.uuids())
def test_every_uuid_is_read_back_and_each_long_beginning_is_a_prefix(id: UUID) -> None:
    text = str(id)
    assert parse_uuid(text) == parse_uuid(text.upper()) == parse_uuid(id.hex) == id
    assert all(uuid_prefix(text[:length]) == text[:length] for length in range(6, 36))


@given(st.text(max_size=60))
def test_no_text_breaks_the_shapes(word: str) -> None:
    kind = kind_of(word)
    assert (kind is IdKind.NUMBER) == (cj_number(word) is not None)


def test_a_number_that_postgres_could_not_hold_is_no_batch() -> None:
    assert cj_number("2147483647") == 2147483647
    assert cj_number("2147483648") is None
