"""Takes a question to its one answer: admit, read, run within limits, render, say, audit.

Knows nothing of Slack's wire format, nor of what a command does.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.report import Report
from bot.errors import BatchbotError, UsageError
from bot.monitoring.metrics import Metrics
from bot.ports import Place, Way
from bot.requests import audit
from bot.requests.admission import Admission, Incomplete
from bot.requests.app_home import AppHome
from bot.requests.forms import Filled, Forms
from bot.requests.job import Job
from bot.requests.jobs import Finished, JobRunner
from bot.requests.questions.asking import Questions, subject_of
from bot.requests.replies import TYPED_IN_PUBLIC, Replies
from bot.requests.sharing import Shares

FILE = "file"


@dataclass
class Dispatcher:
    """Answers questions, each exactly once."""

    admission: Admission
    jobs: JobRunner
    forms: Forms
    app_home: AppHome
    questions: Questions
    shares: Shares
    replies: Replies
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self._present: set[asyncio.Task[object]] = set()
        self._closing = False

    async def answer(self, place: Place, typed: str) -> None:
        """Answer one question in its place. Raises only unexpected errors."""
        began = time.monotonic()
        with self._attending():
            name, outcome, words = "-", "broken", ""
            try:
                meant = await self.questions.meant(place, typed)
                job = self._admitted(place, meant.typed)
                if isinstance(job, Incomplete):
                    outcome = words = "asked back"
                    await self.forms.ask(job)
                else:
                    name = job.command.name
                    read_as = job.typed if meant.is_read else ""
                    job = replace(job, read_as=read_as, left_out=meant.left_out)
                    job = await self._in_sight(job)
                    place = job.place
                    report = await self._answered(job)
                    outcome, words = report.verdict.value, audit.outcome_of(job, report)
            except BatchbotError as error:
                outcome, words = type(error).__name__, audit.failure_of(error)
                await self.refuse(place, error)
            finally:
                self.metrics.asked.labels(name, outcome).inc()
                self.metrics.answer.labels(name).observe(time.monotonic() - began)
            await audit.end(self.admission.sources, place, typed, words)

    async def refuse(self, place: Place, error: Exception, *, error_id: str = "") -> None:
        """Show the asker alone why there is no answer."""
        await self.replies.refuse(place, error, error_id=error_id)

    def filled(self, user: str, carried: str, values: Mapping[str, str]) -> Filled:
        """Return the line that a form makes; pure. Raises FormError with what is wrong."""
        return self.forms.filled(user, carried, values)

    async def offer(self, place: Place, lookups: Sequence[str]) -> None:
        """Answer with the one look-up that a message leads to, or let the asker choose."""
        if len(lookups) == 1:
            await self.answer(place, lookups[0])
            return
        with self._attending():
            try:
                self.admission.access.admit(place)
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
            await self.replies.alone(place, self.replies.renderer.report(report))

    async def cancel(self, place: Place, run_id: str) -> None:
        """Stop a running command; its asker or an operator may."""
        with self._attending():
            try:
                self.jobs.cancel(run_id, self.admission.access.admit(place))
            except BatchbotError as error:
                await self.refuse(replace(place, view_id=""), error)

    async def share(self, place: Place, id: str) -> None:
        """Make an answer public that its asker saw alone."""
        with self._attending():
            await self.shares.share(place, id)

    async def home(self, place: Place) -> None:
        """Publish a user's App Home: queue, batches, alerts and sources as they are now."""
        with self._attending():
            await self.app_home.publish(place)

    def waiting(self, typed: str) -> Mapping[str, Any]:
        """Return the modal that stands where an answer will be shown."""
        return self.replies.renderer.sheet(self.replies.renderer.working(typed, ""))

    async def close(self) -> None:
        """Take no more questions, let the running ones end, and stop those that do not."""
        self._closing = True
        if self._present:
            await asyncio.wait(self._present, timeout=self.jobs.limits.grace)
        self.jobs.stop()
        if self._present:
            await asyncio.wait(self._present, timeout=self.jobs.limits.grace)

    @contextmanager
    def _attending(self) -> Iterator[None]:
        """Count the current task, and keep a reference to it, which asyncio does not."""
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

    def _admitted(self, place: Place, typed: str) -> Job | Incomplete:
        if self._closing:
            raise BatchbotError("I am being restarted.", hint="Ask again in a minute.")
        return self.admission.admit(place, typed)

    async def _in_sight(self, job: Job) -> Job:
        """Open the modal in which who pressed something reads an answer that is theirs alone.

        A trigger lives three seconds, so it opens before anything is read. A change is often said
        by the message whose button was pressed: its modal opens once there is more to say.
        """
        place = job.place
        alone = not job.public and not job.is_change
        wanted = place.home or (alone and (place.opens_modal or job.asks_for_yes))
        if not wanted or place.view_id or not place.trigger_id:
            return job
        view_id = await self.replies.views.open(place.trigger_id, self.waiting(job.typed))
        return replace(job, place=replace(place, view_id=view_id, trigger_id=""))

    async def _answered(self, job: Job) -> Report:
        async with self.jobs.run(job) as finished:
            await self._say(job, finished)
        return finished.report

    async def _say(self, job: Job, finished: Finished) -> None:
        if _shows_itself(job.place, finished.report):
            return
        report = self._placed(job, finished.report)
        whole = FILE in job.request.options
        rendered = self.replies.renderer.report(report, whole=whole)
        message = {**rendered, "subject": subject_of(job.line)}
        is_public = job.public and not _is_for_asker(job.place, finished.report)
        if finished.progress_ts and not is_public:
            await self.replies.leave(job.place, finished.progress_ts)
        if is_public:
            await self.replies.sender.public(job.place, message, ts=finished.progress_ts)
        elif job.place.home or job.place.view_id or job.place.opens_modal or whole:
            await self.replies.alone(job.place, message)
        else:
            share = self.shares.new_id()
            self.shares.keep(share, job.place, message)
            await self.replies.alone(job.place, self.replies.renderer.report(report, share=share))

    def _placed(self, job: Job, report: Report) -> Report:
        """Return an answer with what was asked, where, and by whom where everybody reads it."""
        said_already = job.place.way in TYPED_IN_PUBLIC
        by = "" if said_already or not job.public else self.admission.access.called(job.place)
        return replace(
            report,
            command=job.typed,
            read_as=job.read_as,
            left_out=job.left_out,
            environment=self.admission.environment,
            asked_by=by,
            is_change=job.is_change,
        )


def _shows_itself(place: Place, report: Report) -> bool:
    """Say whether the message whose button was pressed shows the outcome by itself."""
    pressed = place.way is Way.PRESS and report.shown_in is not None
    return pressed and report.shown_in == (place.channel, place.thread_ts)


def _is_for_asker(place: Place, report: Report) -> bool:
    """Say whether an answer concerns its asker alone: help, and what was not found.

    In a conversation it is the reply all the same.
    """
    help_ = report.command.rpartition(" ")[2] == "help"
    return place.way not in TYPED_IN_PUBLIC and (help_ or not report.found)
