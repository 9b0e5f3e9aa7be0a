"""What a run label or an alias in a command's words stands for."""

from bot.diagnosis.evidence.run_labels import refs_of, remembered
from bot.domain.ids import IdKind, kind_of
from bot.errors import UsageError
from bot.ports import CommandContext


async def meant(word: str, context: CommandContext) -> str:
    """Return the id that a run label stands for; every other word stands for itself.

    An alias may stand for a label in turn, once. What looks like the beginning of a uuid may be
    a label too (84ebf6 was once a run's name), but is not searched for in logs. Raises
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
