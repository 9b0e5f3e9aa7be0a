"""Takes a question to its one answer: admit, read, run within bounds, render, say, remember.

Knows nothing of Slack's wire format, nor of what a command does.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bot.access import Access
from bot.domain.evidence import Missing
from bot.domain.report import Report
from bot.errors import BatchbotError, DeniedError, SourceError, UsageError
from bot.metrics import Metrics
from bot.phrase import read_phrase
from bot.ports import Asker, Clock, CommandContext, Place, Renderer, Request, Sources, Speech, Views
from bot.registry import Command

log = logging.getLogger(__name__)

AUDIT_SECONDS = 2.0
HOME_COMMANDS = ("/queue", "/batch list", "/alerts")
HOME_BLOCKS = 4
HOME_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much work is done at once, how much may wait, and when which patience ends (seconds)."""

    running: int = 8
    waiting: int = 200
    source_timeout: float = 20.0
    deadline: float = 30.0
    progress_after: float = 2.0
    progress_every: float = 4.0
    grace: float = 10.0


@dataclass(frozen=True, slots=True)
class Order:
    """A question that was admitted and understood."""

    place: Place
    typed: str
    command: Command
    request: Request
    context: CommandContext
    public: bool


@dataclass
class Progress:
    """What a running command last said of itself."""

    began: float
    note: str = ""

    def __call__(self, note: str) -> None:
        """Take a note from the command."""
        self.note = note

    def told(self, now: float) -> str:
        """Return the note with the time that has gone by."""
        return f"{self.note + ', ' if self.note else ''}{int(now - self.began)} s"


