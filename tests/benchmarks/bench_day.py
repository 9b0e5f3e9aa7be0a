"""A day in the life, compressed: thirty containers, gigabytes of logs, two replicas, one killed.

Callbacks are rejected early on, the leader is killed half way, and somebody asks every few
seconds. The bot's processor time and memory over time are drawn into day.png.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil

from bot.demo.incident.rows import load
from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import BOT_USER, CHANNELS
from bot.service import embedded_postgres
from tests.benchmarks.bench_answers import _free_port
from tests.benchmarks.figure import Row, Scale
from tests.benchmarks.running import Running, bot, settings

# Seconds, and lines a second over all containers; a line has about 300 bytes.
SIZES = {"small": (20.0, 3_000), "full": (360.0, 48_000)}
NAMES = [f"huleedu_service_{n:02d}" for n in range(28)]
NAMES += ["huleedu_cj_assessment_service", "huleedu_llm_provider_service"]
ASK_EVERY = 5.0
LOOK_EVERY = 1.0
PICTURE = Path(__file__).with_name("day.png")


@dataclass(slots=True)
class Diary:
    """What was seen of one replica: seconds since the start, CPU in percent, resident MiB."""

    at: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)


def run(scale: Scale) -> list[Row]:
    """Live through the day."""
    seconds, rate = SIZES[scale.name]
    return asyncio.run(_run(seconds, rate, draw=scale.name == "full"))


async def _run(seconds: float, rate: int, *, draw: bool) -> list[Row]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        folder.chmod(0o711)  # noqa: ASYNC240
        logs = folder / "logs"
        logs.mkdir()
        # Services were there before the bot: a folder without logs would be an alert of its own.
        for name in NAMES:
            (logs / f"{name}.log").touch()
        server = await embedded_postgres.start(folder / "postgres", durable=False)
        stack.push_async_callback(server.stop)
        cj = await server.create_database("cj")
        await load(cj)
        workspace = await stack.enter_async_context(Workspace(0))
        memory = await server.create_database("memory")
        environment = settings(workspace, memory, logs, CJ_DATABASE_URL=cj, TICK_SECONDS="5")
        replicas = [
            await stack.enter_async_context(bot(environment, _free_port())) for _ in range(2)
        ]
        return await _lived(workspace, replicas, logs, seconds, rate, draw=draw)


async def _lived(
    workspace: Workspace,
    replicas: Sequence[Running],
    logs: Path,
    seconds: float,
    rate: int,
    *,
    draw: bool,
) -> list[Row]:
    diaries = [Diary() for _ in replicas]
    asked: list[float] = []
    writer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.chatter", str(logs)),
        *(str(rate), str(seconds), ",".join(NAMES)),
        stdout=asyncio.subprocess.PIPE,
    )
    watches = [
        asyncio.create_task(_watch(one, diary))
        for one, diary in zip(replicas, diaries, strict=True)
    ]
    asking = asyncio.create_task(_ask(workspace, asked))
    await asyncio.sleep(seconds / 2)
    leader = await _leader(replicas)
    replicas[leader].process.kill()
    killed = time.monotonic()
    took = await _taken_over(replicas[1 - leader], killed)
    told, _ = await writer.communicate()
    await asyncio.sleep(10)
    lost = await _metric(replicas[1 - leader], "batchbot_log_lines_lost_total")
    for task in (*watches, asking):
        task.cancel()
    await asyncio.gather(*watches, asking, return_exceptions=True)
    if draw:
        await asyncio.to_thread(_draw, diaries, killed_at=seconds / 2)
    lines, size = (int(word) for word in told.split())
    return _rows(workspace, diaries, asked, lines, size, took, lost)


async def _watch(one: Running, diary: Diary) -> None:
    process, began = psutil.Process(one.process.pid), time.monotonic()
    process.cpu_percent()
    while one.process.returncode is None:
        await asyncio.sleep(LOOK_EVERY)
        try:
            diary.cpu.append(process.cpu_percent())
            diary.resident.append(process.memory_info().rss / (1 << 20))
        except psutil.NoSuchProcess:
            return
        diary.at.append(time.monotonic() - began)


async def _ask(workspace: Workspace, seconds: list[float]) -> None:
    channel = workspace.space.messages[CHANNELS["incidents"]]
    body = {"channel": "incidents", "user": "oncall", "text": "/batch status 34"}
    async with aiohttp.ClientSession() as session:
        while True:
            seen, began = len(channel), time.monotonic()
            async with session.post(f"{workspace.url}/workspace/send", json=body):
                pass
            while not any(_is_answer(m) for m in channel[seen:]):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            seconds.append(time.monotonic() - began)
            await asyncio.sleep(ASK_EVERY)


def _is_answer(message: dict[str, object]) -> bool:
    return message["user"] == BOT_USER and "Batch 34" in str(message["text"])


async def _leader(replicas: Sequence[Running]) -> int:
    leads = [await _metric(one, "batchbot_leading") for one in replicas]
    return leads.index(1.0)


async def _taken_over(replica: Running, since: float) -> float:
    while await _metric(replica, "batchbot_leading") != 1.0:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return time.monotonic() - since


async def _metric(replica: Running, name: str) -> float:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{replica.url}/metrics") as answer,
    ):
        lines = (await answer.text()).splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{name} ")), -1.0)


def _rows(
    workspace: Workspace,
    diaries: Sequence[Diary],
    asked: Sequence[float],
    lines: int,
    size: int,
    took: float,
    lost: float,
) -> list[Row]:
    heads = [m for m in workspace.space.messages[CHANNELS["alerts"]] if not m["thread_ts"]]
    peak = max(max(diary.resident, default=0.0) for diary in diaries)
    busy = [value for diary in diaries for value in diary.cpu]
    note = f"{lines:,} lines, {size / 1e9:.1f} GB, {len(NAMES)} containers"
    ordered = sorted(asked)
    slowest = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else 0.0
    return [
        Row(
            "day: peak resident of a replica", peak, "MiB", goal="< 150", met=peak < 150, note=note
        ),
        Row("day: mean CPU of a replica", sum(busy) / max(1, len(busy)), "% of a core", note=note),
        Row("day: followed lines lost", lost, "lines", goal="0", met=lost == 0, note=note),
        Row("day: take-over after kill -9", took, "s", goal="< 30 s", met=took < 30),
        Row("day: alert heads", len(heads), "", goal="1", met=len(heads) == 1, note="one cause"),
        Row("day: answers", len(asked), "", note=f"p99 {slowest:.2f} s"),
    ]


def _draw(diaries: Sequence[Diary], *, killed_at: float) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (cpu, memory) = pyplot.subplots(2, 1, sharex=True, figsize=(9, 5))
    for number, diary in enumerate(diaries, start=1):
        cpu.plot(diary.at, diary.cpu, label=f"replica {number}")
        memory.plot(diary.at, diary.resident, label=f"replica {number}")
    for axis in (cpu, memory):
        axis.axvline(killed_at, linestyle="--", color="gray")
        axis.grid(alpha=0.3)
    cpu.set_ylabel("CPU, % of a core")
    cpu.legend()
    memory.set_ylabel("resident, MiB")
    memory.set_ylim(bottom=0)
    memory.set_xlabel("seconds; the leader is killed at the dashed line")
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=110)
