"""Kills replicas of the real bot with SIGKILL at chosen points, and reads the channel afterwards.

Two replicas share one Postgres and post to a Slack workspace over real sockets, while a log
brings a new violation every few rounds. Afterwards each violation must have exactly one head
message that says so in the end, one reply that resolves it, and no message may stand twice.
"""

import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import CHANNELS
from bot.service import embedded_postgres
from tests.chaos.replica import POINTS, Process
from tests.chaos.table import Row
from tests.chaos.violations import constraint, write

SCENARIO = "kill -9"
BY_ITSELF = "by itself"
REPLICAS = 2
# A round begins when both replicas look and stand by; how long that takes is the machine's affair.
START_SECONDS = 120.0
# Rarer than what is folded into a storm, so that each alert has a head of its own.
SECONDS_PER_ALERT = 15.0
SETTLE_SECONDS = 200.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a round waits at most, a violation is news, and a message stays claimed.

    All in seconds. A round in which nobody reaches a point ends by a kill at any moment of it.
    `quiet` is longer than any stretch in which both replicas are dead: what is
    older is over, not news.
    """

    round: float = 4.0
    quiet: int = 60
    lease: float = 4.0


@dataclass(slots=True)
class Replica:
    """A running process and the point at which it will die; "" when it was left to live."""

    process: Process
    point: str
    alive: Path

    async def is_up(self) -> None:
        """Wait until it has asked for the lead once, or is dead."""
        until = time.monotonic() + START_SECONDS
        while not self.alive.exists() and self.process.returncode is None:
            await asyncio.sleep(0.05)
            if time.monotonic() > until:
                raise SystemExit("a replica does not start")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands in the channel, compared with what was written to the log."""

    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    unresolved: tuple[str, ...]
    red: tuple[str, ...]
    repeated_tokens: int
    strangers: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether every promise was kept."""
        return not (
            self.missing
            or self.doubled
            or self.unresolved
            or self.red
            or self.repeated_tokens
            or self.strangers
        )


def judge(messages: Sequence[Mapping[str, Any]], wanted: Sequence[str]) -> Verdict:
    """Compare a channel's messages with the constraints that were violated, all over by now."""
    heads: dict[str, list[str]] = {name: [] for name in wanted}
    strangers: list[str] = []
    for message in messages:
        if message["thread_ts"]:
            continue
        names = [name for name in wanted if name in str(message)]
        if not names:
            strangers.append(str(message["text"])[:80])
        for name in names:
            heads[name].append(message["ts"])
    green = {m["ts"] for m in messages if m["text"].startswith("✅ Resolved")}
    ended = {m["thread_ts"] for m in messages if m["thread_ts"] and "Resolved" in m["text"]}
    tokens = Counter(_token(message) for message in messages)
    return Verdict(
        missing=tuple(name for name, found in heads.items() if not found),
        doubled=tuple(name for name, found in heads.items() if len(found) > 1),
        unresolved=tuple(name for name, found in heads.items() if found and found[0] not in ended),
        red=tuple(name for name, found in heads.items() if found and found[0] not in green),
        repeated_tokens=sum(count - 1 for count in tokens.values()),
        strangers=tuple(strangers),
    )


async def run(*, rounds: int = 300, seed: int = 1, pace: Pace = Pace()) -> list[Row]:
    """Kill `rounds` times and return what was found."""
    dice = random.Random(seed)
    started = time.monotonic()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        logs = logs_in(folder)
        workspace = await stack.enter_async_context(Workspace(0))
        server = await embedded_postgres.start(folder / "postgres", durable=True)
        stack.push_async_callback(server.stop)
        memory = await server.create_database("memory")
        environment = environment_of(workspace, memory, logs, pace)
        wanted: list[str] = []
        channel = workspace.space.messages[CHANNELS["alerts"]]
        violated = asyncio.create_task(_keep_violating(logs, wanted, channel))
        deaths = await _rounds(rounds, environment, wanted, dice, pace)
        verdict = await _settled(workspace, environment, wanted, pace, violated)
        messages = len(channel)
    seconds = time.monotonic() - started
    return _rows(rounds, deaths, wanted, verdict, messages, seconds)


def logs_in(folder: Path) -> Path:
    """Return a new folder for logs in one that the embedded server's user may pass through."""
    folder.chmod(0o711)  # as root the embedded server runs as another user, who passes through
    logs = folder / "logs"
    logs.mkdir()
    return logs


async def _rounds(
    rounds: int,
    environment: Mapping[str, str],
    wanted: list[str],
    dice: random.Random,
    pace: Pace,
) -> Counter[str]:
    """Let replicas die in each round; fill in the constraints that are violated meanwhile."""
    deaths: Counter[str] = Counter()
    replicas = [await _start(environment, dice) for _ in range(REPLICAS)]
    next_at = time.monotonic()
    for number in range(rounds):
        if time.monotonic() >= next_at:
            next_at = time.monotonic() + SECONDS_PER_ALERT
            wanted.append(constraint(len(wanted)))
        slot = await _one_dies(replicas, dice, pace)
        deaths[_death(replicas[slot])] += 1
        if number + 1 < rounds:
            replicas[slot] = await _start(environment, dice)
        if number % 25 == 24:
            print(f"{SCENARIO}: {number + 1} of {rounds} rounds", file=sys.stderr)  # noqa: T201
    for replica in replicas:
        await replica.process.kill()
    return deaths


