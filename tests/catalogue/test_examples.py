"""What the catalogue shows as an example is what the code says now, of the same case."""

import json
from collections import Counter

from bot.catalogue import examples
from tests.catalogue.day import ALERTS, BATCHES, DAY, FOLDER
from tests.catalogue.examples import made

TEXTS = ("assessment_input_text", "prompt_text", "justification", "raw_llm_response")


async def test_the_examples_are_what_the_code_says(database_url: str) -> None:
    """Stale ones are written anew by `python -m tests.catalogue`, then `make docs`."""
    found = await made(database_url)
    kept = {rule: {name: getattr(one, name) for name in found[rule]}
            for rule, one in examples().items()}  # fmt: skip
    assert found == kept


def test_each_example_says_whether_it_was_seen_or_rebuilt_or_simulated() -> None:
    words = Counter(one.case.split(",")[0].split(" ")[0] for one in examples().values())
    assert words.keys() == {"seen", "rebuilt", "simulated"}


async def test_what_services_that_ran_show_is_shown_by_them() -> None:
    seen = {rule for rule, one in examples().items() if one.case.startswith("seen on 2026-02-10")}
    assert seen >= {"answers-missing", "batch-failed", "content-missing", "retries-rising"}


async def test_what_a_day_of_faults_shows_is_shown_by_it() -> None:
    seen = {rule for rule, one in examples().items() if one.case.startswith(DAY)}
    assert seen == {*ALERTS, *(rule for rules in BATCHES.values() for rule in rules)}


async def test_the_incident_s_own_causes_are_shown_by_the_rebuilt_night() -> None:
    real = {rule for rule, one in examples().items() if one.case.startswith("rebuilt, night of")}
    assert real >= {
        "errors-counted-as-done", "early-finalisation", "repeated-finalisation",
        "foreign-callback", "position-bias",
    }  # fmt: skip


def test_a_recorded_case_holds_no_text_of_an_essay() -> None:
    for log in FOLDER.rglob("*.log"):
        assert not [name for name in TEXTS if name in log.read_text(encoding="utf-8")], log
    for rows in FOLDER.rglob("rows.json"):
        tables = json.loads(rows.read_text(encoding="utf-8"))
        told = [row.get(name) for table in tables.values() for row in table for name in TEXTS]
        assert {*told} <= {None, "words"}, rows
