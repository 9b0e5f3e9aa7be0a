"""A poster between a real Postgres and a real workspace, on a clock that is moved by hand."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from bot.alerts.policy.lifecycle import PolicySettings, decide_all
from bot.alerts.policy.storm import folded
from bot.alerts.poster import Poster
from bot.alerts.store.postgres import Store
from bot.alerts.store.tick_writer import TickRecord
from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import CHANNELS, Faults
from bot.domain.alert import Condition, Judgement, Sight
from bot.service import embedded_postgres
from bot.service.embedded_postgres import EmbeddedPostgres
from bot.slack.outbound.alert_threads import Threads
from bot.slack.outbound.web_api import Web, make_client
from tests.support.fakes.alerts import Clock, condition

ENVIRONMENT = "chaos"


@dataclass
class Line:
    """What decides, remembers and posts; `sent_at` are the simulated times of its posts."""

    store: Store
    workspace: Workspace
    poster: Poster
    clock: Clock
    sent_at: list[datetime]

    async def tick(self, detector: str, subjects: Sequence[str], *, known: str = "") -> None:
        """Decide on one round: these subjects are bad now, every other one is good."""
        now = self.clock()
        alerts = await self.store.load_alerts(now)
        mine = [one for one in alerts if one.detector == detector]
        bad = tuple(_bad(subject, known) for subject in subjects)
        settings = PolicySettings(detector, ENVIRONMENT)
        decisions = decide_all(mine, Judgement(Sight.CLEAR, bad), now, settings)
        before = {alert.key: alert for alert in alerts}
        decided = [(before.get(one.alert.key), one) for one in decisions]
        record = TickRecord(now, decisions=folded(decided, alerts, now, ENVIRONMENT))
        await self.store.save_tick(record)

    async def settle(self, rounds: int = 40) -> None:
        """Let the poster work through what is due, until nothing waits."""
        for _ in range(rounds):
            await self.poster.drain()
            if (await self.store.outbox_health()).depth == 0:
                return
            self.clock.pass_(seconds=61)

    def faults(self, **faults: Any) -> None:
        """Set what goes wrong in Slack."""
        self.workspace.space.faults = Faults(**faults)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What stands in the alert channel and its threads."""
        return self.workspace.space.messages[CHANNELS["alerts"]]


def _bad(subject: str, known: str) -> Condition:
    return condition(subject, title=f"{subject} is stuck", known=known or subject)


class _Paced(Threads):
    """Notes when each post goes out, by the simulated clock."""

    def __init__(self, web: Web, clock: Clock, sent_at: list[datetime]) -> None:
        super().__init__(web)
        self._clock = clock
        self._sent_at = sent_at

    async def post(self, *args: Any, **values: Any) -> str:
        """Post, and note the time."""
        self._sent_at.append(self._clock())
        return await super().post(*args, **values)


@asynccontextmanager
async def postgres() -> AsyncIterator[EmbeddedPostgres]:
    """Start the database server in which each line has a database of its own."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # noqa: ASYNC240
        server = await embedded_postgres.start(folder / "postgres", durable=False)
        try:
            yield server
        finally:
            await server.stop()


@asynccontextmanager
async def line(server: EmbeddedPostgres) -> AsyncIterator[Line]:
    """Start the parts and stop them again."""
    clock, sent_at = Clock(), list[datetime]()
    store = Store(await server.create_database(f"memory_{uuid4().hex}"), ENVIRONMENT)
    try:
        async with Workspace(0) as workspace, aiohttp.ClientSession() as session:
            await store.open()
            await store.lead()
            web = Web(make_client(workspace.bot_token, workspace.api_url, session))
            threads = _Paced(web, clock, sent_at)
            channel = CHANNELS["alerts"]
            poster = Poster(store, threads, channel, now=clock, sleep=clock.sleep)
            yield Line(store, workspace, poster, clock, sent_at)
    finally:
        await store.close()
