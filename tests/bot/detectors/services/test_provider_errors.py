from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.alerts.policy.window import extended
from bot.detectors.services.provider_errors import ProviderErrors, ProviderErrorsSettings
from bot.diagnosis.comparison.causes import PROVIDER_FAILURES
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.service_state import ServiceHealth
from bot.domain.words import Time, words
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch, said

BUNDLE = "Serial bundle processing hit provider error"
ITEM = "Request 8f3a failed: [EXTERNAL_SERVICE_ERROR] overloaded, correlation_id: 1"
JOB = "BATCH_API job processing failed"
JOB_ITEM = "Request 8f3a failed with HuleEduError: job expired"
BREAKER = "Circuit breaker 'llm_provider_anthropic' transitioned to"
OPENED = f"{BREAKER} OPEN. Blocking calls for 60.0s"
SINGLE = "LLM service error processing request 8f3a: [RATE_LIMIT] slow down"
DONE = "Request 8f3a completed successfully, correlation_id: 1"

GIVEN_UP = "Published error callback event for request 8f3a, correlation_id: 1, topic: t"


def lines(text: str, count: int) -> list[LogEvent]:
    return [said(NOW, text, role=Role.LLM_PROVIDER) for _ in range(count)]


@pytest.mark.parametrize(
    ("events", "severity"),
    [
        ([*lines(SINGLE, 5), *lines(DONE, 15)], ["warn"]),
        ([*lines(SINGLE, 6), *lines(DONE, 4)], ["error"]),
        ([*lines(SINGLE, 4), *lines(DONE, 1)], []),
        ([*lines(SINGLE, 5), *lines(DONE, 40)], []),
        # One failure of a bundle of eight is one failure.
        ([*lines(BUNDLE, 1), *lines(ITEM, 8), *lines(DONE, 20)], []),
        ([*lines(ITEM, 8), *lines(DONE, 4)], ["error"]),
        ([*lines(JOB, 1), *lines(JOB_ITEM, 16), *lines(DONE, 4)], []),
        ([*lines(JOB, 5), *lines(JOB_ITEM, 80), *lines(DONE, 4)], ["error"]),
        # A bundle that was tried again and again and then given up, and one that was not.
        ([*lines(BUNDLE, 4), *lines(GIVEN_UP, 40)], ["error"]),
        ([*lines(BUNDLE, 3), *lines(GIVEN_UP, 5)], ["error"]),
        ([*lines(BUNDLE, 4), *lines(GIVEN_UP, 4)], []),
        ([*lines(BUNDLE, 2), *lines(GIVEN_UP, 40)], ["error"]),
        (lines(BUNDLE, 4), []),
        (lines(GIVEN_UP, 40), []),
        # The items of one bundle are no failures in a row, whatever their number.
        ([*lines(DONE, 640), *lines(ITEM, 5), *lines(GIVEN_UP, 5)], []),
        (lines("Circuit breaker open: anthropic", 1), ["error"]),
        (lines(OPENED, 1), ["error"]),
        (lines(f"{BREAKER} HALF_OPEN", 1), []),
        ([*lines(OPENED, 1), *lines(f"{BREAKER} CLOSED", 1)], []),
        (
            [*lines(OPENED, 1), *lines(f"{BREAKER.replace('anthropic', 'openai')} CLOSED", 1)],
            ["error"],
        ),
        (lines(DONE, 50), []),
    ],
)
async def test_a_burst_of_real_failures_is_told(
    events: list[LogEvent], severity: list[str]
) -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    spread = [Followed(tuple(events[n::4])) for n in range(4)]
    watches = [GivenWatch(NOW - TICK * (4 - n), NOW, logs=logs) for n, logs in enumerate(spread)]
    assert told(await played(detector, watches), lambda c: c.severity.value) == severity


@pytest.mark.parametrize(
    "text", [ITEM, SINGLE, "Circuit breaker open: kafka_producer for outbox", OPENED]
)
async def test_what_another_service_writes_accuses_nobody(text: str) -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    other = [said(NOW, text, role=Role.CJ) for _ in range(12)]
    assert not any(detector.wants(one) for one in other)
    watch = GivenWatch(NOW, NOW - TICK, logs=Followed(tuple(other)))
    assert told(await played(detector, [watch])) == []


async def test_the_breaker_to_the_broker_says_nothing_of_the_model() -> None:
    opened = lines("Circuit breaker 'llm_provider.kafka_producer' transitioned to OPEN.", 1)
    watch = GivenWatch(NOW, NOW - TICK, logs=Followed(tuple(opened)))
    assert told(await played(ProviderErrors(ProviderErrorsSettings()), [watch])) == []


