"""Runs jobs within limits: so many at once, none without an end, each visible and cancellable."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.domain.report import Report
from bot.domain.words import Command, words
from bot.errors import BatchbotError, DeniedError, UsageError
from bot.ports import Asker
from bot.requests.admission import Limits
from bot.requests.answering import run_job
from bot.requests.job import Job
from bot.requests.questions.asking import subject_of
from bot.requests.replies import Replies
from bot.text.redaction import echoed


@dataclass(frozen=True, slots=True)
class Finished:
    """A job's report, and the ts of the public message that showed its progress, or ""."""

    report: Report
    progress_ts: str = ""


@dataclass
class JobProgress:
    """What a running command last noted; `began` is in seconds on the monotonic clock."""

    began: float
    note: str = ""

    def __call__(self, note: str) -> None:
        """Take a note from the command."""
        self.note = note

    def line(self, now: float) -> str:
        """Return the note with the time that has gone by."""
        return f"{self.note + ', ' if self.note else ''}{int(now - self.began)} s"


class JobRunner:
    """The jobs that run now, and those that wait for a place."""

    def __init__(self, replies: Replies, limits: Limits) -> None:
        self.limits = limits
        self._replies = replies
        self._slots = asyncio.Semaphore(limits.running)
        self._running: dict[str, tuple[str, asyncio.Task[Report]]] = {}
        self._ids = itertools.count(1)

    @asynccontextmanager
    async def run(self, job: Job) -> AsyncIterator[Finished]:
        """Run one job, show its progress, and yield its report to be said.

        Progress that still stands when no answer was said gives way to what is said instead.
        Raises BatchbotError when there is too much work, at the deadline and when cancelled.
        """
        if len(self._running) >= self.limits.running + self.limits.waiting:
            raise BatchbotError(
                f"I am busy with {len(self._running)} questions.", hint="Ask again in a minute."
            )
        run_id = str(next(self._ids))
        progress = JobProgress(time.monotonic())
        job = replace(job, context=replace(job.context, progress=progress))
        task = asyncio.create_task(self._in_turn(job))
        self._running[run_id] = (job.place.user, task)
        progress_ts, said = "", False
        try:
            progress_ts = await self._show_progress(job, progress, task, run_id)
            yield Finished(await _result(task), progress_ts)
            said = True
        except BatchbotError as error:
            error.replaces, said = progress_ts, True
            raise
        finally:
            self._running.pop(run_id, None)
            task.cancel()
            if progress_ts and not said:
                ended = self._replies.renderer.error(_endless(job))
                await self._replies.sender.public(job.place, ended, ts=progress_ts)

    def cancel(self, run_id: str, by: Asker) -> None:
        """Stop a running job; its asker or an operator may. Raises BatchbotError."""
        asker, task = self._running.get(run_id, ("", None))
        if task is None:
            raise UsageError("That command is no longer running.")
        if by.user != asker and not by.operator:
            raise DeniedError("Only the person who asked, or an operator, can cancel.")
        task.cancel("cancelled")

    def stop(self) -> None:
        """Stop everything that runs."""
        for _, task in list(self._running.values()):
            task.cancel("closing")

    async def _in_turn(self, job: Job) -> Report:
        seconds = self.limits.deadline
        async with self._slots:
            return await run_job(job, seconds)

    async def _show_progress(
        self, job: Job, progress: JobProgress, task: asyncio.Task[Report], run_id: str
    ) -> str:
        """Show that work goes on once it takes long; return the ts of the public message.

        What one person sees alone cannot be edited, except a modal: it is said once.
        """
        limits, replies, ts = self.limits, self._replies, ""
        if job.place.opens_modal and not job.public and not job.place.view_id:
            # Its trigger opens one modal, and that is for the answer.
            await asyncio.wait({task})
            return ts
        done, _ = await asyncio.wait({task}, timeout=limits.progress_after)
        while not done:
            lasting = job.public or bool(job.place.view_id)
            note = progress.line(time.monotonic()) if lasting else ""
            working = replies.renderer.working(job.typed, note, run_id=run_id)
            message = {**working, "subject": subject_of(job.line)}
            if job.public:
                ts = await replies.sender.public(job.place, message, ts=ts) or ts
            else:
                await replies.alone(job.place, message)
            again = bool(ts) or (lasting and not job.public)
            done, _ = await asyncio.wait({task}, timeout=limits.progress_every if again else None)
        return ts


def _endless(job: Job) -> BatchbotError:
    return BatchbotError(
        words(Command(echoed(job.typed)), " ended without an answer."), hint="Ask it again."
    )


async def _result(task: asyncio.Task[Report]) -> Report:
    """Return the task's report; a run that was stopped on purpose is an answer in words."""
    await asyncio.wait({task})
    if task.cancelled():
        raise BatchbotError("That command was stopped before it had an answer.")
    return task.result()
