import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.mute import Mute, glob_matches


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_a_star_means_any_characters(pattern: str, text: str) -> None:
    assert glob_matches(pattern, text) is fnmatch.fnmatchcase(text, pattern)


@pytest.mark.parametrize("pattern", ["*" * 17 + "x", "*a" * 5_000 + "x", "a*" * 5_000])
def test_no_pattern_takes_longer_than_its_text(pattern: str) -> None:
    before = time.process_time()
    Mute(pattern).matches("stuck_queue/prod/" + "a" * 10_000)
    assert time.process_time() - before < 1
