"""Takes a question to its one answer: admit, read, run within bounds, render, say, remember.

Knows nothing of Slack's wire format, nor of what a command does.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.evidence import Missing
from bot.domain.report import Report
from bot.errors import BatchbotError, LackingError, SourceError, UsageError
from bot.monitoring.metrics import Metrics
from bot.ports import Clock, CommandOptions, Place, Renderer, Sources, Speech, Views
from bot.registry import Command
from bot.requests.access import Access
from bot.requests.admission import Bounds, Counter, Order
from bot.requests.app_home import Home
from bot.requests.forms import Filled, Forms
from bot.requests.jobs import Runs
from bot.requests.replies import Voice
from bot.requests.sharing import Shares

log = logging.getLogger(__name__)

AUDIT_SECONDS = 2.0


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
    options: CommandOptions = field(default_factory=CommandOptions)

    def __post_init__(self) -> None:
        self._voice = Voice(self.speech, self.views, self.renderer)
        self._counter = Counter(
            self.commands,
            self.sources,
            self.access,
            self.now,
            self.environment,
            self.prefix,
            self.options,
        )
        self._runs = Runs(self._voice, lambda: self.bounds)
        self._forms = Forms(self._counter, self._voice)
        self._home = Home(self._counter, self._voice)
        self._shares = Shares(self._voice, self.access, self.now)
        self._present: set[asyncio.Task[object]] = set()
        self._closing = False

    async def answer(self, place: Place, typed: str) -> None:
        """Answer one question in its place. Only what nobody foresaw raises."""
        began = time.monotonic()
        with self._attending():
            name, outcome = "-", "broken"
            try:
                order = self._counter.take(place, typed, closing=self._closing)
                name = order.command.name
                order = await self._in_sight(order)
                place = order.place
                report = await self._runs.run(order, self._say)
                outcome = report.verdict.value
            except LackingError as lack:
                outcome = "asked back"
                await self._forms.ask(place, *self._counter.read(typed), lack)
            except BatchbotError as error:
                outcome = type(error).__name__
                await self.refuse(place, error)
            finally:
                self.metrics.asked.labels(name, outcome).inc()
                self.metrics.answer.labels(name).observe(time.monotonic() - began)
            await self._remember(place, typed, outcome)

    async def refuse(self, place: Place, error: Exception, *, error_id: str = "") -> None:
        """Tell the asker alone why there is no answer."""
        await self._voice.refuse(place, error, error_id=error_id)

    def filled(self, user: str, carried: str, values: Mapping[str, str]) -> Filled:
        """Return the line that a form makes; pure. Raises FormError with what is wrong."""
        return self._forms.filled(user, carried, values)

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
            await self._voice.alone(place, self.renderer.report(report))

    async def cancel(self, place: Place, run_id: str) -> None:
        """Stop a running command; its asker or an operator may."""
        with self._attending():
            try:
                self._runs.cancel(run_id, self.access.admit(place))
            except BatchbotError as error:
                await self.refuse(replace(place, view_id=""), error)

    async def share(self, place: Place, id: str) -> None:
        """Make an answer public that its asker saw alone."""
        with self._attending():
            await self._shares.share(place, id)

    async def home(self, user: str) -> None:
        """Publish a user's App Home: queue, batches, alerts and sources as they are now."""
        with self._attending():
            await self._home.publish(user)

    def waiting(self, typed: str) -> Mapping[str, Any]:
        """Return the modal that stands where an answer will be shown."""
        return self.renderer.sheet(self.renderer.working(typed, ""))

    async def close(self) -> None:
        """Take no more questions, let the running ones end, and stop those that do not."""
        self._closing = True
        if self._present:
            await asyncio.wait(self._present, timeout=self.bounds.grace)
        self._runs.stop()
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

    async def _in_sight(self, order: Order) -> Order:
        """Open the modal in which somebody who asked from the App Home reads the answer."""
        place = order.place
        if not place.home or place.view_id or not place.trigger_id:
            return order
        view_id = await self.views.open(place.trigger_id, self.waiting(order.typed))
        return replace(order, place=replace(place, view_id=view_id))

    async def _say(self, order: Order, report: Report, stands_at: str) -> None:
        report = replace(report, command=order.typed)
        message = self.renderer.report(report)
        if order.public:
            await self.speech.public(order.place, message, ts=stands_at)
        elif order.place.home:
            await self._voice.alone(order.place, message)
        else:
            share = self._shares.new_id()
            self._shares.keep(share, order.place, message)
            await self._voice.alone(order.place, self.renderer.report(report, share=share))

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
