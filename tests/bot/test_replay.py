"""Replay tells a freeze from a busy hour, on the logs' own clock."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from bot.errors import UsageError
from bot.replay import replay_directory
from bot.settings import HULEEDU_SERVICES
from tests.recordings import (
    CJ,
    FOREIGN,
    LLM,
    RUNNER,
    START,
    busy_hour,
    integrity_error,
    missing_essay_ids,
    write,
)

UTC_ZONE = ZoneInfo("UTC")


def _replayed(folder: Path) -> list[dict[str, Any]]:
    return list(replay_directory(folder, HULEEDU_SERVICES, UTC_ZONE))


@pytest.mark.parametrize("json", [False, True])
def test_one_freeze_opens_one_stuck_alert_and_resolves_it_once(tmp_path: Path, json: bool) -> None:
    write(tmp_path, LLM, busy_hour(freeze=range(20, 40), json=json))
    events = [event for event in _replayed(tmp_path) if event["detector"] == "stuck_queue"]
    assert [event["event"] for event in events].count("open") == 1
    assert [event["event"] for event in events].count("resolve") == 1
    opened = events[0]
    assert "orphaned-item" in opened["title"]
    assert opened["at"] == (START + timedelta(minutes=25)).isoformat()
    assert set(opened) == {"at", "detector", "key", "event", "severity", "title", "evidence"}
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
    assert "quiet since" in events[1]["title"]


def test_recorded_owners_make_a_stray_callback_foreign(tmp_path: Path) -> None:
    write(tmp_path, RUNNER, [missing_essay_ids(START + timedelta(minutes=5))])
    sample = orjson.dumps({"at": START.isoformat(), "queue": None, "owned": {}})
    (tmp_path / "samples.jsonl").write_bytes(sample + b"\n")
    (opened,) = _replayed(tmp_path)
    assert "owned by: no batch" in opened["title"]


def test_an_integrity_error_and_its_rollback_error_are_one_alert(tmp_path: Path) -> None:
    write(tmp_path, CJ, integrity_error(START))
    (opened,) = _replayed(tmp_path)
    assert opened["detector"] == "database_errors"
    assert "grade_projections_pkey" in opened["title"]
    assert "batch 34" in opened["title"]
    assert "PLANTED" not in str(opened)


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
