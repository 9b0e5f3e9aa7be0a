from dataclasses import dataclass

from bot.ports import Deadline


@dataclass
class Clock:
    at: float = 100.0

    def __call__(self) -> float:
        return self.at


def test_a_source_that_answers_quickly_takes_no_time_from_the_next() -> None:
    clock = Clock()
    deadline = Deadline.after(30, clock)
    assert deadline.next_timeout() == 15
    clock.at += 2
    assert (deadline.left(), deadline.next_timeout()) == (28, 14)


def test_sources_that_hang_one_after_the_other_leave_time_for_the_next() -> None:
    clock = Clock()
    deadline = Deadline.after(30, clock)
    given = []
    for _ in range(4):
        given.append(deadline.next_timeout())
        clock.at += given[-1]
    assert given == [15, 7.5, 3.75, 1.875]
    assert deadline.left() == 1.875


def test_a_quick_source_gets_no_more_than_it_needs() -> None:
    clock = Clock()
    deadline = Deadline.after(30, clock)
    assert deadline.next_timeout(3) == 3
    clock.at += 28
    assert deadline.next_timeout(3) == 1


def test_nothing_is_left_once_it_has_passed() -> None:
    clock = Clock()
    deadline = Deadline.after(30, clock)
    clock.at += 31
    assert (deadline.left(), deadline.next_timeout()) == (0, 0)
