"""Through the shipped proxy the bot does its work, and whoever has the bot gets no further."""

import http.client
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from docker.models.containers import Container

from bot.domain.log import LogQuery, Role, Service
from bot.errors import SourceError
from bot.sources.docker.containers import EngineContainers
from bot.sources.docker.logs import DockerLogs
from bot.sources.runners.source import EngineRunners
from tests.support.servers.engine import Engine, running_engine
from tests.support.servers.haproxy import docker_proxy

# The docker SDK leaves the sockets of ended streams to the garbage collector.
pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
SECRET = "sk-ant-PLANTED-0123456789"
PROJECT = {"com.docker.compose.project": "huleedu"}
SERVICES = (
    Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),
    Service("eng5_np_runner", "*eng5_np_runner-run-*", Role.RUNNER),
)
WAITS = "echo one; echo two; trap 'exit 0' TERM; while true; do sleep 0.05; done"
OTHER = quote(json.dumps({"label": ["com.docker.compose.project=other"]}))
# 0 stands for a connection that was closed without an answer.
NOT_DONE = (0, 400, 403, 501)
REFUSED = [
    ("GET", "/containers/{id}/json"),
    ("GET", "/v1.41/containers/{id}/json"),
    ("GET", "/containers/{id}/archive?path=/"),
    ("HEAD", "/containers/{id}/archive?path=/"),
    ("GET", "/containers/{id}/export"),
    ("GET", "/containers/{id}/top"),
    ("GET", "/containers/{id}/stats?stream=0"),
    ("GET", "/containers/{id}/changes"),
    ("GET", "/containers/{id}/attach/ws?logs=1"),
    ("POST", "/containers/{id}/attach?logs=1&stdout=1"),
    ("POST", "/containers/{id}/exec"),
    ("POST", "/containers/{id}/stop?t=1"),
    ("POST", "/containers/{id}/kill"),
    ("POST", "/containers/{id}/restart"),
    ("POST", "/containers/{id}/pause"),
    ("POST", "/containers/{id}/rename?name=x"),
    ("POST", "/containers/{id}/update"),
    ("POST", "/containers/create"),
    ("POST", "/containers/prune"),
    ("DELETE", "/containers/{id}"),
    ("PUT", "/containers/{id}/archive?path=/"),
    ("POST", "/containers/json"),
    ("GET", "/containers/huleedu_cj_assessment_service/logs?stdout=1"),
    ("GET", "/containers/{short}/logs?stdout=1"),
    ("GET", "/containers/{id}/logs/../json"),
    ("GET", "/containers/{id}/logs/%2e%2e/json"),
    ("GET", "//containers/{id}/json"),
    ("GET", "/containers/{id}%2fjson"),
    ("GET", "/containers/{id}/json/"),
    ("GET", "/v1.41/../containers/{id}/json"),
    ("GET", "http://x/containers/{id}/json"),
    ("GET", "/events"),
    ("GET", "/events?since=0"),
    ("GET", "/images/json"),
    ("GET", "/images/batchbot-test:latest/get"),
    ("GET", "/volumes"),
    ("GET", "/networks"),
    ("GET", "/info"),
    ("GET", "/system/df"),
    ("GET", "/secrets"),
    ("POST", "/build"),
    ("POST", "/auth"),
    ("POST", "/session"),
    ("OPTIONS", "/containers/json"),
    ("TRACE", "/containers/json"),
    ("CONNECT", "/containers/json"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-eng-"))) as running:
        yield running


@pytest.fixture(scope="module")
def service(engine: Engine) -> Container:
    """A container of HuleEdu's project; beside it runs one of another."""
    engine.run("somebody-elses", WAITS, labels={"com.docker.compose.project": "other"})
    return engine.run(
        "huleedu_cj_assessment_service", WAITS,
        labels={**PROJECT, "com.docker.compose.service": "cj_assessment_service"},
    )  # fmt: skip


def asked(
    proxy: str, method: str, target: str, headers: dict[str, str] | None = None, body: str = ""
) -> tuple[int, bytes]:
    address = urlsplit(proxy)
    connection = http.client.HTTPConnection(str(address.hostname), address.port or 0, timeout=10)
    try:
        connection.request(method, target, body=body or None, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.RemoteDisconnected:
        return 0, b""
    finally:
        connection.close()


def test_whatever_the_bot_does_not_need_is_refused(engine: Engine, service: Container) -> None:
    service.reload()
    before = service.attrs["State"]["StartedAt"]
    with docker_proxy(engine) as proxy:
        for method, path in REFUSED:
            target = path.format(id=service.id, short=service.short_id)
            status, body = asked(proxy, method, target)
            assert status in NOT_DONE, (method, target, status)
            assert b"Config" not in body, (method, target)
        path = f"/containers/{service.id}/logs?stdout=1"
        for headers in ({"Upgrade": "tcp", "Connection": "Upgrade"}, {"Transfer-Encoding": "x"}):
            assert asked(proxy, "GET", path, headers)[0] in (400, 403)
        assert asked(proxy, "GET", "/containers/json", body="{}")[0] == 403
    service.reload()
    assert (service.status, service.attrs["State"]["StartedAt"]) == ("running", before)


@pytest.mark.parametrize(
    "query",
    [
        "", "?all=0", f"?filters={OTHER}",
        "?filters=%7B%7D&filters=%7B%7D", "?size=1",
    ],
)  # fmt: skip
def test_a_list_shows_the_projects_containers_whatever_is_asked(
    engine: Engine, service: Container, query: str
) -> None:
    with docker_proxy(engine) as proxy:
        status, body = asked(proxy, "GET", f"/containers/json{query}")
    assert status == 200
    assert [one["Id"] for one in json.loads(body)] == [service.id]


def test_events_are_those_of_the_projects_containers(engine: Engine, service: Container) -> None:
    with docker_proxy(engine) as proxy:
        target = f"/events?since=1.5&until={_now()}&filters=%7B%7D"
        status, body = asked(proxy, "GET", target)
    assert status == 200
    events = [json.loads(line) for line in body.splitlines()]
    assert {one["Actor"]["Attributes"]["com.docker.compose.project"] for one in events} == {
        "huleedu"
    }
    assert {one["Action"] for one in events} <= {"start", "die", "oom"}


def _now() -> str:
    return f"{datetime.now(UTC).timestamp():.6f}"


async def test_the_bot_reads_logs_states_and_runners_through_it(
    engine: Engine, service: Container
) -> None:
    runner = engine.run("p-eng5_np_runner-run-1", WAITS, labels=PROJECT)
    with docker_proxy(engine) as proxy:
        logs = DockerLogs((proxy,), SERVICES, UTC)
        containers = EngineContainers((proxy,), SERVICES)
        runners = EngineRunners((proxy,), SERVICES, processes=False)
        try:
            found = await logs.search(LogQuery(since=datetime.now(UTC) - timedelta(hours=1)))
            assert {str(one.text) for one in found.events} >= {"one", "two"}
            states = {one.service: one for one in await containers.containers()}
            assert states["cj_assessment_service"].state == "running"
            assert states["cj_assessment_service"].started_at is not None
            assert [one.id for one in (await runners.list()).runners] == [runner.id]
            with pytest.raises(SourceError) as caught:
                await runners.stop(runner.id or "", grace_seconds=1)
            assert "the proxy" in caught.value.message
            assert "RUNNER_STOP=on" in caught.value.hint
            runner.reload()
            assert runner.status == "running"
        finally:
            await runners.close()
            await containers.close()
            await logs.close()
            runner.remove(force=True)


async def test_with_runner_stop_on_a_runner_is_stopped_and_nothing_else_is_open(
    engine: Engine, service: Container
) -> None:
    runner = engine.run("p-eng5_np_runner-run-2", WAITS, labels=PROJECT)
    with docker_proxy(engine, RUNNER_STOP="on") as proxy:
        runners = EngineRunners((proxy,), SERVICES, processes=False)
        try:
            ended = await runners.stop(runner.id or "", grace_seconds=2)
        finally:
            await runners.close()
        assert ended == "it ended with exit code 0"
        for method, path in REFUSED:
            if not path.endswith("/stop?t=1"):
                target = path.format(id=service.id, short=service.short_id)
                assert asked(proxy, method, target)[0] in NOT_DONE, (method, path)
    service.reload()
    assert service.status == "running"
    runner.remove(force=True)


async def test_inspect_is_opened_on_purpose_and_only_then_the_modes_are_read(
    engine: Engine, service: Container
) -> None:
    mode = "CJ_ASSESSMENT_SERVICE_LLM_BATCHING_MODE"
    engine.client.containers.run(
        "batchbot-test:latest", ["/bin/sleep", "60"], name="cj_assessment_service_2", detach=True,
        network_mode="none", environment={mode: "serial_bundle", "KEY": SECRET}, labels=PROJECT,
    )  # fmt: skip
    for on in ("off", "on"):
        with docker_proxy(engine, DOCKER_INSPECT=on) as proxy:
            source = EngineContainers((proxy,), SERVICES, inspects=on == "on")
            try:
                found = {one.container: one for one in await source.containers()}
            finally:
                await source.close()
        modes = {key: str(value) for key, value in found["cj_assessment_service_2"].modes.items()}
        assert modes == ({mode: "serial_bundle"} if on == "on" else {})
