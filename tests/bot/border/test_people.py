"""Full names of known words go, whatever follows them."""

import re

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


@pytest.mark.parametrize(
    "name",
    ["Will Port", "Grace Page", "Mark Server", "May Index", "Victor Block", "Per Holm", "Dr. Host"],
)
@pytest.mark.parametrize(
    "text",
    ["client {} disconnected", "service={} status=500", "Connection from {} closed", "{} failed"],
)
def test_a_name_goes_whole_though_half_of_it_is_a_known_word(text: str, name: str) -> None:
    assert not set(name.split()) & set(re.findall(r"\w+", let_out(text.format(name)).text))


@pytest.mark.parametrize("name", ["Rose", "Field", "Short", "Timeout", "April"])
@pytest.mark.parametrize(
    "text",
    ["user: {}", "student={}", "elev: {}", "lärare {} saknas", "user {} logged in",
     "student {}: validation failed", "students: Lova, {}, Siv", "användare {}"],
)  # fmt: skip
def test_behind_a_role_every_word_in_a_capital_is_a_name(text: str, name: str) -> None:
    assert name not in let_out(text.format(name)).text


def test_two_words_in_capitals_that_are_no_name_stay() -> None:
    for text in ("Max Retries exceeded", "Hetzner Node rebooted", "Read Timeout", "Page Size 50"):
        assert let_out(text).replaced == 0


def test_what_a_name_is_said_to_be_goes_where_it_is_a_persons() -> None:
    assert let_out("name is Max").text == "name is …"
    assert let_out("topic name is huleedu.cj.v1").text == "topic name is huleedu.cj.v1"
    assert let_out("student Ray failed validation").text == "…"
