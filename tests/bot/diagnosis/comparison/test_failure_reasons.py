"""One reader of why the model's provider failed, for rows and for the lines of both revisions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.comparison.failure_reasons import reason_of_group, reason_of_line
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures, failures_in, failures_of
from bot.diagnosis.comparison.log_events import clue_of
from bot.domain.batch import ErrorGroup
from bot.domain.log import LogError, LogEvent, Role

AT = datetime(2026, 2, 10, 9, 29, 32, tzinfo=UTC)
OWN, OTHER = "86e26627-1135-4553-bfbf-975da269c245", "0d5b5bd8-8fb7-4ab0-8b0c-63ac0d3a8e77"
REQUEST = "5352ba4c-6226-458c-aa82-24ff1fa071a4"
CALL = f"Request {REQUEST} failed with HuleEduError: "
OVERLOADED_THEN = (
    f"Request {REQUEST} failed: Anthropic API call failed: [EXTERNAL_SERVICE_ERROR] Unexpected "
    "error calling Anthropic API: [EXTERNAL_SERVICE_ERROR] Anthropic API error: 529 - "
    f'{{"type":"error","error":{{"type":"overloaded_error"}}}}, correlation_id: {OWN}'
)


def _group(status: int | None, kind: str = "", of: str = "", message: str = "") -> ErrorGroup:
    return ErrorGroup(
        "EXTERNAL_SERVICE_ERROR", "llm_provider_service", "anthropic", 4, 1,
        first_at=AT, last_at=AT, http_status=status, error_type=kind, provider_error_type=of,
        message=message,
    )  # fmt: skip


def _line(text: str, seconds: int = 0, error: LogError | None = None, **fields: object) -> LogEvent:
    return LogEvent(
        AT + timedelta(seconds=seconds), "llm_provider_service", "l", Role.LLM_PROVIDER, "error",
        text, fields=fields, text=f"{text} {fields}", error=error,
    )  # fmt: skip


INVALID = ("client_error", "invalid_request_error")


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        (_group(529, "overloaded", "overloaded_error", "Overloaded"), FailureReason.OVERLOADED),
        (_group(429, "rate_limit", "rate_limit_error"), FailureReason.RATE_LIMIT),
        (_group(0, "connection_error"), FailureReason.CONNECTION),
        (_group(500, "server_error", "api_error"), FailureReason.SERVER),
        (_group(401, "authentication", "authentication_error"), FailureReason.KEY),
        (_group(403, "authentication", message="authentication"), FailureReason.PERMISSION),
        (_group(403, "client_error", "permission_error"), FailureReason.PERMISSION),
        (_group(404, "client_error", "not_found_error", "model: x-#"), FailureReason.MODEL),
        (_group(400, *INVALID, "prompt is too long: # tokens"), FailureReason.TOO_LONG),
        (_group(400, *INVALID, "Your credit balance is too low"), FailureReason.CREDIT),
        (_group(400, *INVALID, "?"), FailureReason.REFUSED),
        (_group(200, "invalid_response"), FailureReason.ANSWER),
        (replace(_group(None), code="PARSING_ERROR"), FailureReason.ANSWER),
        (_group(None), FailureReason.UNKNOWN),
    ],
)
def test_rows_name_the_reason(group: ErrorGroup, reason: FailureReason) -> None:
    assert reason_of_group(group) is reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (OVERLOADED_THEN, FailureReason.OVERLOADED),
        (
            f"{CALL}Anthropic API call failed: 429, message='Too Many Requests'",
            FailureReason.RATE_LIMIT,
        ),
        (f"{CALL}Anthropic API call failed: Server disconnected", FailureReason.CONNECTION),
        (
            f"{CALL}Anthropic API call failed: Timeout on reading data from socket",
            FailureReason.TIMEOUT,
        ),
        (
            f'{CALL}Anthropic API call failed: 403, message=\'{{"type": "permission_error", '
            '"message": "Your API key does not have permission to use the specified resource"}\'',
            FailureReason.PERMISSION,
        ),
        (f"{CALL}No tool use found in Anthropic response", FailureReason.ANSWER),
        (f"{CALL}Unexpected error calling Anthropic API: ", FailureReason.UNKNOWN),
    ],
)
def test_lines_of_either_revision_name_the_reason(said: str, reason: FailureReason) -> None:
    assert reason_of_line(_line(said)) is reason


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0, FailureReason.CONNECTION), (401, FailureReason.KEY), (403, FailureReason.PERMISSION),
        (404, FailureReason.MODEL), (408, FailureReason.TIMEOUT), (413, FailureReason.TOO_LONG),
        (429, FailureReason.RATE_LIMIT), (504, FailureReason.TIMEOUT),
        (529, FailureReason.OVERLOADED), (503, FailureReason.SERVER), (422, FailureReason.REFUSED),
        (None, FailureReason.UNKNOWN),
    ],
)  # fmt: skip
def test_a_status_without_words_names_the_reason(status: int | None, reason: FailureReason) -> None:
    assert reason_of_group(_group(status)) is reason
    if status:
        assert reason_of_line(_line(f"{CALL}Anthropic API call failed: {status}")) is reason


REFUSED = (
    "a:443 ssl:True [SSLCertVerificationError: (1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate "
    "verify failed:"
)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("a.invalid:443 ssl:default [Name or service not known]", FailureReason.HOST),
        (
            "a:443 ssl:True [SSLCertVerificationError: (1, '[SSL: CERTIFICATE_VERIFY_FAILED] "
            "certificate verify failed: self-signed certificate (_ssl.c:1006)')]",
            FailureReason.ISSUER,
        ),
        (f"{REFUSED} certificate has expired (_ssl.c:1006)')]", FailureReason.EXPIRED),
        (f"{REFUSED} certificate is not yet valid (_ssl.c:1006)')]", FailureReason.EARLY),
        (f"{REFUSED} unable to get local issuer certificate')]", FailureReason.ISSUER),
        (
            f"{REFUSED} Hostname mismatch, certificate is not valid for 'a'. (_ssl.c:1006)\")]",
            FailureReason.OTHER_NAME,
        ),
        (f"{REFUSED} path length constraint exceeded (_ssl.c:1006)')]", FailureReason.CERTIFICATE),
        ("a:443 ssl:default [Temporary failure in name resolution]", FailureReason.LOOKUP),
        ("a:443 ssl:default [Connect call failed ('10.0.0.7', 443)]", FailureReason.CONNECTION),
    ],
)
def test_a_connection_that_never_came_about_is_none_that_broke_off(
    said: str, reason: FailureReason
) -> None:
    """The rows say connection_error of each; the lines tell a name, a certificate, a network."""
    line = _line(f"{CALL}Anthropic API call failed: Cannot connect to host {said}")
    assert reason_of_line(line) is reason
    (found,) = failures_of((_group(0, "connection_error"),), [line], {REQUEST})
    assert found.reason is reason


def test_a_time_out_without_words_is_read_off_its_exception() -> None:
    error = LogError("TimeoutError", chain=("TimeoutError",))
    line = _line("Unexpected error calling Anthropic API:", error=error)
    assert reason_of_line(line) is FailureReason.TIMEOUT


def test_a_line_of_a_success_names_none() -> None:
    line = _line(f"Request {REQUEST} completed successfully, correlation_id: {OWN}")
    assert reason_of_line(line) is None


def test_lines_make_a_class_in_the_rows_precise_and_those_of_others_do_not() -> None:
    mine = _line(f"{CALL}Anthropic API call failed: Timeout on reading data from socket", 3)
    (found,) = failures_of((_group(0, "connection_error"),), [mine], {REQUEST})
    assert (found.reason, found.comparisons, found.real) == (FailureReason.TIMEOUT, 4, 1)
    assert found.sources == ("rows", "logs")
    (found,) = failures_of((_group(0, "connection_error"),), [mine], {OTHER})
    assert (found.reason, found.sources) == (FailureReason.CONNECTION, ("rows",))


def test_rows_that_hold_no_answer_take_the_reason_of_the_lines() -> None:
    (found,) = failures_of((_group(None),), [_line(OVERLOADED_THEN)], {OWN})
    assert (found.reason, found.status, found.sources) == (
        FailureReason.OVERLOADED,
        529,
        ("logs",),
    )


def test_a_request_is_counted_once_by_whichever_of_its_ids_lines_name_it() -> None:
    both = _line(f"{CALL}Anthropic API call failed: 429, correlation_id: {OWN}")
    own = _line("Anthropic API failure: 429", 1, status_code=429, correlation_id=OWN)
    queue = _line(f"{CALL}Anthropic API call failed: 429", 2)
    bound = clue_of(_line(f"Queued request {REQUEST}", 0, correlation_id=OWN))
    assert bound is not None
    for lines, clues in (([both], None), ([own, both], None), ([own, queue], (bound,))):
        (found,) = failures_of((), lines, {OWN, REQUEST}, clues)
        assert found.requests == 1
    (found,) = failures_in([own, both, queue]).values()
    assert found.requests == 1
    other = _line("Anthropic API failure: 429", 1, status_code=429, correlation_id=OTHER)
    (found,) = failures_in([both, other]).values()
    assert found.requests == 2


def test_retried_requests_are_counted_apart_with_what_the_provider_asked_to_wait() -> None:
    answer = {"status_code": 429, "retry-after": "5", "correlation_id": OWN}
    lines = [_line("Anthropic API failure: 429", n, None, **answer) for n in (0, 40)]
    assert failures_of((), lines, {OWN}) == (
        Failures(
            FailureReason.RATE_LIMIT, requests=1, status=429, retry_after="5",
            first_at=AT, last_at=AT + timedelta(seconds=40), sources=("logs",),
        ),
    )  # fmt: skip


def test_a_line_is_about_the_request_that_it_names_and_not_those_of_its_traceback() -> None:
    said = f"{CALL}Anthropic API call failed: 429"
    line = _line(said)
    line = replace(line, text=f"{said}\n  bundle = [{OWN!r}, {REQUEST!r}]")
    assert failures_of((), [line], {OWN}) == ()
    (found,) = failures_of((_group(0, "connection_error"),), [line], {OWN})
    assert found.reason is FailureReason.CONNECTION


@pytest.mark.parametrize("root", [OTHER, OWN])
def test_what_another_batch_s_request_failed_in_a_bundle_is_not_laid_at_this_one_s_door(
    root: str,
) -> None:
    lines = [
        _line("Anthropic API failure: 429", 0, status_code=429, correlation_id=root),
        _line("Serial bundle processing hit provider error", 1),
        _line(f"{CALL}Anthropic API call failed: 429", 2),
    ]
    found = failures_of((), lines, {OWN, REQUEST}, (), own_alone=True)
    assert [one.reason for one in found] == ([FailureReason.RATE_LIMIT] if root == OWN else [])


def test_the_two_lines_of_one_refusal_name_one_reason() -> None:
    refused = "Your credit balance is too low"
    lines = [
        _line("Anthropic API failure: 400", 0, status_code=400, error_text=refused,
              correlation_id=OWN),
        _line(f"{CALL}Anthropic API call failed: 400, message='{refused}'", 1),
    ]  # fmt: skip
    (found,) = failures_of((), lines, {OWN, REQUEST}, (), own_alone=True)
    assert (found.reason, found.status) == (FailureReason.CREDIT, 400)


@pytest.mark.parametrize(
    ("said", "seconds", "own"),
    [
        ("Anthropic API call failed: 529", 2, False),
        # Another answer, or much later: no bundle of the request that failed before.
        ("OpenAI API call failed: Cannot connect to host", 2, True),
        ("Anthropic API call failed: 529", 400, True),
    ],
)
def test_an_item_is_collateral_only_of_the_same_answer_and_soon_after_it(
    said: str, seconds: int, own: bool
) -> None:
    lines = [
        _line("Anthropic API failure: 529", 0, status_code=529, correlation_id=OTHER),
        _line(f"{CALL}{said}", seconds),
    ]
    assert bool(failures_of((), lines, {OWN, REQUEST}, (), own_alone=True)) is own


def _told(id: str, seconds: int) -> LogEvent:
    said = "Published LLM provider failure event for provider: anthropic, failure_type: "
    line = _line(f"{said}provider_error, correlation_id: {id}", seconds)
    return replace(line, level="warning")


def _items(ids: Sequence[str], seconds: int, said: str) -> list[LogEvent]:
    call = "failed with HuleEduError: Anthropic API call failed"
    return [_line(f"Request {id} {call}: {said}", seconds) for id in ids]


BUNDLE = [f"{digit * 8}-6226-458c-aa82-24ff1fa071a4" for digit in "12345"]


@pytest.mark.parametrize("is_bound", [True, False], ids=["bound", "not bound"])
@pytest.mark.parametrize("said", ["529, message='overloaded'", "Server disconnected"])
def test_those_of_a_bundle_are_told_apart_from_the_request_that_met_the_failure(
    said: str, *, is_bound: bool
) -> None:
    """Asked twice, one of five failed both times: lines name four others with it each time."""
    lines = [
        event
        for seconds in (0, 3)
        for event in (_told(OWN, seconds), *_items(BUNDLE, seconds + 1, said))
    ]
    names = zip(BUNDLE, (OWN, OTHER), strict=False)
    clues = [clue_of(_line(f"Queued request {item}", correlation_id=id)) for item, id in names]
    bound = [one for one in clues if one] if is_bound else []
    members = {OWN, OTHER, *(BUNDLE[:2] if is_bound else ())}
    (found,) = failures_of((), lines, members, bound, own_alone=True)
    assert (found.requests, found.mates) == (1, 4)
    (found,) = failures_in(lines).values()
    assert (found.requests, found.mates) == (1, 4)


def test_two_requests_of_one_bundle_that_failed_in_turn_have_the_other_three_with_them() -> None:
    lines = [
        _told(OWN, 0), *_items(BUNDLE, 1, "529"), _told(OTHER, 3), *_items(BUNDLE, 4, "529"),
    ]  # fmt: skip
    (found,) = failures_of((), lines, {OWN, OTHER}, (), own_alone=True)
    assert (found.requests, found.mates) == (2, 3)


def test_a_bundle_whose_items_are_told_over_minutes_is_one_bundle_still() -> None:
    lines = [_told(OWN, 0), *(_items([id], 90 * n, "529")[0] for n, id in enumerate(BUNDLE, 1))]
    (found,) = failures_of((), lines, {OWN}, (), own_alone=True)
    assert (found.requests, found.mates) == (1, 4)
