"""The funnel counts bundles by their logged sizes, what was dispatched again apart."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.batch.log_counts import logged_counts
from bot.diagnosis.comparison.log_events import clue_of
from bot.domain.log import LogCoverage, LogEvent, LogSearch, Role

AT = datetime(2026, 4, 7, 9, 1, tzinfo=UTC)
MEMBERS = [f"{n:08d}-0000-4000-8000-000000000001" for n in range(3)]
STRANGER = "99999999-0000-4000-8000-000000000001"


def _line(second: int, text: str, **fields: object) -> LogEvent:
    at = AT + timedelta(seconds=second)
    return LogEvent(at, "llm", "llm", Role.LLM_PROVIDER, "info", text, fields=fields, text=text)


def _request(correlation: str) -> str:
    return correlation.replace("000001", "000002")


def _answered(second: int, correlation: str) -> LogEvent:
    text = f"Request {_request(correlation)} completed successfully, correlation_id: {correlation}"
    return _line(second, text)


def _queued(second: int, correlation: str) -> LogEvent:
    return _line(second, f"Queued request {_request(correlation)}", correlation_id=correlation)


@pytest.mark.parametrize(
    ("others", "dispatched"),
    [((), 3), ((_answered(9, STRANGER),), None), ((_queued(6, STRANGER),), None)],
    ids=["alone", "mixed", "another's bundle begins"],
)
def test_a_bundle_that_was_requeued_counts_once(
    others: tuple[LogEvent, ...], dispatched: int | None
) -> None:
    again = (_line(2, f"Requeueing request {_request(id)} for retry (1/3)") for id in MEMBERS)
    events = (
        _line(1, "serial_bundle_dispatch", bundle_size=3),
        *again,
        _line(3, "serial_bundle_dispatch", bundle_size=3),
        *(_answered(8, id) for id in MEMBERS),
        *others,
    )
    counts = logged_counts(
        LogSearch(events, ()),
        [clue for event in events if (clue := clue_of(event)) is not None],
        frozenset(MEMBERS),
        begin=AT,
        end=AT + timedelta(seconds=9),
        proven=3,
    )
    assert counts.get("dispatched") == dispatched
    assert (counts["retried_dispatches"], counts["answered"]) == (3, 3)


def test_a_bundle_among_anothers_is_not_counted_as_none_dispatched() -> None:
    """Nothing is answered yet, and whose bundle it is no line says."""
    events = (_queued(0, STRANGER), *(_queued(1, id) for id in MEMBERS))
    events = (*events, _line(2, "serial_bundle_dispatch", bundle_size=3))
    counts = logged_counts(
        LogSearch(events, ()),
        [clue for event in events if (clue := clue_of(event)) is not None],
        frozenset(MEMBERS),
        begin=AT,
        end=AT,
        proven=0,
    )
    assert "dispatched" not in counts
    assert counts["queued"] == 3


def test_a_search_that_was_cut_short_counts_nothing() -> None:
    events = tuple(_answered(8, id) for id in MEMBERS)
    clues = [clue for event in events if (clue := clue_of(event)) is not None]
    span = {"begin": AT, "end": AT + timedelta(seconds=9)}
    counts = [
        logged_counts(
            LogSearch(events, (LogCoverage("llm", "llm", truncated=cut),)),
            clues, frozenset(MEMBERS), proven=3, **span,
        ).get("answered")
        for cut in (False, True)
    ]  # fmt: skip
    assert counts == [3, None]


def test_a_stage_that_shows_fewer_than_a_later_one_is_not_counted() -> None:
    """What was answered was dispatched, also where no line that was read says so."""
    events = tuple(_answered(8, id) for id in MEMBERS)
    clues = [clue for event in events if (clue := clue_of(event)) is not None]
    counts = logged_counts(
        LogSearch(events, ()),
        clues,
        frozenset(MEMBERS),
        begin=AT,
        end=AT + timedelta(seconds=9),
        proven=0,
    )
    assert (counts.get("dispatched"), counts["answered"]) == (None, 3)
