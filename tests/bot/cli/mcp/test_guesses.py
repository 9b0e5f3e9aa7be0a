"""An agent cannot try one text after the other that may be data."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.cli import ask
from bot.cli.mcp.guesses import MOST, WITHIN, Guesses
from bot.errors import UsageError

NOW = datetime(2025, 11, 19, tzinfo=UTC)


def test_so_many_texts_that_may_be_data_are_looked_for_and_no_more_for_a_while() -> None:
    guesses = Guesses()
    for number in range(MOST):
        guesses.take(ask.understand(f"/logs cj 'Wilma{number}x'"), NOW)
    one = ask.understand("/logs cj Wilmaxx")
    with pytest.raises(UsageError, match="no more for 10 minutes"):
        guesses.take(one, NOW + timedelta(seconds=1))
    guesses.take(one, NOW + WITHIN)


@pytest.mark.parametrize("line", ["/logs cj IntegrityError", "/batch status 34", "/logs cj 34"])
def test_what_is_no_data_is_asked_as_often_as_one_likes(line: str) -> None:
    guesses = Guesses()
    for _ in range(2 * MOST):
        guesses.take(ask.understand(line), NOW)
