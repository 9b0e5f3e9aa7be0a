"""The same night read through Docker's API, its files, a log folder and Loki: the same answers."""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.cli.ask import run, understand
from bot.demo.incident.bundle_lines import NIGHT
from bot.demo.incident.rows import Revision, pair_id
from bot.demo.incident.write_logs import LOGS, ORPHAN, STRAY
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, LogQuery
from bot.domain.report import Report
from bot.ports import LogSource, Sources
from bot.registry import detectors
from bot.replay.files import opened
from bot.replay.run import DetectorTable, _finished, replay_directory
from bot.settings import HULEEDU_SERVICES
from bot.sources.cj.database import CjPostgres
from bot.sources.docker.logs import DockerLogs
from bot.sources.log_files import LogFiles
from bot.sources.loki.entries import stamp
from bot.sources.loki.http import LokiHttp
from bot.sources.loki.source import Loki
from tests.support.fakes.sources import context
from tests.support.servers.engine import Engine, running_engine
from tests.support.servers.loki import LokiServer, running
from tests.support.shipping import NOW, Row, ship_to_engine, ship_to_files, ship_to_loki, shipped
from tests.support.watches import GivenWatch

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
T = TypeVar("T")
PLACE = re.compile(r", at byte \d+ of its log(?:'s file [\w.]+)?")
TICK = timedelta(seconds=30)
# Soon after the last line: of files alone nothing is known that comes long after it.
ASKED = NOW - timedelta(minutes=14)
MOST_LOOKS, MORE_LOOKS = 1_200, 10
OPTIONS = {"services": HULEEDU_SERVICES, "zone": UTC}
LINES = (
    "/batch status 33",
    "/batch status 34",
    "/batch investigate 33",
    "/batch investigate 34",
    "/batch compare 33 34",
    "/batch compare mode:per_request mode:serial_bundle --since 2d",
    f"/trace {pair_id(33, 70)}",
    f"/trace {pair_id(34, 3)}",
    f"/trace {ORPHAN}",
    f"/trace {STRAY}",
    "/trace serial-bundle-20251119-0048",
    "/queue",
    "/logs cj IntegrityError --since 3h --context 3",
    "/logs llm_provider serial_bundle_dispatch --since 3h",
    "/logs runner --since 3h --level error",
)


@pytest.fixture(scope="module", params=["console", "json"])
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def engine(shape: str) -> Iterator[Engine]:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-engine-"))) as engine:
        ship_to_engine(engine, _night(shape))
        yield engine


def _night(shape: str) -> list[Row]:
    """Return the night's lines, and one of CJ as late as the last.

    Why the log of an Engine's stopped container ends is known, of a folder's file it is not.
    """
    rows = shipped(LOGS / shape)
    at = max(at for at, _, _ in rows)
    said = {"console": f"{stamp(at)} [debug    ] idle [cj_assessment_service.worker]"}
    said["json"] = json.dumps({"timestamp": stamp(at), "level": "debug", "event": "idle"})
    return [*rows, (at + 1, "huleedu_cj_assessment_service", said[shape])]


@asynccontextmanager
async def log_sources(
    shape: str, engine: Engine, folder: Path
) -> AsyncIterator[Mapping[str, LogSource]]:
    rows = _night(shape)
    ship_to_files(folder, rows)
    server = LokiServer(max_entries=500)
    ship_to_loki(server, rows)
    async with running(server), AsyncExitStack() as stack:
        docker = DockerLogs([engine.url], HULEEDU_SERVICES, UTC)
        direct = DockerLogs([engine.url], HULEEDU_SERVICES, UTC, engine.data / "containers")
        loki = Loki(LokiHttp(server.url), HULEEDU_SERVICES, UTC, clock=lambda: NOW)
        for source in (docker, direct, loki):
            stack.push_async_callback(source.close)
        files = LogFiles(folder, HULEEDU_SERVICES, UTC)
        yield {"files": files, "docker": docker, "docker files": direct, "loki": loki}


def heard(report: Report) -> Any:
    """Return an answer as JSON values, without how and where its logs were read."""
    said = json.loads(json.dumps(report.as_json(), default=str))
    said["facts"].pop("scanned", None)
    return _plain({key: value for key, value in said.items() if key != "sources"})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return (
        # Only a file has a place to name.
        re.sub(r"\b(log_files|docker_logs|loki)\b", "logs", PLACE.sub("", value))
        if isinstance(value, str)
        else value
    )


