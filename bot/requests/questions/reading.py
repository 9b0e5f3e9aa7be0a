"""What a question was read as: a command line, or why there is none and what to offer."""

from dataclasses import dataclass

from bot.text.redaction import echoed

BUTTONS = ("/batch list", "/queue", "/help")
# What is said to whoever wants something changed.
ORDERS = "I change nothing on a plain question: a change is typed as a command, by an operator."


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question means: a command line, or why it could not be read and what to offer.

    `to_type` is a command that acts: it is shown to be typed, and offered by no button.
    `understood` is what of the question was read all the same: its ids, its time, its subject.
    `left_out` is what the command that was read leaves unanswered of the question.
    """

    line: str = ""
    problem: str = ""
    offers: tuple[str, ...] = BUTTONS
    to_type: str = ""
    understood: str = ""
    left_out: str = ""


def unread_as(problem: str, offers: tuple[str, ...] = BUTTONS, to_type: str = "") -> Reading:
    """Return that a question could not be read, with three commands to choose from."""
    # A word of the question may be anything, and everybody reads the buttons.
    found = [one for one in offers if echoed(one, len(one)) == one]
    more = (one for one in BUTTONS if one not in found)
    return Reading(problem=problem, offers=(*found, *more)[:3], to_type=to_type)
