"""Rejections are counted beside what was accepted, so that no mode is accused for nothing."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.callbacks.callback import SeenCallback
from bot.domain.callbacks.tally import Share, rejections, tally

NOW = datetime(2025, 11, 18, 23, 48, tzinfo=UTC)


def seen(mode: str, *rejected: str, malformed: bool = False, **more: object) -> SeenCallback:
    wrong = rejected if malformed else ()
    return SeenCallback(
        NOW, "c", "r", False, mode=mode, rejected=rejected, malformed=wrong, **more  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_share_of_each_mode_is_told_worst_first() -> None:
    callbacks = [seen("per_request")] * 40 + [seen("serial_bundle", "essay_a_id")] * 10
    (one,) = tally(callbacks)
    assert one.words == "serial_bundle 10/10 missing essay_a_id, per_request 0/40"
    assert (one.rejected, one.total) == (10, 50)


def test_a_silent_mode_is_unknown_and_a_malformed_field_is_named_so() -> None:
    callbacks = [
        seen("serial_bundle", "prompt_sha256", malformed=True),
        seen("serial_bundle"),
        seen(""),
    ]
    (one,) = tally(callbacks)
    assert one.words == "serial_bundle 1/2 malformed prompt_sha256, unknown 0/1"
    assert one.by_mode == (Share("serial_bundle", 1, 2), Share("unknown", 0, 1))


def test_a_missing_and_a_malformed_field_are_two_tallies() -> None:
    callbacks = [seen("", "essay_a_id"), seen("", "essay_a_id", malformed=True)]
    assert [one.words for one in tally(callbacks)] == [
        "unknown 1/2 missing essay_a_id",
        "unknown 1/2 malformed essay_a_id",
    ]


def test_good_callbacks_make_neither_tally_nor_rejection() -> None:
    assert tally([seen("per_request")]) == ()
    assert tally([]) == ()
    assert rejections(seen("per_request")) == ()


def test_each_failing_field_is_one_rejection_in_words() -> None:
    one, two = rejections(seen("per_request", "essay_a_id", "essay_b_id", bundle_size=8))
    assert (one.field, two.field, one.mode) == ("essay_a_id", "essay_b_id", "per_request")
    assert (
        one.text == "success callback with missing essay_a_id (per_request, unknown, bundle of 8)"
    )


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "per_request", "serial_bundle"]), st.sampled_from("abc"))
    )
)
def test_every_split_adds_up(rows: list[tuple[str, str]]) -> None:
    callbacks = [seen(mode, field, provider=field) for mode, field in rows]
    for one in tally(callbacks):
        assert sum(share.rejected for share in one.by_mode) == one.rejected
        assert sum(share.total for share in one.by_mode) == one.total == len(rows)
