from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.alerts.policy.inhibition import inhibited
from bot.alerts.policy.lifecycle import decide_all
from bot.alerts.policy.round import policy_settings
from bot.detectors.batches._ended_text import main_cause
from bot.detectors.batches.batch_failed import BatchFailed, BatchFailedSettings
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures
from bot.domain.alert import Alert, AlertState, Decision, Judgement, Reason, Sample, Sight
from bot.domain.batch import BatchSummary, ErrorGroup, PairCounts
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from tests.support.fakes.alerts import condition
from tests.support.scenes import NOW, ago, batch, judged, played, told
from tests.support.watches import GivenWatch, said

SETTINGS = BatchFailedSettings()
FAILED: dict[str, Any] = {"status": "FETCHING_CONTENT", "state": "FAILED"}
ERRORS = PairCounts(total=40, essay_a=30, error=10)


@pytest.mark.parametrize(
    ("changes", "causes"),
    [
        (
            {"status": "ERROR_PROCESSING", "state": "FAILED", "pairs": ERRORS},
            ["10 of 40 comparisons failed"],
        ),
        (
            {**FAILED, "pairs": PairCounts(total=5, essay_a=2, pending=3)},
            ["3 of 5 comparisons never got an answer"],
        ),
        ({"status": "COMPLETE_STABLE", "state": "COMPLETED"}, []),
        ({"status": "COMPLETE_INSUFFICIENT_ESSAYS", "state": "FAILED"}, []),
        ({"status": "FETCHING_CONTENT", "state": "CANCELLED"}, []),
        ({}, []),
    ],
    ids=["low success", "the monitor gave up", "well", "too few essays", "cancelled", "running"],
)
async def test_an_end_without_a_result_is_told_with_its_cause(
    changes: dict[str, Any], causes: list[str]
) -> None:
    row = batch(**{**changes, "last_activity_at": ago(minutes=2)})
    judgement = await judged(BatchFailed(SETTINGS), GivenWatch(NOW, NOW, batches=(row,)))
    assert told(judgement, lambda one: one.known) == causes
    assert told(judgement, lambda one: one.since) == [ago(minutes=2)] * len(causes)


async def test_what_ended_before_the_first_start_is_not_told_also_after_a_restart() -> None:
    before = batch(1, **FAILED, last_activity_at=ago(minutes=9))
    between = batch(2, **FAILED, last_activity_at=ago(minutes=3))
    first = BatchFailed(SETTINGS)
    seen = await first.sample(GivenWatch(ago(minutes=5), ago(minutes=5), batches=(before,)))
    assert seen.data["facts"] == []
    second = BatchFailed(SETTINGS)
    second.resume([seen])
    watch = GivenWatch(NOW, NOW, batches=(before, between))
    judgement = await played(second, [watch])
    assert told(judgement, lambda one: one.subject) == ["batch 2"]


async def test_an_end_is_no_news_a_day_later() -> None:
    row = batch(**FAILED, last_activity_at=ago(hours=25))
    detector = BatchFailed(SETTINGS)
    detector.resume([await detector.sample(GivenWatch(ago(hours=30), ago(hours=30), batches=()))])
    assert told(await played(detector, [GivenWatch(NOW, NOW, batches=(row,))])) == []


async def test_an_acknowledged_end_is_closed_and_not_opened_again() -> None:
    row = batch(**FAILED, last_activity_at=ago(minutes=2))
    detector = BatchFailed(SETTINGS)
    judgement = await judged(detector, GivenWatch(NOW, NOW, batches=(row,)))
    settings = policy_settings(detector, detector.name, "", 15)
    known: list[Alert] = []
    reasons = []
    for tick in range(6):
        (decision,) = decide_all(known, judgement, NOW + tick * timedelta(seconds=15), settings)
        reasons.append(decision.reason)
        found = decision.alert
        if decision.reason is Reason.OPEN:
            found = replace(found, acknowledged_by="Ada", acknowledged_at=NOW)
        known = [found]
    assert [one for one in reasons if one is not Reason.QUIET] == [
        Reason.PENDING,
        Reason.OPEN,
        Reason.RESOLVE,
    ]


def _firing(detector: str, number: int) -> Alert:
    found = condition(f"batch {number}", batch=str(number))
    return Alert(
        f"{detector}/-/batch_{number}", detector, "", found.subject, AlertState.FIRING,
        found.severity, found, NOW, NOW, NOW,
    )  # fmt: skip


