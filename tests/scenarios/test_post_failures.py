"""Each way in which Slack can fail has its defined behaviour: real sockets, a real Postgres."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.alerts import poster as posting
from bot.alerts.policy.lifecycle import PolicySettings, decide
from bot.alerts.policy.messages import Posting
from bot.alerts.poster import Poster
from bot.alerts.store.postgres import Store
from bot.alerts.store.tick_writer import TickRecord
from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import CHANNELS, Faults
from bot.domain.alert import Condition
from bot.slack.outbound import posts
from bot.slack.outbound.alert_threads import Threads
from bot.slack.outbound.web_api import Web, make_client
from tests.support.fakes.alerts import Clock, clear, condition, scripted

ALERTS = CHANNELS["alerts"]
SETTINGS = PolicySettings("stuck_queue", "test")
WORSE = condition(known="two items")


@dataclass
class Line:
    """A poster between a real Postgres and a real workspace, on a clock that is moved."""

    store: Store
    space: Workspace
    poster: Poster
    clock: Clock
    threads: Threads

    async def say(self, *steps: Condition | None) -> None:
        """Decide on and write one tick for each step; None is a good tick."""
        for step in steps:
            known = {alert.subject: alert for alert in await self.store.load_alerts(self.clock())}
            previous = known.get(step.subject if step else "llm_provider")
            mutes = await self.store.mutes(self.clock())
            decision = decide(previous, step, clear(), self.clock(), SETTINGS, mutes)
            await self.store.save_tick(TickRecord(self.clock(), decisions=[(previous, decision)]))
            self.clock.pass_(seconds=15)

    async def settle(self, rounds: int = 8) -> None:
        """Let the poster work through what is due, again and again."""
        for _ in range(rounds):
            await self.poster.drain()
            self.clock.pass_(seconds=61)

    def heads(self) -> list[str]:
        """The texts that stand in the channel itself."""
        return [m["text"] for m in self.space.space.messages[ALERTS] if not m["thread_ts"]]

    def replies(self) -> list[str]:
        """The texts that stand in threads."""
        return [m["text"] for m in self.space.space.messages[ALERTS] if m["thread_ts"]]

    def faults(self, **faults: object) -> None:
        """Set what goes wrong."""
        self.space.space.faults = Faults(**faults)  # type: ignore[arg-type]


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[Line]:
    clock = Clock()
    async with Workspace() as space, aiohttp.ClientSession() as session:
        store = Store(database_url, "test")
        await store.open()
        assert await store.lead()
        web = Web(make_client(space.bot_token, space.api_url, session))
        threads = Threads(web)
        poster = Poster(store, threads, ALERTS, now=clock, sleep=clock.sleep)
        yield Line(store, space, poster, clock, threads)
        await store.close()


@pytest.mark.parametrize(
    ("faults", "problem"),
    [
        ({"rate_limit": True}, "rate limited"),
        ({"errors": 1.0}, "internal_error"),
        ({"refuse": "is_archived"}, "is_archived"),
        ({"refuse": "not_in_channel"}, "not_in_channel"),
        ({"refuse": "missing_scope"}, "missing_scope"),
        ({"refuse": "token_revoked"}, "token_revoked"),
        ({"refuse": "service_unavailable"}, "service_unavailable"),
    ],
)
async def test_what_slack_refuses_waits_shows_in_health_and_is_said_once_in_order_afterwards(
    line: Line, faults: dict[str, object], problem: str
) -> None:
    line.faults(**faults)
    await line.say(condition(), condition("other"))
    for _ in range(3):
        await line.poster.step()
    assert line.heads() == []
    assert problem in (await line.store.outbox_health()).problem
    assert line.poster.state.failing_since is not None
    line.faults()
    await line.say(WORSE, None)
    await line.settle()
    assert len(line.heads()) == 2
    assert [text[:1] for text in line.replies()] == ["🔴", "✅"]
    assert line.poster.state.failing_since is None
    assert (await line.store.outbox_health()).depth == 0


async def test_what_was_accepted_and_dropped_is_found_and_not_said_again(line: Line) -> None:
    line.faults(drop_after_accept=1.0)
    await line.say(condition())
    for _ in range(2):
        await line.poster.step()
    assert len(line.heads()) == 1
    await line.say(WORSE, None)
    for _ in range(6):
        await line.poster.step()
    line.faults()
    await line.settle()
    assert len(line.heads()) == 1
    assert [text[:1] for text in line.replies()] == ["🔴", "✅"]
    assert line.poster.state.adopted == 3


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=150), timedelta(hours=6)])
async def test_what_was_accepted_is_found_however_far_the_clock_runs_ahead(
    line: Line, ahead: timedelta
) -> None:
    line.clock.now = datetime.now(UTC) + ahead
    line.faults(drop_after_accept=1.0)
    await line.say(condition())
    await line.poster.step()
    line.faults()
    await line.settle(1)
    assert len(line.heads()) == 1
    assert line.poster.state.adopted == 1


async def test_a_history_too_long_to_be_read_is_looked_through_again_and_then_not_waited_for(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.faults(drop_after_accept=1.0)
    await line.say(condition())
    await line.poster.step()
    line.faults()
    monkeypatch.setattr(posts, "PAGE", 1)
    for number in range(posts.MAX_PAGES):
        line.space.space.post(ALERTS, {"text": f"chatter {number}"}, user="U0ONCALL0")
    begun = line.clock()
    while not line.poster.state.sent:
        assert len(line.heads()) == 1 + posts.MAX_PAGES
        await line.poster.step()
        line.clock.pass_(seconds=1)
    assert line.clock() - begun > timedelta(minutes=5)
    assert (await line.store.outbox_health()).depth == 0


async def test_what_timed_out_and_was_taken_all_the_same_is_found(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "POST_SECONDS", 0.05)
    line.faults(delay_ms=150)
    await line.say(condition())
    await line.poster.step()
    assert "no answer within" in line.poster.state.problem
    while not line.heads():  # noqa: ASYNC110 - the workspace takes it in its own time
        await asyncio.sleep(0.01)
    line.faults()
    monkeypatch.undo()
    await line.settle()
    assert len(line.heads()) == 1
    assert line.poster.state.adopted == 1


async def test_without_the_right_to_read_back_saying_it_twice_is_better_than_never(
    line: Line,
) -> None:
    line.faults(drop_after_accept=1.0, refuse_history="missing_scope")
    await line.say(condition())
    await line.poster.step()
    line.faults(refuse_history="missing_scope")
    await line.settle()
    assert len(line.heads()) == 2
    assert (await line.store.outbox_health()).depth == 0


async def test_a_history_that_cannot_be_read_just_now_is_waited_for(line: Line) -> None:
    line.faults(drop_after_accept=1.0, refuse_history="ratelimited")
    await line.say(condition())
    for _ in range(4):
        await line.poster.step()
    line.faults()
    await line.settle()
    assert len(line.heads()) == 1


async def test_a_deleted_head_is_said_anew_and_its_thread_goes_on(line: Line) -> None:
    await line.say(condition())
    await line.settle(1)
    line.space.space.messages[ALERTS].clear()
    await line.say(WORSE)
    await line.settle()
    assert len(line.heads()) == 1
    assert len(line.replies()) == 1
    (alert,) = await line.store.load_alerts(line.clock())
    (head,) = [m for m in line.space.space.messages[ALERTS] if not m["thread_ts"]]
    assert alert.thread_ts == head["ts"]


@pytest.mark.parametrize("refused", [["context"], ["rich_text", "actions"], ["section"]])
async def test_a_payload_that_slack_refuses_is_said_in_plain_text(
    line: Line, refused: Iterable[str]
) -> None:
    line.faults(refuse_blocks=list(refused))
    await line.say(condition(why="since nobody owns it", next=("/queue", "then look")))
    await line.settle(3)
    (text,) = line.heads()
    assert "LLM queue stuck" in text


async def test_no_connection_at_all_is_waited_for(line: Line, database_url: str) -> None:
    async with aiohttp.ClientSession() as session:
        dead = Web(make_client("xoxb-x", "http://127.0.0.1:1/api/", session))
        away = Poster(line.store, Threads(dead), ALERTS, now=line.clock, sleep=line.clock.sleep)
        await line.say(condition())
        await away.step()
    assert "not reachable" in away.state.problem
    line.clock.pass_(seconds=5)
    await line.settle(1)
    assert len(line.heads()) == 1


@pytest.mark.parametrize("posted", [True, False])
async def test_a_message_of_a_poster_that_was_killed_is_looked_for_once_its_lease_ends(
    line: Line, posted: bool
) -> None:
    await line.say(condition())
    dead = await line.store.claim("dead", line.clock())
    assert dead is not None
    if posted:
        await line.threads.post(dead.message, channel=ALERTS, token=str(dead.token))
    line.clock.pass_(seconds=29)
    assert await line.poster.step() is False
    line.clock.pass_(seconds=2)
    await line.settle(1)
    assert len(line.heads()) == 1
    assert (line.poster.state.adopted, line.poster.state.sent) == (int(posted), int(not posted))


async def test_a_poster_that_stood_still_with_a_message_in_hand_does_not_say_it_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    await line.say(condition())
    claim = line.store.claim

    async def stands_still(owner: str, now: datetime, resting: Collection[str]) -> Posting | None:
        found = await claim(owner, now, resting)
        line.clock.pass_(seconds=31)
        other = Poster(line.store, line.threads, ALERTS, now=line.clock, sleep=line.clock.sleep)
        monkeypatch.setattr(line.store, "claim", claim)
        await other.step()
        return found

    monkeypatch.setattr(line.store, "claim", stands_still)
    await line.poster.step()
    await line.settle(2)
    assert len(line.heads()) == 1
    assert (await line.store.outbox_health()).depth == 0


async def test_people_are_told_once_and_the_head_shows_who_and_until_when(line: Line) -> None:
    await line.say(condition())
    await line.settle(1)
    (alert,) = await line.store.alerts(line.clock())
    await line.store.acknowledge(alert.key, by="U1", now=line.clock())
    until = line.clock() + timedelta(hours=1)
    await line.store.snooze(alert.key, until, by="U1", now=line.clock())
    await line.say(condition(), condition())
    await line.settle(3)
    (head,) = [m for m in line.space.space.messages[ALERTS] if not m["thread_ts"]]
    assert "👀 an operator" in str(head["blocks"])
    assert "💤 until" in str(head["blocks"])
    assert line.replies() == []
    assert "U1" not in str(line.space.space.messages)
    assert line.space.space.would_notify == 0


@pytest.mark.marathon
async def test_five_hundred_alerts_in_a_minute_are_a_few_messages_and_all_resolve(
    line: Line,
) -> None:
    from bot.alerts.live_watch import LiveWatcher
    from bot.alerts.tick import Tick
    from bot.ports import Sources

    many = [condition(str(number)) for number in range(1, 501)]
    detector = scripted("lost_callbacks", clear())
    watcher = LiveWatcher(Sources(), wants=lambda _: True)
    tick = Tick(line.store, [detector], watcher, environment="test", now=line.clock)
    for count in (125, 250, 375, 500, 500, 0):
        detector.says = clear(*many[:count])
        await tick.run()
        assert not tick.state.problem
        line.clock.pass_(seconds=15)
        await line.poster.drain()
    await line.settle(3)
    assert len(line.heads()) == 6
    assert all(text.startswith("✅ Resolved") for text in line.heads())
    storm = next(alert for alert in await line.store.alerts(line.clock(), history=True)
                 if alert.detector == "storm")  # fmt: skip
    assert storm.closing == "all 495 resolved"
    everything = await line.store.alerts(line.clock(), history=True)
    assert {alert.state for alert in everything} == {"resolved"}
    assert len(everything) == 501
    assert len(line.replies()) < 15
