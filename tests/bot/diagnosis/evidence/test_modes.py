"""A batch's mode: as its rows hold it, else as the lines of its time name it, else not recorded."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.evidence.modes import NOT_RECORDED, mode_told
from bot.domain.batch import BatchHeader, PairCounts
from bot.domain.log import LogEvent, Role

AT = datetime(2026, 11, 29, 20, 31, tzinfo=UTC)
PAIRS = PairCounts(total=1, first_submitted_at=AT, last_completed_at=AT + timedelta(minutes=2))


def _dispatch(minute: float, mode: str) -> LogEvent:
    at = AT + timedelta(minutes=minute)
    fields = {"queue_processing_mode": mode, "bundle_size": 3}
    return LogEvent(
        at, "llm_provider_service", "l", Role.LLM_PROVIDER, "info", "serial_bundle_dispatch",
        fields=fields,
    )  # fmt: skip


def _said(number: int) -> LogEvent:
    fields = {"effective_llm_batching_mode": "per_request", "cj_batch_id": number}
    return LogEvent(
        AT, "cj_assessment_service", "c", Role.CJ, "info", "Batch begins", fields=fields
    )


@pytest.mark.parametrize(
    ("recorded", "events", "told"),
    [
        ("batch_api", [_dispatch(1, "serial_bundle")], "provider_batch_api"),
        (None, [_dispatch(1, "serial_bundle")], "serial_bundle (by the LLM provider's logs)"),
        (None, [_dispatch(1, "serial_bundle"), _said(7)], "per_request (by CJ's logs)"),
        (None, [_said(8)], NOT_RECORDED),
        (None, [_dispatch(9, "serial_bundle")], NOT_RECORDED),
        (None, [_dispatch(1, "serial_bundle"), _dispatch(1, "per_request")], NOT_RECORDED),
        (None, [], NOT_RECORDED),
    ],
)
def test_the_mode_is_as_recorded_else_as_the_lines_of_its_time_name_it(
    recorded: str | None, events: list[LogEvent], told: str
) -> None:
    batch = BatchHeader(7, "bos", "id", "COMPLETE_STABLE", "COMPLETED", AT, batching_mode=recorded)
    assert mode_told(batch, PAIRS, events) == told
