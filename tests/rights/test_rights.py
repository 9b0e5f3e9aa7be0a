"""What each person may in Slack, and the table that says it; other actors are tested in deploy/."""

from tests.rights import slack, table
from tests.rights.attempt import Attempt, wrong


async def test_who_may_ask_may_ask_and_only_operators_change() -> None:
    assert wrong(await slack.tried()) == []


def test_the_table_names_what_is_not_as_it_should_be() -> None:
    found = [
        Attempt("role", "read a batch", True, True),
        Attempt("role", "write", True),
        Attempt("proxy", "GET /info", False),
    ]
    told = table.text(found).splitlines()
    assert told[1].split() == ["role", "2", "0", "1"]
    assert told[2].split() == ["proxy", "1", "1", "0"]
    assert told[3:] == ["  role may write"]
