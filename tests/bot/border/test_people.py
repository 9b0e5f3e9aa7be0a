"""Full names of known words go, whatever follows them."""

import pytest

from bot.border.passing import let_out


@pytest.mark.parametrize(
    "text",
    [
        "Ray Fisher: timeout",
        "Grant Page, timeout",
        "timeout by Ray Fisher",
        "Lovisa Fisher: failed",
    ],
)
def test_a_full_name_of_known_words_goes(text: str) -> None:
    shown = let_out(text).text
    assert not {"Ray", "Fisher", "Grant", "Page"} & set(shown.replace(":", " ").split())
    assert "timeout" in shown or "failed" in shown


def test_what_a_name_is_said_to_be_goes_where_it_is_a_persons() -> None:
    assert let_out("name is Max").text == "name is …"
    assert let_out("topic name is huleedu.cj.v1").text == "topic name is huleedu.cj.v1"
    assert let_out("student Ray failed validation").text == "…"
