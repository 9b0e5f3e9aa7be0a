"""A trace names the last step seen and the first one missing, and never guesses in between."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.diagnosis.comparison import log_events
from bot.diagnosis.comparison.causes import STRAY_NOTES
from bot.diagnosis.trace.collect import collect
from bot.diagnosis.trace.report import diagnose
from bot.diagnosis.trace.tables import SHOWN_LINES
from bot.domain.batch import TraceRows
from bot.domain.callbacks.callback import SeenCallback
from bot.domain.evidence import DATABASE, SourceState
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Confidence, Report, Severity, Verdict
from bot.ports import Deadline, Sources
from bot.text.redaction import MOST_JUDGED, redact
from tests.support.fakes.sources import (
    CJ,
    FakeCallbacks,
    FakeDatabase,
    FakeLogs,
    FakeQueue,
    at,
    down,
    event,
)
from tests.support.kafka_lines import (
    RESTART,
    blocked,
    correlation_id,
    published,
    queue_id,
    refused,
)
from tests.support.trails import (
    BATCH_CORRELATION,
    BEFORE_ALL,
    BOS,
    CJ_STRAY,
    PENDING,
    RUNNER_REJECTION,
    START,
    STRAY,
    C,
    Q,
    after,
    batch,
    pair,
    trail_lines,
)

NOW = at("2025-11-19T00:30:00")


async def trace(id: UUID, sources: Sources) -> Report:
    return diagnose(await collect(sources, id, NOW, deadline=Deadline.after(4)), NOW)


def states(report: Report) -> dict[str, str]:
    return {step["step"]: step["state"] for step in report.facts["steps"]}


def rules(report: Report) -> dict[str, Severity]:
    return {finding.rule: finding.severity for finding in report.findings}


def healthy(*lines: LogEvent, database: FakeDatabase | None = None) -> Sources:
    rows = database or FakeDatabase([batch()], [pair()])
    return Sources(database=rows, logs=FakeLogs([*BEFORE_ALL, *lines]))


@pytest.mark.parametrize("mode", ["serial_bundle", "per_request"])
async def test_a_healthy_comparison_is_seen_at_every_step_in_time_order(mode: str) -> None:
    report = await trace(C, healthy(*trail_lines(mode=mode).values()))
    assert set(states(report).values()) == {"seen"}
    assert (report.facts["last_step"], report.facts["first_missing"]) == ("scored", None)
    assert (report.verdict, report.findings) == (Verdict.OK, ())
    times = [entry.at for entry in report.timeline if entry.at]
    assert times == sorted(times)
    assert len(times) == 9 + 4
    at_steps = [step["at"] for step in report.facts["steps"]]
    assert at_steps == sorted(at_steps)


async def test_a_bundle_names_no_item_so_its_dispatch_is_joined_by_time_and_says_so() -> None:
    report = await trace(C, healthy(*trail_lines().values()))
    (dispatched,) = [step for step in report.facts["steps"] if step["step"] == "dispatched"]
    assert dispatched["at"] == after(3)
    assert "joined by time" in dispatched["note"]


async def test_the_queue_id_alone_leads_to_the_pair_and_the_same_ledger() -> None:
    by_queue_id = await trace(Q, healthy(*trail_lines().values()))
    assert by_queue_id.facts["pair_id"] == 340
    assert by_queue_id.facts["other_ids"] == [str(C)]
    assert set(states(by_queue_id).values()) == {"seen"}


async def test_another_stray_of_the_same_request_is_not_shown_as_this_one() -> None:
    other = str(UUID(int=7))
    own = replace(CJ_STRAY, fields={**CJ_STRAY.fields, "correlation_id": str(STRAY)})
    twin = event(
        "2025-11-18T21:10:03",
        str(CJ_STRAY.event).replace(str(STRAY), other),
        CJ,
        level="error",
        request_id=str(CJ_STRAY.fields["request_id"]),
        correlation_id=other,
    )
    report = await trace(STRAY, healthy(*trail_lines().values(), own, twin))
    shown = " ".join(str(one.text) for one in report.findings[0].evidence)
    assert str(STRAY) in shown
    assert other not in shown


@pytest.mark.parametrize(
    "lines",
    [(RUNNER_REJECTION,), (CJ_STRAY,), (RUNNER_REJECTION, CJ_STRAY)],
    ids=["runner", "cj", "both"],
)
async def test_the_incident_s_callback_is_a_rejected_one_that_no_batch_owns(
    lines: tuple[LogEvent, ...],
) -> None:
    report = await trace(STRAY, healthy(*trail_lines().values(), *lines))
    assert rules(report) == {"foreign-callback": Severity.WARN}
    assert str(report.summary).startswith(
        "A rejected callback that no batch in the database owns. It was at 2025-11-18T"
    )
    assert "Judge the run that broke off by its own batch" in str(report.summary)
    (finding,) = report.findings
    assert finding.confidence is Confidence.HIGH
    assert "not the bundles' fault" in finding.why
    assert len(finding.evidence) == 1 + len(lines) + len(STRAY_NOTES)
    assert (report.facts["last_step"], report.facts["first_missing"]) == ("consumed", "created")
    assert states(report)["stored"] == "not_applicable"
    assert report.verdict is Verdict.WARN


async def test_without_the_database_ownership_is_not_checked_and_nothing_is_called_foreign() -> (
    None
):
    sources = Sources(
        database=FakeDatabase(error=down("cj_database")),
        logs=FakeLogs([*BEFORE_ALL, RUNNER_REJECTION]),
    )
    report = await trace(STRAY, sources)
    assert report.findings == ()
    assert report.verdict is Verdict.UNKNOWN
    assert "could not be checked" in report.summary
    assert states(report)["created"] == "not_checked"


async def test_a_rejected_callback_that_a_pair_owns_has_lost_its_metadata() -> None:
    lines = trail_lines()
    mine = event(
        after(19), f"Comparison callback missing essay identifiers; correlation={C}", level="error"
    )
    report = await trace(C, healthy(*lines.values(), mine))
    assert rules(report) == {"callback-metadata-lost": Severity.ERROR}
    assert "the essays' ids" in str(report.findings[0].what)


async def test_a_rejection_seen_on_the_topic_alone_is_enough() -> None:
    callback = SeenCallback(after(2), str(STRAY), str(Q), False, rejected=("essay_a_id",))
    sources = Sources(database=FakeDatabase(), callbacks=FakeCallbacks([callback]))
    report = await trace(STRAY, sources)
    assert rules(report) == {"foreign-callback": Severity.WARN}
    assert states(report)["published"] == "seen"


@pytest.mark.parametrize(
    ("consumed", "state", "words"),
    [
        (True, "seen", "1 callback with this id"),
        (False, "not_checked", "not acknowledged by CJ"),
        (None, "not_checked", "1 callback with this id"),
    ],
)
async def test_what_cjs_group_acknowledged_was_consumed_without_any_log(
    consumed: bool | None, state: str, words: str
) -> None:
    callback = SeenCallback(after(2), str(C), str(Q), False, consumed=consumed)
    report = await trace(C, Sources(logs=FakeLogs(), callbacks=FakeCallbacks([callback])))
    assert states(report)["consumed"] == state
    assert words in next(one.detail for one in report.sources if one.name == "callback_topic")


async def test_a_uuid_in_the_middle_of_a_cut_line_is_found_all_the_same() -> None:
    report = await trace(STRAY, Sources(logs=FakeLogs([*BEFORE_ALL, RUNNER_REJECTION])))
    assert report.facts["log_lines"] == 1


LOST: list[tuple[str, list[str], list[LogEvent], str, str, Confidence]] = [
    (
        "published and not consumed",
        ["sent", "queuing", "queued", "dispatch", "completed", "published"],
        [],
        "published and not consumed",
        "consumed",
        Confidence.HIGH,
    ),
    (
        "publishing failed and success was logged after it",
        ["sent", "queuing", "queued", "dispatch", "completed", "published"],
        [
            event(
                after(18.05),
                f"Failed to publish callback event for request {Q}: x, correlation_id: {C}",
                level="error",
            )
        ],
        "callback not published",
        "published",
        Confidence.HIGH,
    ),
    (
        "expired in the queue",
        ["sent", "queuing", "queued"],
        [event(after(2000), f"Request {Q} has expired, correlation_id: {C}", level="warning")],
        "expired in the queue",
        "dispatched",
        Confidence.HIGH,
    ),
    ("never reached the provider", ["sent"], [], "never queued", "queued", Confidence.MEDIUM),
    (
        "consumed and not stored",
        ["sent", "queuing", "queued", "dispatch", "completed", "published", "consumed"],
        [],
        "stored nothing",
        "stored",
        Confidence.HIGH,
    ),
]


@pytest.mark.parametrize(
    ("names", "more", "words", "missing", "confidence"),
    [c[1:] for c in LOST],
    ids=[c[0] for c in LOST],
)
async def test_a_lost_answer_is_told_by_where_its_trail_ends(
    names: list[str], more: list[LogEvent], words: str, missing: str, confidence: Confidence
) -> None:
    lines = trail_lines()
    database = FakeDatabase([batch()], [pair(**PENDING)])
    report = await trace(C, healthy(*(lines[name] for name in names), *more, database=database))
    assert rules(report) == {"lost-callbacks": Severity.ERROR}
    assert words in report.findings[0].what
    assert report.findings[0].confidence is confidence
    assert report.facts["first_missing"] == missing


def _gone(*more: LogEvent, held: tuple[QueueItem, ...] = (), **logs: Any) -> Sources:
    """Return the sources of a comparison that waits, was queued, and is in Redis only if `held`."""
    young = {**PENDING, "created_at": START, "submitted_at": after(0.5)}
    lines = trail_lines()
    said = [*BEFORE_ALL, lines["sent"], lines["queuing"], QUEUED, lines["queued"], *more]
    return Sources(
        database=FakeDatabase([batch()], [pair(**young)]),
        logs=FakeLogs(said, **logs),
        queue=FakeQueue(QueueReading(after(300), len(held), held)),
    )


QUEUED = event(
    after(1.15),
    f"Request queued successfully for provider anthropic, queue_id: {Q}, correlation_id: {C}",
)
RETURNED = event(after(20), f"Requeueing request {Q} for retry (1/3)")
QUEUED_AGAIN = event(after(20), f"Queued request {Q} with priority 5, TTL 14400s")
FAILED = event(after(20), f"Request {Q} failed with HuleEduError: overloaded")


@pytest.mark.parametrize(
    ("sources", "rule"),
    [
        (_gone(), {"left-unanswered": Severity.ERROR}),
        (_gone(RETURNED, QUEUED_AGAIN), {"left-unanswered": Severity.ERROR}),
        # Its end, its return, its answer, or a queue of the provider's own explain it.
        (_gone(FAILED), {}),
        (_gone(RETURNED), {}),
        (_gone(trail_lines()["completed"]), {}),
        (_gone(event(after(1), f"Using local queue for request {Q}")), {}),
        # It is there, behind a loop that takes nothing.
        (
            _gone(held=(QueueItem(str(Q), "queued", correlation_id=str(C)),)),
            {"queue-frozen": Severity.ERROR},
        ),
        # Before the logs begin, a line may have said it.
        (_gone(begins_at=after(2)), {"not-accounted-for": Severity.INFO}),
    ],
)
@pytest.mark.parametrize("id", [C, Q])
async def test_what_left_the_queue_without_a_line_is_told_at_once(
    sources: Sources, rule: dict[str, Severity], id: UUID
) -> None:
    now = after(300)
    report = diagnose(await collect(sources, id, now, deadline=Deadline.after(4)), now)
    assert rules(report) == rule


async def test_a_fresh_pending_comparison_is_no_finding() -> None:
    fresh = pair(
        **{
            **PENDING,
            "created_at": NOW - timedelta(minutes=3),
            "submitted_at": NOW - timedelta(minutes=2),
        }
    )
    report = await trace(C, healthy(database=FakeDatabase([batch()], [fresh])))
    assert report.findings == ()
    assert report.facts["first_missing"] == "queued"


async def test_logs_that_begin_after_it_prove_nothing_missing() -> None:
    logs = FakeLogs(
        [event("2025-11-19T00:00:00", "started", s) for s in (CJ,)],
        begins_at=at("2025-11-19T00:00:00"),
    )
    sources = Sources(database=FakeDatabase([batch()], [pair(**PENDING)]), logs=logs)
    report = await trace(C, sources)
    notes = {step["step"]: step["note"] for step in report.facts["steps"]}
    assert states(report)["queued"] == "not_checked"
    assert "logs begin after that" in notes["queued"]
    assert report.facts["first_missing"] == "stored"
    assert report.findings[0].confidence is Confidence.LOW


async def test_an_item_in_the_queue_is_judged_with_the_queue() -> None:
    item = QueueItem(
        str(Q),
        "processing",
        after(1),
        after(3),
        timedelta(hours=4),
        0,
        str(C),
        cj_batch_id="34",
    )
    snapshots = [
        event(
            after(60 + 30 * n),
            "queue_metrics_snapshot",
            queue_processing_mode="serial_bundle",
            queue_current_size=1,
            queue_queued_count=0,
        )
        for n in range(80)
    ]
    lines = trail_lines()
    logs = [
        *BEFORE_ALL,
        lines["sent"],
        lines["queuing"],
        lines["queued"],
        lines["dispatch"],
        *snapshots,
    ]
    sources = Sources(
        database=FakeDatabase([batch()], [pair(**PENDING)]),
        logs=FakeLogs(logs),
        queue=FakeQueue(QueueReading(NOW, 1, (item,))),
    )
    report = await trace(C, sources)
    assert set(rules(report)) == {"lost-callbacks", "orphaned-item"}
    assert (report.facts["last_step"], report.facts["first_missing"]) == ("dispatched", "answered")
    assert report.facts["in_queue"] == "processing"


@pytest.mark.parametrize(
    ("errors", "severity"), [(1, Severity.INFO), (10, Severity.WARN), (66, Severity.ERROR)]
)
@pytest.mark.parametrize("own", [True, False])
async def test_an_error_row_is_a_failure_of_its_own_or_collateral(
    errors: int, severity: Severity, own: bool
) -> None:
    other = UUID("c2c2c2c2-0000-4000-8000-000000000001")
    row = pair(
        winner="error",
        error_code="EXTERNAL_SERVICE_ERROR",
        error_service="llm_provider_service",
        error_correlation_id=C if own else other,
        scored_at=None,
    )
    database = FakeDatabase([batch(total=100, error=errors)], [row])
    report = await trace(C, healthy(*trail_lines().values(), database=database))
    rule = "provider-failures" if own else "bundle-collateral"
    assert rules(report) == {rule: severity}
    assert states(report)["scored"] == "not_applicable"
    assert f"{errors} of 100" in report.findings[0].why


@pytest.mark.parametrize(
    ("status", "kind", "rule"),
    [
        (401, "authentication_error", "provider-failures"),
        (404, "not_found_error", "provider-failures"),
        (529, "overloaded_error", "bundle-collateral"),
        (400, "invalid_request_error", "bundle-collateral"),
    ],
)
async def test_what_every_call_meets_is_no_fault_of_the_bundle(
    status: int, kind: str, rule: str
) -> None:
    """The key, the credit and the model are refused to a comparison that is asked alone, too."""
    other = UUID("c2c2c2c2-0000-4000-8000-000000000001")
    row = pair(**{**REFUSAL, "error_correlation_id": other}, http_status=status, error_type=kind)
    database = FakeDatabase([batch(total=100, error=66)], [row])
    report = await trace(C, healthy(*trail_lines().values(), database=database))
    assert rules(report) == {rule: Severity.ERROR}
    steps = [str(step) for step in report.findings[0].next]
    assert f"/trace {other}" in steps
    assert any("smaller bundle" in step for step in steps) is (rule == "bundle-collateral")


REFUSAL = {
    "winner": "error",
    "error_code": "EXTERNAL_SERVICE_ERROR",
    "error_service": "llm_provider_service",
    "error_correlation_id": C,
    "error_at": after(18),
    "provider": "anthropic",
    "scored_at": None,
}
NOW_LINE = event(
    after(17),
    "Anthropic API failure: 429",
    level="error",
    correlation_id=str(C),
    error_text='{"type":"error","error":{"type":"rate_limit_error"}}',
    retry_after="5",
)
THEN_LINE = event(
    after(17),
    f"Request {Q} failed: Anthropic API error: 529 - "
    f'{{"type":"error","error":{{"type":"overloaded_error"}}}}, correlation_id: {C}',
    level="error",
)


@pytest.mark.parametrize(
    ("row", "lines", "said", "step"),
    [
        ({"http_status": 529, "error_type": "overloaded"}, (), "overloaded (529)", "Wait until"),
        ({}, (NOW_LINE,), "rate limit of the provider (429), Retry-After 5 s", "Wait 5 s"),
        ({}, (THEN_LINE,), "model provider overloaded (529)", "Wait until the provider"),
        ({"message": "connection_error"}, (), "connection to the model provider lost", "Check"),
        ({}, (), "no cause recorded", "Ask for the failed comparisons again"),
    ],
)
async def test_a_failure_says_why_from_row_or_lines(
    row: dict[str, Any], lines: tuple[LogEvent, ...], said: str, step: str
) -> None:
    database = FakeDatabase([batch(total=10, error=1)], [pair(**REFUSAL, **row)])
    (finding,) = (await trace(C, healthy(*lines, database=database))).findings
    assert said in str(finding.what)
    assert str(finding.next[0]).startswith(step)
    assert not any("/logs llm_provider" in str(one) for one in finding.next)


async def test_no_cause_is_said_with_what_was_read_for_it() -> None:
    database = FakeDatabase([batch(total=10, error=1)], [pair(**REFUSAL)])
    read = await trace(C, healthy(database=database))
    assert "Neither the rows nor the provider's log" in str(read.findings[0].why)
    alone = await trace(C, Sources(database=database))
    assert "and the logs: not configured" in str(alone.findings[0].why)
    late = FakeLogs([event(NOW, "started")], begins_at=NOW)
    short = await trace(C, Sources(database=database, logs=late))
    assert "does not reach back" in str(short.findings[0].why)


async def test_the_failure_that_took_its_bundle_along_says_how_many() -> None:
    rows = [
        pair(pair_id=340 + n, winner="error", error_correlation_id=C, request_correlation_id=one)
        for n, one in enumerate((C, UUID(int=1), UUID(int=2)))
    ]
    report = await trace(C, healthy(database=FakeDatabase([batch(total=10, error=3)], rows)))
    assert report.facts["pairs_with_this_id"] == 3
    assert "2 others of its bundle" in str(report.findings[0].evidence)


@pytest.mark.parametrize(
    ("winner", "severity"), [("Essay B", Severity.INFO), ("Essay A", Severity.WARN)]
)
async def test_a_second_callback_matters_when_it_names_another_winner(
    winner: str, severity: Severity
) -> None:
    double = event(
        after(30),
        "Comparison pair 340 already has result, skipping update",
        CJ,
        request_id=str(Q),
        existing_winner="essay_b",
    )
    came = event(
        after(29.9),
        f"Received successful comparison result for request {Q}",
        CJ,
        winner=winner,
        correlation_id=str(C),
    )
    report = await trace(C, healthy(*trail_lines().values(), came, double))
    assert rules(report) == {"duplicate-callbacks": severity}


@pytest.mark.parametrize("id", [BOS, BATCH_CORRELATION])
async def test_a_batch_s_id_gives_the_batch_as_a_whole_and_points_to_its_status(id: UUID) -> None:
    report = await trace(id, healthy(event(after(1), f"batch {id} started", CJ)))
    assert report.facts["kind"] == "batch"
    assert report.facts["batch_id"] == 34
    notes = {step["step"]: step["note"] for step in report.facts["steps"]}
    assert notes["stored"] == "10 of 10 pairs"
    assert report.actions == ("/batch status 34",)
    assert report.facts["log_lines"] == 1


UNKNOWN = UUID("99999999-9999-4999-8999-999999999999")


async def test_an_id_that_nobody_knows_is_not_found_and_the_horizon_is_said() -> None:
    report = await trace(UNKNOWN, healthy())
    assert (report.found, report.unreadable_need) == (False, False)
    assert "; logs begin at 2025-11-18T20:00:00" in report.summary


@pytest.mark.parametrize(
    ("sources", "found", "unknown"),
    [
        (Sources(), True, True),
        (Sources(database=FakeDatabase()), False, False),
        (Sources(logs=FakeLogs(BEFORE_ALL)), False, False),
        (Sources(database=FakeDatabase(error=down("cj_database"))), True, True),
        (Sources(database=FakeDatabase(), logs=FakeLogs(error=down("logs"))), True, True),
        (Sources(database=FakeDatabase(), logs=FakeLogs(missing=(("cj", "no"),))), True, True),
        (
            Sources(database=FakeDatabase(error=down("cj_database")), logs=FakeLogs(BEFORE_ALL)),
            True,
            True,
        ),
    ],
)
async def test_not_found_is_only_said_by_sources_that_were_read(
    sources: Sources, found: bool, unknown: bool
) -> None:
    report = await trace(UNKNOWN, sources)
    assert (report.found, report.unreadable_need) == (found, unknown)
    assert report.verdict is Verdict.UNKNOWN


async def test_what_neither_the_rows_nor_a_log_could_show_is_not_called_whole() -> None:
    logs = FakeLogs([*BEFORE_ALL, *trail_lines().values()], missing=(("cj", "no rights"),))
    report = await trace(C, Sources(database=FakeDatabase(error=down("cj_database")), logs=logs))
    assert report.verdict is Verdict.UNKNOWN
    assert str(report.headline).endswith(", and what came after it could not be read")
    assert "nothing" not in str(report.title) + str(report.headline)
    assert "Not read: cj's log (no rights)." in str(report.summary)


async def test_every_source_is_accounted_for() -> None:
    report = await trace(C, healthy(*trail_lines().values()))
    assert {reading.name: reading.state for reading in report.sources} == {
        "cj_database": SourceState.OK,
        "logs": SourceState.OK,
        "llm_queue": SourceState.NOT_CONFIGURED,
        "callback_topic": SourceState.NOT_CONFIGURED,
        "service_health": SourceState.NOT_CONFIGURED,
    }


async def test_searches_are_bounded_by_what_the_row_says_and_learn_the_other_id() -> None:
    logs = FakeLogs([*BEFORE_ALL, *trail_lines().values()])
    await trace(C, Sources(database=FakeDatabase([batch()], [pair()]), logs=logs))
    first, second, bundles = logs.queries
    assert first.any_of == (str(C),)
    assert first.since == after(-300)
    assert second.any_of == (str(Q),)
    assert bundles.roles == (Role.LLM_PROVIDER,)
    assert bundles.since is not None
    assert bundles.until == after(18.1)


async def test_the_batch_s_own_correlation_id_in_a_line_draws_in_no_other_comparison() -> None:
    noisy = event(
        after(18.45),
        f"Received successful comparison result for request {Q}",
        CJ,
        correlation_id=str(BATCH_CORRELATION),
        request_id=str(Q),
    )
    logs = FakeLogs([*BEFORE_ALL, *trail_lines().values(), noisy])
    report = await trace(C, Sources(database=FakeDatabase([batch()], [pair()]), logs=logs))
    assert report.facts["other_ids"] == [str(Q)]


async def test_secrets_and_student_text_never_reach_the_report() -> None:
    lines = trail_lines()
    leaky = event(
        after(5),
        f"Request {Q} failed: prompt='My summer in Malmo' api_key=sk-ant-verysecret12345, "
        f"correlation_id: {C}",
        level="error",
        user_prompt="My summer in Malmo",
    )
    report = await trace(C, healthy(*lines.values(), leaky))
    text: Any = str(report.as_json())
    assert "Malmo" not in text
    assert "verysecret" not in text


@pytest.mark.parametrize(
    ("status", "state"), [("COMPLETE_STABLE", "seen"), ("ERROR_PROCESSING", "not_checked")]
)
async def test_scores_that_may_not_be_read_are_not_missing(status: str, state: str) -> None:
    ended = replace(pair(), batch_status=status, batch_state="FAILED", scored_at=None)
    evidence = await collect(healthy(database=FakeDatabase([batch()], [ended])), C, NOW,
                             deadline=Deadline.after(4))  # fmt: skip
    rows = TraceRows((ended,), hidden=("grade_projections",))
    report = diagnose(replace(evidence, rows=rows), NOW)
    assert states(report)["scored"] == state
    assert "Not read for want of rights: grade_projections." in str(report.summary)
    assert ("whether it was scored cannot be read" in str(report.headline)) is (state != "seen")
    database = next(one for one in report.sources if one.name == DATABASE)
    assert database.state is SourceState.MISSING


@pytest.mark.parametrize(
    ("status", "state", "verdict"),
    [
        ("FETCHING_CONTENT", "FAILED", Verdict.WARN),
        ("ERROR_PROCESSING", "FAILED", Verdict.WARN),
        ("COMPLETE_STABLE", "COMPLETED", Verdict.WARN),
        ("PERFORMING_COMPARISONS", "CANCELLED", Verdict.OK),
    ],
)
async def test_a_trace_judges_the_comparison_and_not_its_batch(
    status: str, state: str, verdict: Verdict
) -> None:
    ended: dict[str, Any] = {"batch_status": status, "batch_state": state}
    answered = FakeDatabase([batch(status=status)], [replace(pair(), **ended)])
    well = await trace(C, healthy(*trail_lines().values(), database=answered))
    assert (well.verdict, well.findings) == (Verdict.OK, ())
    waits = FakeDatabase([batch(status=status)], [replace(pair(**PENDING), **ended)])
    lacks = await trace(C, healthy(database=waits))
    assert lacks.verdict is verdict
    assert "got no answer, its batch ended" in str(lacks.findings[0].what)
    # Its row holds no winner, and no error either.
    shown = " ".join(str(one.text) for one in lacks.findings[0].evidence)
    assert "no answer, winner empty" in shown
    assert "error" not in shown


async def test_an_id_of_two_batches_names_both_with_a_button_each() -> None:
    first = batch()
    again = replace(first, header=replace(first.header, batch_id=first.header.batch_id + 1))
    report = await trace(BOS, healthy(database=FakeDatabase([first, again])))
    one, two = first.header.batch_id, again.header.batch_id
    assert str(report.headline) == f"This id is of batches {one} and {two}"
    assert {f"/batch status {one}", f"/batch status {two}"} <= set(report.actions)
    assert f"what follows is of batch {report.facts['batch_id']}" in str(report.summary)


@pytest.mark.parametrize(
    ("lines", "said", "do", "never"),
    [
        (blocked(1), "behind Kafka's open breaker", "Do not restart", "Ask for the batch again"),
        (refused(1), "Kafka refused it", "Do not restart", "Ask for the batch again"),
        ([*blocked(1), *published(1), *RESTART], "lost with the provider's restart",
         "Ask for the batch again", "Do not restart"),
    ],
)  # fmt: skip
async def test_an_answer_that_kafka_did_not_take_is_told_with_advice_that_keeps_it(
    lines: list[str], said: str, do: str, never: str
) -> None:
    row = pair(**PENDING, request_correlation_id=UUID(correlation_id(1)))
    told = lines if RESTART[0] in lines else [*lines, *published(1)]
    written = [event(after(20) + timedelta(milliseconds=n), one) for n, one in enumerate(told)]
    queued = event(
        after(2), f"Queued request {queue_id(1)} with priority 5", correlation_id=correlation_id(1)
    )
    database = FakeDatabase([batch(total=10)], [row])
    report = await trace(UUID(correlation_id(1)), healthy(queued, *written, database=database))
    (finding,) = report.findings
    assert said in str(finding.what)
    steps = " ".join(map(str, finding.next))
    assert do in steps
    assert never not in steps


async def test_of_many_long_lines_those_are_judged_that_are_shown_and_no_more_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged: list[int] = []

    def counted(text: str, limit: int = 400) -> str:
        judged.append(len(text))
        return redact(text, limit)

    monkeypatch.setattr(log_events, "redact", counted)
    said = f"{C} " + "the river went on to the town " * 200
    lines = [event(after(seconds=n), said, CJ) for n in range(4 * SHOWN_LINES)]
    report = await trace(C, Sources(logs=FakeLogs([*BEFORE_ALL, *lines])))
    assert len(report.timeline) >= SHOWN_LINES
    assert len(judged) <= SHOWN_LINES + 10
    assert max(judged) <= MOST_JUDGED
