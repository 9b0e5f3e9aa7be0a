"""The catalogue of causes: what each rule and alert means, in words for whoever reads its id.

Data and look-ups alone; may import bot.domain. A new rule or alert has a CauseEntry in the file of
what it is about, and `python -m tests.catalogue` writes its example from what the code says of
services that ran, or else of a simulated fault. A test fails without one.
"""

from bot.catalogue.entry import CauseEntry, CauseExample
from bot.catalogue.known import entries, entry_of, examples

__all__ = ["CauseEntry", "CauseExample", "entries", "entry_of", "examples"]