async def each(
    found: Mapping[str, LogSource], read: Callable[[LogSource], Awaitable[T]]
) -> Mapping[str, T]:
    """Read every source at the same time: what they wait for, they wait for together."""
    read_now = await asyncio.gather(*map(read, found.values()))
    return dict(zip(found, read_now, strict=True))


async def answered(line: str, database: CjPostgres, logs: LogSource) -> Any:
    asked = context(Sources(database, logs), now=ASKED, options=OPTIONS)
    return heard(await run(understand(line), asked))


@pytest.mark.marathon
async def test_every_command_answers_alike(
    shape: str, engine: Engine, night_urls: Mapping[Revision, str], tmp_path: Path
) -> None:
    database = CjPostgres(night_urls["now"])
    async with log_sources(shape, engine, tmp_path) as found:
        for line in LINES:
            answers = await each(found, partial(answered, line, database))
            assert answers["files"]["facts"], line
            for name, answer in answers.items():
                assert answer == answers["files"], (line, name)
    await database.close()


async def caught_up(source: LogSource, expected: int) -> list[LogEvent]:
    """Follow from before the night until so many events came, and a moment longer."""
    follow = await source.follow(since=NIGHT - timedelta(hours=1))
    events: list[LogEvent] = []
    more = MORE_LOOKS
    try:
        for _ in range(MOST_LOOKS):
            events += follow.take().events
            more -= len(events) >= expected
            if not more:
                break
            await asyncio.sleep(0.05)
    finally:
        await follow.close()
    return events


def in_order(events: Sequence[LogEvent]) -> list[LogEvent]:
    """Return the events that have a time, in the order in which detectors look at them."""
    dated = ((one.at, one.container, one) for one in events if one.at)
    return [one for _, _, one in sorted(dated, key=itemgetter(0, 1))]


def told(dated: Sequence[LogEvent]) -> list[dict[str, Any]]:
    """Return what all detectors say in the night, tick by tick."""
    made = {name: kind(kind.Settings()) for name, kind in detectors().items()}
    table, since, said = (
        DetectorTable(made, "test", TICK.total_seconds()),
        NIGHT,
        list[dict[str, Any]](),
    )
    while since < NOW:
        mine = tuple(one for one in dated if one.at and since <= one.at < since + TICK)
        watch = GivenWatch(since + TICK, since, logs=Followed(mine), owners={})
        samples = {name: _finished(one.sample(watch)) for name, one in made.items()}
        said += table.events(samples, watch.now)
        since = watch.now
    return said


async def test_every_detector_tells_alike(shape: str, engine: Engine, tmp_path: Path) -> None:
    async with log_sources(shape, engine, tmp_path) as found:
        whole = await found["files"].search(LogQuery(max_events=10_000))
        expected = len(whole.events)
        assert expected > 1_000
        followed = await each(found, lambda source: caught_up(source, expected))
    assert {name: len(events) for name, events in followed.items()} == dict.fromkeys(
        followed, expected
    )
    # Detectors say the same of the same events: one night of them stands for all sources.
    seen = {name: in_order(events) for name, events in followed.items()}
    for name, events in seen.items():
        assert events == seen["files"], name
    keys = {one["key"] for one in told(seen["files"]) if one["event"] == "open"}
    assert keys == {
        "database_errors/test/cj_assessment_service_grade_projections_pkey",
        # 66 of the hundred comparisons were given up, a bundle at a time.
        "provider_errors/test/llm_provider",
        "rejected_callbacks/test/essay_a_id_unknown_mode",
        "stuck_queue/test/llm_provider",
    }


async def test_a_replay_of_what_each_source_recorded_tells_alike(
    shape: str, engine: Engine, night_urls: Mapping[Revision, str], tmp_path: Path
) -> None:
    database = CjPostgres(night_urls["now"])
    (tmp_path / "logs").mkdir()
    replayed = {}
    async with log_sources(shape, engine, tmp_path / "logs") as found:
        for name, logs in found.items():
            asked = understand("/batch bundle 34")
            report = await run(asked, context(Sources(database, logs), now=NOW, operator=True))
            (file,) = report.attachments
            path = tmp_path / f"{name}.zip"
            path.write_bytes(file.content)
            with opened(path) as folder:
                replayed[name] = list(replay_directory(folder, HULEEDU_SERVICES, UTC))
    await database.close()
    assert [one["event"] for one in replayed["files"]].count("open") >= 1
    for name, events in replayed.items():
        assert events == replayed["files"], name
