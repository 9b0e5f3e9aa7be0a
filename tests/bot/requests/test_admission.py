"""Who may give which order."""

from datetime import UTC, datetime

import pytest

from bot.errors import DeniedError, LackingError
from bot.ports import Place, Sources
from bot.registry import commands
from bot.requests.access import Access
from bot.requests.admission import Counter

NOW = datetime(2025, 11, 19, tzinfo=UTC)
STAR = frozenset({"*"})


@pytest.mark.parametrize("typed", ["/alerts ack", "/alerts snooze", "/runner stop"])
@pytest.mark.parametrize(("user", "told"), [("U1", LackingError), ("U2", DeniedError)])
def test_who_may_not_give_an_order_is_not_asked_for_the_rest_of_it(
    typed: str, user: str, told: type[Exception]
) -> None:
    access = Access(users=STAR, channels=STAR, operators=frozenset({"U1"}))
    counter = Counter(commands(), Sources(), access, lambda: NOW)
    with pytest.raises(told):
        counter.take(Place("C1", user), typed)