def _death(replica: Replica) -> str:
    """Return how a replica died; none may end but by a kill."""
    if replica.process.returncode != -signal.SIGKILL:
        return BY_ITSELF
    return replica.point or "by chance"


async def _keep_violating(
    logs: Path, wanted: Sequence[str], channel: Sequence[Mapping[str, Any]]
) -> None:
    """Violate the newest constraint each second, and those of which nobody lived to tell yet.

    So no slow round looks quiet, and nothing is over before it could be told.
    """
    while True:
        untold = judge(channel, wanted).missing
        for number, name in enumerate(wanted):
            if name in untold or number == len(wanted) - 1:
                write(logs, number)
        await asyncio.sleep(1)


async def _one_dies(replicas: Sequence[Replica], dice: random.Random, pace: Pace) -> int:
    """Wait until a replica died at its point, or kill one; return its number."""
    for replica in replicas:
        await replica.is_up()
    waits = [asyncio.ensure_future(replica.process.wait()) for replica in replicas]
    seconds = dice.uniform(0, pace.round)
    done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    dead = [number for number, wait in enumerate(waits) if wait in done]
    if dead:
        return dead[0]
    slot = dice.randrange(len(replicas))
    replicas[slot].point = ""
    await replicas[slot].process.kill()
    return slot


async def _start(environment: Mapping[str, str], dice: random.Random | None) -> Replica:
    point = dice.choice(POINTS) if dice else ""
    # Ticks and claims come every moment, messages are rare.
    often = point.startswith(("LiveWatcher.observe", "Store.save_tick", "Store.claim"))
    count = dice.randint(1, 6 if often else 1) if dice else 0
    alive = Path(environment["LOG_FILES_DIR"]).parent / f"alive-{uuid4().hex}"
    process = Process(
        {
            **environment,
            "CHAOS_POINT": point,
            "CHAOS_COUNT": str(count),
            "CHAOS_ALIVE": str(alive),
        }
    )
    await process.start()
    return Replica(process, point, alive)


async def _settled(
    workspace: Workspace,
    environment: Mapping[str, str],
    wanted: Sequence[str],
    pace: Pace,
    violated: asyncio.Task[None],
) -> Verdict:
    """Let two healthy replicas say what is left; return once all is well, or time is up.

    What is violated goes on until it is told: a violation that ends while no replica lives is
    over, not news. All is well when it still is after the dead replicas' leases: nothing of
    theirs came back.
    """
    replicas = [await _start(environment, None) for _ in range(REPLICAS)]
    channel = workspace.space.messages[CHANNELS["alerts"]]
    until = time.monotonic() + SETTLE_SECONDS
    try:
        while judge(channel, wanted).missing and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        violated.cancel()
        while not judge(channel, wanted).clean and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        await asyncio.sleep(pace.lease + 1)
        return judge(channel, wanted)
    finally:
        violated.cancel()
        for replica in replicas:
            await replica.process.kill()


def environment_of(workspace: Workspace, memory_url: str, logs: Path, pace: Pace) -> dict[str, str]:
    """Return the settings of a replica that posts to a workspace and reads a folder of logs."""
    clean = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    return {
        **clean,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "SLACK_ALERT_CHANNEL": "alerts",
        "SLACK_OPERATORS": "oncall",
        "BOT_ENVIRONMENT": "chaos",
        "BOT_DATABASE_URL": memory_url,
        "HTTP_PORT": "0",
        "TICK_SECONDS": "0.3",
        "LOG_SOURCE": "files",
        "LOG_FILES_DIR": str(logs),
        "DETECTOR_DATABASE_ERRORS_QUIET_SECONDS": str(pace.quiet),
        "CHAOS_LEASE": str(pace.lease),
    }


def _token(message: Mapping[str, Any]) -> str:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return str(payload.get("token") or message["ts"])


def _rows(
    rounds: int,
    deaths: Counter[str],
    wanted: Sequence[str],
    verdict: Verdict,
    messages: int,
    seconds: float,
) -> list[Row]:
    points = ", ".join(f"{point} {count}" for point, count in sorted(deaths.items()))
    return [
        Row(SCENARIO, "rounds", f"{rounds} in {seconds:.0f} s"),
        Row(SCENARIO, "deaths by point", points, BY_ITSELF not in deaths),
        Row(SCENARIO, "alerts, messages", f"{len(wanted)}, {messages}"),
        Row(SCENARIO, "alerts lost", counted(verdict.missing), not verdict.missing),
        Row(SCENARIO, "heads doubled", counted(verdict.doubled), not verdict.doubled),
        Row(SCENARIO, "never resolved", counted(verdict.unresolved), not verdict.unresolved),
        Row(SCENARIO, "heads left red", counted(verdict.red), not verdict.red),
        Row(
            SCENARIO,
            "messages said twice",
            str(verdict.repeated_tokens),
            not verdict.repeated_tokens,
        ),
        Row(SCENARIO, "messages about nothing", counted(verdict.strangers), not verdict.strangers),
    ]


def counted(names: Sequence[str]) -> str:
    """Return how many, and the first of them."""
    shown = f" ({', '.join(names[:3])} …)" if names else ""
    return f"{len(names)}{shown}"
