"""What an alert rests on, and what can be done by hand: lines that are folded below it."""

import re
from collections.abc import Iterator

from bot.domain.alert import Alert, Condition
from bot.domain.words import Text, Words, spelled
from bot.slack.blocks.mrkdwn import code, date_token, escape, mrkdwn, quoted
from bot.text.privacy import said
from bot.text.wording import as_step, typed_command

LINE_CHARS = 300
COMMAND_CHARS = 400
# Commands of a shell or a database in a step; batchbot's own are buttons.
_TYPED = re.compile(r"(?:redis-cli|docker|SELECT) (?:[^.,;]|\.(?=\S))+?(?= and |[.,;]|$)")


_OFFERED = (
    ("/trace ", "Trace it, to see where it got to."),
    ("/batch investigate ", "Investigate the batch."),
    ("/batch status ", "Investigate the batch."),
    ("/queue", "Look at the queue."),
)


def remedy(condition: Condition) -> Text:
    """Return the first step in words; where all are commands, the first that nothing offers."""
    steps = [one for one in condition.next if not typed_command(one)]
    plain = next((one for one in steps if not _TYPED.search(_whole(one))), "")
    return plain or next(map(_in_words, (*steps, *condition.next)), "")


def _in_words(step: Text) -> Text:
    """Return a command that a button runs as what it is for; any other step as it is."""
    command = typed_command(step)
    return next((told for begin, told in _OFFERED if command.startswith(begin)), step)


def evidence(alert: Alert, *, is_digest: bool) -> Iterator[str]:
    """Yield what an alert rests on, then its rule and key."""
    condition = alert.condition
    for one in condition.evidence:
        at = f"{date_token(one.at)} " if one.at else ""
        yield f"• {at}{mrkdwn(one.source, 60)}: {quoted(said(one.text), LINE_CHARS)}"
    if is_digest:
        return
    if condition.headline:
        yield str(mrkdwn(said(condition.title), LINE_CHARS))
    yield f"{code(condition.rule, 60)} · {code(alert.key, 200)}"


def by_hand(condition: Condition) -> Iterator[str]:
    """Yield the other steps; what is to be copied stands in a code block of its own."""
    first = remedy(condition)
    for step in condition.next:
        if step == first or typed_command(step):
            continue
        whole = _whole(said(step))
        typed = [one.strip() for one in _TYPED.findall(whole)]
        if not typed:
            yield f"→ {mrkdwn(said(as_step(step)), LINE_CHARS)}"
            continue
        told = whole[: whole.index(typed[0])].strip().rstrip(":") or "Type"
        block = "\n".join(escape(one[:COMMAND_CHARS]).replace("`", "ˋ") for one in typed)
        yield f"→ {mrkdwn(told, LINE_CHARS)}:\n```{block}```"


def _whole(step: Text) -> str:
    return spelled(step, str) if isinstance(step, Words) else step
