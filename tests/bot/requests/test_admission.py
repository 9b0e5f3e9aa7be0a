"""Who may give which order."""

from datetime import UTC, datetime

import pytest

from bot.errors import DeniedError
from bot.ports import Place, Sources
from bot.registry import commands
from bot.requests.access import Access
from bot.requests.admission import Admission, Incomplete

NOW = datetime(2025, 11, 19, tzinfo=UTC)
STAR = frozenset({"*"})


LACKING = pytest.mark.parametrize("typed", ["/alerts ack", "/alerts snooze", "/runner stop"])


def _admission() -> Admission:
    access = Access(users=STAR, channels=STAR, operators=frozenset({"U1"}))
    return Admission(commands(), Sources(), access, lambda: NOW)


@LACKING
def test_who_may_ask_a_line_that_lacks_words_is_asked_for_them(typed: str) -> None:
    found = _admission().admit(Place("C1", "U1"), typed)
    assert isinstance(found, Incomplete)
    assert (found.typed, found.lack.blanks != ()) == (typed, True)


@LACKING
def test_who_may_not_is_refused_and_not_asked_for_the_words(typed: str) -> None:
    with pytest.raises(DeniedError):
        _admission().admit(Place("C1", "U2"), typed)
