"""Known words are passwords where a clause says so."""

import pytest

from bot.border.passing import Passed, let_out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("reset password for worker to timeout", "reset password for worker to …"),
        ("password of worker changed to timeout", "password of worker changed to …"),
        ("password for worker is timeout", "password for worker is …"),
        ("login worker / timeout-2026", "login … / …"),
    ],
)
def test_what_a_clause_says_a_password_is_goes(text: str, shown: str) -> None:
    assert let_out(text).text == shown


@pytest.mark.parametrize(
    "text",
    [
        "password for worker is invalid",
        "password authentication failed for user",
        "requests queued / completed",
    ],
)
def test_what_is_said_of_a_password_stays(text: str) -> None:
    assert let_out(text) == Passed(text)
