"""Says which of the log texts that rules and detectors wait for occur in the logs at hand."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from bot.border.outside import raw
from bot.cli.doctor.examined import CheckState, Examined
from bot.domain.evidence import LOGS, Missing
from bot.domain.log import LogEvent, LogQuery, LogSearch
from bot.domain.needles import PROVENANCE, ReadInSource, Seen, texts_in
from bot.ports import Deadline, LogSource
from bot.ports.bounded import bounded_read

WHAT = "log texts"
SECONDS = 120.0
# The newest lines of each container; a text that they lack is looked for by itself.
MAX_EVENTS = 20_000
MAX_BYTES = 1 << 30


async def examine_log_texts(
    logs: LogSource | Missing | None, fix: str, tell: Callable[[str], None]
) -> list[Examined]:
    """Look for every text within a time; `tell` is given the progress."""
    if logs is None:
        return [Examined(WHAT, CheckState.SKIPPED, fix=fix)]
    if isinstance(logs, Missing):
        return [Examined(WHAT, CheckState.BROKEN, logs.reason, logs.hint or fix)]
    deadline = Deadline.after(SECONDS)
    tell("looking for all log texts at once")
    texts = tuple(PROVENANCE)
    first = await _searched(logs, texts, deadline, max_events=MAX_EVENTS)
    if isinstance(first, Missing):
        return [Examined(WHAT, CheckState.BROKEN, first.reason, first.hint or fix)]
    found, unread = counted(first.events), 0
    cut = any(one.truncated or one.matched > one.shown for one in first.coverage)
    rare = [text for text in texts if not found[text]] if cut else []
    for place, text in enumerate(rare):
        tell(f"looking for the rarer log texts, {place + 1} of {len(rare)}")
        answer = await _searched(logs, (text,), deadline, max_events=1)
        if isinstance(answer, Missing):
            unread += 1
        elif answer.events:
            found[text] = 1
    return list(said_of_texts(found, unread=unread))


def counted(events: Iterable[LogEvent]) -> Counter[str]:
    """Return in how many events each text occurs; pure."""
    return Counter(text for event in events for text in texts_in(raw(event.text)))


def said_of_texts(found: Counter[str], *, unread: int = 0) -> Iterable[Examined]:
    """Return a line in sum, and one for each text: whether it occurs, where it is known from."""
    here = [text for text in PROVENANCE if found[text]]
    detail = f"{len(here)} of the {len(PROVENANCE)} that rules wait for occur in these logs"
    if not here:
        yield Examined(WHAT, CheckState.WARNING, detail, "Check that SERVICES names their logs.")
    elif unread:
        rest = f"{detail}; {unread} were not looked for to the end"
        yield Examined(WHAT, CheckState.WARNING, rest, "Run it again with fewer logs or later.")
    else:
        yield Examined(WHAT, CheckState.OK, detail)
    for text, where in sorted(PROVENANCE.items(), key=lambda one: -found[one[0]]):
        state = CheckState.OK if found[text] else CheckState.ABSENT
        lines = f"lines {found[text]}; " if found[text] else ""
        yield Examined(f'"{text.strip()}"', state, f"{lines}{_known_from(where)}")


def _known_from(where: Seen | ReadInSource) -> str:
    if isinstance(where, Seen):
        return f"seen on {where.day} at {where.revision}"
    return f"read in {where.file}, {where.revision}"


async def _searched(
    logs: LogSource, texts: Sequence[str], deadline: Deadline, *, max_events: int
) -> LogSearch | Missing:
    query = LogQuery(any_of=tuple(texts), max_events=max_events, max_bytes=MAX_BYTES)
    return await bounded_read(LOGS, logs.search(query), deadline.next_timeout())
