"""The leading replica dies, stands still, or loses its database without being told: who takes over,
how soon, and whether anything is said twice."""

import asyncio
import signal
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import CHANNELS
from bot.service import embedded_postgres
from tests.chaos.kills import Pace, counted, environment_of, judge, logs_in
from tests.chaos.replica import Process
from tests.chaos.table import Row
from tests.chaos.violations import constraint, write
from tests.support.servers.wire import Wire, wire

MOST_SECONDS = 30.0
LIMIT_SECONDS = 90.0
# Quiet for longer than a take-over: what is older is over, and no news to who takes over.
PACE = Pace(quiet=40, lease=30)


@dataclass(eq=False)
class Replica:
    """One running bot, with a wire of its own to the database."""

    process: Process
    port: int
    wire: Wire

    async def leads(self) -> bool:
        """Ask its /metrics; one that does not answer does not lead."""
        address = f"http://127.0.0.1:{self.port}/metrics"
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
                session.get(address) as answer,
            ):
                return "batchbot_leading 1.0" in await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return False


Fault = Callable[[Replica], Awaitable[None]]


async def _dies(one: Replica) -> None:
    await one.process.kill()


async def _stands_still(one: Replica) -> None:
    one.process.send(signal.SIGSTOP)


async def _hangs(one: Replica) -> None:
    one.wire.hold()


FAULTS: tuple[tuple[str, Fault], ...] = (
    ("the leader killed", _dies),
    ("the leader stopped (SIGSTOP)", _stands_still),
    ("the leader's database connection hangs", _hangs),
)


async def run(faults: tuple[tuple[str, Fault], ...] = FAULTS) -> list[Row]:
    """Take the leader away in each way, while violations come, and give it back."""
    return [row for name, fault in faults for row in await _lived(name, fault)]


async def _lived(name: str, fault: Fault) -> list[Row]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        logs = logs_in(folder)
        workspace = await stack.enter_async_context(Workspace(0))
        server = await embedded_postgres.start(folder / "postgres", durable=False)
        stack.push_async_callback(server.stop)
        memory = await server.create_database("memory")
        pair = [await _start(stack, workspace, memory, logs) for _ in range(2)]
        leader, other = await _led(pair)
        write(logs, 0)
        await asyncio.sleep(3)
        await fault(leader)
        began = time.monotonic()
        write(logs, 1)
        took = await _seconds_until(other.leads, began)
        leader.wire.release()
        if leader.process.returncode is None:
            leader.process.send(signal.SIGCONT)
        write(logs, 2)
        wanted = [constraint(number) for number in range(3)]
        channel = workspace.space.messages[CHANNELS["alerts"]]

        async def is_told() -> bool:
            return judge(channel, wanted).clean

        await _seconds_until(is_told, time.monotonic())
        verdict = judge(channel, wanted)
        both = [await one.leads() for one in pair]
    told = ", ".join(counted(one) for one in (verdict.missing, verdict.doubled, verdict.unresolved))
    return [
        Row(name, "the other leads after", _words(took), took is not None and took < MOST_SECONDS),
        Row(name, "alerts lost, doubled, unresolved", f"{told} of 3",
            verdict.clean),
        Row(name, "leaders afterwards", str(sum(both)), sum(both) == 1),
    ]  # fmt: skip


async def _start(stack: AsyncExitStack, workspace: Workspace, memory: str, logs: Path) -> Replica:
    relay = await stack.enter_async_context(wire(memory))
    environment = environment_of(workspace, relay.url, logs, PACE)
    port = _free_port()
    more: Mapping[str, str] = {"HTTP_PORT": str(port), "TICK_SECONDS": "2"}
    process = Process({**environment, **more})
    await process.start()
    replica = Replica(process, port, relay)
    stack.push_async_callback(process.kill)
    return replica


async def _led(pair: list[Replica]) -> tuple[Replica, Replica]:
    """Wait until one of them leads; return it first."""
    until = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < until:
        for one, other in (pair, pair[::-1]):
            if await one.leads():
                return one, other
        await asyncio.sleep(0.2)
    raise SystemExit("no replica leads")


async def _seconds_until(is_so: Callable[[], Awaitable[bool]], began: float) -> float | None:
    while time.monotonic() - began < LIMIT_SECONDS:
        if await is_so():
            return time.monotonic() - began
        await asyncio.sleep(0.2)
    return None


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _words(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"
