"""Which lines are a batch's own, by what stands in them."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from bot.diagnosis.evidence.batch_lines import names_batch
from bot.domain.batch import BatchHeader
from bot.domain.log import LogEvent, Role, settled
from bot.sources.log_format.parser import parse_lines

HEADER = BatchHeader(
    7, str(UUID(int=1)), str(UUID(int=2)), "COMPLETE_STABLE", "COMPLETED",
    datetime(2026, 2, 10, tzinfo=UTC), requested_budget=40, total_budget=40, total_comparisons=40,
    submitted_comparisons=40, completed_comparisons=40, failed_comparisons=0,
    completion_threshold_pct=95, last_activity_at=None,
)  # fmt: skip
AT = "2026-02-10T08:00:00.000000Z"


def _event(line: str) -> LogEvent:
    parsed = parse_lines([line.encode()], service="s", container="c", role=Role.CJ, zone=UTC)
    return settled(next(iter(parsed)))


@pytest.mark.parametrize(
    "line",
    [
        f'{{"event": "said", "timestamp": "{AT}", "batch_id": 7}}',
        f'{{"event": "said", "timestamp": "{AT}", "extra": {{"cj_batch_id": "7"}}}}',
        f'{{"event": "said", "timestamp": "{AT}", "\\u0062atch_id": 7}}',
        f'{{"event": "said", "timestamp": "{AT}", "extra": {{"batch\\u005fid": 7}}}}',
        f"{AT} [info     ] said [cj.worker] batch_id=7",
        f"{AT} [info     ] said [cj.worker] extra={{'batch\\x5fid': 7}}",
    ],
)
def test_a_batch_s_number_is_found_however_its_key_is_written(line: str) -> None:
    assert names_batch(_event(line), HEADER)
    assert not names_batch(_event(line.replace("7", "8")), HEADER)


def test_fields_of_an_event_without_a_text_are_read() -> None:
    said = LogEvent(None, "s", "c", Role.CJ, "info", "said", fields={"batch_id": 7})
    assert names_batch(said, HEADER)


class _Number:
    """A batch's number that counts how often it is read as text."""

    reads = 0

    def __str__(self) -> str:
        _Number.reads += 1
        return "7"


def test_the_batches_of_a_list_read_a_line_s_fields_once() -> None:
    said = LogEvent(None, "s", "c", Role.CJ, "info", "said", fields={"batch_id": _Number()})
    _Number.reads = 0
    headers = [replace(HEADER, batch_id=number) for number in range(50)]
    assert [one.batch_id for one in headers if names_batch(said, one)] == [7]
    assert _Number.reads == 1
