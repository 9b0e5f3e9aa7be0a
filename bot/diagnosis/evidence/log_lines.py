"""A line of a log as `/logs` shows it: what it said, its ids, counts and states."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from bot.border.field import MOST_FIELDS, flat, told
from bot.border.outside import QUOTES, raw
from bot.border.passing import NO_NAME, Passed, let_out
from bot.border.phrases import MARK
from bot.border.shapes import is_id, is_package
from bot.domain.log import LogEvent
from bot.domain.report import TimelineEntry
from bot.domain.words import Id, Text, words
from bot.text.redaction import HIDDEN, UUID, clip, head_of, presented
from bot.text.wording import many

MOST_RAW = 400
MOST_SAID, MOST_LINE = 320, 520
# Of what an exception says: its first line, and the first line of the one it was raised from.
MOST_OF_ERROR, LEAST_SAID = 160, 160
# With less room of the lines behind a message only their number is told.
LEAST_BEHIND = 40
_TRACEBACK = "Traceback (most recent call last)"
# As much as is read first of the one line that tells most.
MOST_FIRST = 160
# Told before the other fields, since a long line has no room for all.
FIRST_FIELDS = (
    "correlation_id",
    "request_id",
    "queue_id",
    "cj_batch_id",
    "batch_id",
    "bos_batch_id",
    "bundle_size",
    "queue_processing_mode",
    "queue_current_size",
    "queue_queued_count",
    "status",
    "status_code",
    "new_state",
    "error_code",
    "error_type",
    "exception_type",
    "provider",
)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """What may be shown of an event: its text, pieces replaced in it, and fields left out."""

    text: str
    replaced: int = 0
    left_out: int = 0


def shown_line(event: LogEvent) -> ShownLine:
    """Return what may be shown of an event, and how much of it is not."""
    said = _said(event)
    # A line without a message is shown as it stands, its fields in it.
    fields, left_out = _fields(event) if event.event else ({}, 0)
    line = f"[{event.level}] {said.text}" if event.level else str(said.text)
    for name, value in fields.items():
        more = f", {name}: {value}"
        # A field has room as a whole or not at all, so that no id is cut in two.
        if len(line) + len(more) > MOST_LINE:
            left_out += 1
        else:
            line += more
    behind = _behind(event, MOST_LINE - len(line))
    shown = presented(line + behind.text, MOST_LINE)
    replaced = said.replaced + behind.replaced
    return ShownLine(shown, replaced + shown.count(HIDDEN) - line.count(HIDDEN), left_out)


def _behind(event: LogEvent, room: int) -> Passed:
    """Return the lines without a head that follow an event's message, and how many they are.

    A service's `print` and the words of its libraries stand so; a traceback is the event's error.
    """
    lines = raw(event.text).split("\n")[raw(event.event).count("\n") + 1 :]
    told = [line for line in takewhile(lambda line: _TRACEBACK not in line, lines) if line.strip()]
    if not told:
        return Passed("")
    lead = f" (+{many(len(told), 'line')}"
    room -= len(lead) + len(": )")
    passed = let_out(head_of("\n".join(told)), room) if room > LEAST_BEHIND else Passed("")
    said = f": {passed.text}" if passed.text else ""
    return Passed(f"{lead}{said})", passed.replaced)


def said_of(event: LogEvent) -> Text:
    """Return what an event said in whole words, for where one line of it is read first."""
    said = UUID.split(clip(presented(_said(event).text), MOST_FIRST))
    return words(*(Id(part) if place % 2 else part for place, part in enumerate(said)))


def _said(event: LogEvent) -> Passed:
    error = _raised(event)
    room = max(LEAST_SAID, MOST_SAID - len(error.text))
    said = let_out(head_of(raw(event.event or event.text[:MOST_RAW])), room)
    alone = raw(event.event).strip(QUOTES)
    if is_id(alone) and not is_package(alone) and alone != raw(event.text).strip(QUOTES):
        # A field's one id and no word may be anybody's; a line that is one id was written so.
        return Passed(f"{MARK}{error.text}", 1 + error.replaced)
    return Passed(said.text + error.text, said.replaced + error.replaced)


def _raised(event: LogEvent) -> Passed:
    """Return an event's error by its class, and what it and the one behind it say of the cause."""
    error = event.error
    if error is None:
        return Passed("")
    told = [_of_error(event, raw(error.kind), raw(error.message))]
    if error.cause and error.chain and raw(error.cause) != raw(error.message):
        told.append(_of_error(event, raw(error.chain[0]), raw(error.cause)))
    said = " from ".join(one.text for one in told if one.text)
    return Passed(f" ({said})" if said else "", sum(one.replaced for one in told))


def _of_error(event: LogEvent, kind: str, message: str) -> Passed:
    """Return a class and what its exception says, as far as it may be shown.

    Each is judged by itself and not with the event's text, behind whose password it would be taken
    for a piece of it. What the event says already is not said again.
    """
    named = let_out("" if kind == NO_NAME else kind)
    if not message or message in raw(event.event):
        return named
    passed = let_out(head_of(f"{kind}: {message}"), MOST_OF_ERROR)
    begins = passed.text.removeprefix(f"{named.text}: ")
    if begins == passed.text or not any(map(str.isalpha, begins)):
        return Passed(named.text, named.replaced + 1)
    return passed


def _fields(event: LogEvent) -> tuple[dict[str, str], int]:
    """Return the fields that may be shown, FIRST_FIELDS first, and how many may not."""
    found: dict[str, str] = {}
    left_out = 0
    for name, value in islice(flat(event.fields), MOST_FIELDS):
        if value is None or value == "":
            continue
        word = told(name, value)
        if word is None:
            left_out += 1
        else:
            found[name] = word
    first = {name: found.pop(name) for name in FIRST_FIELDS if name in found}
    return {**first, **found}, left_out


def entry_of(event: LogEvent, line: ShownLine) -> TimelineEntry:
    """Return one line; of one that is not shown whole, also where it stands."""
    hidden = [f"{line.replaced} replaced"] if line.replaced else []
    hidden += [f"{many(line.left_out, 'field')} left out"] if line.left_out else []
    if hidden and event.offset is not None:
        file = f"'s file {event.log_file}" if event.log_file else ""
        hidden.append(f"at byte {event.offset} of its log{file}")
    tail = f" ({', '.join(hidden)})" if hidden else ""
    return TimelineEntry(
        event.at, event.service, event.container, f"{clip(line.text, MOST_LINE)}{tail}"
    )


def counted(lines: Sequence[ShownLine]) -> dict[str, int]:
    """Return how much of the lines is not shown."""
    return {
        "replaced": sum(line.replaced for line in lines),
        "fields_left_out": sum(line.left_out for line in lines),
        "lines_with_replaced": sum(bool(line.replaced or line.left_out) for line in lines),
    }