async def test_a_breaker_that_closed_is_open_no_more_while_the_burst_goes_on() -> None:
    ticks = [lines(SINGLE, 6), lines(OPENED, 1), lines(f"{BREAKER} CLOSED", 1)]
    watches = [
        GivenWatch(NOW + TICK * n, NOW + TICK * (n - 1), logs=Followed(tuple(events)))
        for n, events in enumerate(ticks)
    ]
    detector = ProviderErrors(ProviderErrorsSettings())
    (opened,) = (await played(detector, watches[:2])).conditions
    assert "its circuit breaker is open" in opened.title
    (closed,) = (await played(detector, watches)).conditions
    assert "circuit breaker" not in closed.title


async def test_the_items_of_a_job_are_its_failure_in_the_next_tick_too() -> None:
    job = lines(JOB, 1)
    items = [replace(one, at=NOW + timedelta(seconds=1)) for one in lines(JOB_ITEM, 16)]
    # The window of ten minutes slides over the job's line and holds its items only.
    watches = [
        GivenWatch(at := NOW + TICK * n, at - TICK, logs=Followed(tuple(events)))
        for n, events in enumerate([job, items, *([lines(DONE, 1)] * 39)])
    ]
    detector = ProviderErrors(ProviderErrorsSettings())
    for n in range(len(watches) - 3, len(watches) + 1):
        assert told(await played(detector, watches[:n])) == []


async def test_an_open_circuit_and_mock_mode_are_named() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    health = ServiceHealth("llm_provider_service", NOW, "healthy", True, ("anthropic",))
    watch = GivenWatch(NOW, NOW, logs=Followed(), services=(health,))
    (condition,) = (await played(detector, [watch])).conditions
    assert "circuit breaker is open" in condition.title
    assert "MOCK MODE" in condition.title
    assert str(condition.why).startswith(PROVIDER_FAILURES.why)
    calm = replace(watch, services=(replace(health, open_circuits=()),))
    assert told(await played(detector, [calm])) == []


async def test_a_burst_is_over_after_fifteen_quiet_minutes_and_not_before() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    failed, answered = Followed(tuple(lines(SINGLE, 6))), Followed(tuple(lines(DONE, 20)))
    quiet = timedelta(minutes=15)

    async def open_after(span: timedelta) -> list[str]:
        """Play a burst that ends `span` before NOW, with answers that come again after it."""
        ticks = [NOW - TICK * n for n in range(int((span + 4 * TICK) / TICK), -1, -1)]
        watches = [
            GivenWatch(at, at - TICK, logs=failed if at <= NOW - span else answered) for at in ticks
        ]
        return told(await played(detector, watches), lambda c: c.rule)

    assert await open_after(timedelta(minutes=3)) == ["provider-failures"]
    assert await open_after(quiet - TICK) == ["provider-failures"]
    assert await open_after(quiet) == []


async def test_a_streak_without_any_answer_is_over_after_fifteen_quiet_minutes_too() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    minutes = (0, 0, 0, 0, 0, 4)

    async def rules(end: int) -> list[str]:
        watches = [
            GivenWatch(at := NOW + timedelta(minutes=minute), at - TICK,
                       logs=Followed(tuple(lines(JOB_ITEM, minutes.count(minute)))))
            for minute in range(end + 1)
        ]  # fmt: skip
        return told(await played(detector, watches))

    assert await rules(18) == ["provider-failures"]
    assert await rules(19) == []
    assert await rules(60) == []


async def test_what_was_given_up_after_answers_is_told_and_counted() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    ticks = [lines(DONE, 64), [*lines(BUNDLE, 4), *lines(GIVEN_UP, 58)], lines(DONE, 90)]
    watches = [
        GivenWatch(at := NOW + TICK * n, at - TICK, logs=Followed(tuple(events)))
        for n, events in enumerate(ticks)
    ]
    assert told(await played(detector, watches[:1])) == []
    for upto in (2, 3):
        (condition,) = (await played(detector, watches[:upto])).conditions
        assert condition.severity.value == "error"
        assert str(condition.evidence[0].text).startswith("4 real failures against ")
        assert str(condition.evidence[0].text).endswith(", 58 requests given up")


