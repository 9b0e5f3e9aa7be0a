"""A queue is judged by who moves in it over time, never by its size alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.queue.timeline import timeline_of
from bot.diagnosis.queue.verdict import (
    LoopSign,
    Observation,
    SignKind,
    Snapshot,
    carry,
    compact,
    expired_away,
    judge_queue,
    queue_verdicts,
    signs_of,
    snapshots_of,
)
from bot.domain.headline import one_breath
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Confidence, Severity
from bot.domain.words import words
from tests.support.fakes.sources import CJ, at, event

T0 = at("2025-11-18T23:48:00")
TTL = timedelta(hours=4)


def minutes(count: float) -> datetime:
    return T0 + timedelta(minutes=count)


def item(
    number: int, status: str = "processing", *, taken: float | None = 0.0, **more: object
) -> QueueItem:
    start = minutes(taken) if taken is not None and status == "processing" else None
    base = QueueItem(
        queue_id=f"00000000-0000-4000-8000-{number:012d}",
        status=status,
        queued_at=minutes(-1),
        processing_started_at=start,
        ttl=TTL,
        correlation_id=f"c0000000-0000-4000-8000-{number:012d}",
        cj_batch_id="33",
    )
    return replace(base, **more)  # type: ignore[arg-type]


def redis(when: float, *items: QueueItem, size: int | None = None) -> QueueReading:
    return QueueReading(minutes(when), len(items) if size is None else size, items)


def snaps(
    first: float, last: float, size: int, queued: int, *, mode: str = "serial_bundle"
) -> tuple[Snapshot, ...]:
    count = int((last - first) * 2) + 1
    return tuple(
        Snapshot(minutes(first + i / 2), size, queued, mode=mode, accepting=True)
        for i in range(count)
    )


def dispatch(when: float, size: int = 8) -> LoopSign:
    return LoopSign(minutes(when), SignKind.DISPATCH, bundle_size=size, mode="serial_bundle")


def sign(when: float, kind: SignKind, queue_id: str = "") -> LoopSign:
    return LoopSign(minutes(when), kind, queue_id)


def look(now: float, **what: object) -> list[Observation]:
    given = {"logs_from": minutes(-60), **what}
    return [Observation(minutes(now), **given)]  # type: ignore[arg-type]


ORPHAN_40 = look(40, snapshots=snaps(0, 40, 1, 0))
BUNDLE = [item(n) for n in range(8)]
CASES: list[tuple[str, list[Observation], float, str, Confidence | None]] = [
    ("an empty queue", look(10, reading=redis(10)), 10, "ok", None),
    (
        "the incident: one item, snapshots go on for 40 minutes",
        ORPHAN_40,
        40,
        "orphaned-item",
        Confidence.HIGH,
    ),
    (
        "the same after 5 minutes",
        look(5, snapshots=snaps(0, 5, 1, 0)),
        5,
        "orphaned-item",
        Confidence.MEDIUM,
    ),
    ("the same before 5 minutes", look(4.9, snapshots=snaps(0, 4.5, 1, 0)), 4.9, "ok", None),
    ("a retry shows the same size twice", look(2, snapshots=snaps(0, 1, 67, 67)), 2, "ok", None),
    (
        "equal size for an hour while bundles go through",
        look(60, snapshots=snaps(0, 60, 8, 8), signs=tuple(dispatch(m) for m in range(0, 60, 2))),
        60,
        "ok",
        None,
    ),
    (
        "an item taken by a worker that restarted",
        look(6, reading=redis(6, item(1)), signs=(sign(1, SignKind.RESTART),)),
        6,
        "orphaned-item",
        Confidence.HIGH,
    ),
    (
        "Redis shows the orphan by name while snapshots go on",
        look(40, reading=redis(40, item(1)), snapshots=snaps(0, 40, 1, 0)),
        40,
        "orphaned-item",
        Confidence.HIGH,
    ),
    (
        "an orphan among traffic, proved by a later item alone",
        look(20, reading=redis(20, item(1), item(2, taken=19)), logs_readable=False),
        20,
        "orphaned-item",
        Confidence.MEDIUM,
    ),
    (
        "a bundle that is out for 4 minutes",
        look(4, reading=redis(4, *BUNDLE), signs=(dispatch(0.02),)),
        4,
        "ok",
        None,
    ),
    (
        "a bundle that is out for 6 minutes, legal up to 40",
        look(6, reading=redis(6, *BUNDLE), snapshots=snaps(0, 0.5, 8, 0), signs=(dispatch(0.02),)),
        6,
        "worker-hung",
        Confidence.LOW,
    ),
    (
        "a bundle that is out for longer than 8 calls may take",
        look(41, reading=redis(41, *BUNDLE), signs=(dispatch(0.02),)),
        41,
        "worker-hung",
        Confidence.HIGH,
    ),
    (
        "snapshots stop after a dispatch, seen in the logs alone",
        look(42, snapshots=snaps(-5, 0, 12, 12), signs=(dispatch(0.1),)),
        42,
        "worker-hung",
        Confidence.HIGH,
    ),
    (
        "a dispatch out of a queue that looked empty in the last snapshot",
        look(42, snapshots=snaps(-5, 0, 0, 0), signs=(dispatch(0.1),)),
        42,
        "worker-hung",
        Confidence.HIGH,
    ),
    (
        "the loop does not come back after the first answer of a bundle, by the logs alone",
        look(
            9, snapshots=snaps(-5, 0, 8, 8), signs=(dispatch(0.1), sign(2, SignKind.FINISHED, "q"))
        ),
        9,
        "worker-hung",
        Confidence.LOW,
    ),
    (
        "the same with what is left in Redis: no orphan, for the loop is still at it",
        look(
            9,
            reading=redis(9, *BUNDLE[1:]),
            snapshots=snaps(-5, 0, 8, 8),
            signs=(dispatch(0.1), sign(2, SignKind.FINISHED, BUNDLE[0].queue_id)),
        ),
        9,
        "worker-hung",
        Confidence.LOW,
    ),
    (
        "a request that comes after the loop came back from a bundle, and that nobody takes",
        look(
            9,
            snapshots=(*snaps(-5, 0, 8, 8), *snaps(2.1, 2.1, 0, 0)),
            signs=(
                dispatch(0.1),
                sign(2, SignKind.FINISHED, "q"),
                sign(3, SignKind.QUEUED, "z"),
            ),
        ),
        9,
        "queue-frozen",
        Confidence.LOW,
    ),
    (
        "a bundle of which every answer was logged and published, and silence after it",
        look(
            9,
            snapshots=snaps(-5, 0, 0, 0),
            signs=(dispatch(0.1, 2), LoopSign(minutes(2), SignKind.FINISHED, "q", count=4)),
        ),
        9,
        "ok",
        None,
    ),
    (
        "the answers of the bundle before, in the very moment of a dispatch, are not its own",
        look(
            9,
            snapshots=snaps(-5, 0, 0, 0),
            signs=(
                LoopSign(minutes(0.1), SignKind.FINISHED, "p", count=16),
                dispatch(0.1),
                sign(2, SignKind.FINISHED, "q"),
            ),
        ),
        9,
        "worker-hung",
        Confidence.LOW,
    ),
    (
        "a loop that fails at each turn after an answer has come back from it",
        look(
            9,
            snapshots=snaps(-5, 0, 0, 0),
            signs=(
                dispatch(0.1),
                sign(2, SignKind.FINISHED, "q"),
                sign(2.5, SignKind.LOOP_ERROR),
                sign(3, SignKind.QUEUED, "z"),
            ),
        ),
        9,
        "queue-frozen",
        Confidence.LOW,
    ),
    (
        "a single request that was answered long after the last bundle, and one that nobody takes",
        look(
            12,
            snapshots=snaps(-30, -25, 0, 0),
            signs=(
                LoopSign(minutes(0), SignKind.STARTED, "q", 1, "per_request"),
                sign(1, SignKind.FINISHED, "q"),
                sign(5, SignKind.QUEUED, "z"),
            ),
        ),
        12,
        "queue-frozen",
        Confidence.LOW,
    ),
    (
        "a slow bundle whose items have always taken a minute each",
        look(
            26,
            snapshots=snaps(-20, -12, 8, 8),
            signs=(dispatch(-11), sign(-3, SignKind.FINISHED), dispatch(4)),
        ),
        26,
        "ok",
        None,
    ),
    (
        "per_request: one request without an answer for 6 minutes",
        look(6, signs=(LoopSign(T0, SignKind.STARTED, "q", 1, "per_request"),)),
        6,
        "worker-hung",
        Confidence.HIGH,
    ),
    (
        "per_request: heartbeats and no snapshots are health",
        look(60, signs=tuple(sign(m, SignKind.HEARTBEAT) for m in range(0, 60, 5))),
        60,
        "ok",
        None,
    ),
    (
        "per_request: an orphan, told by the heartbeat",
        look(
            11,
            reading=redis(11, item(1, mode="per_request")),
            signs=(sign(4, SignKind.HEARTBEAT), sign(9, SignKind.HEARTBEAT)),
        ),
        11,
        "orphaned-item",
        Confidence.HIGH,
    ),
    (
        "an id in the order whose data is gone",
        look(3, reading=redis(3, item(1, "leaked"))),
        3,
        "leaked-item",
        Confidence.MEDIUM,
    ),
    (
        "a failed item that stayed in the order",
        look(3, reading=redis(3, item(1, "failed")), snapshots=snaps(0, 3, 1, 0)),
        3,
        "leaked-item",
        Confidence.MEDIUM,
    ),
    (
        "an expired item that the next clean-up takes",
        look(241, reading=redis(241, item(1, "expired"))),
        241,
        "ok",
        None,
    ),
    (
        "an item that came back twice",
        look(2, reading=redis(2, item(1, "queued", retry_count=2)), signs=(dispatch(1),)),
        2,
        "poison-item",
        Confidence.LOW,
    ),
    (
        "an item that came back three times while another was answered",
        look(
            2,
            reading=redis(2, item(1, "queued", retry_count=3)),
            signs=(dispatch(1), sign(1.5, SignKind.FINISHED)),
        ),
        2,
        "poison-item",
        Confidence.HIGH,
    ),
    (
        "an item that came back three times while nothing was answered at all",
        look(2, reading=redis(2, item(1, "queued", retry_count=3)), signs=(dispatch(1),)),
        2,
        "poison-item",
        Confidence.LOW,
    ),
    (
        "a first retry is nothing",
        look(2, reading=redis(2, item(1, "queued", retry_count=1)), signs=(dispatch(1),)),
        2,
        "ok",
        None,
    ),
    (
        "ten dead items in front of three waiting ones",
        look(
            20,
            reading=redis(
                20, *(item(n) for n in range(10)), *(item(n, "queued") for n in range(10, 13))
            ),
            snapshots=snaps(0, 20, 13, 3),
        ),
        20,
        "head-of-line-blocked",
        Confidence.HIGH,
    ),
    (
        "items wait, the loop lives and takes none",
        look(
            20,
            reading=redis(20, *(item(n, "queued") for n in range(3))),
            snapshots=snaps(0, 20, 3, 3),
        ),
        20,
        "queue-frozen",
        Confidence.MEDIUM,
    ),
    (
        "items wait and the loop is silent",
        look(
            20,
            reading=redis(20, *(item(n, "queued") for n in range(3))),
            snapshots=snaps(-9, 0, 3, 3),
        ),
        20,
        "queue-frozen",
        Confidence.MEDIUM,
    ),
    (
        "Redis alone cannot tell an orphan from a hung worker",
        look(6, reading=redis(6, item(1), item(2)), logs_readable=False),
        6,
        "queue-frozen",
        Confidence.LOW,
    ),
    (
        "one look at waiting items without logs proves nothing",
        look(20, reading=redis(20, item(1, "queued")), logs_readable=False),
        20,
        "warming",
        None,
    ),
    ("neither size nor sign", look(20), 20, "warming", None),
    (
        "Redis down, seen once",
        look(1, unreadable="connection refused"),
        1,
        "queue-unreadable",
        None,
    ),
    (
        "a queue that only grows while items go through",
        [
            Observation(minutes(m), reading=redis(m, size=10 + 2 * m), signs=(dispatch(m),))
            for m in range(20)
        ],
        19,
        "queue-not-draining",
        Confidence.MEDIUM,
    ),
    (
        "a queue that grows by batches, each of which is worked off for a while",
        [
            Observation(
                minutes(m), reading=redis(m, size=40 + 9 * (m % 4) + 3 * m), signs=(dispatch(m),)
            )
            for m in range(20)
        ],
        19,
        "queue-not-draining",
        Confidence.MEDIUM,
    ),
    (
        "three batches of which each was worked off before the next",
        [
            Observation(
                minutes(m), reading=redis(m, size=(m // 7 + 1) * (6 - m % 7)), signs=(dispatch(m),)
            )
            for m in range(21)
        ],
        20,
        "ok",
        None,
    ),
    (
        "a queue that grows, falls once and grows",
        [
            Observation(minutes(m), reading=redis(m, size=10 + 2 * (m % 11)), signs=(dispatch(m),))
            for m in range(20)
        ],
        19,
        "ok",
        None,
    ),
]


@pytest.mark.parametrize(
    ("looks", "now", "rule", "confidence"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_verdict_is(
    looks: list[Observation], now: float, rule: str, confidence: Confidence | None
) -> None:
    verdict = judge_queue(looks, minutes(now))
    assert verdict.rule == rule
    assert confidence is None or verdict.confidence is confidence
    if rule not in ("ok", "warming"):
        assert verdict.severity in (Severity.WARN, Severity.ERROR)
        assert verdict.what
        assert verdict.next


def test_that_a_queue_moves_is_a_sentence_in_a_headline_too() -> None:
    verdict = judge_queue(CASES[-1][1], minutes(19))
    assert str(one_breath(verdict.what)) == "26 in the queue; it moves"
    assert "it moves, last at 2025-11-1" in str(words(verdict.what))


def test_the_orphan_of_the_incident_is_named_with_its_batch_and_the_step_by_hand() -> None:
    looks = look(40, reading=redis(40, item(1)), snapshots=snaps(0, 40, 1, 0))
    verdict = judge_queue(looks, minutes(40), prefix="lps:queue")
    assert verdict.item == item(1)
    assert verdict.since == T0
    assert "40 min" in verdict.what
    assert "03:47:00" in verdict.why
    assert any(f"ZREM lps:queue:requests {item(1).queue_id}" in step for step in verdict.next)
    assert any("CJ batch 33" in line.text for line in verdict.evidence)


def test_a_young_watch_is_warming_and_never_healthy() -> None:
    early = judge_queue(ORPHAN_40, minutes(40), watched_since=minutes(36))
    assert (early.rule, early.undecided) == ("warming", True)
    assert judge_queue(ORPHAN_40, minutes(40), watched_since=minutes(35)).rule == "orphaned-item"


def test_too_many_failed_looks_are_warming() -> None:
    looks = [
        Observation(
            minutes(m), reading=None if m % 2 else redis(m), unreadable="x" if m % 2 else ""
        )
        for m in range(9)
    ]
    assert judge_queue(looks, minutes(9), watched_since=minutes(0)).rule == "warming"


def test_one_failed_look_proves_no_recovery_and_three_are_unreadable() -> None:
    good = [Observation(minutes(m), reading=redis(m)) for m in range(9)]
    bad = [Observation(minutes(9 + m), unreadable="timed out") for m in range(3)]
    once = judge_queue(good + bad[:1], minutes(9))
    assert (once.rule, once.undecided) == ("ok", True)
    assert judge_queue(good + bad, minutes(11)).rule == "queue-unreadable"


def test_all_rules_that_apply_are_told_weightiest_first() -> None:
    items = (*(item(n) for n in range(10)), *(item(n, "queued") for n in range(10, 13)))
    looks = look(20, reading=redis(20, *items), snapshots=snaps(0, 20, 13, 3))
    rules = [verdict.rule for verdict in queue_verdicts(looks, minutes(20))]
    assert rules == ["head-of-line-blocked", "orphaned-item"]


def test_an_item_that_reaches_its_ttl_is_expired_and_not_completed() -> None:
    assert expired_away(item(1), minutes(239))
    assert not expired_away(item(1), minutes(238.9))


@pytest.mark.parametrize("ticks", [20, 120])
def test_forty_minutes_of_a_frozen_window_give_one_unchanging_verdict(ticks: int) -> None:
    looks: list[Observation] = []
    found = set()
    for tick in range(ticks):
        now = tick / 3
        new = Observation(minutes(now), snapshots=snaps(int(now), int(now), 1, 0))
        looks = [*looks, carry(looks[-1] if looks else None, new)][-30:]
        verdict = judge_queue(looks, minutes(now), watched_since=T0)
        found.add((verdict.rule, verdict.since if verdict.rule == "orphaned-item" else None))
    assert found == {("warming", None), ("orphaned-item", T0)}


def test_what_a_window_forgets_is_carried_so_that_a_hang_stays_one() -> None:
    last = Observation(T0, snapshots=snaps(-1, 0, 12, 12), signs=(dispatch(0.1),))
    for tick in range(1, 100):
        last = carry(last, Observation(minutes(tick)))
    assert judge_queue([last], minutes(99)).rule == "worker-hung"


QUEUE_ID = "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"Processing queued request {QUEUE_ID}, correlation_id: {QUEUE_ID}", SignKind.STARTED),
        (f"Request {QUEUE_ID} completed successfully, correlation_id: x", SignKind.FINISHED),
        (f"Published error callback event for request {QUEUE_ID}, topic: t", SignKind.FINISHED),
        (f"Failed to publish callback event for request {QUEUE_ID}: boom", SignKind.FAILED),
        (f"Request {QUEUE_ID} failed with HuleEduError: boom", SignKind.FAILED),
        (f"Requeueing request {QUEUE_ID} for retry (1/3)", SignKind.FAILED),
        ("Serial bundle processing hit provider error", SignKind.FAILED),
        (f"Request {QUEUE_ID} has expired, correlation_id: x", SignKind.EXPIRED),
        ("Cleaned up 3 orphaned queue entries", SignKind.SWEPT),
        ("Batch deleted 3 expired requests", SignKind.CLEANED),
        ("Queue processor stats - Processed: 12", SignKind.HEARTBEAT),
        ("Queue processor stats", SignKind.HEARTBEAT),
        ("Queue processor started", SignKind.RESTART),
        ("Queue processor stopped", SignKind.STOPPED),
        ("Error in queue processing loop: boom", SignKind.LOOP_ERROR),
        (f"Queued request {QUEUE_ID} with priority 5, TTL 14400s", SignKind.QUEUED),
        ("Redis marked unhealthy after 3 failures: away", SignKind.STORE_LOST),
        ("Redis connection restored", SignKind.STORE_BACK),
        ("GET /healthz", None),
    ],
)
def test_a_line_is_read_as_its_sign(text: str, kind: SignKind | None) -> None:
    found = signs_of([event(T0, text)])
    assert [one.kind for one in found] == ([kind] if kind else [])
    assert not signs_of([event(T0, text, CJ)])


SNAPSHOT: dict[str, Any] = {
    "queue_processing_mode": "serial_bundle",
    "queue_current_size": 1,
    "queue_queued_count": 0,
    "queue_usage_percent": 0.1,
    "accepting_requests": True,
}


def test_a_snapshot_line_is_read_with_its_numbers_as_numbers_or_text() -> None:
    expected = (Snapshot(T0, 1, 0, "serial_bundle", True, 0.1),)
    assert snapshots_of([event(T0, "queue_metrics_snapshot", **SNAPSHOT)]) == expected
    text: dict[str, Any] = {key: str(value) for key, value in SNAPSHOT.items()}
    assert snapshots_of([event(T0, "queue_metrics_snapshot", **text)]) == expected


@given(
    st.dictionaries(
        st.sampled_from(sorted(SNAPSHOT)), st.text() | st.none() | st.floats() | st.integers()
    )
)
def test_a_mangled_snapshot_never_raises(fields: dict[str, Any]) -> None:
    for one in snapshots_of([event(T0, "queue_metrics_snapshot", **fields)]):
        assert one.size >= 0


def test_compact_keeps_every_kind_its_last_time_and_the_counts() -> None:
    signs = [dispatch(0), *(sign(1 + i / 100, SignKind.FINISHED) for i in range(16)), dispatch(2)]
    small = compact(signs)
    assert [(one.kind, one.count) for one in small] == [
        (SignKind.DISPATCH, 1),
        (SignKind.FINISHED, 16),
        (SignKind.DISPATCH, 1),
    ]
    assert small[1].at == signs[16].at


STATUSES = st.sampled_from(["queued", "processing", "completed", "expired", "failed", "leaked"])
SIGNS: Callable[[], st.SearchStrategy[LoopSign]] = lambda: st.builds(  # noqa: E731
    sign, st.floats(-60, 60), st.sampled_from(SignKind)
)


@given(
    items=st.lists(
        st.builds(item, st.integers(0, 50), STATUSES, taken=st.floats(-60, 60)), max_size=12
    ),
    signs=st.lists(SIGNS(), max_size=12),
    shots=st.lists(
        st.builds(Snapshot, st.floats(-60, 60).map(minutes), st.integers(0, 9), st.integers(0, 9)),
        max_size=8,
    ),
    readable=st.booleans(),
    with_redis=st.booleans(),
)
def test_no_mixture_of_what_was_seen_breaks_the_judge(
    items: Sequence[QueueItem],
    signs: Sequence[LoopSign],
    shots: Sequence[Snapshot],
    readable: bool,
    with_redis: bool,
) -> None:
    one = Observation(
        minutes(60),
        reading=redis(60, *items) if with_redis else None,
        snapshots=tuple(shots),
        signs=tuple(signs),
        logs_readable=readable,
    )
    verdicts = queue_verdicts([one], minutes(60))
    assert verdicts[0].what
    if with_redis and not items:
        assert verdicts[0].rule == "ok"


def test_in_per_request_mode_requests_that_fail_together_are_no_poison_of_one() -> None:
    both = redis(2, item(1, "queued", retry_count=3), item(2, "queued", retry_count=1))
    one = redis(2, item(1, "queued", retry_count=3), item(2, "queued"))
    alone = LoopSign(minutes(1), SignKind.STARTED, mode="per_request")
    verdicts = [
        judge_queue(look(2, reading=reading, signs=(alone,)), minutes(2)) for reading in (both, one)
    ]
    assert [one.rule for one in verdicts] == ["ok", "poison-item"]
    assert "bundle" not in str(verdicts[1].why)


def test_a_mode_from_before_a_restart_is_not_the_mode_of_now() -> None:
    started = sign(1, SignKind.RESTART)
    before = look(
        2, reading=redis(2, item(1, "queued", retry_count=3)), signs=(dispatch(0), started)
    )
    assert timeline_of(before, minutes(2)).mode == ""
    assert "bundle" not in str(judge_queue(before, minutes(2)).why)
    after = look(2, signs=(started, dispatch(1.5)))
    assert timeline_of(after, minutes(2)).mode == "serial_bundle"


def test_snapshots_from_before_a_restart_do_not_promise_more() -> None:
    """A worker that starts anew in per_request mode writes none, and is not dead for that."""
    signs = (sign(2, SignKind.RESTART), sign(3, SignKind.FINISHED))
    one = look(6, reading=redis(6, item(1, "queued")), snapshots=snaps(0, 1.5, 0, 0), signs=signs)
    assert not timeline_of(one, minutes(6)).writes_snapshots
    assert timeline_of(one, minutes(6)).alive
