"""Containers are inspected on a real Engine; of their environment only the two modes leave."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.log import Role, Service
from bot.domain.service_state import ContainerState
from bot.errors import SourceError
from bot.sources.docker.address import EngineAddress
from bot.sources.docker.containers import (
    PER_SERVICE,
    EngineContainers,
    Life,
    kept_of,
    modes_of,
    state_of,
)
from bot.sources.docker.engine import ContainerEvent, event_of
from tests.support.servers.engine import Engine, running_engine

# The docker SDK leaves the sockets of ended streams to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
CJ = Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ)
LPS = Service("llm_provider_service", "*llm_provider_service*", Role.LLM_PROVIDER)
RUNNER = Service("eng5_np_runner", "*eng5_np_runner-run-*", Role.RUNNER)
SECRET = "sk-ant-PLANTED-0123456789"
ENVIRONMENT = [
    f"ANTHROPIC_API_KEY={SECRET}",
    f"DATABASE_URL=postgresql://u:{SECRET}@h/d",
    "CJ_ASSESSMENT_SERVICE_LLM_BATCHING_MODE=",
    "LLM_PROVIDER_SERVICE_QUEUE_PROCESSING_MODE=serial_bundle",
    f"LLM_BATCHING_MODE_SECRET={SECRET}",
]


@pytest.mark.parametrize(
    ("environment", "role", "modes"),
    [
        (ENVIRONMENT, Role.CJ, {"CJ_ASSESSMENT_SERVICE_LLM_BATCHING_MODE": ""}),
        (
            ENVIRONMENT,
            Role.LLM_PROVIDER,
            {"LLM_PROVIDER_SERVICE_QUEUE_PROCESSING_MODE": "serial_bundle"},
        ),
        (ENVIRONMENT, Role.RUNNER, {}),
        (
            ["QUEUE_PROCESSING_MODE=batch_api"],
            Role.LLM_PROVIDER,
            {"QUEUE_PROCESSING_MODE": "batch_api"},
        ),
        (["QUEUE_PROCESSING_MODE"], Role.LLM_PROVIDER, {}),
        ([f"LLM_BATCHING_MODE={SECRET} x"], Role.CJ, {"LLM_BATCHING_MODE": "unreadable"}),
        ([f"LLM_BATCHING_MODE={'k' * 41}"], Role.CJ, {"LLM_BATCHING_MODE": "unreadable"}),
        (None, Role.CJ, {}),
        ("LLM_BATCHING_MODE=x", Role.CJ, {}),
    ],
)
def test_only_the_own_mode_of_a_service_is_taken(
    environment: object, role: Role, modes: dict[str, str]
) -> None:
    assert modes_of(environment, role) == modes


def test_a_lists_entry_and_events_are_read_together() -> None:
    listed = {
        "Id": "1a2b3c4d5e6f7a8b", "Names": ["/huleedu_llm_provider_service"], "State": "exited",
        "Status": "Exited (137) 5 minutes ago",
    }  # fmt: skip
    start = datetime(2025, 11, 18, 23, tzinfo=UTC)
    life = Life()
    for action, code in (("start", None), ("oom", None), ("die", 137), ("start", None)):
        life = life.after(ContainerEvent("1a2b", action, start, code))
    assert life == Life(start, starts=2)
    life = life.after(ContainerEvent("1a2b", "oom", start))
    modes = {"LLM_PROVIDER_SERVICE_QUEUE_PROCESSING_MODE": "serial_bundle"}
    assert state_of(listed, LPS, life, modes) == ContainerState(
        "llm_provider_service", "huleedu_llm_provider_service", "1a2b3c4d5e6f", "exited",
        start, 1, 137, True, modes,
    )  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b"[]", b"null", b'{"Actor": 1, "Action": "die", "timeNano": 1}',
     b'{"Actor": {}, "Action": "die", "timeNano": 1e300}', b'{"Actor": {}, "Action": ["start"]}',
     b'{"Actor": {"ID": "x"}, "Action": "exec_create: sh", "timeNano": 1}'],
)  # fmt: skip
def test_an_odd_event_is_left_out(line: bytes) -> None:
    assert event_of(line) is None


def test_hundreds_of_ended_runners_hide_no_other_service_and_no_running_one() -> None:
    runners = [
        ({"Id": f"r{n}", "Created": 1_000 + n, "State": "exited"}, RUNNER) for n in range(300)
    ]
    first = ({"Id": "r-old", "Created": 1, "State": "running"}, RUNNER)
    kept = kept_of([*runners, first, ({"Id": "cj", "Created": 2, "State": "running"}, CJ)])
    ids = [raw["Id"] for raw, _ in kept]
    assert ids[:3] == ["cj", "r-old", "r299"]
    assert len(ids) == PER_SERVICE + 1


@given(st.dictionaries(st.sampled_from(["Id", "Names", "Status", "Weird"]), st.none() | st.text()))
def test_an_odd_entry_is_survived(listed: dict[str, object]) -> None:
    assert state_of(listed, CJ, Life(), {}).state == "unknown"


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("Up 2 hours (healthy)", "healthy"),
        ("Up 2 minutes (unhealthy)", "unhealthy"),
        ("Up 2 seconds (health: starting)", "starting"),
        ("Up 2 hours", ""),
        ("Exited (1) 3 minutes ago", ""),
    ],
)
def test_image_and_health_are_read_off_the_list(status: str, health: str) -> None:
    raw = {"Image": "lps:1.2", "ImageID": f"sha256:{'a1b2c3d4' * 8}", "Status": status}
    told = state_of(raw, LPS, Life(), {})
    assert (told.image, told.image_id, told.health) == ("lps:1.2", "a1b2c3d4a1b2", health)


async def test_no_engine_is_a_source_error(tmp_path: Path) -> None:
    source = EngineContainers([f"unix://{tmp_path}/none.sock"], [CJ])
    with pytest.raises(SourceError, match="Docker Engine does not answer"):
        await source.containers()
    await source.close()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    import tempfile

    with running_engine(Path(tempfile.mkdtemp(prefix="bb-eng-"))) as running:
        yield running


@pytest.mark.engine
async def test_a_real_engine_tells_states_exits_labels_and_modes(engine: Engine) -> None:
    variables = dict(item.split("=", 1) for item in ENVIRONMENT)
    create = engine.client.containers.create
    image, network = "batchbot-test:latest", "none"
    old = create(image, ["/bin/sh", "-c", "exit 3"], name="huleedu_cj_assessment_service",
                 environment=variables, network_mode=network)  # fmt: skip
    old.start()
    old.wait()
    new = create(image, ["/bin/sleep", "60"], name="oddly-named", environment=variables,
                 network_mode=network, labels={"com.docker.compose.service": LPS.name})  # fmt: skip
    new.start()
    foreign = create(image, ["/bin/sleep", "60"], name="somebody-elses", network_mode=network)
    foreign.start()
    blind = EngineContainers([engine.url], [CJ, LPS, RUNNER])
    source = EngineContainers([engine.url], [CJ, LPS, RUNNER], inspects=True)
    try:
        assert not any(one.modes for one in await blind.containers())
        new.restart(timeout=1)
        again = {one.service: one for one in await blind.containers()}
        found = await source.containers()
        said = await source.check()
    finally:
        await blind.close()
        await source.close()
        for container in (old, new, foreign):
            container.remove(force=True)
    assert sorted((one.service, one.container, one.state, one.exit_code) for one in found) == [
        ("cj_assessment_service", "huleedu_cj_assessment_service", "exited", 3),
        ("llm_provider_service", "oddly-named", "running", None),
    ]
    assert all(one.started_at is not None for one in found)
    assert again[LPS.name].restarts == 1
    assert again[LPS.name].started_at == next(
        one.started_at for one in found if one.service == LPS.name
    )
    assert SECRET not in f"{found}{said}"
    assert "CJ_ASSESSMENT_SERVICE_LLM_BATCHING_MODE=empty" in said


@pytest.mark.parametrize(
    "host",
    ["tcp://h:2376Ar", "tcp://[::1", 'tcp://1[{"name": 1}]', "tcp://h:0", "h:1"],
)
async def test_an_address_that_is_none_is_said_to_be_none(host: str) -> None:
    for folder in (None, Path("/certificates")):
        source = EngineContainers([EngineAddress(host, folder)], [])
        with pytest.raises(SourceError, match="no address of a Docker Engine"):
            await source.check()
