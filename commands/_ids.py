"""The ids people paste: CJ batch numbers, uuids, beginnings of a uuid, and run labels."""

import re
from enum import StrEnum
from uuid import UUID

from bot.diagnosis.evidence.run_labels import refs_of, remembered
from bot.domain.ids import LABEL
from bot.errors import UsageError
from bot.ports import CommandContext

MAX_CJ_ID = 2_147_483_647
MIN_PREFIX = 6

_NUMBER = re.compile(r"#?([0-9]{1,10})")
_UUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE
)
_PREFIX = re.compile(r"[0-9a-f]{6,8}(?:-[0-9a-f-]*)?|[0-9a-f]{6,31}", re.IGNORECASE)


class IdKind(StrEnum):
    """What an id can be by its shape alone; the sources decide what it is."""

    NUMBER = "number"
    UUID = "uuid"
    PREFIX = "prefix"
    LABEL = "label"


def kind_of(word: str) -> IdKind | None:
    """Return the first meaning that `word` can have: number, uuid, uuid prefix, run label."""
    if cj_number(word) is not None:
        return IdKind.NUMBER
    if parse_uuid(word) is not None:
        return IdKind.UUID
    if uuid_prefix(word) is not None:
        return IdKind.PREFIX
    return IdKind.LABEL if LABEL.fullmatch(word) else None


async def meant(word: str, context: CommandContext) -> str:
    """Return the id that a run label stands for; every other word stands for itself.

    An alias may stand for a label in turn, once. What looks like the beginning of a uuid may be
    a label too (84ebf6 was somebody's name for a run), but is not searched for in logs. Raises
    UsageError when a label stands for several batches: none is picked.
    """
    ref = await _stands_for(word, context)
    return await _stands_for(ref, context) if ref != word else word


async def _stands_for(word: str, context: CommandContext) -> str:
    kind, deadline = kind_of(word), context.deadline
    if kind is IdKind.LABEL:
        refs = await refs_of(context.sources, word, deadline=deadline)
    elif kind is IdKind.PREFIX:
        refs = await remembered(context.sources, word, deadline=deadline)
    else:
        return word
    if len(refs) > 1:
        raise UsageError(
            f"Several runs were called {word}: {', '.join(refs[:6])}.",
            hint="Ask with the id of the one you mean.",
        )
    return refs[0] if refs else word


def cj_number(word: str) -> int | None:
    """Return the CJ batch number of `34` or `#34`, or None when it is none Postgres could hold."""
    match = _NUMBER.fullmatch(word)
    number = int(match.group(1)) if match else 0
    return number if 0 < number <= MAX_CJ_ID else None


def parse_uuid(word: str) -> UUID | None:
    """Return the uuid that `word` spells in full, with hyphens or without, in any case."""
    return UUID(word) if _UUID.fullmatch(word) else None


def uuid_prefix(word: str) -> str | None:
    """Return the beginning of a uuid (6 characters or more, lower case), or None."""
    fold = word.casefold()
    if not _PREFIX.fullmatch(fold) or len(fold) >= 36 or parse_uuid(fold):
        return None
    return fold if _fits_uuid(fold) else None


def _fits_uuid(prefix: str) -> bool:
    """Hyphens, where there are any, stand where a uuid has them."""
    return "-" not in prefix or all(
        (char == "-") == (place in (8, 13, 18, 23)) for place, char in enumerate(prefix)
    )
