"""A trace says in its first two lines how its comparison was lost, when, whose, and what to do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.diagnosis.comparison.queue_fate.fates import RULES, LostRequest, QueueFate
from bot.diagnosis.evidence.submission import SERVICE_STARTED
from bot.diagnosis.trace.collect import collect
from bot.diagnosis.trace.evidence import QueueLoss
from bot.diagnosis.trace.report import diagnose
from bot.domain.batch import CANCELLED, PairRow
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Finding, Report, Severity, Verdict
from bot.ports import Deadline, Sources
from tests.support.fakes.sources import CJ, LPS, FakeDatabase, FakeLogs, at, event
from tests.support.trails import BEFORE_ALL, BOS, STRAY, C, after, batch, pair, trail_lines

NOW = at("2025-11-19T00:30:00")
RESTARTED = at("2025-11-18T23:55:00")
UNANSWERED = replace(pair(), winner=None, completed_at=None)
QUEUED = tuple(trail_lines().values())[:3]
AGAIN = "Ask for these comparisons again."


async def trace(
    row: PairRow,
    *lines: LogEvent,
    fate: LostRequest | None = None,
    of_batch: Severity = Severity.ERROR,
    rows: int = 1,
    missing: tuple[tuple[str, str], ...] = (),
    trail: tuple[LogEvent, ...] = QUEUED,
) -> Report:
    pairs = [row, *(replace(row, pair_id=row.pair_id + n) for n in range(1, rows))]
    sources = Sources(
        database=FakeDatabase([batch()], pairs),
        logs=FakeLogs([*BEFORE_ALL, *trail, *lines], missing=missing),
    )
    found = await collect(sources, C, NOW, deadline=Deadline.after(4))
    if fate is not None:
        told = Finding(
            RULES[fate.kind],
            of_batch,
            Confidence.MEDIUM,
            "3 comparisons",
            "Why",
            next=(AGAIN,),
        )
        found = replace(found, loss=QueueLoss(fate, told))
    return diagnose(found, NOW)


@pytest.mark.parametrize(
    ("starts", "was_sent", "what"),
    [
        (True, False, "It was not submitted: CJ ended while it sent it"),
        (False, False, "Pair 340 got no answer, its batch ended: the LLM provider never queued it"),
        (True, True, "Pair 340 got no answer, its batch ended: queued, not dispatched"),
    ],
)
async def test_a_wave_that_cj_broke_off_is_told_as_in_its_batchs_answer(
    starts: bool, was_sent: bool, what: str
) -> None:
    start = event(RESTARTED.isoformat(), SERVICE_STARTED, CJ)
    report = await trace(
        replace(UNANSWERED, essay_a="a", essay_b="b"),
        *((start,) if starts else ()),
        trail=QUEUED if was_sent else (),
    )
    assert [str(one.what).rstrip(".") for one in report.findings] == [what]


SILENT = tuple((one.container, "no line since 2025-11-18T23:40:00+00:00") for one in (CJ, LPS))


@pytest.mark.parametrize(
    ("missing", "verdict"),
    [(SILENT, Verdict.WARN), ((*SILENT, ("other", "permission denied")), Verdict.UNKNOWN)],
)
async def test_what_proves_a_loss_stands_though_a_log_ended_meanwhile(
    missing: tuple[tuple[str, str], ...], verdict: Verdict
) -> None:
    """A batch's answer says the same of it."""
    report = await trace(UNANSWERED, missing=missing)
    assert [one.severity for one in report.findings] == [Severity.WARN]
    assert report.verdict is verdict


