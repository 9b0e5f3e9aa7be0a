"""Stretches of samples are counted as one by one, however many are asked for."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.detectors.services._outbreak import COUNTED, STREAK, Looks
from bot.domain.alert import Sample

NOW = datetime(2026, 3, 4, 8, tzinfo=UTC)
# Minutes since the sample before, and what each counted.
SAID = st.lists(
    st.tuples(
        st.integers(1, 40),
        st.dictionaries(st.sampled_from(COUNTED), st.integers(0, 2) | st.booleans()),
    ),
    min_size=1,
    max_size=20,
)


def _samples(said: Sequence[tuple[int, dict[str, int]]]) -> list[Sample]:
    at, found = NOW, []
    for minutes, counts in said:
        at += timedelta(minutes=minutes)
        found.append(Sample(at, counts))
    return found


def _back_from(known: Sequence[Sample], until: datetime, span: timedelta) -> list[Sample]:
    """Return the samples of a span, and those before it back to the last answer."""
    found: list[Sample] = []
    answered = False
    for one in reversed([one for one in known if one.at <= until]):
        answered = answered or bool(one.data.get("done"))
        if one.at <= until - span and (answered or one.at <= until - STREAK):
            break
        found.append(one)
    return found[::-1]


@given(SAID, st.integers(1, 90), st.integers(0, 300))
def test_each_stretch_is_what_one_would_collect_sample_by_sample(
    said: list[tuple[int, dict[str, int]]], span: int, since: int
) -> None:
    known, length = _samples(said), timedelta(minutes=span)
    after = NOW + timedelta(minutes=since)
    found = list(Looks(known).back_from_each(after, length))
    looks = [one for one in reversed(known) if one.at > after]
    assert [list(one.samples) for one in found] == [
        _back_from(known, look.at, length) for look in looks
    ]
    last = Looks(known).after(after)
    assert list(last.samples) == [one for one in known if one.at > after] or known[-1:]
    for one in (*found, last):
        for name in COUNTED:
            assert one[name] == sum(int(sample.data.get(name, 0)) for sample in one.samples)
        assert one.last == one.samples[-1]
        assert one.failed == (one["failures"] or one["items"])
