"""Routed alerts from tick to Slack: one channel, each mention once, the escalation."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.alerts.policy.escalation import escalated
from bot.alerts.policy.lifecycle import PolicySettings, decide
from bot.alerts.poster import Poster
from bot.alerts.store.postgres import Store
from bot.alerts.store.tick_writer import TickRecord
from bot.domain.alert import Alert, Condition, Reason
from bot.domain.report import Severity
from bot.domain.routing.message import AlertMessage
from bot.domain.routing.route import Route
from tests.support.fakes.alerts import START, Clock, clear, condition
from tests.support.fakes.messenger import FakeMessenger

SETTINGS = PolicySettings("stuck_queue", "test")
ROUTES = (
    Route("stuck_queue", channel="C-QUEUE", mention="<!here>", min_severity=Severity.WARN,
          escalate_after=timedelta(minutes=15), escalate_to="<@U2>"),
)  # fmt: skip


@dataclass
class Recorded(FakeMessenger):
    """Remembers whom each message woke when it was posted, and each edit."""

    woken: list[tuple[Reason, str]] = field(default_factory=list)

    async def post(
        self, message: AlertMessage, *, channel: str, token: str, thread_ts: str = ""
    ) -> str:
        """Take a message."""
        ts = await super().post(message, channel=channel, token=token, thread_ts=thread_ts)
        self._note(message)
        return ts

    async def edit(self, message: AlertMessage, *, channel: str, ts: str) -> None:
        """Change a message that stands."""
        self._note(message)
        await super().edit(message, channel=channel, ts=ts)

    def _note(self, message: AlertMessage) -> None:
        if message.mention:
            self.woken.append((message.reason, message.mention))


async def ticked(store: Store, seen: Condition | None, now: datetime) -> Reason:
    """Decide on one alert as a tick does, and write it down."""
    known = await store.load_alerts(now)
    previous: Alert | None = known[0] if known else None
    decided = escalated([(previous, decide(previous, seen, clear(), now, SETTINGS))], ROUTES, now)
    await store.save_tick(TickRecord(now, decisions=decided))
    return decided[0][1].reason


async def test_an_alert_wakes_once_on_opening_once_when_worse_and_once_on_escalation(
    database_url: str,
) -> None:
    store, clock, slack = Store(database_url, "test"), Clock(), Recorded()
    await store.open()
    await store.lead()
    poster = Poster(store, slack, "C-ALERTS", now=clock, sleep=clock.sleep, routes=ROUTES)
    mild = condition(severity=Severity.WARN)
    seen = [(0, mild), (1, mild), (2, condition()), (20, condition()), (21, condition()),
            (90, condition()), (91, None)]  # fmt: skip
    told = []
    for minutes, one in seen:
        clock.now = max(clock.now, START + timedelta(minutes=minutes))
        told.append(await ticked(store, one, clock()))
        await poster.drain()
    assert told == [Reason.OPEN, Reason.QUIET, Reason.UPDATE, Reason.ESCALATE, Reason.QUIET,
                    Reason.REPEAT, Reason.RESOLVE]  # fmt: skip
    assert slack.woken == [
        (Reason.OPEN, "<!here>"),
        (Reason.UPDATE, "<!here>"),
        (Reason.ESCALATE, "<@U2>"),
    ]
    assert {one.channel for one in slack.posted} == {"C-QUEUE"}
    await store.close()


async def test_an_alert_is_posted_in_the_alert_channel_when_its_route_s_channel_is_closed(
    database_url: str,
) -> None:
    store, clock, slack = Store(database_url, "test"), Clock(), Recorded()
    await store.open()
    await store.lead()
    poster = Poster(store, slack, "C-ALERTS", now=clock, sleep=clock.sleep, routes=ROUTES)
    slack.closed.add("C-QUEUE")
    await ticked(store, condition(), clock())
    await poster.drain()
    assert [one.channel for one in slack.posted] == ["C-ALERTS"]
    await store.close()
