"""Slack is away, limits the rate, breaks connections after it took a message; and storms."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

from tests.chaos.line import Line, line, postgres
from tests.chaos.table import Row

DOWN = timedelta(minutes=10)
DETECTOR = "lost_callbacks"
KEYS = 40
STORM = 500
FAILURES: tuple[tuple[str, dict[str, object]], ...] = (
    ("Slack down 10 min", {"refuse": "service_unavailable"}),
    ("429 storm", {"rate_limit": True}),
    ("5xx on every fifth call", {"errors": 0.2}),
    ("dropped after accept, every tenth", {"drop_after_accept": 0.1}),
)


async def run_failures(*, keys: int = KEYS) -> list[Row]:
    """Let each alert open, change and resolve, under each way in which Slack fails."""
    rows: list[Row] = []
    async with postgres() as server:
        for name, faults in FAILURES:
            async with line(server) as one:
                lasting = "refuse" in faults or "rate_limit" in faults
                await _lives(one, faults, keys, lasting=lasting)
                rows += _judged(name, one, keys)
    return rows


async def _lives(one: Line, faults: dict[str, object], keys: int, *, lasting: bool) -> None:
    """Open, change and resolve `keys` alerts, a few at a time so that none is folded."""
    one.faults(**faults)
    begun = one.clock()
    subjects: list[str] = []
    for number in range(keys):
        subjects.append(f"batch {1_000 + number}")
        await one.tick(DETECTOR, subjects)
        await _step(one)
        one.clock.pass_(seconds=20)
        if lasting and one.clock() - begun > DOWN:
            one.faults()
    await one.tick(DETECTOR, subjects, known="worse")
    await _step(one)
    one.clock.pass_(seconds=15)
    await one.tick(DETECTOR, [])
    if lasting:
        one.faults()
    await one.settle()


async def _step(one: Line) -> None:
    for _ in range(3):
        await one.poster.step()


def _judged(name: str, one: Line, keys: int) -> list[Row]:
    """Say whether each alert has one head, one change and one end, in this order."""
    heads = [m for m in one.messages if not m["thread_ts"]]
    named = Counter(key for m in heads for key in _keys(keys) if key in _said(m))
    threads = [[m for m in one.messages if m["thread_ts"] == head["ts"]] for head in heads]
    marks = Counter("".join(_mark(m["text"]) for m in thread) for thread in threads)
    right = sum(count for told, count in marks.items() if told == "uR")
    lost = sum(named[key] == 0 for key in _keys(keys))
    doubled = sum(named[key] > 1 for key in _keys(keys))
    told = [key for m in heads for key in _keys(keys) if key in _said(m)]
    return [
        Row(name, "heads lost, doubled", f"{lost}, {doubled} of {keys}", not (lost or doubled)),
        Row(name, "threads told in order", f"{right} of {keys}", right == keys),
        Row(name, "heads in order", "yes" if told == sorted(told) else "no", told == sorted(told)),
    ]


def _keys(keys: int) -> list[str]:
    return [f"batch {1_000 + number}" for number in range(keys)]


def _said(message: dict[str, object]) -> str:
    return f"{message['text']} {message['blocks']}"


def _mark(text: str) -> str:
    return "R" if "Resolved" in text else "u" if "Changed" in text else "?"


async def run_storm(*, alerts: int = STORM) -> list[Row]:
    """Let many alerts fire within a minute, and end."""
    async with postgres() as server, line(server) as one:
        subjects = [f"batch {1_000 + number}" for number in range(alerts)]
        for part in range(4):
            await one.tick(DETECTOR, subjects[: alerts * (part + 1) // 4])
            await one.poster.drain()
            one.clock.pass_(seconds=15)
        heads = sum(not m["thread_ts"] for m in one.messages)
        await one.settle()
        one.clock.pass_(seconds=60)
        await one.tick(DETECTOR, [])
        await one.settle()
        known = await one.store.load_alerts(one.clock())
        firing = sum(alert.state == "firing" for alert in known)
        resolved = sum(alert.state == "resolved" for alert in known if alert.detector == DETECTOR)
        pace = _fastest(one.sent_at)
    name = f"{alerts} alerts in a minute"
    return [
        Row(name, "messages in the channel", str(heads), heads <= 10),
        Row(
            name,
            "resolved, still firing",
            f"{resolved}, {firing}",
            (resolved, firing) == (alerts, 0),
        ),
        Row(name, "least time between posts", f"{pace:.1f} s", pace >= 1.0),
    ]


def _fastest(times: list[datetime]) -> float:
    return min(((b - a).total_seconds() for a, b in pairwise(times)), default=60.0)
