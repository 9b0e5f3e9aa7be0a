"""What may be typed after `/alerts`, and the request that it means."""

from bot.errors import Blank
from bot.ports import Request
from bot.registry import Usage
from commands._moments import is_moment
from commands._words import (
    choose,
    lacking,
    misuse,
    prose,
    shown,
    split_options,
    tokens,
    usage_lines,
)

USAGES = (
    Usage(
        "list [detector]",
        "what is open, who looks after it, what is quiet until when; of one detector also each "
        "alert that another one speaks for",
        "/alerts list",
    ),
    Usage(
        "ack <alert>", "say that you look after it: no repeats until it changes", "/alerts ack 3"
    ),
    Usage(
        "snooze <alert> [30m|2h|tomorrow]",
        "keep one alert quiet, also if it comes back; tomorrow begins at 8 in LOG_TIMEZONE",
        "/alerts snooze 3 2h",
    ),
    Usage(
        "mute <pattern> [for] [reason]",
        "keep a detector, a subject, a key with * or `all` quiet, until unmuted or for a time",
        "/alerts mute lost_callbacks 2h deploying",
    ),
    Usage("unack <alert>", "give it back: nobody looks after it any more", "/alerts unack 3"),
    Usage("wake <alert>", "end its snooze", "/alerts wake 3"),
    Usage(
        "note <alert> <text>",
        "keep what helped; it is shown when the alert opens again",
        "/alerts note 3 restarted the LLM provider",
    ),
    Usage("unmute <pattern>", "end a silence, a snooze or a maintenance", "/alerts unmute all"),
    Usage(
        "maintenance <pattern> <from..until> [reason]",
        "announce work: what it breaks stays quiet in that window",
        "/alerts maintenance all 22:00..23:30",
    ),
    Usage("history [alert]", "what happened to one alert, or to all", "/alerts history 3"),
    Usage(
        "export <alert>",
        "its samples and redacted log lines as a zip that `batchbot replay` judges again",
        "/alerts export 3",
    ),
)
VERBS = (
    *("list", "ack", "unack", "snooze", "wake", "note", "mute", "unmute", "maintenance"),
    *("history", "export"),
)
SYNONYMS = {"acknowledge": "ack", "unacknowledge": "unack", "silence": "mute", "unsnooze": "wake"}
CHANGES = frozenset({"ack", "unack", "snooze", "wake", "note", "mute", "unmute", "maintenance"})
WORDS = {"list": (0, 1), "ack": (1, 1), "unack": (1, 1), "snooze": (1, 2), "wake": (1, 1),
         "note": (2, 60), "mute": (1, 60), "unmute": (1, 1), "maintenance": (2, 60),
         "history": (0, 1), "export": (1, 1)}  # fmt: skip
ON_ALERT = ("ack", "unack", "snooze", "wake", "note", "export")
FILLERS = ("for", "until", "from")
# Behind these stands a person's prose.
TELLING = frozenset({"note", "mute", "maintenance"})
FLAGS = ("yes",)
QUOTES = tuple("'\"`“‘«„")


def parse(text: str) -> Request:
    """Take a verb and its words; nothing means list. Raises UsageError.

    A change is confirmed to the person who made it alone: the others read it in the alert's thread.
    """
    lines = usage_lines("alerts", USAGES)
    # A star at a word's end is Slack's mark for bold, and here it is also a part of a pattern.
    words = tokens(text.replace("*", "%"))
    first = _verb(words[0]).casefold() if words else ""
    flags = () if first == "note" else FLAGS
    given, options = split_options(words, flags=flags, usage=lines, tells=first in TELLING)
    given = tuple(word.replace("%", "*") for word in given)
    asked = _verb(given[0]) if given else "list"
    verb = choose(asked, VERBS)
    if verb is None:
        problem = f"{shown(asked)} is nothing /alerts can do."
        raise misuse(problem, "alerts", USAGES, word=asked, choices=VERBS)
    rest = tuple(given[1:])
    if verb in CHANGES:
        rest = (*rest[:1], *(w for i, w in enumerate(rest[1:]) if i or w.casefold() not in FILLERS))
    if verb in TELLING:
        rest = _as_typed(text, rest, verb)
    _check(verb, rest)
    if verb in CHANGES and "here" not in options:
        options["me"] = "yes"
    if verb == "export" and "me" not in options:
        options["here"] = "yes"
    return Request("alerts", verb, rest, options)


def _verb(word: str) -> str:
    return SYNONYMS.get(word.casefold(), word)


def _as_typed(text: str, rest: tuple[str, ...], verb: str) -> tuple[str, ...]:
    """Return what a person tells with its commas, quotes and signs, which say what is data."""
    timed = verb == "maintenance" or (verb == "mute" and len(rest) > 1 and is_moment(rest[1]))
    _, first, *told = prose(text, () if verb == "note" else FLAGS) if rest[1:] else ["", ""]
    told = told[told[:1] != [] and told[0].casefold() in FILLERS :][timed:]
    # A quotation that begins with the pattern goes on in what is told.
    opens = first[:1] if first[:1] in QUOTES and first[-1:] not in QUOTES else ""
    return (*rest[: 1 + timed], *(f"{opens}{word}" for word in told[:1]), *told[1:])


def _check(verb: str, given: tuple[str, ...]) -> None:
    least, most = WORDS[verb]
    if not given and verb in ON_ALERT:
        blank = Blank("alert", "alert")
        raise lacking(f"/alerts {verb} needs an alert.", "alerts", USAGES, blank, verb=verb)
    if verb == "note" and len(given) == 1:
        raise lacking("/alerts note needs what helped.", "alerts", USAGES, Blank("what helped"))
    if verb == "list" and given and given[0].removeprefix("#").isdecimal():
        raise misuse(f"{shown(given[0])} is no detector to list.", "alerts", USAGES)
    if not least <= len(given) <= most:
        problem = "is too long" if given else "needs an alert"
        problem = "needs a window such as 22:00..23:30" if verb == "maintenance" else problem
        raise misuse(f"/alerts {verb} {problem}.", "alerts", USAGES)
    if verb == "snooze" and len(given) == 2 and not is_moment(given[1]):
        raise misuse(f"{shown(given[1])} is no time to snooze for.", "alerts", USAGES)
    if verb == "maintenance" and ".." not in given[1]:
        raise misuse(f"{shown(given[1])} is no window such as 22:00..23:30.", "alerts", USAGES)
