"""The outbox and its poster on a real Postgres: nothing lost, nothing said twice, order kept."""

import contextlib
from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta

import pytest

from bot.alerts.policy.lifecycle import PolicySettings, decide
from bot.alerts.policy.messages import Posting
from bot.alerts.poster import Poster
from bot.alerts.store.postgres import LEASE, Store
from bot.alerts.store.tick_writer import TickRecord
from bot.domain.alert import Alert, Condition, Reason
from bot.domain.routing.message import AlertMessage
from bot.errors import PostFailure, SourceError
from tests.support.fakes.alerts import Clock, clear, condition
from tests.support.fakes.messenger import FakeMessenger, LostAnswer

SETTINGS = PolicySettings("stuck_queue", "test")
WORSE = condition(known="two items")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "test")
    await store.open()
    assert await store.lead()
    yield store
    await store.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack() -> FakeMessenger:
    return FakeMessenger()


def poster_of(store: Store, slack: FakeMessenger, clock: Clock) -> Poster:
    return Poster(store, slack, "C1", now=clock, sleep=clock.sleep)


async def say(store: Store, clock: Clock, *steps: Condition | None) -> None:
    """Decide on and write one tick for each step, 15 seconds apart; None is a good tick."""
    for step in steps:
        known = {alert.subject: alert for alert in await store.load_alerts(clock())}
        subject = step.subject if step else "llm_provider"
        previous: Alert | None = known.get(subject)
        decision = decide(previous, step, clear(), clock(), SETTINGS)
        await store.save_tick(TickRecord(clock(), decisions=[(previous, decision)]))
        clock.pass_(seconds=15)


async def drain(poster: Poster, clock: Clock, rounds: int = 12) -> None:
    for _ in range(rounds):
        await poster.drain()
        clock.pass_(seconds=61)


