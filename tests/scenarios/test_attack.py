"""The outsider's corpus in a small version: each place once; `make attack` carries all of it."""

import ast
import re
from pathlib import Path

import pytest

import bot
from bot.border.passing import let_out, name
from tests.attack import corpus, measure
from tests.attack.__main__ import main
from tests.attack.readers import READERS
from tests.attack.ways import quick_ways, ways_out

PACKAGE = Path(bot.__file__).parent
OF_A_PERSON = re.compile(r"\b(?:user_id|org_id)\b")
SQL = re.compile(r"\b(?:SELECT|FROM|JOIN|WHERE)\b")
CASES = list(corpus.cases(per_place=1))


def test_no_plant_passes_the_border() -> None:
    leaked = [
        (place["id"], plant["id"])
        for place, plant, raw in CASES
        if not measure.is_id_without_a_key(place, plant)
        and corpus.leaks(f"{let_out(raw, 100_000).text}\n{name(raw)}", plant)
    ]
    assert leaked == []


def test_no_whole_line_of_another_kind_shows_what_it_holds() -> None:
    leaked = [
        (line["id"], way)
        for line in corpus.mean()
        for way, text in quick_ways("log", line["text"])
        if corpus.leaks(text, line)
    ]
    assert leaked == []


@pytest.mark.parametrize("number", range(0, len(CASES), 40))
def test_no_plant_comes_out_by_any_way(number: int) -> None:
    place, plant, raw = CASES[number]
    outputs = "\n".join(text for _, text in ways_out(place["where"], raw))
    assert measure.is_id_without_a_key(place, plant) or corpus.leaks(outputs, plant) == []


def test_each_place_where_ids_are_kept_is_in_the_corpus_and_says_why() -> None:
    assert set(measure.WITHOUT_A_KEY) <= {place["id"] for place in corpus.places()}
    assert all(measure.WITHOUT_A_KEY.values())


def test_no_query_reads_whose_batch_it_is() -> None:
    """The role is refused both columns too; doctor only tries that, and fetches no row."""
    queried = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "demo" not in path.parts
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
        if OF_A_PERSON.search(text.value) and (path.parent / "rights.py") != path
        if SQL.search(text.value) or path.parent.name == "cj"
    }
    assert queried == set()


@pytest.mark.parametrize("promise", ["named", "implied", "beyond"])
def test_any_leak_fails_the_attack(
    promise: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leak = measure.Leak("log-x", "pw-1", "border", promise, "hunter2")
    monkeypatch.setattr(measure, "attack", lambda *_: measure.Outcome(leaks=[leak]))
    monkeypatch.setattr(measure, "mean", measure.Outcome)
    monkeypatch.setattr(measure, "slow", list)
    monkeypatch.setattr(measure, "over_redacted", list)
    monkeypatch.setattr("sys.argv", ["attack"])
    assert main() == 1
    assert "log-x pw-1 by border: hunter2" in capsys.readouterr().out


def test_what_must_show_shows() -> None:
    assert measure.over_redacted() == []


def test_every_kind_of_slow_input_has_a_reader() -> None:
    assert set(READERS) == {item["where"] for item in corpus.slow()}


@pytest.mark.parametrize("where", ["topic", "zip", "form", "redis", "glob"])
def test_a_reader_survives_the_first_inputs_of_its_kind(where: str) -> None:
    some = [item for item in corpus.slow() if item["where"] == where and item.get("make")]
    for item in (some[0], some[-1]):
        for read in READERS[where]:
            read(corpus.build(item))
