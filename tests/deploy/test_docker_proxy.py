"""Through the shipped proxy the bot does its work, and whoever has the bot gets no further."""

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from docker.models.containers import Container

from bot.domain.log import LogQuery, Role, Service
from bot.errors import SourceError
from bot.settings import BotSettings
from bot.sources.docker.containers import EngineContainers
from bot.sources.docker.logs import DockerLogs
from bot.sources.runners.source import EngineRunners
from tests.rights.attempt import wrong
from tests.rights.proxy import NOT_DONE, REFUSED, asked, tried
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
NOBODY = "0" * 64
# What the bot takes for neither on nor off is a wrong setting there.
TAKEN = {"on", "ON", "True", "t", "1", "yes", "y", "off", "0", "no", "false"}
OTHER = quote(json.dumps({"label": ["com.docker.compose.project=other"]}))


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


def test_whatever_the_bot_does_not_need_is_refused(engine: Engine, service: Container) -> None:
    service.reload()
    before = service.attrs["State"]["StartedAt"]
    with docker_proxy(engine) as proxy:
        assert wrong(tried(proxy, service)) == []
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


@pytest.mark.parametrize(
    ("word", "opens"),
    [(one, True) for one in ("on", "ON", "True", "t", "1", "yes", "y")]
    + [(one, False) for one in ("off", "", "0", "no", "false", "only", "2")],
)
def test_the_proxy_takes_for_on_what_the_bot_takes_for_it(
    engine: Engine, word: str, opens: bool
) -> None:
    own = BotSettings.model_validate({"RUNNER_STOP": word}).runner_stop if word in TAKEN else False
    assert own is opens
    with docker_proxy(engine, RUNNER_STOP=word, DOCKER_INSPECT=word) as proxy:
        stopped, _ = asked(proxy, "POST", f"/containers/{NOBODY}/stop?t=1")
        inspected, _ = asked(proxy, "GET", f"/containers/{NOBODY}/json")
    assert (stopped, inspected) == ((404, 404) if opens else (403, 403))


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
