"""How fast commands are acknowledged and answered while logs pour in; how fast the bot starts."""

import asyncio
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import psutil

from bot.demo.incident.rows import load
from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import BOT_USER, CHANNELS
from bot.service import embedded_postgres
from tests.benchmarks.figure import Row, Scale
from tests.benchmarks.running import bot, settings

CROWDS = {"small": (1, 10), "full": (1, 10, 50, 200)}
LINES_PER_SECOND = 20_000
NAMES = [f"huleedu_{name}_{n}" for n in range(4) for name in ("cj_assessment_service", "llm_x")]
COMMAND = "/batch status 34"
ANSWER_SECONDS = 60.0


def run(scale: Scale) -> list[Row]:
    """Ask the real bot over real sockets."""
    return asyncio.run(_run(CROWDS[scale.name]))


async def _run(crowds: Sequence[int]) -> list[Row]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        folder.chmod(0o711)  # noqa: ASYNC240
        logs = folder / "logs"
        logs.mkdir()
        server = await embedded_postgres.start(folder / "postgres", durable=False)
        stack.push_async_callback(server.stop)
        cj = await server.create_database("cj")
        await load(cj)
        workspace = await stack.enter_async_context(Workspace(0))
        environment = settings(
            workspace, await server.create_database("memory"), logs, CJ_DATABASE_URL=cj
        )
        running = await stack.enter_async_context(bot(environment, _free_port()))
        rows = [Row("start-up to ready", running.ready_after, "s")]
        chatter = await _chatter(logs, 25.0 * len(crowds))
        for crowd in crowds:
            rows += await _asked(workspace, crowd)
        chatter.terminate()
        await chatter.wait()
        resident = psutil.Process(running.process.pid).memory_info().rss / (1 << 20)
        return [*rows, Row("bot, resident", resident, "MiB", goal="< 150", met=resident < 150)]


async def _asked(workspace: Workspace, crowd: int) -> list[Row]:
    """Send `crowd` commands at once and wait for every answer."""
    space, channel = workspace.space, CHANNELS["incidents"]
    acks, messages = len(space.acks_ms), len(space.messages[channel])
    began = time.monotonic()
    body = {"channel": "incidents", "user": "oncall", "text": COMMAND}
    async with aiohttp.ClientSession() as session:
        sends = (session.post(f"{workspace.url}/workspace/send", json=body) for _ in range(crowd))
        for answer in await asyncio.gather(*sends):
            answer.release()
    seconds: list[float] = []
    while len(seconds) < crowd and time.monotonic() - began < ANSWER_SECONDS:
        said = [m for m in space.messages[channel][messages:] if _is_answer(m)]
        seconds += [time.monotonic() - began] * (len(said) - len(seconds))
        await asyncio.sleep(0.005)
    acked = sorted(space.acks_ms[acks:])
    note = f"{LINES_PER_SECOND:,} log lines/s meanwhile; {len(seconds)} of {crowd} answered"
    return [
        Row(f"ack, {crowd} at once: p50", statistics.median(acked), "ms", note=note),
        Row(
            f"ack, {crowd} at once: p99",
            _p99(acked),
            "ms",
            goal="< 100 ms",
            met=_p99(acked) < 100,
            note=note,
        ),
        Row(f"answer, {crowd} at once: p50", 1_000 * statistics.median(seconds), "ms", note=note),
        Row(f"answer, {crowd} at once: p99", 1_000 * _p99(seconds), "ms", note=note),
    ]


def _is_answer(message: dict[str, object]) -> bool:
    return message["user"] == BOT_USER and "Batch 34" in str(message["text"])


def _p99(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


async def _chatter(logs: Path, seconds: float) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.chatter", str(logs)),
        *(str(LINES_PER_SECOND), str(seconds), ",".join(NAMES)),
        stdout=asyncio.subprocess.DEVNULL,
    )


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])