def test_a_failed_batch_covers_the_alerts_of_that_batch_alone() -> None:
    opened = [Decision(Reason.OPEN, _firing("lost_callbacks", number)) for number in (9, 10)]
    decided = inhibited([(None, one) for one in opened], [_firing("batch_failed", 9)])
    assert [one.reason for _, one in decided] == [Reason.PENDING, Reason.OPEN]


async def _failed_by_errors() -> Alert:
    row = batch(9, status="ERROR_PROCESSING", state="FAILED", pairs=ERRORS,
                last_activity_at=ago(minutes=2))  # fmt: skip
    judgement = await judged(BatchFailed(SETTINGS), GivenWatch(NOW, NOW, batches=(row,)))
    return replace(_firing("batch_failed", 9), condition=judgement.conditions[0])


async def test_a_batch_that_the_provider_failed_covers_that_outbreak_and_no_later_one() -> None:
    failed = await _failed_by_errors()
    for begun, reason in ((ago(minutes=5), Reason.PENDING), (NOW, Reason.OPEN)):
        one = _firing("provider_errors", 0)
        one = replace(one, condition=replace(one.condition, since=begun, batch=""))
        ((_, decided),) = inhibited([(None, Decision(Reason.OPEN, one))], [failed])
        assert decided.reason is reason


async def test_an_end_is_said_once_and_not_repeated() -> None:
    row = batch(**FAILED, last_activity_at=ago(minutes=2))
    detector = BatchFailed(SETTINGS)
    judgement = await judged(detector, GivenWatch(NOW, NOW, batches=(row,)))
    settings = policy_settings(detector, detector.name, "", 15)
    known: list[Alert] = []
    reasons = []
    for hour in range(20):
        (decision,) = decide_all(known, judgement, NOW + timedelta(hours=hour), settings)
        reasons.append(decision.reason)
        known = [decision.alert]
    assert Reason.OPEN in reasons
    assert Reason.REPEAT not in reasons


async def test_an_unread_database_is_no_health() -> None:
    watch = GivenWatch(NOW, NOW, batches=Missing("cj_database", "away"))
    judgement: Judgement = await judged(BatchFailed(SETTINGS), watch)
    assert judgement.sight is Sight.UNREADABLE


OVERLOADED = ErrorGroup("EXTERNAL_SERVICE_ERROR", "llm_provider_service", "anthropic", 10, 2,
                        http_status=529, error_type="overloaded", last_at=NOW)  # fmt: skip
UNNAMED = ErrorGroup("EXTERNAL_SERVICE_ERROR", "llm_provider_service", "anthropic", 10, 2)
LOW = {"status": "ERROR_PROCESSING", "state": "FAILED", "pairs": ERRORS, "last_activity_at": NOW}


async def test_a_batch_that_the_provider_failed_says_what_it_answered_and_what_to_do() -> None:
    watch = GivenWatch(NOW, NOW, batches=(batch(11, **LOW),), errors=(OVERLOADED,))
    (condition,) = (await judged(BatchFailed(SETTINGS), watch)).conditions
    assert ": 10 of 40 comparisons failed: model provider overloaded (529)" in condition.title
    assert "overloaded (529)" in str(condition.headline)
    assert condition.why == "CJ ended it as failed: 75% of its answers are valid, 80 % are needed."
    assert "Wait until the provider has capacity" in str(condition.next[1])
    assert "HTTP 529, overloaded" in [str(one.text) for one in condition.evidence]


async def test_what_the_rows_do_not_say_is_taken_from_the_lines_also_after_a_restart() -> None:
    """As at the revision of November: the rows hold the provider's name alone."""
    id = "86e26627-1135-4553-bfbf-000000000001"
    line = said(ago(minutes=3), f"Request q failed: 529 overloaded, correlation_id: {id}",
                role=Role.LLM_PROVIDER)  # fmt: skip
    first, second = BatchFailed(SETTINGS), BatchFailed(SETTINGS)
    assert first.wants(line)
    logs, owners = Followed((line,)), {UUID(id): 11}
    seen = await first.sample(
        GivenWatch(ago(minutes=3), ago(minutes=4), logs=logs, owners=owners, batches=())
    )
    second.resume([seen])
    watch = GivenWatch(NOW, NOW, batches=(batch(11, **LOW),), errors=(UNNAMED,))
    (condition,) = (await played(second, [watch])).conditions
    assert "overloaded" in condition.title
    other = replace(watch, batches=(batch(12, **LOW),))
    third = BatchFailed(SETTINGS)
    third.resume([seen])
    (condition,) = (await played(third, [other])).conditions
    assert "overloaded" not in condition.title


