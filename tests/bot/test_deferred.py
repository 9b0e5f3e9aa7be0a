"""What is done at its first use is the same as what is done at once."""

import copy
import re

import pytest

from bot.deferred import Pattern


def test_a_pattern_is_compiled_at_its_first_use_and_finds_what_the_compiled_one_finds() -> None:
    pattern = Pattern(r"(\d)b", re.IGNORECASE)
    assert "finditer" not in vars(pattern)
    compiled = re.compile(r"(\d)b", re.IGNORECASE)
    assert [one.group() for one in pattern.finditer("1B 2c 3b")] == ["1B", "3b"]
    assert pattern.sub("x", "1B") == compiled.sub("x", "1B") == "x"
    assert (pattern.pattern, pattern.groups) == (compiled.pattern, compiled.groups)
    assert pattern.finditer is pattern.finditer
    assert copy.copy(pattern).search("3b") is not None


def test_what_is_no_pattern_says_so_at_its_first_use() -> None:
    with pytest.raises(re.error, match="unterminated"):
        Pattern("(").search("")
