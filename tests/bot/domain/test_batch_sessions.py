"""A session is blocked by whom it waits for, once that lasts; an idle one that nobody waits for is
no fault."""

from bot.domain.batch import BlockedSession, lock_waits


def waits(pid: int, seconds: float, *by: int) -> BlockedSession:
    return BlockedSession(pid, "active", "Lock:relation", seconds, by)


IDLE = BlockedSession(1, "idle in transaction", "Client:ClientRead", 4_000.0)


def test_an_open_transaction_without_a_victim_blocks_nothing() -> None:
    assert lock_waits([IDLE], 60) == ((), ())


def test_a_wait_of_seconds_is_none_yet() -> None:
    assert lock_waits([IDLE, waits(2, 12, 1)], 60) == ((), ())
    late = waits(2, 61, 1)
    assert lock_waits([IDLE, late], 60) == ((late,), (1,))


def test_the_root_of_a_chain_is_named_and_not_who_waits_in_it() -> None:
    chain = [IDLE, waits(2, 90, 1), waits(3, 80, 2)]
    assert lock_waits(chain, 60)[1] == (1,)
