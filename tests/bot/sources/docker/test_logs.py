import asyncio
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.log import LogQuery, Role, Service
from bot.errors import SourceError
from bot.sources.docker.follow import DockerFollow
from bot.sources.docker.lines import _FRAME, PIECE_BYTES, FramedLines, TerminalLines
from bot.sources.docker.logs import DockerLogs
from tests.support.servers.engine import Engine, running_engine

# The docker SDK leaves the sockets of ended streams to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
STAMP = b"2025-11-18T23:48:23.000000001Z "
SERVICES = (
    Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),
    Service("llm_provider_service", "*llm_provider_service*", Role.LLM_PROVIDER),
)
EVENT = '{"event": "%s", "timestamp": "2025-11-18T23:48:2%d.000000Z", "level": "info"}'


def test_a_line_cut_into_pieces_keeps_one_stamp_and_an_id_across_the_cut() -> None:
    full = b"x" * (PIECE_BYTES - 9) + ID[:9].encode()
    frames = [STAMP + full, STAMP + ID[9:].encode() + b"\n", STAMP + b"b\n"]
    assert framed(frames) == [STAMP + full + ID[9:].encode() + b"\n", STAMP + b"b\n"]


def test_two_streams_whose_pieces_come_by_turns_are_not_mixed() -> None:
    out, err = b"o" * PIECE_BYTES, b"e" * PIECE_BYTES
    frames = [(1, STAMP + out), (2, STAMP + err), (1, STAMP + b"1\n"), (2, STAMP + b"2\n")]
    lines = FramedLines()
    found = lines.feed(b"".join(_FRAME.pack(*(kind, len(data))) + data for kind, data in frames))
    assert found == [STAMP + out + b"1\n", STAMP + err + b"2\n"]


def test_a_last_line_without_newline_is_a_line() -> None:
    assert framed([STAMP + b"killed", STAMP + b"born\n"]) == [
        STAMP + b"killed\n",
        STAMP + b"born\n",
    ]


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50))
def test_frames_may_be_torn_anywhere(texts: list[bytes], size: int) -> None:
    frames = [STAMP + text.replace(b"\n", b"") + b"\n" for text in texts]
    assert framed(frames, size) == frames


def framed(frames: list[bytes], size: int = 1 << 20) -> list[bytes]:
    stream = b"".join(_FRAME.pack(1, len(frame)) + frame for frame in frames)
    lines = FramedLines()
    found = [
        line for at in range(0, len(stream), size) for line in lines.feed(stream[at : at + size])
    ]
    return found + lines.rest()


def test_a_terminals_lines_lose_the_stamps_spliced_into_them() -> None:
    long = b"y" * 20_000
    spliced = STAMP + long[:16_384] + STAMP + long[16_384:] + b"\r\n" + STAMP + b"b\r\n"
    lines = TerminalLines()
    found = [
        line for at in range(0, len(spliced), 999) for line in lines.feed(spliced[at : at + 999])
    ]
    assert found == [STAMP + long + b"\n", STAMP + b"b\n"]


async def test_no_engine_is_a_source_error(tmp_path: Path) -> None:
    source = DockerLogs([f"unix://{tmp_path}/none.sock"], SERVICES, UTC)
    with pytest.raises(SourceError, match="no Docker Engine answers"):
        await source.search(LogQuery())


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-engine-"))) as engine:
        yield engine


def source(engine: Engine) -> DockerLogs:
    return DockerLogs([engine.url], SERVICES, UTC)


def say(*texts: str) -> str:
    return "; ".join(f"echo '{EVENT % (text, n)}'" for n, text in enumerate(texts))


@pytest.mark.engine
@pytest.mark.parametrize("tty", [False, True])
async def test_a_container_is_searched_by_label_even_stopped(engine: Engine, tty: bool) -> None:
    label = {"com.docker.compose.service": "llm_provider_service"}
    name = f"named_at_will_{tty}"
    engine.run(name, say("one", f"two {ID}", "three"), labels=label, tty=tty).wait()
    engine.run(f"unrelated_{tty}", say("four")).wait()
    logs = source(engine)
    found = await logs.search(LogQuery(any_of=(ID,)))
    assert f"two {ID}" in {event.event for event in found.events if event.container == name}
    (coverage,) = (row for row in found.coverage if row.container == name)
    assert (coverage.service, coverage.scanned, coverage.matched) == ("llm_provider_service", 3, 1)
    assert coverage.begins_at is not None
    assert not any(row.container.startswith("unrelated") for row in found.coverage)
    await logs.close()


@pytest.mark.engine
async def test_an_id_across_the_engines_16_kib_cut_is_found(engine: Engine) -> None:
    pad = "x" * 1_000
    script = f"i=0; while [ $i -lt 16 ]; do printf '{pad}'; i=$((i+1)); done; "
    script += f"printf '{'y' * 374}'; echo '{ID}'"
    engine.run("cj_assessment_service_long", script).wait()
    logs = source(engine)
    found = await logs.search(LogQuery(any_of=(ID,), roles=(Role.CJ,)))
    assert len([e for e in found.events if e.container == "cj_assessment_service_long"]) == 1
    await logs.close()


async def gather(follow: DockerFollow, count: int, *, name: str) -> tuple[list[str], set[str]]:
    found: list[str] = []
    restarted: set[str] = set()
    for _ in range(400):
        taken = follow.take()
        found += [event.event for event in taken.events if event.container == name]
        restarted |= set(taken.restarted)
        if len(found) >= count:
            break
        await asyncio.sleep(0.05)
    return found, restarted


@pytest.mark.engine
@pytest.mark.marathon
async def test_following_survives_restart_and_recreation_without_loss_or_repeat(
    engine: Engine,
) -> None:
    name, script = "huleedu_cj_assessment_service", say("a", "b") + "; sleep 60"
    logs = source(engine)
    follow = await logs.follow(since=datetime.now(UTC) - timedelta(minutes=1))
    container = engine.run(name, script)
    assert (await gather(follow, 2, name=name))[0] == ["a", "b"]
    container.restart(timeout=0)
    found, restarted = await gather(follow, 2, name=name)
    assert found == ["a", "b"]
    assert name in restarted
    container.remove(force=True)
    engine.run(name, say("c", "d") + "; sleep 60")
    found, restarted = await gather(follow, 2, name=name)
    assert found == ["c", "d"]
    assert name in restarted
    await follow.close()
    await logs.close()
