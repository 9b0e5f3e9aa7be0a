"""Codes go with all their groups; codes of errors and states stay."""

import pytest

from bot.border.passing import Passed, let_out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PIN 48291 accepted, one-time code 993 201", "… accepted, one-time code …"),
        ("your code is 48291", "your code is …"),
        ("kod 993-201", "…"),
        ("otp: 12 34 56", "otp: …"),
    ],
)
def test_a_code_goes_with_all_its_groups(text: str, shown: str) -> None:
    assert let_out(text).text == shown


@pytest.mark.parametrize(
    "text",
    [
        "SQLSTATE code 42601",
        "error code 500 200",
        "retryable codes 429 500 502 503",
        "exit code 137 after 12 s",
    ],
)
def test_a_code_of_an_error_or_a_state_stays(text: str) -> None:
    assert let_out(text) == Passed(text)
