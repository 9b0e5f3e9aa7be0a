"""What an alert rests on, and what can be done by hand: lines that are folded below it."""

from collections.abc import Iterator

from bot.catalogue.links import help_line
from bot.domain.alert import Alert, Condition
from bot.domain.report import UNPROVEN, unproven_files
from bot.domain.words import Text
from bot.slack.blocks.mrkdwn import code, date_token, mrkdwn, quoted
from bot.slack.blocks.typed_steps import has_typed, in_words, step_lines
from bot.text.privacy import said
from bot.text.wording import split_command, typed_command

LINE_CHARS = 300

PUT_BACK = "Press “Put it back …”: it asks first, and the worker takes the item anew."


def remedy(condition: Condition, *, can_put_back: bool = False) -> Text:
    """Return the first step in words; where all are commands, the first that nothing offers.

    An item that a button of the message puts back need not be taken out by hand.
    """
    if can_put_back:
        return PUT_BACK
    steps = [one for one in condition.next if not typed_command(one)]
    plain = next((one for one in steps if not has_typed(one)), "")
    return split_command(plain)[0] or next(map(in_words, (*steps, *condition.next)), "")


def evidence(alert: Alert, *, is_digest: bool) -> Iterator[str]:
    """Yield what an alert rests on, whether that is unproven, then its rule and key."""
    condition = alert.condition
    for one in condition.evidence:
        at = f"{date_token(one.at)} " if one.at else ""
        yield f"• {at}{mrkdwn(one.source, 60)}: {quoted(said(one.text), LINE_CHARS)}"
    if is_digest:
        return
    if unproven_files(condition.evidence):
        yield f"• {UNPROVEN}"
    if condition.headline:
        yield str(mrkdwn(said(condition.title), LINE_CHARS))
    yield f"{code(help_line(condition.rule), 60)} · {code(alert.key, 200)}"


def by_hand(condition: Condition, *, can_put_back: bool = False) -> Iterator[str]:
    """Yield the other steps; what is to be copied stands in a code block of its own."""
    first = remedy(condition, can_put_back=can_put_back)
    for step in condition.next:
        if step == first or typed_command(step):
            continue
        yield step_lines(said(step), LINE_CHARS)
