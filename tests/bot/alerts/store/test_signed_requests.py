"""A signed request is taken by one replica, and what is remembered of it goes with its age."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.alerts.store.postgres import Store
from bot.alerts.store.signed_requests import AT_ONCE, KEPT
from tests.support.fakes.alerts import START


@pytest.fixture
async def replicas(database_url: str) -> AsyncIterator[tuple[Store, Store]]:
    both = Store(database_url, "test"), Store(database_url, "test")
    for store in both:
        await store.open()
    yield both
    for store in both:
        await store.close()


async def test_a_request_is_taken_by_one_replica(replicas: tuple[Store, Store]) -> None:
    one, other = replicas
    both = await asyncio.gather(one.takes("v0=a", START), other.takes("v0=a", START))
    assert sorted(both) == [False, True]
    assert not await one.takes("v0=a", START)
    assert await other.takes("v0=b", START)


async def test_old_requests_are_forgotten_a_bounded_number_at_once(
    replicas: tuple[Store, Store],
) -> None:
    store, _ = replicas
    for number in range(AT_ONCE + 1):
        await store.takes(f"v0={number}", START)
    late = START + KEPT + timedelta(seconds=1)
    count = "SELECT count(*) FROM signed_request"
    assert await store.takes("v0=new", late)
    assert await store._value(count) == 2
    assert await store.takes("v0=newer", late)
    assert await store._value(count) == 2
