"""Followed logs tell of each service by itself until when they reach."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.followed import ENDED_AFTER, Followed
from bot.domain.log import Role

NOW = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
NAMES = {"cj": Role.CJ, "lps": Role.LLM_PROVIDER, "lps_2": Role.LLM_PROVIDER, "db": Role.OTHER}


def followed(quiet: dict[str, float], *, behind: bool = False) -> Followed:
    """Return logs that are quiet for so many minutes."""
    reached = {name: NOW - timedelta(minutes=minutes) for name, minutes in quiet.items()}
    return Followed(containers=NAMES, reached=reached, behind=behind)


@pytest.mark.parametrize(
    ("quiet", "silent"),
    [
        ({"cj": 40, "lps": 0}, {Role.CJ: 40}),
        ({"cj": 0, "lps": 7}, {Role.LLM_PROVIDER: 7}),
        # An idle provider writes every five minutes.
        ({"cj": 0, "lps": 6}, {}),
        # One of its workers is enough, and another service's log tells nothing.
        ({"cj": 0, "lps": 60, "lps_2": 1}, {}),
        ({"cj": 0, "db": 600}, {}),
        ({"cj": 50, "db": 0}, {}),
        # Both ended: no log went on beyond the other's.
        ({"cj": 40, "lps": 41}, {}),
        ({}, {}),
    ],
)
def test_a_service_is_silent_where_anothers_log_went_on(
    quiet: dict[str, float], silent: dict[Role, float]
) -> None:
    logs = followed(quiet)
    assert logs.silent() == {role: NOW - timedelta(minutes=n) for role, n in silent.items()}
    assert all(logs.hears(role) is (role not in silent) for role in (Role.CJ, Role.LLM_PROVIDER))


def test_what_is_still_being_read_is_not_silent() -> None:
    assert not followed({"cj": 60, "lps": 0}, behind=True).silent()


def test_logs_have_ended_where_none_went_on() -> None:
    quiet = ENDED_AFTER / timedelta(minutes=1) + 1
    assert followed({"cj": quiet, "lps": quiet + 9}).ended_at(NOW) == NOW - timedelta(minutes=quiet)
    assert followed({"cj": quiet, "lps": 1}).ended_at(NOW) is None