async def test_a_life_becomes_one_head_and_its_replies_in_order(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    await say(store, clock, condition())
    await drain(poster_of(store, slack, clock), clock, 1)
    await say(store, clock, WORSE, None)
    await drain(poster_of(store, slack, clock), clock)
    (head,) = slack.heads()
    replies = [one.message.reason for one in slack.replies(head.ts)]
    assert replies == [Reason.UPDATE, Reason.RESOLVE]
    assert head.message.alert.state == "resolved"
    assert (await store.outbox_health()).depth == 0
    (alert,) = await store.load_alerts(clock())
    assert (alert.channel, alert.thread_ts) == ("C1", head.ts)


async def test_what_waited_while_slack_was_down_is_said_once_and_in_order(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    slack.away = PostFailure.UNAVAILABLE
    poster = poster_of(store, slack, clock)
    await say(store, clock, condition(), WORSE, None, condition("other"))
    for _ in range(9):
        await poster.step()
    slack.away = None
    await drain(poster, clock)
    first, other = slack.heads()
    assert (first.message.alert.subject, other.message.alert.subject) == ("llm_provider", "other")
    assert [one.message.reason for one in slack.replies(first.ts)] == [
        Reason.UPDATE,
        Reason.RESOLVE,
    ]
    assert poster.state.failing_since is None


@pytest.mark.parametrize("fault", ["dropped", "killed"])
@pytest.mark.parametrize("before", [0, 1, 2])
async def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(
    store: Store, clock: Clock, slack: FakeMessenger, fault: str, before: int
) -> None:
    await say(store, clock, condition())
    slack.will(*[None] * before, fault)
    poster = poster_of(store, slack, clock)
    if before:
        await poster.drain()
        await say(store, clock, WORSE, None)
    if fault == "killed":
        with pytest.raises(LostAnswer):
            await drain(poster, clock)
        clock.pass_(seconds=LEASE.total_seconds())
    await drain(poster_of(store, slack, clock), clock)
    (head,) = slack.heads()
    assert len(slack.replies(head.ts)) == (2 if before else 0)
    assert slack.looks == 1
    assert (await store.outbox_health()).depth == 0


async def test_a_limited_channel_rests_as_told(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    slack.will(PostFailure.LIMITED)
    await say(store, clock, condition(), condition("other"))
    began = clock()
    await poster_of(store, slack, clock).drain()
    assert clock() - began >= timedelta(seconds=slack.retry_after)
    subjects = [one.message.alert.subject for one in slack.heads()]
    await drain(poster_of(store, slack, clock), clock, 2)
    assert subjects[:1] == ["llm_provider"]
    assert len(slack.heads()) == 2


async def test_posts_keep_a_second_apart(store: Store, clock: Clock, slack: FakeMessenger) -> None:
    await say(store, clock, *[condition(f"s{n}") for n in range(5)])
    began = clock()
    await poster_of(store, slack, clock).drain()
    assert len(slack.heads()) == 5
    assert clock() - began >= timedelta(seconds=4)


async def test_a_deleted_head_is_said_anew_with_what_is_known_now(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    await say(store, clock, condition())
    await drain(poster_of(store, slack, clock), clock, 1)
    slack.posted.clear()
    await say(store, clock, WORSE)
    await drain(poster_of(store, slack, clock), clock)
    (head,) = slack.heads()
    assert head.message.alert.condition.known == "two items"
    assert [one.message.reason for one in slack.replies(head.ts)] == [Reason.UPDATE]


async def test_refused_blocks_are_said_in_plain_text(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    slack.will(PostFailure.PAYLOAD)
    await say(store, clock, condition())
    await drain(poster_of(store, slack, clock), clock, 2)
    (head,) = slack.heads()
    assert head.message.plain


@pytest.mark.parametrize("failure", [PostFailure.CHANNEL, PostFailure.RIGHTS])
async def test_a_closed_channel_keeps_the_message_and_shows_in_health(
    store: Store, clock: Clock, slack: FakeMessenger, failure: PostFailure
) -> None:
    slack.will(failure)
    poster = poster_of(store, slack, clock)
    await say(store, clock, condition())
    assert await poster.step()
    assert (await store.outbox_health()).problem == f"refused: {failure}"
    assert poster.state.failing_since is not None
    await drain(poster, clock)
    assert len(slack.heads()) == 1


async def test_edits_that_wait_are_folded_into_the_newest(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    await say(store, clock, condition(count=1))
    await poster_of(store, slack, clock).drain()
    await say(store, clock, *[condition(count=1)] * 6)
    await drain(poster_of(store, slack, clock), clock)
    (head,) = slack.heads()
    assert (head.edits, head.message.alert.count) == (1, 7)


@pytest.mark.parametrize("end", ["poster died", "memory broke"])
async def test_an_edit_that_was_not_recorded_never_overwrites_a_newer_one(
    store: Store, clock: Clock, slack: FakeMessenger, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    poster = poster_of(store, slack, clock)
    await say(store, clock, condition())
    await poster.drain()
    await say(store, clock, WORSE)
    await poster.step()
    if end == "poster died":
        dead = await store.claim("dead", clock())
        assert dead is not None
        assert dead.kind == "edit"
    else:
        with monkeypatch.context() as patch:
            patch.setattr(store, "sent", _breaks)
            with pytest.raises(SourceError):
                await poster.step()
    await say(store, clock, None)
    await drain(poster, clock)
    (head,) = slack.heads()
    assert head.message.alert.state == "resolved"
    assert (await store.outbox_health()).depth == 0


async def test_an_edit_waits_while_an_older_one_may_still_be_on_its_way(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    poster = poster_of(store, slack, clock)
    await say(store, clock, condition())
    await poster.drain()
    await say(store, clock, WORSE)
    await poster.step()
    assert await store.claim("slow", clock()) is not None
    await say(store, clock, None)
    await poster.drain()
    assert slack.heads()[0].message.alert.state == "firing"
    clock.pass_(seconds=LEASE.total_seconds())
    await poster.drain()
    assert slack.heads()[0].message.alert.state == "resolved"


async def test_a_head_said_anew_after_its_alert_ended_is_not_overwritten_by_an_older_edit(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    poster = poster_of(store, slack, clock)
    await say(store, clock, condition())
    await poster.drain()
    await say(store, clock, WORSE)
    await poster.step()
    assert await store.claim("dead", clock()) is not None
    slack.posted.clear()
    await say(store, clock, None)
    await drain(poster, clock)
    (head,) = slack.heads()
    assert head.message.alert.state == "resolved"
    assert (await store.outbox_health()).depth == 0


@pytest.mark.parametrize(
    "failure",
    [PostFailure.REFUSED, PostFailure.AMBIGUOUS, PostFailure.UNSURE, PostFailure.PAYLOAD],
)
async def test_a_thread_that_takes_nothing_delays_only_itself(
    store: Store, clock: Clock, slack: FakeMessenger, failure: PostFailure
) -> None:
    poster = poster_of(store, slack, clock)
    await say(store, clock, condition())
    await poster.drain()
    slack.locked[slack.heads()[0].ts] = failure
    await say(store, clock, WORSE)
    for number in range(20):
        await say(store, clock, condition(f"queue {number}"))
        await poster.drain()
    assert len(slack.heads()) == 21
    slack.locked.clear()
    await say(store, clock, None)
    await drain(poster, clock)
    reasons = [one.message.reason for one in slack.replies(slack.heads()[0].ts)]
    assert reasons == [Reason.UPDATE, Reason.RESOLVE]
    assert (await store.outbox_health()).depth == 0


@pytest.mark.parametrize("failure", [PostFailure.UNAVAILABLE, PostFailure.AMBIGUOUS])
async def test_order_is_kept_however_long_slack_is_away(
    store: Store, clock: Clock, slack: FakeMessenger, failure: PostFailure
) -> None:
    poster = poster_of(store, slack, clock)
    names = [f"queue {number}" for number in range(6)]
    slack.away = failure
    await say(store, clock, *(condition(name) for name in names))
    for _ in range(60):
        await poster.step()
        clock.pass_(seconds=30)
    slack.away = None
    await drain(poster, clock)
    assert [head.message.alert.subject for head in slack.heads()] == names


@pytest.mark.parametrize(
    "failure", [PostFailure.UNAVAILABLE, PostFailure.AMBIGUOUS, PostFailure.RIGHTS]
)
async def test_a_message_that_alone_fails_as_if_slack_were_away_makes_way(
    store: Store, clock: Clock, slack: FakeMessenger, failure: PostFailure
) -> None:
    poster = poster_of(store, slack, clock)
    await say(store, clock, condition())
    await poster.drain()
    slack.locked[slack.heads()[0].ts] = failure
    await say(store, clock, WORSE, condition("other"))
    for _ in range(40):
        await poster.step()
        clock.pass_(seconds=30)
    assert len(slack.heads()) == 2


async def test_a_message_that_cannot_be_rendered_waits_out_its_lease_while_the_others_go_on(
    store: Store, clock: Clock, slack: FakeMessenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = slack.post

    async def fails(message: AlertMessage, **where: str) -> str:
        if message.alert.subject == "llm_provider":
            raise ValueError("cannot be rendered")
        return await post(message, **where)

    poster = poster_of(store, slack, clock)
    await say(store, clock, condition(), condition("other"), condition("another"))
    with monkeypatch.context() as patch:
        patch.setattr(slack, "post", fails)
        for _ in range(10):
            with contextlib.suppress(ValueError):
                await poster.drain()
            clock.pass_(seconds=10)
    assert [one.message.alert.subject for one in slack.heads()] == ["other", "another"]
    clock.pass_(seconds=LEASE.total_seconds())
    await poster.drain()
    assert slack.heads()[-1].message.alert.subject == "llm_provider"


async def test_a_thread_in_a_closed_channel_goes_on_in_the_one_that_was_set_since(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    await say(store, clock, condition())
    await Poster(store, slack, "C_OLD", now=clock, sleep=clock.sleep).drain()
    slack.closed.add("C_OLD")
    await say(store, clock, None, condition("a new queue"))
    await drain(Poster(store, slack, "C_NEW", now=clock, sleep=clock.sleep), clock, 2)
    _, *heads = slack.heads()
    told = {one.message.alert.subject: one for one in heads}
    assert [one.channel for one in heads] == ["C_NEW", "C_NEW"]
    assert told["llm_provider"].message.alert.state == "resolved"
    (end,) = slack.replies(told["llm_provider"].ts)
    assert (end.channel, end.message.reason) == ("C_NEW", Reason.RESOLVE)
    assert (await store.outbox_health()).depth == 0


async def test_a_closed_channel_is_tried_once_a_minute_and_then_told_all_in_order(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    poster = poster_of(store, slack, clock)
    slack.closed.add("C1")
    await say(store, clock, *[condition(f"s{n}") for n in range(5)])
    began, tried = clock(), slack.tries
    while clock() - began < timedelta(minutes=5):
        await poster.drain()
        clock.pass_(seconds=1)
    assert slack.tries - tried == 5
    assert poster.state.failing_since is not None
    slack.closed.clear()
    await drain(poster, clock, 2)
    assert [one.message.alert.subject for one in slack.heads()] == [f"s{n}" for n in range(5)]


async def test_a_slack_that_is_away_is_tried_ever_more_seldom_however_much_waits(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    slack.away = PostFailure.UNAVAILABLE
    await say(store, clock, *[condition(f"s{n}") for n in range(5)])
    began, poster = clock(), poster_of(store, slack, clock)
    for _ in range(12):
        await poster.step()
    assert clock() - began > timedelta(minutes=8)
    slack.away = None
    await drain(poster, clock)
    assert {one.message.alert.subject for one in slack.heads()} == {f"s{n}" for n in range(5)}


@pytest.mark.parametrize("at_work", [False, True])
async def test_a_clock_that_was_set_back_delays_nothing(
    store: Store, clock: Clock, slack: FakeMessenger, at_work: bool
) -> None:
    poster = poster_of(store, slack, clock)
    await say(store, clock, condition())
    if at_work:
        await poster.drain()
        await say(store, clock, WORSE)
    else:
        assert await store.claim("dead", clock()) is not None
    await say(store, clock, condition("other"))
    clock.pass_(minutes=-30)
    set_back = clock()
    await poster.drain()
    assert len(slack.heads()) == 2
    assert clock() - set_back < timedelta(seconds=10)
    assert (await store.outbox_health()).depth == 0


async def prune(store: Store, clock: Clock) -> None:
    """Write a tick that forgets what is old."""
    await store.save_tick(TickRecord(clock(), forget={"stuck_queue": clock()}))


async def test_a_snooze_of_an_alert_whose_thread_is_forgotten_waits_for_nothing(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    poster = poster_of(store, slack, clock)
    await say(store, clock, condition(), None)
    await drain(poster, clock, 2)
    clock.pass_(days=31)
    await prune(store, clock)
    (alert,) = await store.alerts(clock(), history=True)
    assert (alert.channel, alert.thread_ts) == ("", "")
    await store.snooze(alert.key, clock() + timedelta(hours=2), by="U1", now=clock())
    assert (await store.outbox_health()).depth == 0


async def test_a_head_is_kept_until_the_end_of_its_old_alert_has_been_said(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    poster = poster_of(store, slack, clock)
    await say(store, clock, condition())
    await poster.drain()
    clock.pass_(days=31)
    await say(store, clock, condition(), None)
    await prune(store, clock)
    await drain(poster, clock)
    (head,) = slack.heads()
    assert head.message.alert.state == "resolved"
    assert slack.replies(head.ts)[-1].message.reason is Reason.RESOLVE
    assert (await store.outbox_health()).depth == 0


async def _breaks(*_: object, **__: object) -> None:
    raise SourceError("memory", "Postgres is starting up")


async def test_two_posters_never_take_the_same_message(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    await say(store, clock, condition())
    assert await store.claim("one", clock()) is not None
    assert await store.claim("two", clock()) is None


async def test_a_poster_that_stood_still_with_a_message_in_hand_does_not_send_it_late(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    await say(store, clock, condition())
    claim = store.claim

    async def slowly(owner: str, now: datetime, resting: Collection[str]) -> Posting | None:
        found = await claim(owner, now, resting)
        clock.pass_(seconds=LEASE.total_seconds() + 5)
        return found

    frozen = poster_of(store, slack, clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "claim", slowly)
        await frozen.step()
    assert slack.posted == []
    await drain(poster_of(store, slack, clock), clock, rounds=2)
    assert len(slack.posted) == 1


async def test_a_flapping_alert_goes_on_in_the_thread_it_has_with_who_looks_after_it(
    store: Store, clock: Clock, slack: FakeMessenger
) -> None:
    poster = poster_of(store, slack, clock)
    for step in (condition(), None, condition()):
        await say(store, clock, step)
        await poster.drain()
    (alert,) = await store.alerts(clock())
    await store.acknowledge(alert.key, by="U1", now=clock())
    for step in (None, condition()):
        await say(store, clock, step)
        await poster.drain()
    _, second = slack.heads()
    reasons = [one.message.reason for one in slack.replies(second.ts)]
    assert reasons == [Reason.RESOLVE, Reason.OPEN]
    await drain(poster, clock, 2)
    assert second.message.alert.acknowledged_by == "U1"
    assert second.message.alert.flaps == 3
