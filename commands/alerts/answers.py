"""The verbs of `/alerts`: what is open, who looks after it, what is kept quiet until when."""

from dataclasses import replace
from datetime import datetime

from bot.diagnosis import alerts as judged
from bot.diagnosis.silences import asked_first, silenced, unsilenced, who
from bot.domain.alert import Alert
from bot.domain.evidence import MEMORY, Missing
from bot.domain.mute import ALL, Mute, MuteKind
from bot.domain.report import Attachment, Report
from bot.domain.words import Command, when, words
from bot.errors import DeniedError, SourceError
from bot.ports import BotMemory, CommandContext, Request
from bot.registry import detectors
from bot.text.redaction import noted
from bot.text.wording import many, sentence
from commands._moments import is_moment, until, window
from commands._words import nearest
from commands.alerts.request import CHANGES

DEFAULT_SNOOZE = "30m"
REASON_CHARS = 120
NOTE_CHARS = 200


async def answer(request: Request, context: CommandContext) -> Report:
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
    text = noted(" ".join(request.words[1:]), NOTE_CHARS)
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
    reason = noted(" ".join(rest), REASON_CHARS)
    alerts = await memory.alerts(now)
    pattern = await _pattern(word, memory, now)
    mute = Mute(pattern, end, reason, context.asker.user, begin, kind)
    if "yes" not in request.options and not await _means_something(mute, memory, now):
        spans = request.words[1 : len(request.words) - len(rest)]
        near = nearest(pattern, _detectors()) or ""
        shown_rest = " ".join(filter(None, (*spans, reason)))
        return asked_first(f"/alerts {request.verb}", pattern, shown_rest, near)
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
    from bot.diagnosis.export.alert import folder, zipped

    now = context.now()
    found = await _named(word, memory, now)
    recording = await memory.recording(found.key, now=now)
    count = sum(len(samples) for samples in recording.samples.values())
    if not count:
        raise SourceError(MEMORY, "The samples of that alert are not kept any more.")
    files = folder(recording)
    name = f"alert-{found.number}-{found.detector}.zip"
    middle = f" ({recording.left_out} in the middle left out)" if recording.left_out else ""
    told = f"{many(count, 'sample')}{middle} and {many(len(files) - 1, 'log')}, redacted. "
    told += "Judge it again, as if nobody had silenced or acknowledged anything: "
    return Report(
        command="alerts export",
        title=f"Alert #{found.number} {found.key} as a recording",
        summary=words(told, Command(f"batchbot replay --logs {name}")),
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
