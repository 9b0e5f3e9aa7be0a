"""The LLM provider answers by a mock under a real provider's name: no model judges anything."""

import re
from typing import ClassVar

from bot.detectors._batches import place_told, sole
from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    QuietSettings,
    dated_events,
)
from bot.detectors._line_owners import OWNER_TEXTS, LineOwners, ties
from bot.diagnosis.batch.rules.worth import AT_ONCE, MOCK_MODE, took_no_time
from bot.diagnosis.comparison.failure_reasons import ids_of
from bot.diagnosis.evidence.system_state import is_mock
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Time, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

PROVIDER = "llm_provider_service"
# One answer of no time may be a clock that was set; a mock gives each so.
FEWEST = 2
# Of so many items it is remembered whose they are.
MOST_ITEMS = 2_000
_ASKED = re.compile(r"for provider (\w{1,40})")


class MockAnswers(EventCountDetector):
    """Watches the LLM provider's log for answers that took no time."""

    name: ClassVar[str] = "mock_answers"
    summary: ClassVar[str] = "Answers take no time: a mock gives them, and no model judges"
    needles: ClassVar[tuple[str, ...]] = (*AT_ONCE, *OWNER_TEXTS)
    rests_on: ClassVar[tuple[Role, ...]] = (Role.LLM_PROVIDER,)

    def __init__(self, settings: QuietSettings) -> None:
        super().__init__(settings)
        self._owners = LineOwners()

    def wants(self, event: LogEvent) -> bool:
        """Say whether an answer took no time, or a line tells of which batch a request is."""
        return _is_mocked(event) or ties(event)

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's answers that took no time."""
        events = dated_events(watch)
        known = {*[*self._owners.requests][-MOST_ITEMS:]}
        self._owners = self._owners.after((event for _, event in events), known)
        found = [
            Occurrence(
                f"{PROVIDER}_mock",
                at,
                event.container,
                redact(event.event),
                {"batch": next(filter(None, map(self._owners.batch_by_id, ids_of(event))), "")},
            )
            for at, event in events
            if _is_mocked(event)
        ]
        return self.sampled(watch, found if len(found) >= FEWEST else ())

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        batches = counted.told("batch")
        mine = sole(batches)
        look = Command(f"/batch investigate {mine}" if mine else "/batch list")
        answers = f"{many(counted.count, 'answer')}{place_told(batches, 'of')}"
        return Condition(
            subject=counted.subject,
            rule=MOCK_MODE,
            severity=Severity.ERROR,
            confidence=Confidence.HIGH,
            title=words(
                f"The LLM provider gave {answers} in no time since ",
                Time(counted.first_at),
                ": a mock answers, and no model judges. Next: ",
                look,
            ),
            since=counted.first_at,
            known=f"mock{place_told(batches, 'of')}",
            count=counted.fresh,
            headline=f"A mock answers in place of the model: {answers} in no time",
            lasts=False,
            why="With USE_MOCK_LLM the LLM provider answers by itself under the real name: its "
            "rows look valid.",
            evidence=counted.examples,
            next=(
                words(look),
                "Turn mock mode off in the LLM provider, then run what it answered again.",
            ),
            batch=mine,
        )


def _is_mocked(event: LogEvent) -> bool:
    """Say whether an answer took no time that a request did not ask a mock for."""
    if event.role is not Role.LLM_PROVIDER or not took_no_time(event):
        return False
    asked = _ASKED.search(event.event)
    return not (asked and is_mock(asked[1]))


DETECTOR = MockAnswers
