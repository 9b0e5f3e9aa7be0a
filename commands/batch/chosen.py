"""`/batch list stuck`, `faulty`, `unanswered` and `open`: the batches whose own line says so."""

from collections.abc import Sequence
from dataclasses import replace

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.marks import CHOICES, is_faulty, is_stuck
from bot.diagnosis.evidence.read import configured, read, rows_reading, without_rights
from bot.diagnosis.queue.evidence import collect as collect_queue
from bot.diagnosis.queue.report import diagnose as diagnose_queue
from bot.domain.batch import CANCELLED, BatchSummary
from bot.domain.evidence import DATABASE, Missing
from bot.domain.report import Report
from bot.domain.words import Text, words
from bot.ports import CommandContext
from bot.text.wording import many
from commands.batch.lines import facts, table
from commands.batch.listed_words import ListAsked, ListedTime
from commands.batch.row_marks import RowMarks, row_marks

STUCK, FAULTY = "stuck", "faulty"
OPEN = "open"
# The newest batches among which those are looked for that show a fault.
READ = 250
# So many of them are judged by all their rows, older ones by their counts.
JUDGED = 50
MOST_NAMED = 8
TOLD = {
    STUCK: ("waits longer than it should", "wait longer than they should", "waits too long"),
    FAULTY: ("failed or is flawed", "failed or are flawed", "shows a fault"),
    "unanswered": ("lacks an answer", "lack an answer", "lacks an answer"),
    OPEN: ("has not ended", "have not ended", "is under way"),
}
# These are read whole: a batch may wait behind many that ended.
READ_OPEN = (STUCK, OPEN)


async def chosen_batches(ask: ListAsked, window: ListedTime, context: CommandContext) -> Report:
    """Return the batches of one choice; those that were there in its time."""
    now = context.now()
    found = await _read(ask.choice, context)
    queue = await _queue(context) if ask.choice == STUCK else None
    if isinstance(found, Missing):
        unread = batch_report.unreadable("list", found)
        return unread if queue is None else _with_queue(unread, queue)
    recent = [one for one in found if window.holds(one)]
    if ask.choice == FAULTY:
        mine, marks = await _faulty(recent, ask.count, context)
    else:
        mine = [one for one in recent if CHOICES[ask.choice](one, now)]
        marks = await row_marks(context.sources, mine[: ask.count], now, deadline=context.deadline)
    shown = mine[: ask.count]
    waiting = 0 if ask.choice == STUCK else sum(is_stuck(one, now) for one in recent)
    told = _told(ask.choice, len(mine))
    hidden = found[0].hidden if found else ()
    report = Report(
        command="batch list",
        title="Batches",
        facts={
            "batches": facts(shown, marks.by_number),
            "choice": ask.choice,
        },
        sources=(rows_reading(found, hidden), *marks.readings),
        unreadable_need=bool(hidden),
        headline=told,
        summary=words(
            told,
            window.said(),
            "." if len(shown) == len(mine) else f"; the newest {len(shown)} are shown.",
            "" if ask.choice in READ_OPEN else within(found, window),
            f" Older ones than the newest {JUDGED} were judged by their counts."
            if ask.choice == FAULTY and len(recent) > JUDGED
            else "",
            f" {without_rights(hidden)}" if hidden else "",
            marks.words,
        ),
        lines=_besides(recent, waiting) if ask.choice == FAULTY else (),
        tables=(table(shown, marks.by_number, now),) if shown else (),
        actions=_actions(ask.choice, shown, waiting),
    )
    return report if queue is None else _with_queue(report, queue)


async def _faulty(
    recent: Sequence[BatchSummary], count: int, context: CommandContext
) -> tuple[list[BatchSummary], RowMarks]:
    """Return the batches that failed or are flawed, with the marks of the first `count` of them.

    The newest are judged as each one's own answer judges its rows; one under way by its counts.
    """
    now = context.now()
    newest = [
        one
        for one in recent[:JUDGED]
        if not is_stuck(one, now) and one.header.state != CANCELLED
        and (one.header.ended or is_faulty(one, now))
    ]  # fmt: skip
    older = [one for one in recent[JUDGED:] if is_faulty(one, now)]
    judged = [*newest, *older[:count]]
    marks = await row_marks(context.sources, judged, now, deadline=context.deadline)
    return [one for one in newest if marks.by_number[one.header.batch_id]] + older, marks


def _besides(recent: Sequence[BatchSummary], waiting: int) -> tuple[str, ...]:
    """Return what is listed beside those that failed: which wait, and which somebody cancelled."""
    wait = f"{many(waiting, 'batch', ('waits', 'wait'))} too long: /batch list stuck."
    ids = [str(one.header.batch_id) for one in recent if one.header.state == CANCELLED]
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    cancelled = f"{many(len(ids), 'batch', ('was', 'were'))} cancelled: "
    return (
        *((wait,) if waiting else ()),
        *((f"{cancelled}{', '.join(ids[:MOST_NAMED])}{more}.",) if ids else ()),
    )


async def _read(choice: str, context: CommandContext) -> Sequence[BatchSummary] | Missing:
    """Return the batches among which to choose, the newest first."""
    found = await read(
        DATABASE,
        context.sources.database,
        lambda one: one.open_batches() if choice in READ_OPEN else one.newest(limit=READ),
        context.deadline.next_timeout(),
    )
    if isinstance(found, Missing):
        return found
    return sorted(found, key=lambda one: one.header.batch_id, reverse=True)


async def _queue(context: CommandContext) -> Report:
    """Return what is to be said of the queue, in which stuck batches may wait."""
    now = context.now()
    evidence = await collect_queue(context.sources, now, deadline=context.deadline)
    if not configured(evidence.reading) and not evidence.loop_seen:
        return Report(command="queue", title="LLM queue", summary="LLM queue: not read")
    return diagnose_queue(evidence, now)


def _with_queue(report: Report, queue: Report) -> Report:
    """Return a list with the queue's state as its first line, and a button to it."""
    said = queue.headline or queue.summary
    told: Text = said if str(said).endswith(".") else words(said, ".")
    return replace(
        report,
        lines=(told, *report.lines),
        sources=(*report.sources, *queue.sources),
        unreadable_need=report.unreadable_need or queue.unreadable_need,
        actions=("/queue", *report.actions),
    )


def _told(choice: str, count: int) -> str:
    one, several, none = TOLD[choice]
    return many(count, "batch", (one, several)) if count else f"No batch that was read {none}"


def within(found: Sequence[BatchSummary], window: ListedTime) -> str:
    """Say among how many of the newest was looked, where older ones may be asked for too."""
    begin = window.begin
    if len(found) < READ or (begin is not None and found[-1].header.created_at < begin):
        return ""
    return f" Only the newest {len(found)} were looked at."


def _actions(choice: str, shown: Sequence[BatchSummary], waiting: int) -> tuple[str, ...]:
    looks = tuple(f"/batch investigate {one.header.batch_id}" for one in shown[:3])
    others = ("/batch list stuck",) if waiting and choice != STUCK else ()
    return (*looks, *others, "/alerts list" if choice == "unanswered" else "/batch list")