@pytest.mark.parametrize(
    ("ticks", "found"),
    [
        # Answers in the tick in which the failures began, and in the one in which they ended.
        ([[(DONE, 64), (BUNDLE, 2)], [(BUNDLE, 2), (GIVEN_UP, 40)], [(DONE, 9)]], ["error"]),
        ([[(DONE, 64)], [(BUNDLE, 4), (GIVEN_UP, 40), (DONE, 1)], [(DONE, 9)]], ["error"]),
        ([[(DONE, 64)], [(BUNDLE, 2), (DONE, 1), (BUNDLE, 2), (GIVEN_UP, 40)]], ["warn"]),
        ([[(BUNDLE, 2)], [(DONE, 60)], [(BUNDLE, 2), (GIVEN_UP, 40)]], ["warn"]),
        # One failure, and its bundle was not given back.
        ([[(DONE, 64)], [(BUNDLE, 1), (GIVEN_UP, 8)], [(DONE, 20)]], ["warn"]),
        ([[(DONE, 64)], [(BUNDLE, 1), (GIVEN_UP, 4)], [(DONE, 20)]], []),
    ],
)
async def test_failures_in_a_row_are_counted_in_the_order_of_the_log(
    ticks: list[list[tuple[str, int]]], found: list[str]
) -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    watches = [
        GivenWatch(at := NOW + TICK * n, at - TICK,
                   logs=Followed(tuple(one for row in tick for one in lines(*row))))
        for n, tick in enumerate(ticks)
    ]  # fmt: skip
    assert told(await played(detector, watches), lambda c: c.severity.value) == found


def later(text: str, count: int, span: timedelta) -> list[LogEvent]:
    return [replace(one, at=NOW + span) for one in lines(text, count)]


async def test_another_process_goes_on_with_the_failures_in_a_row() -> None:
    first, second = (ProviderErrors(ProviderErrorsSettings()) for _ in range(2))
    failed = GivenWatch(NOW, NOW - TICK, logs=Followed(tuple(lines(BUNDLE, 3))))
    away = GivenWatch(NOW + TICK, NOW, logs=Missing("logs", "away"))
    second.resume([await first.sample(failed), await first.sample(away)])
    late = Followed(tuple(later(GIVEN_UP, 5, timedelta(minutes=59))))
    after = await second.sample(GivenWatch(NOW + TICK * 2, NOW, logs=late))
    assert after.data["hopeless"]


@pytest.mark.parametrize("text", [ITEM, GIVEN_UP, BUNDLE])
async def test_what_was_given_up_hours_ago_is_not_told_again(text: str) -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    first = Followed((*lines(BUNDLE, 4), *lines(GIVEN_UP, 40)))
    assert (await detector.sample(GivenWatch(NOW, NOW - TICK, logs=first))).data["hopeless"]
    next_one = Followed(tuple(later(text, 1, timedelta(hours=6))))
    assert not (await detector.sample(GivenWatch(NOW, NOW, logs=next_one))).data["hopeless"]


async def test_failures_that_are_hours_apart_are_not_in_a_row() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    failed = enumerate(lines(BUNDLE, 4))
    events = [replace(one, at=NOW + timedelta(hours=2 * n)) for n, one in failed]
    sample = await detector.sample(
        GivenWatch(NOW, NOW, logs=Followed((*events, *lines(GIVEN_UP, 9))))
    )
    assert not sample.data["hopeless"]


async def test_a_burst_that_ended_says_since_when_it_is_quiet() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    logs = [Followed(tuple(lines(SINGLE, 6))), Followed()]
    watches = [
        GivenWatch(NOW - TICK * (1 - n), NOW - TICK * (2 - n), logs=one)
        for n, one in enumerate(logs)
    ]
    closing = (await played(detector, watches)).closing
    assert closing["llm_provider"] == words("no more came", Time(NOW - TICK, " since "))


async def test_failures_whose_share_hovers_at_the_limit_are_one_burst() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    bursts = {20: lines(SINGLE, 5), 30: lines(DONE, 30), 42: lines(SINGLE, 4)}
    ticks = range(70)
    watches = [
        GivenWatch(at := NOW + TICK * n, at - TICK, logs=Followed(tuple(bursts.get(n, ()))))
        for n in ticks
    ]
    sights = [
        bool((await played(detector, watches[: n + 1])).conditions) for n in (19, 20, 30, 42, 69)
    ]
    assert sights == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("minutes", "answered_after", "found"),
    [
        ((0, 0, 12, 24, 36), None, ["error"]),
        ((0, 0, 12, 24, 36), 20, []),
        ((0, 0, 12, 24), None, []),
        ((0, 0, 30, 55, 62), None, []),
    ],
)
async def test_failures_that_come_seldom_add_up_while_nothing_is_answered(
    minutes: tuple[int, ...], answered_after: int | None, found: list[str]
) -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    watches = []
    for minute in range(max(minutes) + 1):
        at = NOW + timedelta(minutes=minute)
        events = lines(BUNDLE, minutes.count(minute))
        events += lines(DONE, 40) if minute == answered_after else []
        watches.append(GivenWatch(at, at - TICK, logs=Followed(tuple(events))))
    assert told(await played(detector, watches), lambda c: c.severity.value) == found


