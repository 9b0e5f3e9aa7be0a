"""Where an unexpected error ends a request in words, however the request came."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def bounded(work: Awaitable[T], explain: Callable[[Exception], Awaitable[T]]) -> T:
    """Return what a request gives, or what `explain` makes of the error that ended it.

    A cancelled request stays cancelled.
    """
    try:
        return await work
    except Exception as error:
        return await explain(error)
