"""Replay tells a freeze from a busy hour, on the logs' own clock."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.replay.logs import Tally
from bot.replay.run import replay_directory
from bot.settings import HULEEDU_SERVICES
from tests.support.recordings import (
    CJ,
    FOREIGN,
    LLM,
    RUNNER,
    START,
    busy_hour,
    console,
    integrity_error,
    missing_essay_ids,
    stamp,
    write,
)

UTC_ZONE = ZoneInfo("UTC")


def _replayed(
    folder: Path, tally: Tally | None = None, tick_seconds: float = 15
) -> list[dict[str, Any]]:
    found = replay_directory(folder, HULEEDU_SERVICES, UTC_ZONE, tick_seconds, tally=tally)
    return list(found)


def _sampled(folder: Path, lines: list[dict[str, Any]]) -> None:
    folder.joinpath("samples.jsonl").write_bytes(b"\n".join(orjson.dumps(line) for line in lines))


def _held(minute: float, *, zone: str = "+00:00", **more: Any) -> dict[str, Any]:
    """Return a sample of an item that the worker took in the second minute, and kept."""
    queued, taken, now = (START + timedelta(minutes=one) for one in (1, 1.5, minute))
    item = {
        "queue_id": "q-held",
        "status": "processing",
        "queued_at": f"{queued:%Y-%m-%dT%H:%M:%S}{zone}",
        "processing_started_at": f"{taken:%Y-%m-%dT%H:%M:%S}{zone}",
        "ttl": "PT4H",
        "cj_batch_id": "41",
    }
    return {"at": now.isoformat(), "queue": {"size": 1, "items": [item]}, **more}


def _waiting(zone: str = "+00:00") -> dict[str, Any]:
    """Return an open batch of which no comparison was answered since the first minute."""
    at = f"{START:%Y-%m-%dT%H:%M:%S}{zone}"
    header = {"batch_id": 41, "bos_batch_id": "b", "event_correlation_id": "c"}
    header |= {"status": "PERFORMING_COMPARISONS", "state": "WAITING_CALLBACKS"}
    pairs = {"total": 3, "pending": 3, "pending_first_submitted_at": at}
    return {"header": {**header, "created_at": at, "updated_at": at}, "pairs": pairs}


def _time(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def _hearts(minutes: int) -> list[str]:
    return [console(START + timedelta(minutes=n), "heartbeat", "cj") for n in range(minutes + 1)]


@pytest.mark.parametrize("json", [False, True])
def test_one_freeze_opens_one_stuck_alert_and_resolves_it_once(tmp_path: Path, json: bool) -> None:
    write(tmp_path, LLM, busy_hour(freeze=range(20, 40), json=json))
    events = [event for event in _replayed(tmp_path) if event["detector"] == "stuck_queue"]
    assert [event["event"] for event in events].count("open") == 1
    assert [event["event"] for event in events].count("resolve") == 1
    opened = events[0]
    assert "orphaned-item" in opened["title"]
    assert opened["at"] == (START + timedelta(minutes=25)).isoformat()
    assert set(opened) == {
        "at", "detector", "key", "event", "severity", "since", "title", "evidence",
    }  # fmt: skip
    assert len({event["key"] for event in events}) == 1


@pytest.mark.parametrize("json", [False, True])
def test_a_busy_healthy_hour_is_silent(tmp_path: Path, json: bool) -> None:
    write(tmp_path, LLM, busy_hour(json=json))
    assert _replayed(tmp_path) == []


def test_a_short_flat_spell_is_no_freeze(tmp_path: Path) -> None:
    write(tmp_path, LLM, busy_hour(minutes=20, freeze=range(5, 8)))
    assert _replayed(tmp_path) == []


def test_rejected_callbacks_say_that_nobody_checked_who_owns_them(tmp_path: Path) -> None:
    write(tmp_path, LLM, busy_hour(minutes=30))
    write(tmp_path, RUNNER, [missing_essay_ids(START + timedelta(minutes=5))])
    events = _replayed(tmp_path)
    assert [event["event"] for event in events] == ["open", "resolve"]
    assert "ownership not checked" in events[0]["title"]
    assert FOREIGN not in events[0]["key"]
    assert "no more came since" in events[1]["title"]


def test_recorded_owners_make_a_stray_callback_foreign(tmp_path: Path) -> None:
    write(tmp_path, RUNNER, [missing_essay_ids(START + timedelta(minutes=5))])
    sample = orjson.dumps({"at": START.isoformat(), "queue": None, "owned": {}})
    (tmp_path / "samples.jsonl").write_bytes(sample + b"\n")
    (opened,) = _replayed(tmp_path)
    assert "belongs to no batch here" in opened["title"]
    assert "1 callback lacks its" in opened["title"]


def test_a_consumer_that_took_nothing_since_its_log_begins_is_silent(tmp_path: Path) -> None:
    published = "Published success callback event for request 1, correlation_id: 1, topic: t"
    times = (START + timedelta(minutes=1, seconds=10 * n) for n in range(20))
    idle = console(START + timedelta(minutes=9), "Queue processor stats", "lps")
    write(tmp_path, LLM, [*(console(at, published, "lps") for at in times), idle])
    assert not _replayed(tmp_path)
    write(tmp_path, CJ, _hearts(12))
    (opened,) = _replayed(tmp_path)
    assert (opened["detector"], opened["event"]) == ("consumer_silent", "open")


@pytest.mark.parametrize(
    ("torn", "whole", "early"), [(CJ, LLM, "consumer_silent"), (LLM, CJ, "stuck_queue")]
)
def test_a_log_that_ends_while_the_other_goes_on_is_a_missing_source(
    tmp_path: Path, torn: str, whole: str, early: str
) -> None:
    """A hole in one log is told as one; nothing that it may hold is called lost."""
    published = "Published success callback event for request {0}, correlation_id: {0}, topic: t"
    lines = {LLM: busy_hour(minutes=90), CJ: _hearts(90)}
    for n in range(180):
        at, one = START + timedelta(seconds=30 * n + 5), str(UUID(int=n))
        lines[LLM].append(console(at, published.format(one), "lps"))
        taken = f"Processing LLM comparison callback for request {one}"
        lines[CJ].append(console(at + timedelta(seconds=1), taken, "cj"))
    hole = tuple(stamp(START + timedelta(minutes=n)) for n in (10, 60))
    kept = [one for one in sorted(lines[torn]) if not hole[0] < one < hole[1]]
    write(tmp_path, torn, kept)
    write(tmp_path, whole, sorted(lines[whole]))
    told = _replayed(tmp_path)
    assert [(one["detector"], one["event"]) for one in told if one["event"] == "open"] == [
        (early, "open"), ("unreadable_source", "open")
    ]  # fmt: skip
    assert {one["event"] for one in told} <= {"open", "resolve"}
    assert sum(one["event"] == "resolve" for one in told) == 2
    # What was told before it was sure is said of a silence, that may be the log's own.
    assert "low confidence" in told[0]["title"]
    opened = told[1]
    assert opened["key"].endswith("/cj_log" if torn == CJ else "/llm_provider_log")
    assert START + timedelta(minutes=9) < datetime.fromisoformat(opened["since"])
    assert datetime.fromisoformat(opened["since"]) <= START + timedelta(minutes=10)
    assert all(_time(one) > START + timedelta(minutes=60) for one in told[2:])


def test_an_integrity_error_and_its_rollback_error_are_one_alert(tmp_path: Path) -> None:
    write(tmp_path, CJ, integrity_error(START))
    (opened,) = _replayed(tmp_path)
    assert opened["detector"] == "database_errors"
    assert "grade_projections_pkey" in opened["title"]
    assert "batch 34" in opened["title"]
    assert "PLANTED" not in str(opened)


@pytest.mark.parametrize("zone", ["", "+00:00"])
def test_samples_tell_a_freeze_with_and_without_a_zone(tmp_path: Path, zone: str) -> None:
    write(tmp_path, CJ, _hearts(30))
    _sampled(tmp_path, [_held(n, zone=zone, batches=[_waiting(zone)]) for n in range(31)])
    events = _replayed(tmp_path)
    assert {event["key"] for event in events if event["event"] == "open"} == {
        "stuck_queue/replay/llm_provider",
        "lost_callbacks/replay/batch_41",
    }


def test_samples_after_the_last_line_tell_a_freeze(tmp_path: Path) -> None:
    write(tmp_path, LLM, busy_hour(minutes=1))
    _sampled(tmp_path, [_held(n) for n in range(2, 32)])
    tally = Tally()
    opened = _replayed(tmp_path, tally)[0]
    assert (opened["detector"], opened["event"]) == ("stuck_queue", "open")
    assert _time(opened) - START < timedelta(minutes=8)
    assert (tally.samples, tally.overtaken) == (30, 0)


def test_samples_before_the_first_line_set_the_clock(tmp_path: Path) -> None:
    write(tmp_path, CJ, _hearts(40)[-1:])
    _sampled(tmp_path, [_held(n) for n in range(2, 32)])
    assert _time(_replayed(tmp_path)[0]) - START < timedelta(minutes=8)


def test_where_samples_end_the_recording_cannot_be_read_and_proves_nothing(tmp_path: Path) -> None:
    write(tmp_path, CJ, _hearts(90))
    _sampled(tmp_path, [_held(2, batches=[_waiting()]), _held(2.5, batches=[_waiting()])])
    (event,) = (one for one in _replayed(tmp_path) if one["event"] != "repeat")
    assert event["key"] == "unreadable_source/replay/recording"
    assert "no sample since 2025-11-18T22:02:30+00:00" in str(event["evidence"])


def test_samples_that_no_tick_saw_are_counted(tmp_path: Path) -> None:
    write(tmp_path, CJ, _hearts(2))
    _sampled(tmp_path, [{"at": (START + timedelta(seconds=5 * n)).isoformat()} for n in range(13)])
    tally = Tally()
    _replayed(tmp_path, tally)
    assert (tally.samples, tally.overtaken) == (13, 8)
    assert tally.told() == [
        "read 1 file, 3 lines, 13 samples; 8 samples were overtaken by another within a tick"
    ]


def test_a_silence_of_years_is_not_lived_through(tmp_path: Path) -> None:
    lines = busy_hour(minutes=20, freeze=range(5, 20))
    lines += [console(START + timedelta(days=9_000, minutes=n), "hello", "lps") for n in range(3)]
    write(tmp_path, LLM, lines)
    events = _replayed(tmp_path, tick_seconds=60)
    assert events[0]["event"] == "open"
    assert {_time(event).year for event in events} == {2025}


def test_only_what_can_still_change_of_a_silence_is_lived_through(tmp_path: Path) -> None:
    lines = busy_hour(minutes=20, freeze=range(5, 20))
    lines += [console(START + timedelta(days=376, minutes=n), "hello", "lps") for n in range(3)]
    write(tmp_path, LLM, [*lines])
    later = console(START + timedelta(days=376), "hello", "cj")
    write(tmp_path, CJ, [*integrity_error(START + timedelta(minutes=19)), later])
    tally, ticks = Tally(), list[datetime]()
    events = list(
        replay_directory(
            tmp_path, HULEEDU_SERVICES, ZoneInfo("UTC"), 60, tally=tally, progress=ticks.append
        )
    )
    assert ("database_errors", "resolve") in {(one["detector"], one["event"]) for one in events}
    assert ("stuck_queue", "repeat") in {(one["detector"], one["event"]) for one in events}
    assert len(ticks) < 4 * 60
    assert tally.gaps == 1
    assert "left out 375 d" in " ".join(tally.told())


def test_a_folder_without_logs_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no"):
        _replayed(tmp_path)
    with pytest.raises(UsageError, match="no folder"):
        _replayed(tmp_path / "absent")


def test_a_broken_sample_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, LLM, busy_hour(minutes=1))
    (tmp_path / "samples.jsonl").write_text('{"at": "2025-11-18T22:00:00+00:00"}\nnonsense\n')
    with pytest.raises(UsageError, match=r"samples\.jsonl:2"):
        _replayed(tmp_path)


def test_garbage_between_the_lines_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, LLM, busy_hour(freeze=range(20, 40)))
    clean = _replayed(tmp_path)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(b"\xff\x00garbage\n" + line for line in lines))
    assert [(e["at"], e["event"]) for e in _replayed(tmp_path)] == [
        (e["at"], e["event"]) for e in clean
    ]


TIMES = (st.datetimes() | st.datetimes(timezones=st.just(UTC_ZONE))).map(datetime.isoformat)
SECONDS = st.integers(-(2**53), 2**53)
ITEMS = st.fixed_dictionaries(
    {"queue_id": st.text(), "status": st.sampled_from(["queued", "processing", "failed", "x"])},
    optional={"queued_at": TIMES, "processing_started_at": TIMES, "ttl": SECONDS},
)
BATCHES = st.lists(
    st.builds(
        lambda words, **times: {
            "header": _waiting()["header"] | dict(zip(("status", "state"), words, strict=True)),
            "pairs": {"total": 3, "pending": 1, **times},
        },
        st.sampled_from([("PENDING", None), ("x", "WAITING_CALLBACKS"), ("x", "SCORING")]),
        pending_first_submitted_at=TIMES,
        last_completed_at=TIMES,
    ),
    max_size=2,
)
SAMPLES = st.fixed_dictionaries(
    {},
    optional={
        "queue": st.builds(lambda items: {"size": len(items), "items": items}, st.lists(ITEMS)),
        "batches": BATCHES,
        "sessions": st.lists(
            st.builds(
                lambda age: {"pid": 1, "state": "x", "wait": "Lock", "age_seconds": age},
                st.floats(allow_nan=False, allow_infinity=False),
            )
        ),
    },
)


@settings(max_examples=20)
@given(SAMPLES, st.lists(st.tuples(TIMES, st.sampled_from(["hello", "queue_metrics_snapshot"]))))
def test_any_sample_and_any_line_is_replayed_or_named(
    tmp_path_factory: pytest.TempPathFactory, sample: dict[str, Any], lines: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    events = [{"event": event, "timestamp": at, "level": "error"} for at, event in lines]
    write(folder, LLM, [*_hearts(8), *(orjson.dumps(event).decode() for event in events)])
    at = (START + timedelta(minutes=n) for n in range(6))
    _sampled(folder, [{"at": one.isoformat(), **sample} for one in at])
    tally = Tally()
    try:
        found = _replayed(folder, tally, tick_seconds=60)
    except UsageError as error:
        named = str(error)
        assert sample, "a sample without values is read"
        assert "samples.jsonl:1" in named
        return
    read = (tally.files, tally.lines, tally.samples, tally.unreadable, tally.failed)
    assert read == (1, 9 + len(lines), 6, 0, {})
    assert [_time(event) for event in found] == sorted(_time(event) for event in found)
    first = {event["key"]: event["event"] for event in reversed(found)}
    assert set(first.values()) <= {"open"}
