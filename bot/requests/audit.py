"""Writes the audit trail: who asked for what, where, and with which outcome."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.deferred import Pattern
from bot.domain.evidence import MEMORY, Missing
from bot.errors import SourceError
from bot.text.redaction import ELLIPSIS, plain, presented, redact

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.ports import BotMemory, Place, Sources
    from bot.requests.job import Job

AUDIT_SECONDS = 2.0
BEGUN = "asked"
CHARS = 200
_WORD = Pattern(r"[^\s/,.:;!?'\"`]{2,60}")

log = logging.getLogger(__name__)


async def begin(job: Job) -> None:
    """Write a change down before it is made.

    Raises SourceError when the bot's database is there and does not take it: then the change must
    not be made. A command that needs the database says itself that there is none.
    """
    memory = _memory(job.context.sources)
    if memory is None:
        return
    try:
        async with asyncio.timeout(AUDIT_SECONDS):
            await memory.audit(job.place.user, job.place.channel, redact(job.typed, CHARS), BEGUN)
    except TimeoutError as error:
        raise SourceError(
            MEMORY, "the audit trail did not take it, so nothing was changed", timed_out=True
        ) from error


async def end(sources: Sources, place: Place, typed: str, outcome: str) -> None:
    """Write down how a question ended; what cannot be written is logged."""
    outcome = _without(typed, presented(outcome, CHARS))
    typed = redact(typed, CHARS)
    log.info("answered", extra={"typed": typed, "user": place.user, "outcome": outcome})
    memory = _memory(sources)
    if memory is None:
        return
    try:
        async with asyncio.timeout(AUDIT_SECONDS):
            await memory.audit(place.user, place.channel, typed, outcome)
    except (SourceError, TimeoutError) as error:
        log.warning("could not write the audit trail", exc_info=error)


def outcome_of(job: Job, report: Report) -> str:
    """Return the outcome in words: what a change did, else the verdict."""
    return str(report.summary) if job.is_change else report.verdict.value


def failure_of(error: Exception) -> str:
    """Return the outcome of a question that was refused or failed."""
    return f"{type(error).__name__}: {error}"


def _without(typed: str, outcome: str) -> str:
    """Return an outcome in which no word that was typed stands, but those that may be shown.

    A refusal repeats a word to the person who typed it alone.
    """
    for word in sorted(set(_WORD.findall(plain(typed))), key=len, reverse=True):
        if word in outcome and redact(word) != word:
            outcome = outcome.replace(word, ELLIPSIS)
    return outcome


def _memory(sources: Sources) -> BotMemory | None:
    memory = sources.memory
    return None if isinstance(memory, Missing) else memory
