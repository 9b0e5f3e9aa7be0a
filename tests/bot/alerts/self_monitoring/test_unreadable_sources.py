"""A source that was unreadable is readable again, or was taken out of the settings."""

from collections.abc import Collection

import pytest

from bot.alerts.self_monitoring.unreadable_sources import UNREADABLE_SOURCE, judge_sources
from bot.domain.alert import Alert, AlertState
from tests.support.fakes.alerts import START, condition


@pytest.mark.parametrize(
    ("configured", "words"),
    [
        (None, "loki can be read again"),
        ({"loki"}, "loki can be read again"),
        ({"log_files"}, "loki is not configured any more"),
    ],
)
def test_a_source_that_was_taken_out_is_not_readable_again(
    configured: Collection[str] | None, words: str
) -> None:
    known = condition("loki")
    alert = Alert(
        key=f"{UNREADABLE_SOURCE}/test/loki",
        detector=UNREADABLE_SOURCE,
        environment="test",
        subject="loki",
        state=AlertState.FIRING,
        severity=known.severity,
        condition=known,
        opened_at=START,
        changed_at=START,
        said_at=START,
    )
    judged = judge_sources({}, [alert], configured=configured)
    assert str(judged.closing["loki"]) == words
