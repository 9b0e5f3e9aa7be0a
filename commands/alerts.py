"""`/alerts`: what is open, who looks after it, what is quiet until when; changes are operators'."""

from dataclasses import replace
from datetime import datetime

from bot.diagnosis import alerts as judged
from bot.diagnosis.export.alert import folder, zipped
from bot.diagnosis.silences import asked_first, silenced, unsilenced, who
from bot.domain.alert import Alert
from bot.domain.evidence import MEMORY, Missing
from bot.domain.mute import ALL, Mute, MuteKind
from bot.domain.report import Attachment, Report
from bot.domain.words import when, words
from bot.errors import Blank, DeniedError, SourceError
from bot.ports import BotMemory, CommandContext, Request
from bot.registry import SlashCommand, Usage, detectors
from bot.text.redaction import redact
from bot.text.wording import sentence
from commands._choices import recent
from commands._moments import is_moment, until, window
from commands._words import (
    choose,
    lacking,
    misuse,
    nearest,
    shown,
    split_options,
    tokens,
    usage_lines,
)

USAGES = (
    Usage(
        "list [detector]",
        "what is open, who looks after it, what is quiet until when; of one detector also each "
        "alert that its storm speaks for",
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
DEFAULT_SNOOZE = "30m"
REASON_CHARS = 120
NOTE_CHARS = 200


def parse(text: str) -> Request:
    """Take a verb and its words; nothing means list. Raises UsageError.

    A change is confirmed to the person who made it alone: the others read it in the alert's thread.
    """
    lines = usage_lines("alerts", USAGES)
    # A star at a word's end is Slack's mark for bold, and here it is also a part of a pattern.
    given, options = split_options(tokens(text.replace("*", "%")), flags=("yes",), usage=lines)
    given = tuple(word.replace("%", "*") for word in given)
    asked = SYNONYMS.get(given[0].casefold(), given[0]) if given else "list"
    verb = choose(asked, VERBS)
    if verb is None:
        problem = f"{shown(asked)} is nothing /alerts can do."
        raise misuse(problem, "alerts", USAGES, word=asked, choices=VERBS)
    rest = tuple(given[1:])
    if verb in CHANGES:
        rest = (*rest[:1], *(w for i, w in enumerate(rest[1:]) if i or w.casefold() not in FILLERS))
    _check(verb, rest)
    if verb in CHANGES and "here" not in options:
        options["me"] = "yes"
    if verb == "export" and "me" not in options:
        options["here"] = "yes"
    return Request("alerts", verb, rest, options)


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


async def run(request: Request, context: CommandContext) -> Report:
    """Run one verb. Raises DeniedError, NotFoundError, UsageError or SourceError."""
    memory = _memory(context)
    if request.verb in CHANGES and not context.asker.operator:
        raise DeniedError(f"Only operators may {request.verb} alerts.", hint="See SLACK_OPERATORS.")
    match request.verb:
        case "list":
            return await _list(request.words, memory, context)
        case "history":
            return await _history(request.words, memory, context)
        case "export":
            return await _export(request.words[0], memory, context)
        case "ack":
            return await _acknowledge(request.words[0], memory, context)
        case "unack" | "wake" | "note":
            return await _changed(request, memory, context)
        case "snooze":
            return await _snooze(request.words, memory, context)
        case "unmute":
            return await _unmute(request.words[0], memory, context)
        case _:
            return await _mute(request, memory, context)


async def _list(given: tuple[str, ...], memory: BotMemory, context: CommandContext) -> Report:
    now = context.now()
    alerts, mutes = await memory.alerts(now), await memory.mutes(now)
    return judged.listing(alerts, mutes, now, _names(context), given[0] if given else "")


async def _history(given: tuple[str, ...], memory: BotMemory, context: CommandContext) -> Report:
    alerts = await memory.alerts(context.now(), history=True)
    key = judged.find(given[0], alerts).key if given else ""
    return judged.history(await memory.events(key), alerts, _names(context), key)


async def _acknowledge(word: str, memory: BotMemory, context: CommandContext) -> Report:
    now, user = context.now(), context.asker.user
    found = await _named(word, memory, now)
    alert = await memory.acknowledge(found.key, by=user, now=now)
    name = who(alert.acknowledged_by, _names(context))
    if alert.acknowledged_at != now:
        already = words(f"{name} looks after it", when(alert.acknowledged_at, " since "), ".")
        return replace(judged.changed(alert, "ack", already, acknowledged_by=name), shown_in=None)
    told = f"You look after it, and it is not repeated until it changes. {judged.end_told(alert)}"
    return judged.changed(alert, "ack", told, acknowledged_by=name)


async def _changed(request: Request, memory: BotMemory, context: CommandContext) -> Report:
    now, by = context.now(), context.asker.user
    key = (await _named(request.words[0], memory, now)).key
    if request.verb == "unack":
        alert = await memory.release(key, by=by, now=now)
        return judged.changed(alert, "unack", "Nobody looks after it now; it is repeated again.")
    if request.verb == "wake":
        alert = await memory.wake(key, by=by, now=now)
        return judged.changed(alert, "wake", "It is no longer snoozed.")
    text = redact(" ".join(request.words[1:]), NOTE_CHARS)
    alert = await memory.note(key, text, by=by, now=now)
    told = f"Kept: {text}. It is shown when this alert opens again."
    return replace(judged.changed(alert, "note", told, note=text), shown_in=None)


async def _snooze(given: tuple[str, ...], memory: BotMemory, context: CommandContext) -> Report:
    now = context.now()
    end = until(given[1] if len(given) > 1 else DEFAULT_SNOOZE, now, context.options.zone)
    found = await _named(given[0], memory, now)
    alert = await memory.snooze(found.key, end, by=context.asker.user, now=now)
    told = words(
        "Quiet",
        when(end, " until "),
        f", also if it resolves and comes back. {judged.end_told(alert)}",
    )
    return judged.changed(alert, "snooze", told, until=end)


async def _mute(request: Request, memory: BotMemory, context: CommandContext) -> Report:
    now, zone = context.now(), context.options.zone
    word, *rest = request.words
    begin: datetime | None = now
    end: datetime | None = None
    if request.verb == "maintenance":
        begin, end = window(rest.pop(0), now, zone)
        kind = MuteKind.MAINTENANCE
    else:
        kind = MuteKind.MUTE
        if rest and is_moment(rest[0]):
            end = until(rest.pop(0), now, zone)
    reason = redact(" ".join(rest), REASON_CHARS)
    alerts = await memory.alerts(now)
    pattern = await _pattern(word, memory, now)
    mute = Mute(pattern, end, reason, context.asker.user, begin, kind)
    if "yes" not in request.options and not await _means_something(mute, memory, now):
        rest_words = " ".join(request.words[1:])
        near = nearest(pattern, _detectors()) or ""
        return asked_first(f"/alerts {request.verb}", pattern, rest_words, near)
    await memory.mute(mute, now=now)
    return silenced(mute, [alert for alert in alerts if mute.matches(alert.key)])


async def _means_something(mute: Mute, memory: BotMemory, now: datetime) -> bool:
    """Say whether a silence could ever keep anything quiet: a detector, or an alert that was."""
    known = await memory.alerts(now, history=True)
    return any(mute.matches(key) for key in (*(one.key for one in known), *_detectors()))


def _detectors() -> tuple[str, ...]:
    return (*detectors(), *judged.OWN_DETECTORS, ALL)


async def _unmute(word: str, memory: BotMemory, context: CommandContext) -> Report:
    now = context.now()
    pattern = await _pattern(word, memory, now)
    count = await memory.unmute(pattern, by=context.asker.user, now=now)
    return unsilenced(pattern, count)


async def _pattern(word: str, memory: BotMemory, now: datetime) -> str:
    """Return what a silence is put on: an alert's number stands for its key."""
    if not word.removeprefix("#").isdecimal():
        return word
    return (await _named(word, memory, now)).key


async def _export(word: str, memory: BotMemory, context: CommandContext) -> Report:
    now = context.now()
    found = await _named(word, memory, now)
    recording = await memory.recording(found.key, now=now)
    count = sum(len(samples) for samples in recording.samples.values())
    if not count:
        raise SourceError(MEMORY, "The samples of that alert are not kept any more.")
    files = folder(recording)
    name = f"alert-{found.number}-{found.detector}.zip"
    middle = f" ({recording.left_out} in the middle left out)" if recording.left_out else ""
    told = f"{count} samples{middle} and {len(files) - 1} logs, redacted. Judge it again, as if "
    told += "nobody had silenced or acknowledged anything: "
    return Report(
        command="alerts export",
        title=f"Alert #{found.number} {found.key} as a recording",
        summary=words(told, f"batchbot replay --logs {name}"),
        facts={"key": found.key, "number": found.number, "samples": count, "file": name},
        attachments=(Attachment(name, zipped(files), f"Recording of {found.key}"),),
    )


async def _named(word: str, memory: BotMemory, now: datetime) -> Alert:
    """Return the alert a word means."""
    return judged.find(word, await memory.alerts(now, history=True))


def _memory(context: CommandContext) -> BotMemory:
    memory = context.sources.memory
    if memory is None or isinstance(memory, Missing):
        reason = memory.reason if memory else "it is not open here"
        raise SourceError(MEMORY, f"Alerts are in the bot's database: {sentence(reason)}")
    return memory


def _names(context: CommandContext) -> dict[str, str]:
    return dict(context.options.names)


COMMAND = SlashCommand(
    "alerts",
    "What is wrong now, who looks after it, and what is kept quiet?",
    USAGES,
    parse,
    run,
    operator_verbs=CHANGES,
    changes=CHANGES,
    memory_verbs=frozenset(VERBS),
    choices=recent,
)
