from datetime import UTC, timedelta

import pytest

from bot.demo.incident.bundle_lines import at
from bot.demo.incident.rows import pair_id
from bot.demo.incident.write_logs import BOS, LOGS, STRAY, files
from bot.domain.log import LogEvent, LogQuery
from bot.settings import HULEEDU_SERVICES
from bot.sources.log_files import LogFiles


@pytest.mark.parametrize("path", sorted(files()))
def test_the_recorded_file_is_what_the_script_writes(path: str) -> None:
    assert (LOGS / path).read_text(encoding="utf-8") == files()[path]


async def found(revision: str, *words: str) -> tuple[LogEvent, ...]:
    source = LogFiles(LOGS / revision, HULEEDU_SERVICES, UTC)
    return (await source.search(LogQuery(any_of=words))).events


@pytest.mark.parametrize("revision", ["console", "json"])
async def test_both_formats_tell_the_same_incident(revision: str) -> None:
    errors = [event.error for event in await found(revision, "grade_projections_pkey")]
    assert [(error.kind, error.code) for error in errors if error] == [
        ("IntegrityError", "gkpj"),
        ("PendingRollbackError", "7s2a"),
    ]
    assert len(await found(revision, STRAY)) == 3
    assert any(
        "label: serial-bundle-20251119-0018" in e.event for e in await found(revision, BOS[33])
    )
    dispatches = await found(revision, "serial_bundle_dispatch")
    late = [
        event.fields["bundle_size"] for event in dispatches if event.at and event.at > at(40, 0)
    ]
    assert late == [8, 2]
    rates = [event.fields["completion_rate"] for event in await found(revision, "completion_rate")]
    assert rates == [1.0, 1.1, 1.6]
    assert len(await found(revision, str(pair_id(33, 100)))) == 6


@pytest.mark.parametrize("revision", ["console", "json"])
async def test_the_queue_is_flat_for_forty_minutes_and_the_loop_alive(revision: str) -> None:
    events = await found(revision, "queue_metrics_snapshot")
    flat = [event for event in events if event.at and event.at > at(49, 0)]
    assert {(e.fields["queue_current_size"], e.fields["queue_queued_count"]) for e in flat} == {
        (1, 0)
    }
    assert flat[0].at is not None
    assert flat[-1].at is not None
    assert flat[-1].at - flat[0].at > timedelta(minutes=40)
