import pytest

from bot.demo.workspace.web_api.methods import EvenShare


@pytest.mark.parametrize(
    ("share", "taken"),
    [(0.2, [5, 10, 15, 20]), (0.1, [10, 20]), (0.5, list(range(2, 21, 2))), (0.0, []),
     (-1.0, []), (float("nan"), []), (1.0, list(range(1, 21))), (float("inf"), list(range(1, 21)))],
)  # fmt: skip
def test_a_share_is_each_so_many_th_call(share: float, taken: list[int]) -> None:
    calls = EvenShare()
    assert [number for number in range(1, 21) if calls.takes(share)] == taken


def test_a_share_that_changes_counts_on() -> None:
    calls = EvenShare()
    told = [calls.takes(share) for share in (0.5, 0.0, float("nan"), 0.5, 0.5)]
    assert told == [False, False, False, True, False]
