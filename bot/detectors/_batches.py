"""Whose requests are, as far as the database and the queue know, and how an alert says it."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from bot.border.outside import raw
from bot.domain.queue import QueueReading
from bot.domain.words import Command
from bot.ports import Watch
from bot.text.redaction import UUID as UUID_TEXT

# Of more requests in one tick the batches of these tell enough.
MOST_ASKED = 200
MOST_NAMED = 2
# A title has room for more than a headline.
MOST_LISTED = 8
# A message adds its mark, for how long it lasts, and where.
HEADLINE_CHARS = 78


async def batches_of(watch: Watch, ids: Iterable[str]) -> Counter[str]:
    """Return how many of these requests, by either id of theirs, are of each batch."""
    return Counter((await owners_of(watch, ids)).values())


async def owners_of(watch: Watch, ids: Iterable[str]) -> dict[str, str]:
    """Return the batch of each of these requests, by either id of theirs, where it is known."""
    # A callback of the topic may hold anything where its id should stand.
    known = {raw(one).lower() for one in ids if UUID_TEXT.fullmatch(raw(one))}
    asked = {one: UUID(one) for one in sorted(known)[:MOST_ASKED]}
    if not asked:
        return {}
    owned, queue = await watch.owned(list(asked.values())), await watch.queue()
    rows = owned if isinstance(owned, Mapping) else {}
    found = {one: str(rows[id]) for one, id in asked.items() if id in rows}
    for item in queue.items if isinstance(queue, QueueReading) else ():
        batch = raw(item.cj_batch_id)
        for one in {raw(item.queue_id).lower(), raw(item.correlation_id).lower()} & {*asked}:
            if batch.isdecimal():
                found.setdefault(one, batch)
    return found


def place_told(batches: Collection[str], lead: str = "for", most: int = MOST_NAMED) -> str:
    """Return for which batches something is so, as words that follow what it is; may be empty.

    More than `most` are counted and not named.
    """
    if len(batches) > most:
        return f" {lead} {len(batches)} batches"
    *others, last = sorted(batches, key=int) or [""]
    names = f"{', '.join(others)} and {last}" if others else last
    return f" {lead} batch{'es' if len(batches) > 1 else ''} {names}" if batches else ""


def sole(batches: Collection[str]) -> str:
    """Return the batch where it is one: of several none is the alert's subject."""
    return next(iter(batches)) if len(batches) == 1 else ""


def next_look(batch: str) -> Command:
    """Return what to ask next: of that batch, or of all that wait where none is known."""
    return Command(f"/batch investigate {batch}" if batch else "/batch list waiting_callbacks")
