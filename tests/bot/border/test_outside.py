import re

import pytest

from bot.border.outside import Outside

TEXT = Outside("password=hunter2 refused")


def test_matching_sees_the_whole_text() -> None:
    assert "hunter2" in TEXT
    assert TEXT.startswith("password")
    assert re.search("hunter2", TEXT)
    assert TEXT == "password=hunter2 refused"
    assert TEXT.raw == "password=hunter2 refused"
    assert type(TEXT.raw) is str


@pytest.mark.parametrize(
    "written",
    [
        f"{TEXT}",
        f"{TEXT:>40}",
        f"{TEXT!r}",
        str(TEXT),
        "%s" % TEXT,  # noqa: UP031
        "{}".format(TEXT),  # noqa: UP032
        f"{[TEXT]}",
        f"{('before ' + TEXT)}",
        f"{(TEXT + ' after')}",
        f"{TEXT[:16]}",
        f"{TEXT.strip()}",
        f"{TEXT.lower()}",
    ],
)
def test_writing_it_shows_only_what_passes(written: str) -> None:
    assert "hunter2" not in written


def test_parts_of_it_are_outside_too() -> None:
    for part in (TEXT + "x", "x" + TEXT, TEXT[1:], TEXT.strip(), TEXT.lower()):
        assert isinstance(part, Outside)