async def test_a_batch_with_an_error_and_a_state_that_is_open_is_told_too() -> None:
    row = batch(5, status="ERROR_ESSAY_PROCESSING", state="INITIALIZING", last_activity_at=NOW,
                pairs=PairCounts())  # fmt: skip
    watch = OpenOnly(NOW, NOW, batches=(row,))
    assert told(await judged(BatchFailed(SETTINGS), watch)) == ["batch-failed"]


class OpenOnly(GivenWatch):
    """As the database answers: what failed is listed by its state alone."""

    async def failed_batches(self, since: datetime) -> tuple[BatchSummary, ...]:
        return ()


def _low(minutes: float, batch: int = 34, **counts: int) -> LogEvent:
    text = "Finalizing batch as FAILED due to low success rate"
    fields = {"batch_id": batch, "completed_comparisons": 4, "failed_comparisons": 8, **counts}
    return replace(said(ago(minutes=minutes), text, role=Role.CJ), fields=fields)


def _answer(minutes: float, status: int, kind: str, request: int = 1) -> LogEvent:
    text = (
        f"Request {UUID(int=request)} failed with HuleEduError: Anthropic API call failed: "
        f'{status}, message=\'{{"type":"error","error":{{"type":"{kind}"}}}}\''
    )
    return said(ago(minutes=minutes), text, role=Role.LLM_PROVIDER)


def _taken(
    minutes: float, batch: int = 34, request: int = 1, how: str = "processed", *, well: bool = False
) -> LogEvent:
    text = f"Callback {how} for batch {batch}"
    fields = {"request_id": str(UUID(int=request)), "is_error": not well}
    return replace(said(ago(minutes=minutes), text, role=Role.CJ), fields=fields)


def _went_on(minutes: float, batch: int = 34, request: int = 1) -> LogEvent:
    event = said(ago(minutes=minutes), "Continuation check computed", level="info", role=Role.CJ)
    fields = {"correlation_id": str(UUID(int=request)), "batch_id": batch}
    return replace(event, fields=fields)


def _gave_up(minutes: float, batch: int = 21, done: float | None = 0.0) -> LogEvent:
    event = said(ago(minutes=minutes), "Marking stuck batch as FAILED", role=Role.CJ)
    known = {} if done is None else {"progress_pct": done}
    return replace(event, fields={"batch_id": batch, "reason": "insufficient_progress", **known})


FAILED_OF_12 = "Batch 34 ended without a result: 8 of 12 comparisons failed"
BUSY = (529, "overloaded_error")


@pytest.mark.parametrize(
    ("lines", "headline"),
    [
        ((_answer(9, *BUSY), _taken(8), _low(2)), f"{FAILED_OF_12}, overloaded (529)"),
        (
            (_answer(9, *BUSY), _taken(8, how="enables workflow continuation"), _low(2)),
            f"{FAILED_OF_12}, overloaded (529)",
        ),
        # One line of CJ names the request and its batch, and says nothing of an error.
        ((_answer(9, *BUSY), _went_on(8), _low(2)), f"{FAILED_OF_12}, overloaded (529)"),
        ((_answer(9, *BUSY), _went_on(8, batch=33), _low(2)), FAILED_OF_12),
        # The request was tried again, and answered well.
        ((_answer(9, *BUSY), _taken(8, well=True), _went_on(8), _low(2)), FAILED_OF_12),
        # The services' logs are read each at its own pace.
        ((_taken(2.1), _low(2), _answer(2.2, *BUSY)), f"{FAILED_OF_12}, overloaded (529)"),
        # What failed just before is another batch's: time alone lays no cause at its door.
        ((_answer(2.1, *BUSY), _low(2)), FAILED_OF_12),
        ((_answer(2.1, *BUSY), _taken(2.1, batch=33), _low(2)), FAILED_OF_12),
        (
            (_answer(2.2, 401, "authentication_error", 2), _taken(2.2, 33, 2),
             _answer(2.1, *BUSY), _taken(2.1), _low(2)),
            f"{FAILED_OF_12}, overloaded (529)",
        ),
    ],
    ids=[
        "joined", "by its last", "by its batch going on", "another goes on", "answered again",
        "in either order", "unjoined", "of another", "each its own",
    ],
)  # fmt: skip
@pytest.mark.parametrize("ticks", [1, 2])
async def test_without_a_database_cj_s_own_line_tells_the_end(
    lines: tuple[LogEvent, ...], headline: str, ticks: int
) -> None:
    detector = BatchFailed(SETTINGS)
    detector.resume([Sample(ago(minutes=20), {"began": ago(minutes=20).isoformat()})])
    first = GivenWatch(ago(minutes=1), ago(minutes=15), batches=None, logs=Followed(lines[:-1]))
    last = Followed(lines[-1:] if ticks == 2 else lines)
    if ticks == 2:
        await detector.sample(first)
    watch = GivenWatch(NOW, ago(minutes=1), batches=None, logs=last)
    (found,) = (await judged(detector, watch)).conditions
    assert (str(found.headline), found.batch, found.since) == (headline, "34", ago(minutes=2))


