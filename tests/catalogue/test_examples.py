"""What the catalogue shows as an example is what the code says now, of the same case."""

import json
from collections import Counter

from bot.catalogue import entries, examples
from tests.catalogue.day import DAY, DAYS
from tests.catalogue.examples import made
from tests.catalogue.runs import FOLDER, LISTED, OF_ITSELF, RAN

TEXTS = ("assessment_input_text", "prompt_text", "justification", "raw_llm_response")


async def test_the_examples_are_what_the_code_says(database_url: str) -> None:
    """Stale ones are written anew by `python -m tests.catalogue`, then `make docs`."""
    found = await made(database_url)
    kept = {rule: {name: getattr(one, name) for name in found[rule]}
            for rule, one in examples().items()}  # fmt: skip
    assert found == kept


def test_each_example_says_whether_it_was_seen_or_simulated() -> None:
    words = Counter(one.case.split(",")[0].split(" ")[0] for one in examples().values())
    assert words.keys() <= {"seen", "simulated"}
    assert words["seen"] >= 67


async def test_what_services_that_ran_show_is_shown_by_them() -> None:
    seen = {rule for rule, one in examples().items() if one.case.startswith("seen on 2026-02-10")}
    assert seen >= {"answers-missing", "batch-failed", "content-missing", "retries-rising"}


def test_an_example_that_was_not_seen_says_why_in_one_sentence() -> None:
    seen = {rule for rule, one in examples().items() if one.case.startswith("seen")}
    reasons = {rule: one.made_up for rule, one in entries().items() if one.made_up}
    assert reasons.keys() == entries().keys() - seen
    assert not [rule for rule, text in reasons.items() if not text.endswith(".") or ". " in text]


async def test_what_a_day_of_faults_shows_is_shown_by_it() -> None:
    seen = {rule for rule, one in examples().items() if _of_a_batch_or_log(one.case)}
    told = {rule for day in DAYS for rules in day.batches.values() for rule in rules}
    assert seen == told | {rule for day in DAYS for rule in day.alerts}


def _of_a_batch_or_log(case: str) -> bool:
    return case.startswith((f"{DAY}, batch", f"{DAY}, the services"))


def test_each_recording_of_the_running_bot_is_the_example_of_its_rule() -> None:
    shown = {rule for rule, one in examples().items() if one.case in (RAN, OF_ITSELF)}
    assert shown == {path.stem for path in FOLDER.glob("*.zip")}
    cases = " ".join(one.case for one in examples().values())
    assert [one for one in LISTED if one.options["batch-id"] not in cases] == []


def test_the_incident_s_own_causes_were_seen_of_services_as_they_were_then() -> None:
    told = {rule for rule, one in examples().items() if "of HuleEdu as of 2025-11-19" in one.case}
    assert told >= {
        "completion-overcounted", "counters-overwritten", "errors-counted-as-done", "position-bias",
    }  # fmt: skip


def test_a_recorded_case_holds_no_text_of_an_essay() -> None:
    folders = [day.folder for day in DAYS]
    for log in (one for folder in folders for one in folder.rglob("*.log")):
        assert not [name for name in TEXTS if name in log.read_text(encoding="utf-8")], log
    for rows in (one for folder in folders for one in folder.rglob("rows.json")):
        tables = json.loads(rows.read_text(encoding="utf-8"))
        told = [row.get(name) for table in tables.values() for row in table for name in TEXTS]
        assert {*told} <= {None, "words"}, rows
