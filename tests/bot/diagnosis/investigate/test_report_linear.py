"""Judging a batch costs the same for each line, however many there are and whatever they say."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import FrameType
from uuid import UUID

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.investigate.report import Investigation, investigate
from bot.domain.batch import (
    BatchHeader,
    BatchRows,
    PairCounts,
    ScoreCounts,
)
from bot.domain.evidence import Missing, SourceState
from bot.domain.log import LogEvent, LogSearch, Role

BEGAN = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=2)
FEW, MANY = 100, 1_000
READ_ONCE = ("clue_of", "names_batch")
AWAY = Missing("redis", "not configured", SourceState.NOT_CONFIGURED)


def _failed(request: UUID, id: UUID) -> str:
    return f"Request {request} failed: Anthropic API error: 529, correlation_id: {id}"


def _answered(request: UUID, id: UUID) -> str:
    return f"Request {request} completed successfully, correlation_id: {id}"


def _repeated(request: UUID, id: UUID) -> str:
    return f"Comparison pair 7 already has result for request {request}, correlation_id: {id}"


def _rejected(request: UUID, id: UUID) -> str:
    return f"Comparison callback missing essay identifiers; correlation={id} {request}"


def _lines(count: int, every: int, text: Callable[[UUID, UUID], str]) -> Iterator[LogEvent]:
    for number in range(count):
        request, id = UUID(int=number + 10**6), UUID(int=number)
        odd = number % every == 0
        said = text(request, id) if odd else _answered(request, id)
        cj = odd and text in (_repeated, _rejected)
        yield LogEvent(
            BEGAN + timedelta(seconds=number),
            "cj_assessment_service" if cj else "llm_provider_service",
            "huleedu_cj" if cj else "huleedu_llm",
            Role.CJ if cj else Role.LLM_PROVIDER,
            "error" if odd else "info",
            said,
            fields={
                "correlation_id": str(id),
                "request_id": str(request),
                **({"winner": f"essay_{number}"} if odd else {}),
            },
            text=said,
        )


def _calls(lines: tuple[LogEvent, ...]) -> Counter[str]:
    header = BatchHeader(
        7, "9c41f7b2-58de-4a36-b1f0-2ab525a2c007", "c", "COMPLETE_STABLE", "COMPLETED", BEGAN,
        requested_budget=40, total_budget=40, total_comparisons=40, submitted_comparisons=40,
        completed_comparisons=40, failed_comparisons=0, completion_threshold_pct=95,
        last_activity_at=NOW,
    )  # fmt: skip
    pairs = PairCounts(total=40, essay_a=20, essay_b=20, error=0)
    rows = BatchRows(header, pairs, scores=ScoreCounts(essays=24, anchors=12, scored=24))
    members = frozenset(str(UUID(int=number)) for number in range(len(lines)))
    owned = {UUID(int=number): 7 for number in range(len(lines))}
    evidence = BatchEvidence(rows, LogSearch(lines, ()), AWAY, owned, members=members)
    counted: Counter[str] = Counter()

    def count(frame: FrameType, event: str, arg: object) -> None:
        if event == "c_call":
            counted["of C"] += 1
        elif event == "call":
            counted[frame.f_code.co_qualname] += 1

    sys.setprofile(count)
    try:
        investigate(Investigation(evidence), NOW)
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize(
    ("every", "text"), [(1, _failed), (10, _failed), (1, _repeated), (1, _rejected)]
)
def test_a_lines_cost_does_not_grow_with_their_number(
    every: int, text: Callable[[UUID, UUID], str]
) -> None:
    few = _calls(tuple(_lines(FEW, every, text)))
    many = _calls(tuple(_lines(MANY, every, text)))
    assert many.total() / few.total() < 1.2 * MANY / FEW
    assert [name for name in READ_ONCE if many[name] > MANY] == []
