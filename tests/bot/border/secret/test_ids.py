"""An id that is a key goes, one that a word calls something else stays."""

import pytest

from bot.border.passing import Passed, let_out

ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"


@pytest.mark.parametrize(
    "text", ["key {}", "invalid key {} for service", "role_id={}", "GET /v1/s/{}"]
)
def test_an_id_that_lets_somebody_in_goes(text: str) -> None:
    assert ID not in let_out(text.format(ID)).text


@pytest.mark.parametrize(
    "text", ["idempotency key {} used", "message key {}", "GET /v1/batches/{}", "batch {}"]
)
def test_an_id_of_something_else_stays(text: str) -> None:
    assert let_out(text.format(ID)) == Passed(text.format(ID))


def test_what_stands_in_a_short_link_goes() -> None:
    assert "5f4dcc3b" not in let_out("GET /s/5f4dcc3b 200").text
    assert let_out("GET /batches/5f4dcc3b 200") == Passed("GET /batches/5f4dcc3b 200")
