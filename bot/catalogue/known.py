"""Every entry by its rule id, and the examples that are kept beside them."""

import json
from functools import cache
from pathlib import Path

from bot.catalogue.answers import ENTRIES as ANSWERS
from bot.catalogue.bot_itself import ENTRIES as BOT_ITSELF
from bot.catalogue.early import ENTRIES as EARLY
from bot.catalogue.endings import ENTRIES as ENDINGS
from bot.catalogue.entry import CauseEntry, CauseExample
from bot.catalogue.queue import ENTRIES as QUEUE
from bot.catalogue.results import ENTRIES as RESULTS
from bot.catalogue.services import ENTRIES as SERVICES

# The order is that of the generated page.
GROUPS: tuple[tuple[str, tuple[CauseEntry, ...]], ...] = (
    ("Whether a result can be trusted", RESULTS),
    ("How a batch goes on and ends", ENDINGS),
    ("Answers that fail, are lost or come twice", ANSWERS),
    ("The LLM queue", QUEUE),
    ("Services, database and runners", SERVICES),
    ("Before it breaks", EARLY),
    ("The bot itself", BOT_ITSELF),
)


@cache
def entries() -> dict[str, CauseEntry]:
    """Return every entry by its rule id, in the order of the page."""
    return {one.rule: one for _, group in GROUPS for one in group}


def entry_of(rule: str) -> CauseEntry | None:
    """Return the entry of a rule id, None where there is none."""
    return entries().get(rule)


@cache
def examples() -> dict[str, CauseExample]:
    """Return the example of each rule id, as it was written by `python -m tests.catalogue`."""
    text = Path(__file__).with_name("examples.json").read_text(encoding="utf-8")
    return {rule: CauseExample(**fields) for rule, fields in json.loads(text).items()}
