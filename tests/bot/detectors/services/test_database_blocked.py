import pytest

from bot.detectors.services.database_blocked import DatabaseBlocked, DatabaseBlockedSettings
from bot.domain.batch import BlockedSession
from tests.support.scenes import NOW, judged, told
from tests.support.watches import GivenWatch

IDLE = BlockedSession(7, "idle in transaction", "Client:ClientRead", 90, application="psql")
WAITING = BlockedSession(9, "active", "Lock:transactionid", 80, (7,), "grade_projections")


@pytest.mark.parametrize(
    ("sessions", "who"),
    [
        # Nobody waits for it: a service may leave a transaction open for a while.
        ((IDLE,), []),
        ((IDLE, WAITING), ["pid 7"]),
        ((WAITING,), ["pid 7"]),
        ((), []),
        ((BlockedSession(7, "idle in transaction", "", 30),), []),
    ],
)
async def test_the_session_that_blocks_is_named(
    sessions: tuple[BlockedSession, ...], who: list[str]
) -> None:
    detector = DatabaseBlocked(DatabaseBlockedSettings())
    judgement = await judged(detector, GivenWatch(NOW, NOW, sessions=sessions))
    assert told(judgement, lambda c: c.known) == who
    assert told(judgement, lambda c: c.subject) == ["cj_database"] * len(who)