def _told_at(minutes: dict[float, list[LogEvent]], until: float) -> list[GivenWatch]:
    """Return ticks in which something is logged at some minutes."""
    ticks = {round(minute * 4): found for minute, found in minutes.items()}
    return [
        GivenWatch(NOW + TICK * n, NOW, logs=Followed(tuple(ticks.get(n, ()))))
        for n in range(round(until * 4) + 1)
    ]


async def test_since_is_the_onset_of_this_outbreak_and_not_of_an_earlier_failure() -> None:
    """One failure that was answered again stands minutes before the burst."""
    story = {0.25: lines(SINGLE, 1), 1.0: lines(DONE, 1), 8.0: lines(SINGLE, 6)}
    judgement = await played(ProviderErrors(ProviderErrorsSettings()), _told_at(story, 8))
    assert told(judgement, lambda one: one.since) == [NOW + timedelta(minutes=8)]
    assert (NOW + timedelta(minutes=8)).isoformat() in str(judgement.conditions[0].title)


async def test_since_is_the_time_of_the_first_line_and_not_of_the_tick_that_read_it() -> None:
    first = NOW - timedelta(seconds=5)
    events = (said(first, SINGLE, role=Role.LLM_PROVIDER), *lines(SINGLE, 5))
    watch = GivenWatch(NOW, NOW - TICK, logs=Followed(events))
    judgement = await played(ProviderErrors(ProviderErrorsSettings()), [watch])
    assert told(judgement, lambda one: one.since) == [first]


async def test_the_tail_of_a_burst_does_not_end_it() -> None:
    """Single failures go on after the burst: it is over when they are, and is not told again."""
    story = {0.0: lines(SINGLE, 6)} | {2.0 * n: [*lines(SINGLE, 1), *lines(DONE, 9)]
                                       for n in range(1, 12)}  # fmt: skip
    detector = ProviderErrors(ProviderErrorsSettings())
    judgement = await played(detector, _told_at(story, 24))
    assert told(judgement) or "llm_provider" in judgement.held
    over = await played(ProviderErrors(ProviderErrorsSettings()), _told_at(story, 38))
    assert (told(over), over.held) == ([], {})


async def test_failures_some_minutes_apart_hold_an_alert_that_none_of_them_would_open() -> None:
    single = [*lines(SINGLE, 1), *lines(DONE, 9)]
    story = {0.0: lines(SINGLE, 6)} | {4.0 * n: single for n in range(1, 8)}
    for minutes in (26, 28, 31):
        judgement = await played(ProviderErrors(ProviderErrorsSettings()), _told_at(story, minutes))
        assert (told(judgement), list(judgement.held)) == ([], ["llm_provider"]), minutes


@pytest.mark.parametrize(("pause", "begun"), [(2, 0), (4, 0), (6, 6)])
async def test_an_outbreak_begins_after_a_pause_of_minutes_and_not_of_moments(
    pause: int, begun: int
) -> None:
    story = {0.0: lines(SINGLE, 3), pause - 1.0: lines(DONE, 1), pause * 1.0: lines(SINGLE, 6)}
    judgement = await played(ProviderErrors(ProviderErrorsSettings()), _told_at(story, pause))
    assert told(judgement, lambda one: one.since) == [NOW + timedelta(minutes=begun)]


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("burst", [lines(SINGLE, 6), [*lines(BUNDLE, 4), *lines(GIVEN_UP, 40)]])
async def test_the_tail_of_a_burst_that_is_over_does_not_open_it_again(
    burst: list[LogEvent], answered: bool
) -> None:
    story = {0.0: burst, 1.0: lines(DONE, 9 * answered), 15.5: []}
    over = await played(ProviderErrors(ProviderErrorsSettings()), _told_at(story, 15.5))
    assert (told(over), over.held) == ([], {})
    late = [replace(one, at=NOW + timedelta(minutes=16)) for one in lines(SINGLE, 2)]
    tail = {**story, 16.0: late}
    for minutes in (16, 17, 22):
        again = await played(ProviderErrors(ProviderErrorsSettings()), _told_at(tail, minutes))
        assert told(again) == []


