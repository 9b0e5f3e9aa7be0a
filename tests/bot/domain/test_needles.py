"""Every text that a rule or detector waits for is known from somewhere; what is seen was seen."""

import ast
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from bot.diagnosis.changes.noter import Noter
from bot.domain.needles import (
    AFTERNOON,
    CONSOLE_DAY,
    EARLY_DAY,
    LATE_DAY,
    MORNING,
    NIGHT,
    PROVENANCE,
    Seen,
    texts_in,
)
from bot.registry import detectors
from tests.support.log_texts import Use, alternatives, is_shape, uses, uses_of
from tests.support.paths import ROOT

# One line of each recording for each text that was seen in it.
FIXTURES = {
    MORNING: "morning_2026_02_10.log",
    EARLY_DAY: "day_2026_11_30_07.log",
    LATE_DAY: "day_2026_11_30_10.log",
    AFTERNOON: "day_2026_11_30_13.log",
    CONSOLE_DAY: "day_2026_08_18_06.log",
    NIGHT: "night_2025_11_19.log",
}
# What these compare with a line is an id, a name or a person's own word, and no text of a service.
NO_TEXTS = {
    "id in whole", "id in said", "f'atch {header.batch_id} ' in said", "word in event.text",
    "id in line.text", "id in runs[-1].text", "named in event.text",
    "event.error.kind not in event.event", "e.event.strip() in names",
    # Of a search's own words, of a run's label, and of how lines and documents are written.
    "_GONE.search(said)",  # what the Docker Engine answers, and no service
    "beginning in said",  # what the pattern beside it begins with
    "word in whole",  # of detectors' own needles, which are known where these stand
    "word in text", "compact(word) in bare", "said == label", "line in _BLANK",
    "_NAMED.search(event)", "'_type' in text", "odd in line", "line.startswith(b'{\"')",
    "line.endswith(b'\\n')", "b'\\x00' in line",
    "b'\\x1b' in line[:HEAD_BYTES]",
    "message in raw(event.event)",  # an exception's own words
    "kind not in event.event",  # a class's name
    "one.event.startswith(said)",  # NOT_COUNTED and a batch's number
    "said in str(words(shown))",  # an error's own words, as shown
    "let_out(self.text, len(self.text) + 1).text != ' '.join(self.text.split())",
}  # fmt: skip
# How any log is written: brackets, times, levels, keys of a document.
SHAPES = {"bot/sources/log_format/head.py", "bot/sources/log_format/parser.py"}
KEYS = {'"event"', '"timestamp"', "\\n"}
SEARCHES = {  # what these look for is an id, a person's word, or what their callers name
    "bot/diagnosis/batch/follow_up.py", "bot/diagnosis/batch/without_database.py",
    "bot/diagnosis/evidence/item_owners.py",
    "bot/diagnosis/evidence/run_labels.py",
    "bot/diagnosis/logs.py", "bot/diagnosis/trace/collect.py", "bot/diagnosis/trace/prefix.py",
    "bot/diagnosis/trace/publisher.py",
}  # fmt: skip


FOLDED = {"".join(text.casefold().split()): text for text in PROVENANCE}


def known_as(text: str) -> tuple[str, ...]:
    """Return the table's texts that hold this one; white space and capitals do not count."""
    part = "".join(text.casefold().split())
    return tuple(whole for folded, whole in FOLDED.items() if part and part in folded)


def unknown(use: Use) -> Iterator[str]:
    """Yield the texts of a comparison that the table does not hold."""
    if use.code in NO_TEXTS:
        return
    if use.pattern is not None:
        if not is_shape(use.pattern) and use.file not in SHAPES:
            yield from (str(way) for way in alternatives(use.pattern) if way and not held(way))
    elif use.texts is not None:
        words = (text for text in use.texts if re.search("[A-Za-z]", text) and text not in KEYS)
        yield from (text for text in words if not known_as(text))
    elif not (use.code.startswith("LogQuery") and use.file in SEARCHES):
        yield "what this cannot resolve"


def held(way: list[str]) -> bool:
    """Say whether a line that a pattern matches in this way must hold a text of the table."""
    runs = [run for run in way if len(run.strip()) >= 4]
    if any([*texts_in(run)] or (len(run) >= 8 and known_as(run)) for run in runs):
        return True
    return bool(runs) and bool(set.intersection(*(set(known_as(run)) for run in runs)))


def test_every_text_that_code_compares_with_a_line_has_its_provenance() -> None:
    found = {f"{use.file}:{use.line} {use.code}": [*unknown(use)] for use in uses()}
    assert len(found) > 60
    assert {where: texts for where, texts in found.items() if texts} == {}


@pytest.mark.parametrize("name", detectors())
def test_every_needle_of_a_detector_has_its_provenance(name: str) -> None:
    needles = getattr(detectors()[name], "needles", ())
    assert [text for text in needles if not known_as(text)] == []


def test_what_is_said_to_be_seen_stands_in_the_recorded_lines() -> None:
    lines = {
        day: (ROOT / "tests/fixtures" / name).read_text("utf-8") for day, name in FIXTURES.items()
    }
    seen = {text: where for text, where in PROVENANCE.items() if isinstance(where, Seen)}
    assert set(seen.values()) == set(FIXTURES)
    assert [text for text, day in seen.items() if text not in lines[day]] == []


def test_the_table_holds_no_text_that_nothing_waits_for() -> None:
    runs = {
        run for use in uses() if use.pattern for way in alternatives(use.pattern) for run in way
    }
    wanted = {text for use in uses() for text in use.texts or ()}
    wanted |= {text for one in detectors().values() for text in getattr(one, "needles", ())}
    wanted |= {*Noter.needles}
    looked_for = {text for text in wanted | runs if len(text.strip()) >= 4}
    used = {whole for text in looked_for for whole in (*known_as(text), *texts_in(text))}
    assert set(PROVENANCE) - used == set()


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ('found = "Failed to do what no service says" in event.event', False),
        ("found = pattern_of_a_kind.search(event.event)", False),
        ('found = "Queue processor started" in event.event', True),
    ],
)
def test_a_text_that_is_not_in_the_table_is_found_in_code(code: str, known: bool) -> None:
    tree, module = ast.parse(code), ModuleType("made")
    found = [use for node in ast.walk(tree) for use in uses_of(node, module, tree, "made.py")]
    assert [bool([*unknown(use)]) for use in found] == [not known]


def test_what_was_only_read_is_unproven() -> None:
    assert isinstance(PROVENANCE["serial_bundle_dispatch"], Seen)
    assert not any(
        isinstance(PROVENANCE[text], Seen) for text in known_as("Dropping message after")
    )
    assert known_as("no service says this") == ()