@dataclass
class Desk:
    """Answers questions, each exactly once; `commands` and `sources` are what it can use."""

    commands: Mapping[str, Command]
    sources: Sources
    access: Access
    renderer: Renderer
    speech: Speech
    views: Views
    now: Clock
    metrics: Metrics = field(default_factory=Metrics)
    environment: str = ""
    prefix: str = ""
    bounds: Bounds = field(default_factory=Bounds)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.bounds.running)
        self._present: set[asyncio.Task[object]] = set()
        self._running: dict[str, tuple[str, asyncio.Task[Report]]] = {}
        self._run_ids = itertools.count(1)
        self._closing = False

    async def answer(self, place: Place, typed: str) -> None:
        """Answer one question in its place. Only what nobody foresaw raises."""
        began = time.monotonic()
        with self._attending():
            name, outcome = "-", "broken"
            try:
                order = self._order(place, typed)
                name = order.command.name
                report = await self._work(order)
                outcome = report.verdict.value
            except BatchbotError as error:
                outcome = type(error).__name__
                await self.refuse(place, error)
            finally:
                self.metrics.asked.labels(name, outcome).inc()
                self.metrics.answer.labels(name).observe(time.monotonic() - began)
            await self._remember(place, typed, outcome)

    async def refuse(self, place: Place, error: Exception, *, error_id: str = "") -> None:
        """Tell the asker alone why there is no answer."""
        await self.speech.private(place, self.renderer.error(error, error_id=error_id))

    async def offer(self, place: Place, lookups: Sequence[str]) -> None:
        """Answer with the one look-up that a message leads to, or let the asker choose."""
        if len(lookups) == 1:
            await self.answer(place, lookups[0])
            return
        with self._attending():
            try:
                self.access.admit(place)
                if not lookups:
                    raise UsageError(
                        "There is no id in that message.",
                        hint="I look for correlation ids, BOS batch ids and words like batch 34.",
                    )
            except BatchbotError as error:
                await self.refuse(place, error)
                return
            title = f"{len(lookups)} ids in that message: which one?"
            report = Report("trace", title, summary=title, actions=tuple(lookups))
            await self.speech.private(place, self.renderer.report(report))

    async def cancel(self, place: Place, run_id: str) -> None:
        """Stop a running command; its asker or an operator may."""
        with self._attending():
            asker, task = self._running.get(run_id, ("", None))
            try:
                asked_by = self.access.admit(place)
                if task is None:
                    raise UsageError("That command is no longer running.")
                if place.user != asker and not asked_by.operator:
                    raise DeniedError("Only the person who asked, or an operator, can cancel.")
            except BatchbotError as error:
                await self.refuse(place, error)
                return
            task.cancel("cancelled")

    async def home(self, user: str) -> None:
        """Publish a user's App Home: queue, batches and alerts in a line each, and the help."""
        with self._attending():
            place = Place(channel=user, user=user)
            if not self.access.knows(user):
                error = DeniedError(
                    "You are not on the list of people who may ask.",
                    hint="An operator can add you to SLACK_ALLOWED_USERS.",
                )
                await self.views.home(user, self.renderer.error(error)["blocks"])
                return
            typed = [*HOME_COMMANDS, "/help"]
            blocks = await asyncio.gather(*(self._glance(place, line) for line in typed))
            await self.views.home(user, [block for some in blocks for block in some])

    async def close(self) -> None:
        """Take no more questions, let the running ones end, and stop those that do not."""
        self._closing = True
        if self._present:
            await asyncio.wait(self._present, timeout=self.bounds.grace)
        for _, task in list(self._running.values()):
            task.cancel("closing")
        if self._present:
            await asyncio.wait(self._present, timeout=self.bounds.grace)

    @contextmanager
    def _attending(self) -> Iterator[None]:
        """Hold the current task, which nobody else does, and count it."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - always called inside a coroutine
        fresh = task not in self._present
        self._present.add(task)
        self.metrics.running.set(len(self._present))
        try:
            yield
        finally:
            if fresh:
                self._present.discard(task)
            self.metrics.running.set(len(self._present))

    def _order(self, place: Place, typed: str) -> Order:
        if self._closing:
            raise BatchbotError("I am being restarted.", hint="Ask again in a minute.")
        asker = self.access.admit(place)
        command, words = read_phrase(typed, self.commands, self.prefix)
        request = command.parse(words)
        if request.verb in command.operator_verbs and not asker.operator:
            raise DeniedError(
                f"Only operators may use {command.name} {request.verb}.",
                hint="Operators are listed in SLACK_OPERATORS.",
            )
        public = _is_public(request, asker.public)
        context = CommandContext(
            sources=self.sources,
            now=self.now,
            asker=replace(asker, public=public),
            environment=self.environment,
            timeout_seconds=self.bounds.source_timeout,
            progress=Progress(time.monotonic()),
            options=self.options,
        )
        return Order(place, typed, command, request, context, public)

    async def _work(self, order: Order) -> Report:
        if len(self._running) >= self.bounds.running + self.bounds.waiting:
            raise BatchbotError(
                f"I am busy with {len(self._running)} questions.", hint="Ask again in a minute."
            )
        run_id = str(next(self._run_ids))
        task = asyncio.create_task(self._run(order))
        self._running[run_id] = (order.place.user, task)
        stands_at, said = "", False
        try:
            stands_at = await self._progress(order, task, run_id)
            report = await _result(task)
            await self._say(order, report, stands_at)
            said = True
        finally:
            self._running.pop(run_id, None)
            task.cancel()
            if stands_at and not said:
                ended = self.renderer.working(order.typed, "ended without an answer")
                await self.speech.public(order.place, ended, ts=stands_at)
        return report

    async def _run(self, order: Order) -> Report:
        async with self._slots:
            try:
                async with asyncio.timeout(self.bounds.deadline):
                    return await order.command.run(order.request, order.context)
            except TimeoutError as error:
                raise BatchbotError(
                    f"There was no answer within {self.bounds.deadline:g} s.",
                    hint="Narrow it (an id, a shorter time), or see `/help` for what each reads.",
                ) from error

    async def _progress(self, order: Order, task: asyncio.Task[Report], run_id: str) -> str:
        """Show that work goes on once it takes long; return where the public message stands."""
        done, _ = await asyncio.wait({task}, timeout=self.bounds.progress_after)
        if done:
            return ""
        if not order.public:
            message = self.renderer.working(order.typed, "", run_id=run_id)
            await self.speech.private(order.place, message)
            await asyncio.wait({task})
            return ""
        ts = ""
        while not done:
            progress = order.context.progress
            note = progress.told(time.monotonic()) if isinstance(progress, Progress) else ""
            message = self.renderer.working(order.typed, note, run_id=run_id)
            ts = await self.speech.public(order.place, message, ts=ts) or ts
            wait = self.bounds.progress_every if ts else None
            done, _ = await asyncio.wait({task}, timeout=wait)
        return ts

    async def _say(self, order: Order, report: Report, stands_at: str) -> None:
        message = self.renderer.report(report)
        if order.public:
            await self.speech.public(order.place, message, ts=stands_at)
        else:
            await self.speech.private(order.place, message)

    async def _glance(self, place: Place, typed: str) -> list[Mapping[str, object]]:
        """Return the first blocks of a command's answer, for the App Home."""
        try:
            command, words = read_phrase(typed, self.commands, self.prefix)
            request = command.parse(words)
            context = CommandContext(
                self.sources,
                self.now,
                Asker(place.user, ""),
                self.environment,
                HOME_SECONDS,
                options=self.options,
            )
            async with asyncio.timeout(self.bounds.deadline):
                report = await command.run(request, context)
        except (BatchbotError, TimeoutError) as error:
            if isinstance(error, UsageError):
                return []
            return list(self.renderer.error(error)["blocks"])
        limit = None if command.name == "help" else HOME_BLOCKS
        return list(self.renderer.report(report)["blocks"][:limit])

    async def _remember(self, place: Place, typed: str, outcome: str) -> None:
        log.info("answered", extra={"typed": typed[:200], "user": place.user, "outcome": outcome})
        memory = self.sources.memory
        if memory is None or isinstance(memory, Missing):
            return
        try:
            async with asyncio.timeout(AUDIT_SECONDS):
                await memory.audit(place.user, place.channel, typed[:200], outcome)
        except (SourceError, TimeoutError) as error:
            log.warning("could not write the audit trail", exc_info=error)


def _is_public(request: Request, by_place: bool) -> bool:
    if "me" in request.options:
        return False
    return by_place or "here" in request.options


async def _result(task: asyncio.Task[Report]) -> Report:
    """Return the task's report; a run that was stopped on purpose is an answer in words."""
    await asyncio.wait({task})
    if task.cancelled():
        raise BatchbotError("That command was stopped before it had an answer.")
    return task.result()
