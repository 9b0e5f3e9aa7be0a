"""`/logs`: a bounded search of the logs, redacted, with exact counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.border.outside import outside
from bot.border.passing import let_out
from bot.border.phrases import MARK
from bot.diagnosis.evidence import log_coverage
from bot.diagnosis.evidence.log_lines import counted, entry_of, said_of, shown_line
from bot.diagnosis.evidence.read import read
from bot.domain.evidence import LOGS, Missing
from bot.domain.log import LogEvent, LogQuery, LogSearch
from bot.domain.report import Report
from bot.domain.words import Span, Text, joined, when, words
from bot.ports import Deadline, Sources
from bot.text.log_words import EVERYWHERE
from bot.text.redaction import redact
from bot.text.wording import many, sentence

MAX_MATCHES = 40
MAX_SHOWN = 400
AS_A_WHOLE = "What may be data is looked for as a whole word, not as a part of one."
_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LogAsk:
    """What is looked for: `services` empty means all; `text` empty means every line.

    `also` holds other texts of the same meaning, such as the batch of a run label.
    """

    text: str
    services: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    context: int = 0
    levels: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether the text would not be shown: how often it stands in the logs is not said."""
        return let_out(self.text, len(self.text) + 1).text != " ".join(self.text.split())

    @property
    def is_exact(self) -> bool:
        """Whether it has to stand in a line whole: data could be guessed a letter at a time."""
        return self.is_private or self.text.isdecimal()


async def search(
    sources: Sources, ask: LogAsk, now: datetime, *, deadline: Deadline
) -> LogSearch | Missing:
    """Search the logs once, the newest matches first to be kept."""
    exact = ask.is_exact
    query = LogQuery(
        any_of=(ask.text, *ask.also) if ask.text else (),
        services=ask.services,
        since=ask.since,
        until=ask.until or now,
        max_events=MAX_SHOWN if exact else MAX_MATCHES,
        context=0 if exact else ask.context,
        levels=ask.levels,
        counts=True,
    )
    answer = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    return answer if isinstance(answer, Missing) or not exact else _exact(answer, ask)


def _exact(answer: LogSearch, ask: LogAsk) -> LogSearch:
    """Return the lines in which the text stands whole, not as a part of a word or a number."""
    told = " ".join(ask.text.split())
    texts = tuple("".join(text.split()) for text in ask.also)
    events = (
        one
        for one in answer.events
        if _stands_whole(told, " ".join(one.text.split()))
        or any(text in "".join(one.text.split()) for text in texts)
    )
    return replace(answer, events=tuple(events))


def _stands_whole(told: str, text: str) -> bool:
    at = text.find(told)
    while at >= 0:
        end = at + len(told)
        if not any(map(_is_of_word, (text[at - 1 : at], text[end : end + 1]))):
            return True
        at = text.find(told, at + 1)
    return False


def _is_of_word(char: str) -> bool:
    return char.isalnum() or char == "_"


async def named_logs(sources: Sources, *, deadline: Deadline) -> tuple[str, ...]:
    """Return the names of the logs that there are; empty where they cannot be listed."""
    found = await read(
        LOGS, sources.logs, lambda source: source.services(), deadline.next_timeout()
    )
    names = () if isinstance(found, Missing) else (str(outside(name)) for _, name in found)
    return tuple(dict.fromkeys(names))


def diagnose(ask: LogAsk, answer: LogSearch | Missing, there: Sequence[str] = ()) -> Report:
    """Return the lines with their counts; pure. `there` names the logs that there are."""
    events = _found(answer)[-MAX_SHOWN:]
    lines = [shown_line(event) for event in events]
    gaps = _gaps(ask, answer, there)
    unsearched = not events and bool(gaps)
    counts = _counts(ask, answer, events) | counted(lines)
    tells_count = not ask.is_exact
    return Report(
        command="logs",
        title=f"{_matching(counts, ask)} {redact(ask.text, 80) or 'anything'}",
        facts={
            "text": redact(ask.text, 120),
            "also": [redact(one) for one in ask.also],
            "services": list(ask.services) or [EVERYWHERE],
            "since": ask.since,
            "until": ask.until,
            **counts,
        },
        lines=_telling(ask, events),
        timeline=tuple(entry_of(*both) for both in zip(events, lines, strict=True)),
        sources=(log_coverage.reading(answer, tells_count=tells_count),),
        unreadable_need=isinstance(answer, Missing) or bool(answer.missing) or unsearched,
        found=isinstance(answer, Missing) or bool(events or answer.missing or unsearched),
        summary=_summary(ask, answer, counts, gaps),
    )


def _gaps(ask: LogAsk, answer: LogSearch | Missing, there: Sequence[str]) -> list[Text]:
    """Return a sentence on each part of the logs in which lines may match that are not shown."""
    absent = log_coverage.absent(answer, ask.services, there)
    unread, beyond = log_coverage.unread(answer), log_coverage.unsearched(answer)
    unfinished = log_coverage.unfinished(answer, MAX_MATCHES)
    return [one for one in (absent, unread, beyond, unfinished) if one]


