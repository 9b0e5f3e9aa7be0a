"""What services say over HTTP is read from real servers, whatever they answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import ANY

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.service_state import ServiceHealth
from bot.errors import SourceError
from bot.sources import probe
from bot.sources.probe import HttpProbe, ProbeTarget, health_of, with_metrics

NOW = datetime(2025, 11, 18, 23, 48, tzinfo=UTC)
METRICS = b"""\
# HELP llm_provider_queue_depth Depth
# TYPE llm_provider_queue_depth gauge
llm_provider_queue_depth{queue_type="total"} 8.0
llm_provider_queue_depth{queue_type="queued"} 1.0
llm_provider_queue_depth{queue_type="total" 9.0
# TYPE llm_provider_circuit_breaker_state gauge
llm_provider_circuit_breaker_state{service="llm_provider",circuit_name="anthropic_api"} 1.0
llm_provider_circuit_breaker_state{service="llm_provider",circuit_name="openai_api"} 0.0
llm_provider_circuit_breaker_state{service="llm_provider",circuit_name="google_api"} 2.0
llm_provider_circuit_breaker_state_changes_total{service="x",circuit_name="y"} 1.0
python_info{version="3.11"} 1.0
"""
Answers = dict[str, Callable[[], web.Response]]
Serve = Callable[[Answers], "asyncio.Future[str]"]


def said(body: object, status: int = 200) -> Callable[[], web.Response]:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda: web.Response(body=text, status=status)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server that answers paths as told, 404 elsewhere; return its address."""
    runners: list[web.AppRunner] = []

    async def start(answers: Answers) -> str:
        async def handle(request: web.Request) -> web.Response:
            return answers.get(request.path, lambda: web.Response(status=404))()

        app = web.Application()
        app.router.add_get("/{rest:.*}", handle)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start  # type: ignore[misc]
    for runner in runners:
        await runner.cleanup()


async def asked(url: str, *, is_provider: bool = True) -> ServiceHealth:
    source = HttpProbe([ProbeTarget("llm", url, "LLM_PROVIDER_URL", is_provider)])
    try:
        (health,) = await source.health()
    finally:
        await source.close()
    return health


async def test_status_mock_mode_circuits_and_depth_are_read(serve: Serve) -> None:
    url = await serve(
        {"/healthz": said({"status": "healthy", "mock_mode": True}), "/metrics": said(METRICS)}
    )
    health = await asked(url + "/")
    assert await asked(url + "/healthz") == replace(health, at=ANY)
    assert (health.status, health.mock_mode) == ("healthy", True)
    assert health.open_circuits == ("anthropic_api",)
    assert (health.queue_total, health.queue_queued) == (8, 1)


async def test_mock_mode_is_asked_of_the_admin_page_where_health_does_not_say(serve: Serve) -> None:
    url = await serve(
        {
            "/healthz": said({"status": "degraded"}, 503),
            "/admin/mock-mode": said({"use_mock_llm": False, "mock_mode": None}),
        }
    )
    health = await asked(url)
    assert (health.status, health.mock_mode) == ("degraded", False)
    assert (await asked(url, is_provider=False)).mock_mode is None


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Sign in</html>",
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"status": 7}',
        b'{"status": ""}',
        b"{" * 99,
    ],
)
async def test_an_answer_without_a_status_is_unreadable_and_never_healthy(
    serve: Serve, body: bytes
) -> None:
    url = await serve({"/healthz": said(body), "/metrics": said(body, 500)})
    health = await asked(url)
    assert (health.status, health.mock_mode, health.queue_total) == ("unreadable", None, None)


async def test_a_redirect_to_a_login_is_not_followed(serve: Serve) -> None:
    elsewhere = await serve({"/": said({"status": "healthy"})})
    url = await serve(
        {"/healthz": lambda: web.Response(status=302, headers={"Location": elsewhere})}
    )
    with pytest.raises(SourceError, match=r"does not let us in .HTTP 302"):
        await asked(url)


async def test_a_body_without_end_is_cut(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MAX_METRICS_BYTES", 2 * len(METRICS))
    url = await serve({"/metrics": said(METRICS + b"# x\n" * 1_000_000)})
    health = await asked(url)
    assert health.queue_total == 8


async def test_a_service_that_is_down_beside_one_that_answers_is_unreachable(serve: Serve) -> None:
    url = await serve({"/healthz": said({"status": "healthy"})})
    source = HttpProbe(
        [
            ProbeTarget("cj", "http://me:hunter2@127.0.0.1:1", "CJ_URL"),
            ProbeTarget("llm", url, "LLM_PROVIDER_URL"),
        ]
    )
    assert [one.status for one in await source.health()] == ["unreachable", "healthy"]
    with pytest.raises(SourceError) as caught:
        await source.check()
    assert "CJ_URL" in caught.value.hint
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"
    await source.close()


async def test_no_service_at_all_is_an_error() -> None:
    with pytest.raises(SourceError, match="cannot be reached"):
        await asked("http://127.0.0.1:1")


async def test_a_service_that_hangs_is_a_timeout() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    target = ProbeTarget("cj", f"http://127.0.0.1:{port}", "CJ_URL")
    source = HttpProbe([target], timeout_seconds=0.2)
    with pytest.raises(SourceError) as caught:
        await source.health()
    assert caught.value.timed_out
    await source.close()
    server.close()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "ftp://x",
        "http://",
        "http://[::1",
        "file:///etc",
        "http://cj?a=1",
        "http://cj#a",
    ],
)
def test_a_malformed_address_is_named_by_its_setting(url: str) -> None:
    with pytest.raises(SourceError, match="CJ_URL") as caught:
        HttpProbe([ProbeTarget("cj", url, "CJ_URL")])
    assert caught.value.permanent


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes_are_survived(health: bytes, metrics: bytes) -> None:
    told = with_metrics(health_of("llm", NOW, health), b"llm_provider_queue_depth" + metrics)
    assert told.status


@pytest.mark.parametrize(
    ("value", "broker", "said"),
    [
        ("1.0", True, "open circuit to Kafka"),
        ("0.0", False, ""),
        ("2.0", False, ""),
        ("", None, ""),
    ],
)
def test_the_breaker_before_kafka_is_told_as_kafkas_and_never_as_a_models(
    value: str, broker: bool | None, said: str
) -> None:
    name = (
        'llm_provider_circuit_breaker_state{service="llm_provider",circuit_name="kafka_producer"}'
    )
    body = METRICS + (f"{name} {value}\n".encode() if value else b"")
    health = with_metrics(ServiceHealth("llm_provider_service", NOW, "healthy"), body)
    assert health.broker_circuit_open is broker
    assert health.open_circuits == ("anthropic_api",)
    told = probe.said_of(health)
    assert ("Kafka" in told) is bool(said)
    assert said in told