def _finished(minutes: float, text: str, status: str = "") -> LogEvent:
    fields = {"batch_id": 34, **({"status": status} if status else {})}
    return replace(said(ago(minutes=minutes), text, level="info", role=Role.CJ), fields=fields)


@pytest.mark.parametrize(
    ("text", "status", "has_result"),
    [
        ("Completed scoring finalization for batch", "", True),
        ("Batch already terminal, skipping failure finalization", "COMPLETE_STABLE", True),
        ("Batch already terminal, skipping failure finalization", "ERROR_PROCESSING", False),
    ],
)
async def test_an_end_that_a_result_refutes_is_taken_back(
    text: str, status: str, has_result: bool
) -> None:
    """CJ's line says that it failed, and another of its tasks has published the batch's result."""
    detector = BatchFailed(SETTINGS)
    detector.resume([Sample(ago(minutes=20), {"began": ago(minutes=20).isoformat()})])
    ticks = [
        GivenWatch(ago(minutes=1), ago(minutes=15), batches=None, logs=Followed((_low(2),))),
        GivenWatch(NOW, ago(minutes=1), batches=None,
                   logs=Followed((_finished(0.5, text, status),))),
    ]  # fmt: skip
    assert told(await played(detector, ticks[:1])) == ["batch-failed"]
    judgement = await played(detector, ticks)
    assert told(judgement) == ["batch-failed"] * (not has_result)
    assert judgement.closing["batch 34"] == "it has a result after all"


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize(("swept", "is_told"), [(0.5, False), (2.0, True), (None, True)])
async def test_an_end_waits_while_the_monitor_finalises_the_batch(
    swept: float | None, is_told: bool, rows: bool
) -> None:
    """Its sweep and the last callback ended the batch in one second, and the sweep's run counts."""
    detector = BatchFailed(SETTINGS)
    detector.resume([Sample(ago(minutes=20), {"began": ago(minutes=20).isoformat()})])
    text = "Finalizing batch with all callbacks received"
    lines = () if swept is None else (_finished(swept, text),)
    failed = batch(status="ERROR_PROCESSING", state="FAILED", last_activity_at=ago(minutes=0.5))
    watch = GivenWatch(NOW, ago(minutes=15), batches=(failed,) if rows else None,
                       logs=Followed((*lines, _low(0.5))))  # fmt: skip
    assert told(await judged(detector, watch)) == ["batch-failed"] * is_told


async def test_an_end_names_every_reason_for_which_its_requests_were_refused() -> None:
    lines = (
        _answer(9, 401, "authentication_error", 1), _taken(8.9, request=1),
        _answer(8, 401, "authentication_error", 2), _taken(7.9, request=2),
        _answer(7, *BUSY, 3), _taken(6.9, request=3),
        _low(2),
    )  # fmt: skip
    detector = BatchFailed(SETTINGS)
    detector.resume([Sample(ago(minutes=20), {"began": ago(minutes=20).isoformat()})])
    watch = GivenWatch(NOW, ago(minutes=1), batches=None, logs=Followed(lines))
    (found,) = (await judged(detector, watch)).conditions
    assert (
        "no API key that the provider accepts (401) and model provider overloaded (529). Next"
        in (str(found.title))
    )
    assert len(found.next) > 3


@pytest.mark.parametrize(
    ("done", "counted"),
    [(0.0, "0% of its"), (46.15, "46% of its"), (None, "how many were answered is not logged")],
)
async def test_without_a_database_the_monitor_s_own_line_tells_that_it_gave_up(
    done: float | None, counted: str
) -> None:
    lines = Followed((_gave_up(2, 21, done), _gave_up(2, 24, done)))
    watch = GivenWatch(ago(minutes=1), ago(minutes=15), batches=None, logs=lines)
    detector = BatchFailed(SETTINGS)
    detector.resume([Sample(ago(minutes=20), {"began": ago(minutes=20).isoformat()})])
    sample = await detector.sample(watch)
    later = BatchFailed(SETTINGS)
    later.resume([sample])
    after = GivenWatch(NOW, ago(minutes=1), batches=None, logs=Followed(()))
    first, second = (await judged(later, after)).conditions
    assert (first.batch, second.batch, first.cause) == ("21", "24", "")
    assert "ended without a result: CJ's monitor gave up on it" in str(first.headline)
    assert counted in str(first.evidence[1].text)