async def test_another_burst_after_the_quiet_is_told_with_its_own_onset() -> None:
    story = {0.0: lines(SINGLE, 6), 16.0: lines(SINGLE, 6)}
    judgement = await played(ProviderErrors(ProviderErrorsSettings()), _told_at(story, 17))
    (condition,) = judgement.conditions
    assert condition.since == NOW + timedelta(minutes=16)


async def test_what_fails_otherwise_while_an_outbreak_lasts_is_named_in_it() -> None:
    def answer(status: int, kind: str, at: datetime) -> LogEvent:
        text = f'Anthropic API error: {status} - {{"type":"error","error":{{"type":"{kind}"}}}}'
        return said(at, text, role=Role.LLM_PROVIDER)

    def watch(ticks: int, *events: LogEvent) -> GivenWatch:
        at = NOW + ticks * TICK
        return GivenWatch(at, at - TICK, logs=Followed(events))

    def dated(text: str, count: int, ticks: int) -> list[LogEvent]:
        at = NOW + ticks * TICK
        return [said(at, text, role=Role.LLM_PROVIDER) for _ in range(count)]

    burst = [answer(500, "api_error", NOW), *dated(SINGLE, 6, 0), *dated(DONE, 4, 0)]
    job = [answer(529, "overloaded_error", NOW + 4 * TICK), *dated(JOB, 1, 4)]
    watches = [watch(0, *burst), watch(2, *dated(DONE, 80, 2)), watch(4, *job)]
    (found,) = (await played(ProviderErrors(ProviderErrorsSettings()), watches)).conditions
    assert "(529)" in str(found.title)
    assert "overloaded" in found.known


@pytest.mark.parametrize(("status", "kind", "is_other"),
                         [(529, "overloaded_error", True), (500, "api_error", False)])  # fmt: skip
async def test_what_fails_for_other_reasons_after_a_pause_is_an_episode_of_its_own(
    status: int, kind: str, is_other: bool
) -> None:
    def burst(status: int, kind: str) -> list[LogEvent]:
        text = f'Anthropic API error: {status} - {{"type":"error","error":{{"type":"{kind}"}}}}'
        return [*lines(text, 6), *lines(BUNDLE, 6)]

    story = {0.0: burst(500, "api_error"), 4.0: lines(DONE, 9), 9.0: burst(status, kind)}
    before = await played(ProviderErrors(ProviderErrorsSettings()), _told_at(story, 8))
    after = await played(ProviderErrors(ProviderErrorsSettings()), _told_at(story, 9))
    (first,), (second,) = before.conditions, after.conditions
    assert (second.episode > first.episode) is is_other
    since = NOW.isoformat() if is_other else (NOW + timedelta(minutes=9)).isoformat()
    assert since in str(after.closing["llm_provider"])
    assert second.reasons == (("overloaded",) if is_other else ("server_error",))


async def test_an_episode_is_no_later_one_because_the_burst_before_it_left_the_window() -> None:
    def burst(status: int, kind: str, count: int) -> list[LogEvent]:
        text = f'Anthropic API error: {status} - {{"type":"error","error":{{"type":"{kind}"}}}}'
        return [*lines(text, count), *lines(BUNDLE, count)]

    overloaded = burst(529, "overloaded_error", 3)
    limited = burst(429, "rate_limit_error", 6)
    story = {0.0: overloaded, 2.0: overloaded, 73.0: limited, 78.0: limited}
    detector = ProviderErrors(ProviderErrorsSettings())
    window, episodes = None, []
    for watch in _told_at(story, 80):
        keep = timedelta(seconds=detector.window_seconds)
        window = extended(window, await detector.sample(watch), keep)
        judged = detector.judge(window, watch.now)
        if watch.now >= NOW + timedelta(minutes=73):
            episodes += [one.episode for one in judged.conditions]
    assert len(set(episodes)) == 2
    assert episodes == sorted(episodes, reverse=True)


async def test_one_failure_for_another_reason_after_a_pause_changes_nothing_of_the_burst() -> None:
    def failing(status: int, kind: str, count: int) -> list[LogEvent]:
        text = f'Anthropic API error: {status} - {{"type":"error","error":{{"type":"{kind}"}}}}'
        return [*lines(text, count), *lines(BUNDLE, count)]

    story = {
        0.0: failing(500, "api_error", 6),
        4.0: lines(DONE, 90),
        9.0: failing(529, "overloaded_error", 1),
    }
    first, second = [
        (await played(ProviderErrors(ProviderErrorsSettings()), _told_at(story, at))).conditions
        for at in (8, 9)
    ]
    assert [one.known for one in first] == [one.known for one in second]
    assert [one.reasons for one in second] == [("server_error",)]
