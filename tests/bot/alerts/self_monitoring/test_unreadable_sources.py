"""A source that was unreadable is readable again, or was taken out of the settings."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from bot.alerts.self_monitoring.unreadable_sources import UNREADABLE_SOURCE, judge_sources
from bot.domain.alert import Alert, AlertState, Sample
from bot.domain.followed import unread_log
from bot.domain.log import Role
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
    alert = firing("loki")
    judged = judge_sources({}, [alert], configured=configured)
    assert str(judged.closing["loki"]) == words


def firing(source: str) -> Alert:
    known = condition(source)
    return Alert(
        key=f"{UNREADABLE_SOURCE}/test/{source}",
        detector=UNREADABLE_SOURCE,
        environment="test",
        subject=source,
        state=AlertState.FIRING,
        severity=known.severity,
        condition=known,
        opened_at=START,
        changed_at=START,
        said_at=START,
    )


def looks(reason: str, *seconds: int) -> dict[str, list[Sample]]:
    return {"consumer_silent": [Sample(START + timedelta(seconds=n), {}, reason) for n in seconds]}


def test_a_silent_log_is_told_once_it_was_looked_at_for_a_while() -> None:
    """What was silent before the bot started may write in a moment; its end is the onset."""
    ended = START - timedelta(minutes=20)
    reason = unread_log(Role.CJ, ended)
    assert not judge_sources(looks(reason, 0, 15, 30), []).conditions
    (told,) = judge_sources(looks(reason, 0, 15, 30, 45, 60), []).conditions
    assert (told.subject, told.since) == ("cj_log", ended)
    assert "CJ log" in str(told.title)
    assert "consumer silent" in str(told.why)


def test_of_one_log_nothing_is_known_while_none_is_read() -> None:
    judged = judge_sources(looks("log_files: no such folder", 0, 15), [firing("cj_log")])
    assert "cj_log" in judged.held
    assert "lines come again" in str(judge_sources({}, [firing("cj_log")]).closing["cj_log"])
