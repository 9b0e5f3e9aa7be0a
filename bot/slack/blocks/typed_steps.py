"""A step that has commands of a shell or a database in it: these stand in a code block to copy."""

import re

from bot.domain.words import Text, Words, spelled
from bot.slack.blocks.mrkdwn import escape, mrkdwn
from bot.text.wording import as_step, split_command, typed_command

COMMAND_CHARS = 400
# batchbot's own commands are buttons.
_TYPED = re.compile(r"(?:redis-cli|docker|SELECT) (?:[^.,;]|\.(?=\S))+?(?= and |[.,;]|$)")


_OFFERED = (
    ("/trace ", "Trace it, to see where it got to."),
    ("/batch investigate ", "Investigate the batch."),
    ("/batch status ", "Investigate the batch."),
    ("/queue", "Look at the queue."),
    ("/logs ", "Read what the service logged."),
    ("/batch list", "Look which batches wait."),
    ("/alerts list", "Look at all of them."),
)


def in_words(step: Text) -> Text:
    """Return a command that a button runs as what it is for; any other step as it is."""
    command = typed_command(step)
    told = next((told for begin, told in _OFFERED if command.startswith(begin)), "")
    return told or split_command(step)[0]


def has_typed(step: Text) -> bool:
    """Say whether a step has something to copy."""
    return bool(_TYPED.search(_whole(step)))


def split_step(step: Text) -> tuple[Text, tuple[str, ...], str]:
    """Return what a step is for, the commands in it to copy, and what it says after them."""
    whole = _whole(step)
    found = list(_TYPED.finditer(whole))
    if not found:
        return as_step(step), (), ""
    told = whole[: found[0].start()].strip().rstrip(":") or "Type"
    typed = tuple(one.group().strip()[:COMMAND_CHARS] for one in found)
    return f"{told}:", typed, whole[found[-1].end() :].lstrip(" .,;")


def step_lines(step: Text, chars: int) -> str:
    """Return a step as mrkdwn: what it is for, its commands in a code block, what else it says."""
    told, typed, rest = split_step(step)
    if not typed:
        return f"→ {mrkdwn(told, chars)}"
    block = "\n".join(escape(one).replace("`", "ˋ") for one in typed)
    after = f"\n{mrkdwn(rest, chars)}" if rest else ""
    return f"→ {mrkdwn(told, chars)}\n```{block}```{after}"


def _whole(step: Text) -> str:
    return spelled(step, str) if isinstance(step, Words) else step
