"""The App Home: what needs somebody now, then the queue and the sources."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from bot.domain.evidence import Missing, SourceReading, SourceState, reading_of
from bot.domain.report import Report
from bot.errors import BatchbotError, DeniedError, UsageError
from bot.ports import Checkable, Overview, Place
from bot.ports.bounded import bounded_read
from bot.requests.admission import Admission
from bot.requests.answering import run_job
from bot.requests.job import Job
from bot.requests.replies import Replies

# What needs somebody now comes first.
GLANCES = ("/alerts", "/batch list", "/queue")
SOURCE_SECONDS = 5.0
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class AppHome:
    """Publishes App Homes."""

    admission: Admission
    replies: Replies

    async def publish(self, place: Place) -> None:
        """Publish a user's home; who may not ask reads who can change that."""
        user = place.user
        try:
            self.admission.access.refuse_strangers(place)
        except DeniedError as error:
            await self.replies.views.home(user, self.replies.renderer.error(error)["blocks"])
            return
        glances, sources = await asyncio.gather(
            asyncio.gather(*(self._glance(place, line) for line in GLANCES)),
            self.sources(),
        )
        overview = Overview(
            glances=[one for one in glances if one is not None],
            sources=sources,
            at=self.admission.now(),
        )
        await self.replies.views.home(user, self.replies.renderer.home(overview))

    async def sources(self) -> Sequence[SourceReading]:
        """Return the state of every source, each asked now."""
        known = self.admission.sources
        named = [(one.name, getattr(known, one.name)) for one in fields(known)]
        return await asyncio.gather(*(_state(name, source) for name, source in named))

    async def _glance(self, place: Place, typed: str) -> Report | BatchbotError | None:
        """Return a command's answer; None when this bot has no such command."""
        home = Place(place.user, place.user, home=True, teams=place.teams)
        try:
            job = self.admission.admit(home, typed)
            return await run_job(job, ANSWER_SECONDS) if isinstance(job, Job) else None
        except UsageError:
            return None
        except BatchbotError as error:
            return error


async def _state(name: str, source: Any) -> SourceReading:
    if source is None:
        return SourceReading(name, SourceState.NOT_CONFIGURED)
    if isinstance(source, Missing):
        return SourceReading(name, source.state, source.reason)
    checked: Checkable = source
    answer = await bounded_read(name, checked.check(), SOURCE_SECONDS)
    if isinstance(answer, Missing):
        return reading_of(answer)
    return SourceReading(name, SourceState.OK, answer)
