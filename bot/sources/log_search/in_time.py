"""Searches several logs at once, so that one which takes too long costs no other its place."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from math import inf
from typing import Any, TypeVar

from bot.domain.log import LATE
from bot.ports.bounded import seconds_left

T = TypeVar("T")
# Of the time that is left, what reading gets, and what comes after it: a search that is told to
# stop gives what it has, and an answer is made of all.
READING, ENDING = 0.8, 0.1
# What unpacking may take of it before anything is searched.
UNPACKING = 0.4


async def in_time(
    searches: Sequence[tuple[str, Coroutine[Any, Any, T]]], stop: threading.Event
) -> tuple[list[T], list[tuple[str, str]]]:
    """Return what the searches gave, and of each that gave nothing in time its name and why.

    `stop` tells those that run that the time is over. Raises what a search raises.
    """
    left = seconds_left()
    tasks = [asyncio.ensure_future(search) for _, search in searches]
    try:
        late = await _wait(tasks, left * READING)
        if late:
            stop.set()
            late = await _wait(list(late), left * ENDING)
        answers = [task.result() for task in tasks if task not in late]
        said = f"{LATE} {left:.3g} s"
        missing = [
            (name, said) for (name, _), task in zip(searches, tasks, strict=True) if task in late
        ]
        return answers, missing
    finally:
        # A thread cannot be cancelled; past a deadline it must end by itself.
        stop.set()
        for task in tasks:
            task.cancel()


def unpacking_stops(stop: threading.Event) -> Callable[[], bool]:
    """Return what a thread asks whether to go on unpacking: not with half of the time gone."""
    ends = time.monotonic() + seconds_left() * UNPACKING
    return lambda: stop.is_set() or time.monotonic() >= ends


async def _wait(tasks: Sequence["asyncio.Future[T]"], seconds: float) -> set["asyncio.Future[T]"]:
    if not tasks:
        return set()
    timeout = None if seconds == inf else seconds
    _, late = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_EXCEPTION)
    for task in tasks:
        if task.done() and task.exception() is not None:
            task.result()
    return late
