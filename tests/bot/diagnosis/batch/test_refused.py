"""A request that CJ refused is told by its own lines, joined by its correlation id."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.diagnosis.batch.refused import fault_told, is_refusal, refusal_of, refused_request
from bot.domain.log import LogError, LogEvent, Role
from bot.ports import Deadline, Sources
from tests.support.fakes.sources import FakeDatabase, FakeLogs

AT = datetime(2026, 6, 3, 9, 3, tzinfo=UTC)
BATCH, OTHER = "b4163267-0652-4a95-be29-db3b18c9e630", "0a90f0e4-898d-49b6-ae95-0225d011fe09"
OWN = "7f2cd801-ada7-449d-8a8c-7854198f321c"


def _line(text: str, level: str, correlation: str = OWN, **fields: str) -> LogEvent:
    all_fields = {"correlation_id": correlation, **fields}
    return LogEvent(
        AT,
        "cj_assessment_service",
        "cj",
        Role.CJ,
        level,
        text,
        fields=all_fields,
        text=f"{text} {all_fields}",
    )


def _refusal(correlation: str = OWN) -> LogEvent:
    text = "CJ assessment workflow failed: Unknown assignment_id 'x': missing instructions"
    return _line(text, "error", correlation)


STARTED = _line("Starting CJ assessment workflow.", "info", bos_batch_id=BATCH)


@pytest.mark.parametrize(
    ("events", "refused"),
    [
        ((STARTED, _refusal()), True),
        ((STARTED, _refusal(OTHER)), False),
        ((_refusal(),), False),
        ((STARTED,), False),
    ],
    ids=["its own", "another's", "no line of it", "not refused"],
)
def test_a_refusal_belongs_to_the_request_of_its_correlation(
    events: tuple[LogEvent, ...], refused: bool
) -> None:
    assert (refusal_of(BATCH, events) is not None) is refused


async def test_an_unknown_assignment_is_named_with_what_to_do() -> None:
    logs = FakeLogs([STARTED, _refusal()])
    sources = Sources(database=FakeDatabase([]), logs=logs)
    report = await refused_request(sources, BATCH, "batch status", deadline=Deadline.after(5))
    assert report is not None
    (finding,) = report.findings
    assert finding.rule == "request-refused"
    assert "assignment x is unknown" in finding.what
    assert finding.next
    short = await refused_request(sources, "b4163267", "batch status", deadline=Deadline.after(5))
    assert short is None


def _let_go(*chain: str, kind: str = "huleedu.els.cj_assessment.requested.v1") -> LogEvent:
    line = _line("Processing failed: Releasing idempotency lock for retry", "error",
                 event_type=kind)  # fmt: skip
    return replace(line, error=LogError(chain[-1], chain=chain))


UNREAD = _let_go("ValidationError", "UnboundLocalError")


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        (UNREAD, True),
        (_let_go("ValidationError"), True),
        # The database was away, or it was no request: nothing was refused.
        (_let_go("ConnectionRefusedError"), False),
        (_let_go("ValidationError", kind="huleedu.llm_provider.comparison_result.v1"), False),
    ],
)
def test_a_request_that_is_not_valid_is_refused(line: LogEvent, refused: bool) -> None:
    assert is_refusal(line) is refused
    assert (refusal_of(OWN, [line]) is not None) is refused


@pytest.mark.parametrize(
    ("asked", "what", "confidence"),
    [
        (OWN, "CJ could not read the request: it is not valid", "high"),
        (BATCH, "CJ could not read a request; it may be this one", "low"),
    ],
)
async def test_a_request_that_no_line_names_may_be_one_that_cj_could_not_read(
    asked: str, what: str, confidence: str
) -> None:
    sources = Sources(database=FakeDatabase([]), logs=FakeLogs([UNREAD]))
    report = await refused_request(sources, asked, "batch status", deadline=Deadline.after(5))
    assert report is not None
    (finding,) = report.findings
    assert (finding.what, finding.confidence.value) == (what, confidence)


SENT = f"Sending CJ request for batch {BATCH}"


@pytest.mark.parametrize(
    ("said", "fields"),
    [(SENT, {"correlation_id": OWN}), (f"{SENT}, correlation_id: {OWN}", {})],
)
async def test_a_line_of_who_asked_ties_a_batchs_uuid_to_the_request_that_was_refused(
    said: str, fields: dict[str, str]
) -> None:
    asker = LogEvent(AT, "eng5_np_runner", "runner", Role.RUNNER, "info", said, fields=fields,
                     text=f"{said} {fields}")  # fmt: skip
    sources = Sources(database=FakeDatabase([]), logs=FakeLogs([asker, UNREAD]))
    report = await refused_request(sources, BATCH, "batch status", deadline=Deadline.after(5))
    assert report is not None
    (finding,) = report.findings
    assert finding.what == "CJ could not read the request: it is not valid"
    assert finding.confidence.value == "high"


async def test_of_several_that_cj_could_not_read_it_may_be_any() -> None:
    other = replace(UNREAD, fields={**UNREAD.fields, "correlation_id": OTHER})
    sources = Sources(database=FakeDatabase([]), logs=FakeLogs([other, UNREAD]))
    report = await refused_request(sources, BATCH, "batch status", deadline=Deadline.after(5))
    assert report is not None
    (finding,) = report.findings
    assert finding.what == "CJ could not read 2 requests; it may be one of these"


async def test_a_request_whose_lines_were_read_is_not_taken_for_one_that_was_not() -> None:
    other = _line("Starting CJ assessment workflow.", "info", OTHER, bos_batch_id=BATCH)
    sources = Sources(database=FakeDatabase([]), logs=FakeLogs([other, UNREAD]))
    assert await refused_request(sources, BATCH, "batch status", deadline=Deadline.after(5)) is None


def _invalid(*report: str) -> LogEvent:
    text = "\n".join((UNREAD.text, "ValidationError: 1 validation error for Request", *report))
    return replace(UNREAD, text=text)


@pytest.mark.parametrize(
    ("report", "what"),
    [
        (
            ("language", "  Field required [type=missing, input_value={'a': 'b...'}]"),
            "its language is missing",
        ),
        (
            ("essays_for_cj.0.text_storage_id", "  Field required [type=missing, input_value={}]"),
            "its list of essays is not valid",
        ),
        (
            (
                "course_code", "  Input should be 'ENG5' [type=enum, input_value='X']",
                "language", "  Field required [type=missing, input_value={}]",
            ),
            "its course is not valid, and 1 more",
        ),
        # A name that no request has may be anybody's text.
        (("Anna Svensson", "  Field required [type=missing, input_value={}]"), "it is not valid"),
        ((), "it is not valid"),
    ],
)  # fmt: skip
async def test_the_fields_for_which_a_request_was_refused_are_named(
    report: tuple[str, ...], what: str
) -> None:
    line = _invalid(*report)
    sources = Sources(database=FakeDatabase([]), logs=FakeLogs([line]))
    told = await refused_request(sources, OWN, "batch status", deadline=Deadline.after(5))
    assert told is not None
    assert f"CJ could not read the request: {what}" in str(told.findings[0].what)
    assert "Anna" not in str(told.as_json())
    once = replace(line, text=line.text.replace("\n", "\\n"))
    assert fault_told(once) == what
