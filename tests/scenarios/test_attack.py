"""The outsider's corpus in a small version: each place once; `make attack` carries all of it."""

import pytest

from bot.border.passing import let_out, name
from tests.attack import corpus, measure
from tests.attack.ways import ways_out

CASES = list(corpus.cases(per_place=1))


def test_no_plant_passes_the_border_where_a_promise_names_it() -> None:
    leaked = [
        (place["id"], plant["id"])
        for place, plant, raw in CASES
        if place["promise"] == "named"
        and not measure.is_id_without_a_key(place, plant)
        and corpus.leaks(f"{let_out(raw, 100_000).text}\n{name(raw)}", plant)
    ]
    assert leaked == []


@pytest.mark.parametrize("number", range(0, len(CASES), 40))
def test_no_plant_comes_out_by_any_way(number: int) -> None:
    place, plant, raw = CASES[number]
    outputs = "\n".join(text for _, text in ways_out(place["where"], raw))
    assert place["promise"] == "beyond" or corpus.leaks(outputs, plant) == []


def test_what_must_show_shows() -> None:
    assert measure.over_redacted() == []
