"""The Engine's files read directly say exactly what its API says."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from docker.types import LogConfig

from bot.domain.log import LogCoverage, LogQuery, Role, Service
from bot.sources.docker.logs import DockerLogs
from tests.support.servers.engine import Engine, running_engine

# The SDK leaves its socket open while the Engine of the test is not up yet.
pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
ACROSS = "0b81c8d2-3c4b-4d6e-8b0f-7a5f1f0c2e11"
SERVICES = (
    Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),
    Service("llm_provider_service", "*llm_provider_service*", Role.LLM_PROVIDER),
    Service("content_service", "*content_service*", Role.OTHER),
)
TRACE = "Traceback (most recent call last):\n" + "".join(
    f'  File "/app/x{n}.py", line {n}, in f\n    raise ValueError("<&> \\u2028")\n'
    for n in range(30)
)


def console(number: int, text: str) -> str:
    at = f"\x1b[2m2025-11-18T23:48:{number % 60:02}.77{number:04}Z\x1b[0m"
    fields = f"[\x1b[34mcj.worker\x1b[0m] \x1b[36mn\x1b[0m=\x1b[35m{number}\x1b[0m"
    return f"{at} [\x1b[32minfo     \x1b[0m] \x1b[1m{text}\x1b[0m {fields}\n"


def as_json(number: int, text: str, level: str = "info") -> str:
    at = f"2025-11-18T23:48:{number % 60:02}.{number:06}Z"
    return (
        f'{{"event": "{text}", "timestamp": "{at}", "level": "{level}", "n": {number}, '
        f'"extra": {{"path": "a\\\\b\\t<&>", "name": "Åsa \u2028 日本"}}}}\n'
    )


def mixed() -> bytes:
    long = "y" * (16_384 - 60) + ACROSS
    lines = [as_json(n, f"tick {n} {ID if n % 7 == 0 else ''}") for n in range(40)]
    lines += [console(n, f"Zürich → {n}") for n in range(20)]
    lines += [console(21, "Failed to process " + ID), TRACE, f"ValueError: {ID} is <bad>\n"]
    lines += [as_json(30, long, "error"), as_json(31, "z" * 1_200_000 + ID), "\n", "plain\tline\n"]
    lines += [console(32, "é" * 9_000 + ID), as_json(33, "after", "warning")]
    return "".join(lines).encode() + b"torn \xff\xfe utf-8 " + ID.encode() + b"\n"


def rotating() -> bytes:
    lines = []
    for n in range(600):
        lines.append(console(n, f"tick {n} {ID if n % 50 == 3 else ''}"))
        if n % 40 == 3:
            lines += [TRACE, f"KeyError: 'n{n}'\n"]
    return "".join(lines).encode()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-engine-"))) as engine:
        said = engine.folder / "said"
        said.mkdir()
        (said / "mixed").write_bytes(mixed())
        (said / "rotating").write_bytes(rotating())
        mounted: Any = {"volumes": {str(said): {"bind": "/in", "mode": "ro"}}}
        rotated = LogConfig(
            type="json-file",
            config={"max-size": "30k", "max-file": "20", "compress": "true", "tag": "{{.Name}}"},
        )
        scripts: list[tuple[str, str, dict[str, Any]]] = [
            ("huleedu_cj_assessment_service", "cat /in/mixed; cat /in/mixed >&2", {}),
            ("huleedu_llm_provider_service", "cat /in/rotating", {"log_config": rotated}),
            ("huleedu_content_service", "cat /in/rotating", {"tty": True}),
        ]
        for name, script, options in scripts:
            engine.run(name, script, **mounted, **options).wait()
        yield engine


def sources(engine: Engine) -> tuple[DockerLogs, DockerLogs]:
    folder = engine.data / "containers"
    direct = DockerLogs([engine.url], SERVICES, UTC, folder)
    return direct, DockerLogs([engine.url], SERVICES, UTC)


QUERIES = [
    LogQuery(any_of=(ID,)),
    LogQuery(any_of=(ACROSS,)),
    LogQuery(any_of=(ID,), context=3),
    LogQuery(any_of=("tick",), max_events=5),
    LogQuery(any_of=("tick",), max_events=50, roles=(Role.LLM_PROVIDER,)),
    LogQuery(any_of=("KeyError", "ValueError")),
    LogQuery(any_of=('"event": "tick 7 ',)),
    LogQuery(any_of=("a\\\\b",)),
    LogQuery(any_of=("<&>",)),
    LogQuery(any_of=("Zürich →", "日本")),
    LogQuery(any_of=("no such words",)),
    LogQuery(any_of=("tick",), levels=("error", "warning")),
    LogQuery(levels=("error", "warning"), max_events=10),
    LogQuery(max_events=30),
    LogQuery(services=("cj_assessment_service",)),
    LogQuery(any_of=("tick 9 ",), since=datetime(2025, 11, 18, 23, 48, 5, tzinfo=UTC)),
    LogQuery(any_of=("tick",), until=datetime(2025, 11, 18, 23, 48, 5, tzinfo=UTC)),
]


def told(coverage: LogCoverage) -> LogCoverage:
    """What must agree. Bytes depend on the carrier; who has found enough may stop counting.

    Where pieces of two streams mix, as chance will have it, the files' stretch around a hit is
    wider, and so holds more unreadable neighbours.
    """
    is_cut = "only the newest" in coverage.note
    same = replace(coverage, bytes_read=0, unreadable=0, is_estimate=False, note="")
    return replace(same, scanned=0, matched=0, is_least=False) if is_cut else same


@pytest.mark.parametrize("query", QUERIES, ids=str)
async def test_files_and_api_give_the_same_answer(engine: Engine, query: LogQuery) -> None:
    direct, api = sources(engine)
    first, second = await direct.search(query), await api.search(query)
    assert first.events == second.events
    assert not first.missing
    assert not second.missing
    assert [told(row) for row in first.coverage] == [told(row) for row in second.coverage]
    await direct.close()
    await api.close()


async def test_what_was_searched_was_rotated_and_compressed(engine: Engine) -> None:
    names = [path.name for path in (engine.data / "containers").rglob("*-json.log.*.gz")]
    assert len(names) >= 3
    direct, api = sources(engine)
    query = LogQuery(any_of=("KeyError",), roles=(Role.LLM_PROVIDER,))
    found = await direct.search(query)
    assert [event.error.kind for event in found.events if event.error] == ["KeyError"] * 15
    await direct.close()
    await api.close()


async def test_an_unreadable_folder_falls_back_to_the_api_and_says_so(
    engine: Engine, tmp_path: Path
) -> None:
    logs = DockerLogs([engine.url], SERVICES, UTC, tmp_path)
    found = await logs.search(LogQuery(any_of=(ID,)))
    _, api = sources(engine)
    assert found.events == (await api.search(LogQuery(any_of=(ID,)))).events
    told = "read through the Engine's API: it has no json-file log in DOCKER_LOG_DIR"
    assert {row.note.rpartition("; ")[2] for row in found.coverage} == {told}
    assert "2 very long events not shown" in "".join(row.note for row in found.coverage)
    assert "0 read from DOCKER_LOG_DIR" in await logs.check()
    await logs.close()
    await api.close()


async def test_a_search_of_the_last_lines_says_that_it_is_one(engine: Engine) -> None:
    _, api = sources(engine)
    name = "huleedu_cj_assessment_service_many"
    engine.run(name, "i=0; while [ $i -lt 12000 ]; do echo line $i; i=$((i+1)); done").wait()
    found = await api.search(LogQuery(max_events=10, roles=(Role.CJ,)))
    (coverage,) = (row for row in found.coverage if row.container == name)
    assert coverage.truncated
    assert "only the last 10000 lines were read" in coverage.note
    engine.client.containers.get(name).remove(force=True)
    await api.close()


async def test_a_silent_engine_hides_none_of_the_others(engine: Engine) -> None:
    gone = f"unix://{engine.folder}/none.sock"
    logs = DockerLogs([gone, engine.url], SERVICES, UTC, engine.data / "containers")
    found = await logs.search(LogQuery(any_of=(ID,)))
    assert found.events
    assert [name for name, _ in found.missing] == [f"Docker Engine {gone}"]
    await logs.close()
