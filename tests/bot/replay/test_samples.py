"""Samples beside the logs: their times have a zone, and none is believed for ever."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.evidence import Missing
from bot.domain.queue import QueueReading
from bot.errors import UsageError
from bot.replay.files import sample_lines
from bot.replay.samples import Readings, readings_of
from tests.support.recordings import START

STOCKHOLM = ZoneInfo("Europe/Stockholm")
TICK = timedelta(seconds=15)
NAIVE = "2025-11-18T23:00:00"
GONE = Missing("recording", "no sample since 2025-11-18T22:00:00+00:00")
KINDS = ("queue", "batches", "sessions", "outbox", "containers", "health")


def _read(folder: Path, *lines: dict[str, Any]) -> Readings:
    path = folder / "samples.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(line) for line in lines))
    return readings_of(sample_lines(path, STOCKHOLM), STOCKHOLM, TICK)


def _at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def _queue(size: int) -> dict[str, Any]:
    return {"size": size, "items": [_item()]}


def _container(**times: str) -> dict[str, Any]:
    return {"service": "s", "container": "c", "id": "i", "state": "running", **times}


def _item(**more: Any) -> dict[str, Any]:
    return {"queue_id": "q", "status": "queued", **more}


def _session(age: Any) -> dict[str, Any]:
    return {"pid": 1, "state": "active", "wait": "Lock", "age_seconds": age}


def _batch(**times: str) -> dict[str, Any]:
    header = {"batch_id": 1, "bos_batch_id": "b", "event_correlation_id": "c", "status": "PENDING"}
    return {"header": {**header, "state": None, "created_at": NAIVE, **times}, "pairs": times}


@pytest.mark.parametrize("at", [NAIVE, "2025-11-18T22:00:00Z", "2025-11-19T00:00:00+02:00"])
def test_every_time_becomes_utc_and_one_without_a_zone_is_local(tmp_path: Path, at: str) -> None:
    item = _item(queued_at=at, processing_started_at=at)
    line = {
        "at": at,
        "queue": {"size": 1, "items": [item]},
        "batches": [_batch(created_at=at, updated_at=at, pending_first_submitted_at=at)],
        "outbox": [{"event_type": "e", "count": 1, "oldest_unpublished_at": at}],
        "containers": [_container(started_at=at)],
        "health": [{"service": "s", "at": at}],
    }  # fmt: skip
    (one,) = _read(tmp_path, line).lines
    assert isinstance(one.queue, QueueReading)
    header = one.batches[0].header  # type: ignore[index]
    times = [
        one.at,
        one.queue.at,
        one.queue.items[0].queued_at,
        one.queue.items[0].processing_started_at,
        header.created_at,
        header.updated_at,
        one.batches[0].pairs.pending_first_submitted_at,  # type: ignore[index]
        one.outbox[0].oldest_unpublished_at,  # type: ignore[index]
        one.containers[0].started_at,  # type: ignore[index]
        one.health[0].at,  # type: ignore[index]
    ]
    assert times == [datetime(2025, 11, 18, 22, tzinfo=UTC)] * len(times)
    assert {time.utcoffset() for time in times} == {timedelta(0)}


@pytest.mark.parametrize(
    ("taken", "held"),
    [
        ([0], 60),
        ([-15, 0], 60),
        ([-120, -60, 0], 180),
        ([-4400, -4360, 0], 120),
        ([-86_400, -1, -1, 0], 60),
        ([-1200, -600, 0], 1800),
    ],
    ids=["a lone one", "every tick", "every minute", "after a gap", "several at once", "seldom"],
)
def test_a_sample_holds_for_some_of_their_usual_steps(
    tmp_path: Path, taken: list[int], held: int
) -> None:
    readings = _read(tmp_path, *({"at": _at(at), "queue": _queue(1)} for at in taken))
    fresh, old = (readings.newest(START + timedelta(seconds=held + late)) for late in (0, 1))
    assert fresh is not None
    assert isinstance(fresh.queue, QueueReading)
    assert old is not None
    assert old.queue == GONE


def test_what_an_old_sample_did_not_say_is_not_missed(tmp_path: Path) -> None:
    readings = _read(tmp_path, {"at": _at(0), "queue": _queue(1), "owned": {}, "batches": []})
    old = readings.newest(START + timedelta(hours=1))
    assert old is not None
    assert [getattr(old, kind) for kind in KINDS] == [GONE, GONE, None, None, None, None]
    assert old.owned == {}


def test_nothing_is_known_before_the_first_sample_and_the_order_of_lines_is_none(
    tmp_path: Path,
) -> None:
    readings = _read(tmp_path, *({"at": _at(at), "queue": _queue(at)} for at in (30, 15, 45)))
    seen = [readings.newest(START + timedelta(seconds=at)) for at in (0, 15, 44, 45)]
    sizes = [one and isinstance(one.queue, QueueReading) and one.queue.size for one in seen]
    assert sizes == [None, 15, 30, 45]
    assert readings.next_at(START + timedelta(seconds=30)) == START + timedelta(seconds=45)
    assert readings.next_at(START + timedelta(seconds=45)) is None


@pytest.mark.parametrize(
    "line",
    [
        {"at": "0001-01-01T00:00:00Z"},
        {"at": "9999-12-31T23:59:59"},
        {"at": 5},
        {"at": NAIVE, "queue": {"size": "many"}},
        {"at": NAIVE, "queue": [1]},
        {"at": NAIVE, "owned": {"x": 1}},
        {"at": NAIVE, "batches": [_batch(created_at="0001-01-01T00:00:00")]},
        {"at": NAIVE, "containers": 5},
        {"at": NAIVE, "sessions": [_session(1e300)]},
        {"at": NAIVE, "sessions": [_session("nan")]},
        {"at": NAIVE, "queue": {"size": 1, "items": [_item(queued_at=NAIVE, ttl=2e14)]}},
    ],
)
def test_a_line_without_sense_is_named(tmp_path: Path, line: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"samples\.jsonl:2 is no sample"):
        _read(tmp_path, {"at": NAIVE}, line)


NAMES = st.sampled_from(["at", "items", "size", "header", "pairs", "queued_at", *KINDS, "owned"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
)


@settings(max_examples=50)
@given(st.dictionaries(NAMES, VALUES))
def test_any_line_is_read_or_named(
    tmp_path_factory: pytest.TempPathFactory, line: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    try:
        readings = _read(folder, {"at": NAIVE, **line})
    except UsageError:
        return
    assert readings.lines
