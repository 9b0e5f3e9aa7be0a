"""What a search of the logs says of itself."""

from datetime import UTC, datetime, timedelta

from bot.border.phrases import MARK
from bot.diagnosis.evidence.log_coverage import detail, lineless, merged, reaches_back_to, reading
from bot.domain.evidence import SourceState
from bot.domain.log import LogCoverage, LogEvent, LogSearch, Role

AT = datetime(2025, 11, 19, tzinfo=UTC)


def test_a_log_without_any_line_is_named_and_one_that_is_missing_is_not_named_twice() -> None:
    answer = LogSearch(
        (),
        (
            LogCoverage("cj", "cj_assessment_service"),
            LogCoverage("quiet", "content_service", begins_at=AT),
            LogCoverage("damaged", "llm_provider_service"),
        ),
        (("damaged", "its log is damaged"),),
    )
    assert lineless(answer) == ("cj",)
    told = reading(answer)
    assert told.state is SourceState.MISSING
    assert str(told.detail).endswith("without any line: cj")


def test_a_replica_that_came_later_does_not_cut_its_service_s_logs_off() -> None:
    first, second = AT + timedelta(minutes=1), AT + timedelta(minutes=9)
    coverage = (
        LogCoverage("cj", "cj_assessment_service", begins_at=AT),
        LogCoverage("lps-2", "llm_provider_service", begins_at=second),
        LogCoverage("lps-1", "llm_provider_service", begins_at=first),
    )
    assert reaches_back_to(coverage) == first
    told = str(reading(LogSearch((), coverage)).detail)
    assert f"logs begin at {first.isoformat()}; lps-2's at {second.isoformat()}" in told
    assert "cj's" not in told
    assert reaches_back_to(coverage[:2]) == second


def test_a_container_s_name_passes_the_border_where_logs_are_told_of() -> None:
    person = "anna.svensson@example.org"
    silent = LogSearch((), (LogCoverage(person, "cj"),))
    cut = LogSearch((), (LogCoverage(person, "cj", scanned=9, matched=9, truncated=True),))
    assert lineless(silent) == (MARK,)
    for answer in (silent, cut):
        assert MARK in str(detail(answer))
        assert "anna" not in str(detail(answer))


def test_a_second_search_that_found_nothing_leaves_the_events_the_very_same() -> None:
    """What was worked out of them stays true, and is not worked out again."""
    line = LogEvent(AT, "cj", "cj_1", Role.CJ, "info", "said", text="said")
    first = LogSearch((line, line), (LogCoverage("cj_1", "cj", matched=2),))
    second = LogSearch((), (LogCoverage("cj_1", "cj", matched=3),))
    both = merged(first, second)
    assert both.events is first.events
    assert both.coverage[0].matched == 5
    assert len(merged(first, first).events) == 1