async def test_lines_of_an_end_are_kept_over_a_restart_of_the_bot() -> None:
    began = Sample(ago(minutes=20), {"began": ago(minutes=20).isoformat()})
    first, second = BatchFailed(SETTINGS), BatchFailed(SETTINGS)
    first.resume([began])
    watch = GivenWatch(ago(minutes=1), ago(minutes=15), batches=None, logs=Followed((_low(2),)))
    seen = await first.sample(watch)
    second.resume([began, seen])
    later = GivenWatch(NOW, ago(minutes=1), batches=None, logs=Followed(()))
    assert (await second.sample(later)).data["facts"] == seen.data["facts"]


async def test_where_rows_tell_of_ends_lines_add_none() -> None:
    watch = GivenWatch(NOW, ago(minutes=15), batches=(), logs=Followed((_low(2),)))
    assert told(await judged(BatchFailed(SETTINGS), watch)) == []


NOT_SUBMITTED = (
    "CJ assessment workflow failed: [PROCESSING_ERROR] Batch submission failed: (ProgrammingError) "
    'column "half_made" of relation "cj_pairs" does not exist'
)


@pytest.mark.parametrize("rows", [True, False], ids=["by rows and lines", "by lines alone"])
async def test_what_cj_could_not_submit_is_told_by_its_own_line(rows: bool) -> None:
    row = batch(7, **FAILED, last_activity_at=ago(minutes=1), pairs=PairCounts(total=0))
    event = replace(said(ago(minutes=1), NOT_SUBMITTED, role=Role.CJ), fields={"cj_batch_id": 7})
    watch = GivenWatch(
        NOW,
        NOW,
        logs=Followed((event,), {"cj": Role.CJ}),
        batches=(row,) if rows else None,
    )
    judgement = await judged(BatchFailed(SETTINGS), watch)
    assert told(judgement, lambda one: one.known) == [
        "CJ could not submit its comparisons: the database has no column half_made"
    ]
    (condition,) = judgement.conditions
    assert "the database has no column half_made" in condition.title
    assert "schema to one version" in str(condition.next[1])
    assert "no comparison was sent" in [str(line.text) for line in condition.evidence]
    whys = told(judgement, lambda one: str(one.why))
    assert ["half_made" in why and "monitor" not in why for why in whys] == [True]


async def test_what_fails_in_cj_once_comparisons_were_asked_for_ends_no_batch() -> None:
    """Its database broke off as it wrote that it had sent them: their answers end the batch."""
    own, request = ("5aa9a42f-04fc-49c8-889d-1a6af4f47211", "5243ee17-b065-4970-a2e2-32770aa4d858")
    sent = [
        replace(
            said(ago(minutes=2), "DEBUG: Created tracking_map with 1 entries for batch 7",
                 role=Role.CJ),
            fields={"correlation_id": own},
        ),
        replace(
            said(ago(minutes=2), f"DEBUG: Using tracking_map correlation ID {request} for task x",
                 role=Role.CJ),
            fields={"batch_correlation_id": own},
        ),
    ]  # fmt: skip
    text = "CJ assessment workflow failed: (InterfaceError) the underlying connection is closed"
    fails = replace(said(ago(minutes=1), text, role=Role.CJ), fields={"cj_batch_id": 7})
    for lines, found in (((fails,), 1), ((*sent, fails), 0)):
        watch = GivenWatch(NOW, NOW, logs=Followed(lines, {"cj": Role.CJ}))
        assert len(told(await judged(BatchFailed(SETTINGS), watch))) == found


@pytest.mark.parametrize(("counts", "is_alone"), [((6, 5, 1), False), ((6, 3, 1), True)])
def test_an_end_is_of_the_cause_of_more_than_half_or_of_all(
    counts: tuple[int, ...], is_alone: bool
) -> None:
    reasons = FailureReason.RATE_LIMIT, FailureReason.CONNECTION, FailureReason.OVERLOADED
    failures = [
        Failures(reason, comparisons=count) for reason, count in zip(reasons, counts, strict=True)
    ]
    every = ", ".join(sorted(one.short for one in failures))
    assert main_cause(failures) == (failures[0].short if is_alone else every)