def _telling(ask: LogAsk, events: Sequence[LogEvent]) -> tuple[Text, ...]:
    """Return the line to read first: of those that match the newest error, else the newest."""
    hits = [one for one in events if _hit(ask, one)]
    if not hits:
        return (AS_A_WHOLE,) if ask.is_private else ()
    errors = [one for one in hits if one.level in ("error", "critical")]
    one = max(errors or hits, key=lambda hit: hit.at or _NO_TIME)
    lead = "Newest error" if errors else "Newest"
    where = one.container or one.service
    return (words(f"{lead}, {where}", when(one.at, ", "), ": ", *words(said_of(one))),)


def newest_hit(ask: LogAsk, answer: LogSearch | Missing) -> datetime | None:
    """Return the time of the newest line that was found itself, None when none was."""
    return max((one.at for one in _found(answer) if one.at and _hit(ask, one)), default=None)


def _found(answer: LogSearch | Missing) -> tuple[LogEvent, ...]:
    return answer.events if isinstance(answer, LogSearch) else ()


def with_older(report: Report, back: timedelta | None, age: timedelta, again: str) -> Report:
    """Return an answer in which nothing matched, that leads to older lines which do."""
    that = words("of the last ", Span(back)) if back else "of that time"
    told = words("No line ", that, " matches; older ones do, the newest is ",
                 Span(age), " old")  # fmt: skip
    return replace(report, headline=told, actions=(again,))


def _counts(
    ask: LogAsk, answer: LogSearch | Missing, events: Sequence[LogEvent]
) -> dict[str, int | bool]:
    """Return what was counted: `matched` are lines that hold the text at the level and in the
    time asked for, `with_text` all lines scanned that hold it, both of those shown alone where the
    text is one that would not be shown (`counted` is false then). Where `least_count`, more lines
    may match than `matched`.
    """
    cover = answer.coverage if isinstance(answer, LogSearch) else ()
    cut = any(one.truncated for one in cover)
    hit = [_hit(ask, event) for event in _found(answer)]
    hits, shown = sum(hit), sum(hit[len(hit) - len(events) :])
    with_text = hits if ask.is_exact else max(hits, sum(one.matched for one in cover))
    matched = with_text if cut and not ask.levels else hits
    return {
        "scanned": sum(one.scanned for one in cover),
        "matched": shown if ask.is_private else matched,
        "with_text": shown if ask.is_private else with_text,
        "counted": not ask.is_private,
        "least_count": cut if ask.levels or ask.is_exact else any(one.is_least for one in cover),
        "shown": len(events),
        "cut_short": cut,
        "unreadable": sum(one.unreadable for one in cover),
    }


def _hit(ask: LogAsk, event: LogEvent) -> bool:
    """Say whether an event was found itself, not as a neighbour of one."""
    if ask.levels and event.level not in ask.levels:
        return False
    if event.at and not _in_time(ask, event.at):
        return False
    squeezed = "".join(event.text.split())
    told = [word for text in (ask.text, *ask.also) if (word := "".join(text.split()))]
    return not told or any(word in squeezed for word in told)


def _in_time(ask: LogAsk, at: datetime) -> bool:
    return (ask.since is None or at >= ask.since) and (ask.until is None or at <= ask.until)


def _summary(
    ask: LogAsk, answer: LogSearch | Missing, counts: Mapping[str, int | bool], gaps: Sequence[Text]
) -> Text:
    if isinstance(answer, Missing):
        return f"The logs cannot be read: {sentence(answer.reason)}"
    if gaps and not (answer.coverage or answer.missing):
        return joined(" ", gaps)
    matched, shown = counts["matched"], counts["shown"]
    begins = log_coverage.reaches_back_to(answer.coverage)
    horizon = when(begins, "; logs begin at ")
    level = f" at {ask.levels[0]} or worse" if ask.levels else ""
    after = words(level, when(ask.since, " since "), when(ask.until, " until "))
    of_those, gap = (" of those read", words(" ", joined(" ", gaps))) if gaps else ("", "")
    if not matched:
        bare = log_coverage.lineless(answer)
        silent = f" Without any line, new or damaged: {', '.join(bare)}." if bare else ""
        return words("No line", of_those, " matches", after, horizon, ".", gap, silent)
    least = "At least " if counts["least_count"] and counts["counted"] else ""
    context = " with the lines around them" if ask.context else ""
    is_cut = counts["cut_short"] or len(answer.events) > shown
    newest = ", the newest" if shown and is_cut else ""
    more = f", {shown:,} shown{context}{newest}"
    told = f"{least}{_matching(counts, ask)}"
    if ask.is_private:
        more = f"{context}{newest}"
    return words(told, after, more, horizon, ".", gap, _hidden(counts))


def _hidden(counts: Mapping[str, int | bool]) -> str:
    """Return how much of the lines is not shown, and where whoever may read it finds it."""
    pieces, fields = int(counts["replaced"]), int(counts["fields_left_out"])
    lines = int(counts["lines_with_replaced"])
    told = [f"{many(pieces, 'piece')} replaced by {MARK}"] if pieces else []
    told += [f"{many(fields, 'field')} left out"] if fields else []
    if not told:
        return ""
    return (
        f" Not shown, since it may be data: {' and '.join(told)} in {many(lines, 'line')};"
        " the whole stands in the container's log at the line's time."
    )


def _matching(counts: Mapping[str, int | bool], ask: LogAsk) -> str:
    """Return how many lines match; of a text that would not be shown, whether any does."""
    count = int(counts["matched"])
    if ask.is_private:
        return "some of the lines match" if count else "no line matches"
    return many(count, "line", ("matches", "match"))
