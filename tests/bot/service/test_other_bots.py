"""Two bots of one Slack app: what is another environment's is told apart from a replica's."""

import pytest

from bot.alerts.store.postgres import Store
from bot.errors import SourceError
from bot.service.other_bots import strangers, warn_of_others


@pytest.mark.parametrize(
    ("connections", "replicas", "others"),
    [(2, 1, 0), (1, 1, 0), (4, 2, 0), (4, 1, 2), (3, 1, 1), (2, 0, 0), (0, 1, 0)],
)
def test_connections_beyond_those_of_the_replicas_are_anothers(
    connections: int, replicas: int, others: int
) -> None:
    assert strangers(connections, replicas, 2) == others


async def _at_once(_: float) -> None:
    return None


async def _one() -> int:
    return 1


async def _away() -> int:
    raise SourceError("memory", "gone")


async def test_it_is_said_once_and_names_the_environment(caplog: pytest.LogCaptureFixture) -> None:
    await warn_of_others(lambda: 4, _one, 2, "prod", _at_once)
    assert "another bot listens for this Slack app" in caplog.text
    assert "environment prod" in caplog.text


async def test_replicas_and_an_absent_database_are_no_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await warn_of_others(lambda: 2, _one, 2, "prod", _at_once)
    await warn_of_others(lambda: 4, _away, 2, "prod", _at_once)
    assert caplog.text == ""


async def test_replicas_of_one_database_are_counted(database_url: str) -> None:
    first, second = Store(database_url, "prod"), Store(database_url, "prod")
    await first.open()
    await second.open()
    assert await first.lead()
    assert not await second.lead()
    assert await second.replicas() == 2
    await first.close()
    await second.close()
