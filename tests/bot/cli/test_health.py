"""The container's health check asks the running bot, and says what is wrong with it."""

import asyncio
import socket
import threading
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession

from bot.alerts.store.postgres import Store
from bot.cli.formats import Exit
from bot.cli.health import address, show
from bot.errors import SettingsError
from bot.monitoring.http import Health, build_site, serve
from bot.monitoring.state import TickState
from bot.monitoring.vitals import Vitals
from tests.support.servers.tcp_ports import lasting_port


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:8080/readyz"), ("127.0.0.1", "http://127.0.0.1:8080/readyz"),
     ("::", "http://[::1]:8080/readyz"), ("bot.local", "http://bot.local:8080/readyz")],
)  # fmt: skip
def test_it_asks_where_the_bot_listens(host: str, url: str) -> None:
    assert address(host, 8080) == url


@pytest.mark.parametrize(
    ("ticks", "code", "told"),
    [((True, "leading"), Exit.FINE, "ready: ticks leading\n"),
     ((False, "no tick for 90 s"), Exit.ERROR, "not ready: ticks no tick for 90 s\n")],
)  # fmt: skip
async def test_it_means_that_ticks_are_on_time(
    ticks: tuple[bool, str], code: Exit, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    health = Health({"ticks": lambda: ticks}, lambda: b"")
    runner = await serve(build_site(health), "127.0.0.1", 0)
    port = runner.addresses[0][1]
    try:
        assert await asyncio.to_thread(show, f"http://127.0.0.1:{port}/readyz") is code
    finally:
        await runner.cleanup()
    assert capsys.readouterr().out.startswith(told)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "bot.local"])
def test_a_port_that_the_system_chose_cannot_be_asked_and_says_what_to_set(host: str) -> None:
    with pytest.raises(SettingsError, match="HTTP_PORT=0") as caught:
        address(host, 0)
    assert "1 to 65535" in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "said", "fix"),
    [
        (b"+PONG\r\n", "is not the bot", "HTTP_PORT"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "is not the bot", "HTTP_PORT"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "is not the bot", "HTTP_PORT"),
        (b"", "no answer from", "batchbot run"),
        (b"HTTP/1.1 503 No\r\nContent-Length: 13\r\n\r\n"
         b'{"checks":{}}', "not ready: No", "batchbot doctor"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_to_do(
    answer: bytes, said: str, fix: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # A proxy of the environment is not asked where the bot of this machine is.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def once() -> None:
            wire, _ = server.accept()
            with wire:
                wire.recv(4_096)
                wire.sendall(answer)

        thread = threading.Thread(target=once)
        thread.start()
        assert show(f"http://127.0.0.1:{port}/readyz") is Exit.ERROR
        thread.join()
    what, to_do = capsys.readouterr().out.splitlines()
    assert (said in what, fix in to_do) == (True, True)


@pytest.mark.parametrize("host", ["no such host", "a..b", "x" * 70])
def test_a_host_that_is_none_ends_in_words(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(address(host, 8080)) is Exit.ERROR
    assert "HTTP_HOST" in capsys.readouterr().out.splitlines()[1]


async def test_a_source_that_cannot_be_read_does_not_make_the_container_unhealthy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = datetime(2025, 11, 18, 23, 0, tzinfo=UTC)
    ticks = TickState(ticks=1, leading=True, last_at=now, unread={"logs": "HTTP 403"})
    checks = Vitals(ticks, Store("postgresql:///none"), lambda: now, 15.0).checks()
    runner = await serve(build_site(Health(checks, lambda: b"")), "127.0.0.1", 0)
    port = runner.addresses[0][1]
    try:
        code = await asyncio.to_thread(show, f"http://127.0.0.1:{port}/readyz")
    finally:
        await runner.cleanup()
    assert code is Exit.FINE
    assert "sources logs cannot be read: HTTP 403" in capsys.readouterr().out


async def test_what_only_a_new_start_mends_is_no_life() -> None:
    site = build_site(Health({}, lambda: b"", lambda: (False, "the embedded PostgreSQL is away")))
    runner = await serve(site, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/healthz"
    try:
        async with ClientSession() as client, client.get(url) as answer:
            assert answer.status == 503
            assert (await answer.json())["status"] == "the embedded PostgreSQL is away"
    finally:
        await runner.cleanup()


async def test_another_service_on_the_port_is_no_bot(capsys: pytest.CaptureFixture[str]) -> None:
    health = Health({}, lambda: b"metrics")
    runner = await serve(build_site(health), "127.0.0.1", 0)
    port = runner.addresses[0][1]
    try:
        code = await asyncio.to_thread(show, f"http://127.0.0.1:{port}/metrics")
    finally:
        await runner.cleanup()
    assert code is Exit.ERROR
    assert "is not the bot" in capsys.readouterr().out


def test_no_answer_is_not_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(f"http://127.0.0.1:{lasting_port()}/readyz") is Exit.ERROR
    told = capsys.readouterr().out
    assert told.startswith("no answer from http://127.0.0.1:")
    assert "connection refused\n" in told
    assert "Errno" not in told
