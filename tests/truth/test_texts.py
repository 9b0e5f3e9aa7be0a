"""The provenance of log texts is held against the logs of the day that it names."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.needles import AFTERNOON, EARLY_DAY, LATE_DAY, MORNING, PROVENANCE, Seen
from tests.support.paths import ROOT
from tests.truth.day import Day
from tests.truth.texts import texts_of

FIXTURES = ROOT / "tests" / "fixtures"
LINES = (FIXTURES / "morning_2026_02_10.log").read_text(encoding="utf-8")


def day_of(folder: Path, *lines: str) -> Day:
    (folder / "cj.log").write_text("\n".join(lines), encoding="utf-8")
    return Day("morning", folder, folder, "", None, ())


@pytest.mark.parametrize(
    ("recorded", "name"),
    [
        (MORNING, "morning_2026_02_10.log"),
        (EARLY_DAY, "day_2026_11_30_07.log"),
        (LATE_DAY, "day_2026_11_30_10.log"),
        (AFTERNOON, "day_2026_11_30_13.log"),
    ],
)
def test_a_day_that_holds_what_was_seen_on_it_agrees(
    tmp_path: Path, recorded: Seen, name: str
) -> None:
    held = texts_of(day_of(tmp_path, (FIXTURES / name).read_text(encoding="utf-8")))
    assert held is not None
    assert set(held.seen) == {text for text, where in PROVENANCE.items() if where == recorded}
    assert held.unseen == ()


def test_what_is_missing_and_what_is_new_is_named(tmp_path: Path) -> None:
    lines = (line for line in LINES.split("\n") if "Failed to prepare essay" not in line)
    held = texts_of(day_of(tmp_path, *lines, "Redis marked unhealthy"))
    assert held is not None
    assert "Failed to prepare essay" in held.unseen
    assert held.read == ("Redis marked unhealthy",)


def test_a_day_that_the_table_does_not_name_is_not_judged(tmp_path: Path) -> None:
    day = day_of(tmp_path, "2026-07-01 10:00:00 [info     ] Queue processor started")
    assert texts_of(day) is None
    assert texts_of(replace(day, logs=None)) is None
