"""What a search of the logs says of itself."""

from datetime import UTC, datetime

from bot.diagnosis.evidence.log_coverage import lineless, reading
from bot.domain.evidence import SourceState
from bot.domain.log import LogCoverage, LogSearch

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
