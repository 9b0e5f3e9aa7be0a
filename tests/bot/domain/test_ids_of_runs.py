"""Run labels are read where runners and requests tell them, and nowhere else."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import RunLabel, label_of_event, label_of_request
from bot.domain.log import Role
from bot.sources.log_format.parser import LineParser
from tests.support.callbacks import BATCH
from tests.support.fakes.sources import CJ, RUNNER, event

NOW = datetime(2025, 11, 18, 23, 48, tzinfo=UTC)
BANNER = f"Canonical batch UUID: {BATCH.upper()} (label: serial-1)"
LOGS = Path("bot/demo/incident/logs")


@pytest.mark.parametrize(
    ("text", "fields", "label"),
    [
        (BANNER, {}, "serial-1"),
        (f"runner_invocation\n{BANNER}\n", {}, "serial-1"),
        ("runner_invocation", {"batch_id": "serial-1", "batch_uuid": BATCH}, "serial-1"),
        ("runner_invocation", {"batch_label": "serial-1", "bos_batch_id": BATCH}, "serial-1"),
        ("runner_invocation", {"batch_id": BATCH, "batch_uuid": BATCH}, None),
        ("runner_invocation", {"batch_id": 34, "batch_uuid": BATCH}, None),
        ("runner_invocation", {"batch_id": "serial-1"}, None),
        ("runner_invocation", {"batch_id": "serial-1", "batch_uuid": "no"}, None),
        (f"Canonical batch UUID: {BATCH} (label: )", {}, None),
        ("Canonical batch UUID: x (label: serial-1)", {}, None),
    ],
)
def test_a_runners_line_teaches_its_label(
    text: str, fields: dict[str, Any], label: str | None
) -> None:
    learned = label_of_event(event(NOW, text, RUNNER, **fields))
    assert (learned and learned.label) == label
    assert learned is None or learned.bos_batch_id == BATCH


def test_only_runners_teach_labels() -> None:
    assert label_of_event(event(NOW, BANNER, CJ)) is None


@pytest.mark.parametrize("form", ["console", "json"])
def test_the_labels_of_the_night_are_read_from_its_runner_log(form: str) -> None:
    (path,) = (LOGS / form).glob("*runner*.log")
    parser = LineParser("eng5_np_runner", path.stem, Role.RUNNER, UTC)
    events = [parser.feed(line) for line in path.read_bytes().splitlines()]
    whole = [one for one in (*events, parser.flush()) if one is not None]
    learned = [found for one in whole if (found := label_of_event(one))]
    assert {one.label: one.bos_batch_id[:8] for one in learned} == {
        "serial-bundle-20251119-0018": "3e2d8a4c",
        "serial-bundle-20251119-0048": "9c41f7b2",
    }


@pytest.mark.parametrize(
    ("message", "known"),
    [
        ({"metadata": {"batch_label": "run-1"}, "data": {"entity_id": BATCH}}, True),
        (
            {"metadata": {"batch_label": "run-1"}, "data": {"entity_ref": {"entity_id": BATCH}}},
            True,
        ),
        (
            {"metadata": {"batch_label": "min sommar"}, "data": {"entity_id": BATCH}},
            False,
        ),
        ({"metadata": {}, "data": {"entity_id": BATCH}}, False),
        ({"metadata": {"batch_label": "run-1"}, "data": {"entity_id": "34"}}, False),
        ({"metadata": None, "data": []}, False),
        ([], False),
    ],
)
def test_a_request_teaches_its_label(message: object, known: bool) -> None:
    learned = label_of_request(json.dumps(message).encode(), NOW, "topic")
    assert learned == (RunLabel("run-1", BATCH, "topic", NOW) if known else None)


@given(st.binary(max_size=100))
def test_any_request_is_survived(message: bytes) -> None:
    assert label_of_request(message, NOW, "topic") is None
