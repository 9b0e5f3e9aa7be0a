"""Each sample of a window is read once, and the answer is as if it were read each time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.detectors._read_once import ReadOnce
from bot.domain.alert import Sample

NOW = datetime(2026, 3, 4, 8, tzinfo=UTC)
SAMPLES = tuple(Sample(NOW + n * timedelta(seconds=15), {"n": n}) for n in range(3_000))


def test_a_window_that_slides_along_reads_each_sample_once() -> None:
    read = list[int]()

    def one(sample: Sample, before: int | None) -> int:
        read.append(sample.data["n"])
        return read[-1]

    for length in (10, 1_000):
        facts, before = ReadOnce(one), len(read)
        for end in range(1, len(SAMPLES)):
            window = SAMPLES[max(0, end - length) : end]
            assert facts.of(window)[-1] == end - 1
        assert len(read) - before == len(SAMPLES) - 1
        assert list(facts.of(window)) == [sample.data["n"] for sample in window]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8))
def test_any_windows_in_any_order_are_read_right(cuts: list[tuple[int, int]]) -> None:
    facts = ReadOnce[int](lambda sample, _: sample.data["n"])
    for begin, end in cuts:
        window = SAMPLES[begin:end]
        assert list(facts.of(window)) == [sample.data["n"] for sample in window]


def test_a_sample_that_cannot_be_read_spoils_nothing_of_what_was() -> None:
    facts = ReadOnce[int](lambda sample, _: sample.data["n"])
    facts.of(SAMPLES[:3])
    broken = Sample(NOW + timedelta(hours=1), {})
    for _ in range(2):
        try:
            facts.of((*SAMPLES[1:3], broken))
        except KeyError as error:
            assert error.args == ("n",)  # noqa: PT017 - each try fails, and alike
    assert list(facts.of(SAMPLES[1:4])) == [1, 2, 3]