@pytest.mark.parametrize(
    ("fate", "first", "second"),
    [
        (
            LostRequest(QueueFate.ORPHANED, RESTARTED, by_restart=True),
            "no answer, orphaned by a restart of the LLM provider",
            "Pair 340 is orphaned: its worker restarted at 2025-11-18T23:55:00+00:00 while it held",
        ),
        (
            LostRequest(QueueFate.EXPIRED, RESTARTED),
            "no answer, it expired in the LLM queue",
            "Pair 340 expired in the LLM queue at 2025-11-18T23:55:00+00:00, not answered",
        ),
        (
            LostRequest(QueueFate.LEFT, RESTARTED),
            "no answer, it left the LLM queue unanswered",
            "Pair 340 left the LLM queue unanswered, seen at 2025-11-18T23:55:00+00:00",
        ),
        (
            LostRequest(QueueFate.LOCAL, RESTARTED, by_restart=True),
            "no answer, lost with the provider's local queue",
            "Pair 340 was lost with the provider's own memory by its restart at 2025-11-18",
        ),
    ],
)
async def test_what_the_queue_lost_is_named_with_its_time_its_batch_and_the_step(
    fate: LostRequest, first: str, second: str
) -> None:
    report = await trace(UNANSWERED, fate=fate)
    assert str(report.headline).endswith(f" of batch 34: {first}")
    assert str(report.summary).startswith(second)
    assert str(report.summary).endswith(AGAIN)
    lost = next(one for one in report.findings if one.rule == "lost-callbacks")
    assert lost.cause == RULES[fate.kind]
    assert "removed by a restart, or held" not in str(lost.why)


async def test_what_a_cancelled_batch_lost_is_as_bad_as_in_the_batchs_answer() -> None:
    fate = LostRequest(QueueFate.LEFT, RESTARTED)
    row = replace(UNANSWERED, batch_state=CANCELLED, batch_status="COMPLETE_STABLE")
    report = await trace(row, fate=fate, of_batch=Severity.WARN)
    assert [one.severity for one in report.findings] == [Severity.WARN, Severity.INFO]


async def test_an_answer_that_cj_could_not_store_is_named_with_what_its_database_said() -> None:
    said = "Error in callback processing: [Errno 111] Connect call failed ('10.0.0.2', 5432)"
    failing = LogEvent(
        RESTARTED, "cj_assessment_service", "cj", Role.CJ, "error", said,
        fields={"correlation_id": str(C)}, text=f"{said} {C}",
    )  # fmt: skip
    report = await trace(UNANSWERED, failing)
    assert [one.rule for one in report.findings] == ["callbacks-not-stored", "lost-callbacks"]
    assert str(report.headline).endswith("its answer was taken by CJ and not stored")
    assert str(report.summary).startswith(
        "CJ took its answer and did not store it: its database could not be reached. "
        "It was at 2025-11-18T23:55:00+00:00."
    )
    assert str(report.findings[1].why) == (
        "CJ took the callback and could not store it: its database could not be reached."
    )


@pytest.mark.parametrize("is_own", [True, False])
async def test_a_failed_comparison_is_not_said_to_miss_nothing(*, is_own: bool) -> None:
    """Its error is stored, so that no step is missing: it failed all the same."""
    root = C if is_own else STRAY
    row = replace(
        pair(), winner="error", error_code="EXTERNAL_SERVICE_ERROR", http_status=529,
        error_type="overloaded", error_correlation_id=root,
        error_at=RESTARTED, completed_at=RESTARTED + timedelta(seconds=1),
    )  # fmt: skip
    report = await trace(row)
    with_it = "" if is_own else " with its bundle"
    assert str(report.headline).endswith(
        f" of batch 34 failed{with_it}: model provider overloaded (529)"
    )
    assert "nothing is missing" not in str(report.headline)
    assert "It was at 2025-11-18T23:55:00+00:00" in str(report.summary)
    assert str(report.summary).endswith(
        "Wait until the provider has capacity, then ask for the failed comparisons again."
        if is_own
        else "Ask for it again by itself, or in a smaller bundle."
    )


@pytest.mark.parametrize(("queuing", "submitted"), [(True, True), (False, False)])
async def test_a_call_that_broke_after_the_provider_queued_it_is_no_lost_submission(
    *, queuing: bool, submitted: bool
) -> None:
    row = replace(UNANSWERED, essay_a=str(STRAY), essay_b=str(BOS))
    failed = event(
        after(4), f"Unexpected error processing task {STRAY}-{BOS}: Server disconnected, "
        "Cannot connect to host llm:8090", CJ,
    )  # fmt: skip
    lines = [*BEFORE_ALL, QUEUED[0], *(QUEUED[2:] if queuing else ()), failed]
    sources = Sources(database=FakeDatabase([batch()], [row]), logs=FakeLogs(lines))
    found = await collect(sources, C, NOW, deadline=Deadline.after(4))
    rules = {one.rule for one in diagnose(found, NOW).findings}
    assert ("submission-lost" not in rules) is submitted
