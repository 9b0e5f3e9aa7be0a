"""Runs orders within bounds: so many at once, none for ever, each to be seen and cancelled."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.domain.report import Report
from bot.errors import BatchbotError, DeniedError, UsageError
from bot.ports import Asker, Deadline
from bot.requests.admission import Bounds, Order, Progress
from bot.requests.replies import Voice

Say = Callable[[Order, Report, str], Awaitable[None]]


class Runs:
    """The commands that run now."""

    def __init__(self, voice: Voice, bounds: Callable[[], Bounds]) -> None:
        self._voice = voice
        self._bounds = bounds
        self._slots = asyncio.Semaphore(bounds().running)
        self._running: dict[str, tuple[str, asyncio.Task[Report]]] = {}
        self._ids = itertools.count(1)

    async def run(self, order: Order, say: Say) -> Report:
        """Run one order, show its progress, and say its report where that stands.

        Raises BatchbotError when there is too much work, at the deadline and when cancelled.
        """
        bounds = self._bounds()
        if len(self._running) >= bounds.running + bounds.waiting:
            raise BatchbotError(
                f"I am busy with {len(self._running)} questions.", hint="Ask again in a minute."
            )
        run_id = str(next(self._ids))
        task = asyncio.create_task(self._bounded(order))
        self._running[run_id] = (order.place.user, task)
        stands_at, said = "", False
        try:
            stands_at = await self._progress(order, task, run_id)
            report = await _result(task)
            await say(order, report, stands_at)
            said = True
        finally:
            self._running.pop(run_id, None)
            task.cancel()
            if stands_at and not said:
                ended = self._voice.renderer.working(order.typed, "ended without an answer")
                await self._voice.speech.public(order.place, ended, ts=stands_at)
        return report

    def cancel(self, run_id: str, by: Asker) -> None:
        """Stop a running command; its asker or an operator may. Raises BatchbotError."""
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

    async def _bounded(self, order: Order) -> Report:
        seconds = self._bounds().deadline
        async with self._slots:
            context = replace(order.context, deadline=Deadline.after(seconds))
            try:
                async with asyncio.timeout(seconds):
                    return await order.command.run(order.request, context)
            except TimeoutError as error:
                raise BatchbotError(
                    f"There was no answer within {seconds:g} s.",
                    hint="Narrow it (an id, a shorter time), or see `/help` for what each reads.",
                ) from error

    async def _progress(self, order: Order, task: asyncio.Task[Report], run_id: str) -> str:
        """Show that work goes on once it takes long; return where the public message stands.

        What one person sees alone cannot be edited, except a modal: it is said once.
        """
        bounds, voice, ts = self._bounds(), self._voice, ""
        done, _ = await asyncio.wait({task}, timeout=bounds.progress_after)
        while not done:
            progress = order.context.progress
            note = progress.told(time.monotonic()) if isinstance(progress, Progress) else ""
            lasting = order.public or bool(order.place.view_id)
            message = voice.renderer.working(order.typed, note if lasting else "", run_id=run_id)
            if order.public:
                ts = await voice.speech.public(order.place, message, ts=ts) or ts
            else:
                await voice.alone(order.place, message)
            again = bool(ts) or (lasting and not order.public)
            done, _ = await asyncio.wait({task}, timeout=bounds.progress_every if again else None)
        return ts


async def _result(task: asyncio.Task[Report]) -> Report:
    """Return the task's report; a run that was stopped on purpose is an answer in words."""
    await asyncio.wait({task})
    if task.cancelled():
        raise BatchbotError("That command was stopped before it had an answer.")
    return task.result()
