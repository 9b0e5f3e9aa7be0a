"""Words that several renderers share."""

import pytest

from bot.text.wording import many


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 items are"), (1, "1 item is"), (2, "2 items are")]
)
def test_a_count_takes_its_noun_and_verb_in_the_singular_or_plural(count: int, told: str) -> None:
    assert many(count, "item", ("is", "are")) == told
    assert many(count, "item") == told.rsplit(" ", 1)[0]
