"""What is answered to a word that means no batch, or several."""

from collections.abc import Sequence

from bot.diagnosis.evidence.read import reading
from bot.domain.batch import BatchMatch
from bot.domain.evidence import DATABASE
from bot.domain.ids import cj_number
from bot.domain.report import Report, Table
from bot.domain.words import when
from bot.ports import CommandContext
from bot.text.redaction import echoed_id
from commands._recent import newest


def several(word: str, matches: Sequence[BatchMatch]) -> Report:
    """Return the list of batches that a word may mean; none of them is picked."""
    word = echoed_id(word)
    rows = tuple(
        (str(one.batch_id), one.bos_batch_id, one.status, when(one.created_at)) for one in matches
    )
    return Report(
        command="batch status",
        title=f"{word} may mean {len(rows)} batches",
        facts={"matches": [{"batch_id": int(row[0]), "bos_batch_id": row[1]} for row in rows]},
        sources=(reading(DATABASE, matches),),
        found=False,
        summary=f"{word} may mean {len(rows)} batches; ask for one by its number.",
        tables=(Table(("batch", "bos batch id", "status", "created"), rows),),
        actions=tuple(f"/batch status {row[0]}" for row in rows[:4]),
    )


async def nothing(word: str, context: CommandContext) -> Report:
    """Return that no batch is known so, with the newest one; a number is not the name of a job."""
    if cj_number(word) is None:
        return _unknown(echoed_id(word))
    batches = await newest(context)
    latest = f" The newest is batch {batches[0].header.batch_id}." if batches else ""
    return Report(
        command="batch status",
        title=f"There is no batch {word}",
        facts={"id": word, "kind": "unknown"},
        sources=(reading(DATABASE, True),),
        found=False,
        summary=f"There is no batch {word.removeprefix('#')}.{latest}",
        actions=(*(f"/batch status {one.header.batch_id}" for one in batches[:1]), "/batch list"),
    )


def _unknown(word: str) -> Report:
    return Report(
        command="batch status",
        title=f"No batch is known as {word}",
        facts={"id": word, "kind": "unknown", "alias": f"/batch alias {word} <id>"},
        sources=(reading(DATABASE, True),),
        found=False,
        summary=f"No batch is known as {word}: a batch has a number, an id or a run label. "
        f"/batch alias {word} <id> remembers what it stands for.",
        actions=("/batch list",),
    )
