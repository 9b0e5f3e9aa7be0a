"""A callback is checked in the steps of its readers, and nothing of a student is kept."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.callbacks.contract import seen_of
from tests.support.callbacks import (
    BATCH,
    STUDENT_TEXT,
    Spoil,
    callback,
    encoded,
    failed,
    having,
    id_of,
    spoiled,
    without,
)

PUBLISHED = datetime(2025, 11, 18, 23, 50, tzinfo=UTC)
HINTS = ("data", "request_metadata")


def test_a_healthy_callback_is_read_and_rejected_nowhere() -> None:
    seen = seen_of(encoded(callback(7, mode="serial_bundle", preferred_bundle_size=8)), PUBLISHED)
    assert (seen.rejected, seen.malformed, seen.is_error) == ((), (), False)
    assert (seen.correlation_id, seen.request_id) == (id_of("correlation", 7), id_of("request", 7))
    assert (seen.bos_batch_id, seen.mode, seen.bundle_size) == (BATCH, "serial_bundle", 8)
    assert seen.at == datetime(2025, 11, 18, 23, 48, 39, 123456, tzinfo=UTC)


def test_a_healthy_error_callback_tells_the_provider_that_was_really_asked() -> None:
    seen = seen_of(encoded(failed(callback())), PUBLISHED)
    assert (seen.rejected, seen.is_error, seen.provider) == ((), True, "anthropic")


@pytest.mark.parametrize(
    ("spoil", "rejected", "is_malformed"),
    [
        (without(*HINTS, "essay_a_id"), "essay_a_id", False),
        (having("", *HINTS, "essay_b_id"), "essay_b_id", False),
        (having(None, *HINTS, "essay_b_id"), "essay_b_id", False),
        (having(7, *HINTS, "essay_b_id"), "essay_b_id", True),
        (without(*HINTS, "bos_batch_id"), "bos_batch_id", False),
        (without(*HINTS, "prompt_sha256"), "prompt_sha256", False),
        (having("abc", *HINTS, "prompt_sha256"), "prompt_sha256", True),
        (having("g" * 64, *HINTS, "prompt_sha256"), "prompt_sha256", True),
        (having("", "data", "request_id"), "request_id", False),
        (without("data", "request_id"), "request_id", False),
        (having(None, "data", "request_id"), "request_id", False),
        (having("no-uuid", "data", "correlation_id"), "data.correlation_id", True),
        (without("data", "model"), "data.model", False),
        (having("acme", "data", "provider"), "provider", True),
        (having("Essay C", "data", "winner"), "winner", True),
        (having("x" * 501, "data", "justification"), "justification", True),
        (having(0.4, "data", "confidence"), "confidence", True),
        (having(-1, "data", "token_usage", "total_tokens"), "token_usage.total_tokens", True),
        (having(None, "data", "token_usage"), "token_usage", False),
        (having(-0.1, "data", "cost_estimate"), "cost_estimate", True),
        (having("soon", "data", "completed_at"), "completed_at", True),
        (having(None, "data", "winner"), "winner", False),
        (having({"error_code": "X"}, "data", "error_detail"), "error_detail.message", False),
        (having([], *HINTS), "request_metadata", True),
        (without("event_type"), "envelope.event_type", False),
        (without("data"), "envelope.data", False),
        (having("never", "event_timestamp"), "envelope.event_timestamp", True),
        (having(None, "data"), "data", False),
        (having([], "data"), "data", True),
    ],
)
def test_the_failing_field_is_named_and_whether_it_is_missing_or_wrong(
    spoil: Spoil, rejected: str, is_malformed: bool
) -> None:
    seen = seen_of(encoded(spoiled(callback(), spoil)), PUBLISHED)
    assert rejected in seen.rejected
    assert (rejected in seen.malformed) is is_malformed


@pytest.mark.parametrize(
    "spoil",
    [
        without(*HINTS, "essay_a_id"),
        without(*HINTS, "prompt_sha256"),
        having("acme", "data", "provider"),
        without("event_type"),
    ],
)
def test_one_fault_is_one_field(spoil: Spoil) -> None:
    assert len(seen_of(encoded(spoiled(callback(), spoil)), PUBLISHED).rejected) == 1


def test_either_a_result_or_an_error_is_told_never_both_and_never_neither() -> None:
    both = failed(callback())
    both["data"]["winner"] = "Essay B"
    neither = spoiled(failed(callback()), having(None, "data", "error_detail"))
    for message, malformed in ((both, ("error_detail",)), (neither, ())):
        seen = seen_of(encoded(message), PUBLISHED)
        assert (seen.rejected, seen.malformed) == (("error_detail",), malformed)


@pytest.mark.parametrize(
    "spoil",
    [
        without("data", "token_usage"),
        without("data", "trace_id"),
        without("metadata"),
        without("event_id"),
        without("schema_version"),
        without("data", "error_detail"),
        having("batch", "data", "request_metadata", "cj_source"),
    ],
)
def test_what_has_a_default_may_be_left_out(spoil: Spoil) -> None:
    assert seen_of(encoded(spoiled(callback(), spoil)), PUBLISHED).rejected == ()


def test_an_error_that_still_carries_a_confidence_is_an_error_and_no_contradiction() -> None:
    message = spoiled(failed(callback()), having(1.0, "data", "confidence"))
    assert seen_of(encoded(message), PUBLISHED).rejected == ()


def test_a_stray_callback_with_the_providers_metadata_alone_fails_on_what_the_runner_asks() -> None:
    stray = callback(3)
    hints = stray["data"]["request_metadata"]
    kept = ("resolved_provider", "queue_processing_mode", "prompt_sha256")
    stray["data"]["request_metadata"] = {key: hints[key] for key in kept}
    seen = seen_of(encoded(stray), PUBLISHED)
    assert seen.rejected == ("bos_batch_id", "essay_a_id", "essay_b_id")
    assert seen.correlation_id == id_of("correlation", 3)


@pytest.mark.parametrize("message", [None, b"", b"null", b"[1]", b"\xff", b"{", b'{"data": NaN}'])
def test_what_is_no_json_object_is_counted_with_the_brokers_time(message: bytes | None) -> None:
    seen = seen_of(message, PUBLISHED)
    assert (seen.rejected, seen.at) == (("json",), PUBLISHED)


def test_student_text_is_never_kept_wherever_it_stands() -> None:
    places = [
        ("data", "justification"), ("data", "model"), ("data", "provider"), ("data", "request_id"),
        ("data", "winner"), ("correlation_id",), ("event_type",), (*HINTS, "bos_batch_id"),
        (*HINTS, "queue_processing_mode"), (*HINTS, "resolved_provider"),
        (*HINTS, "preferred_bundle_size"), (*HINTS, "prompt_sha256"), (*HINTS, "essay_a_id"),
    ]  # fmt: skip
    for place in places:
        seen = seen_of(encoded(spoiled(callback(), having(STUDENT_TEXT, *place))), PUBLISHED)
        assert "PLANTED" not in repr(seen), place


_FLOATS = st.floats(allow_nan=False)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False)
    | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=5,
)
_PATHS: list[tuple[str, ...]] = [(key,) for key in callback()]
_PATHS += [("data", key) for key in callback()["data"]]
_PATHS += [(*HINTS, key) for key in callback()["data"]["request_metadata"]]


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(message: bytes) -> None:
    assert seen_of(message, PUBLISHED).rejected


@given(st.sampled_from(_PATHS), _JSON)
def test_any_value_in_any_field_is_survived(path: tuple[str, ...], value: object) -> None:
    seen = seen_of(encoded(spoiled(callback(), having(value, *path))), PUBLISHED)
    assert set(seen.malformed) <= set(seen.rejected)
