"""One comparison as it was found: its row, queue item, callbacks and lines, and its ledger."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.diagnosis.comparison.log_events import STEPS, LogClue, Outcome, Step
from bot.diagnosis.publishing.memory import Fate, HeldMessage
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS
from bot.domain.batch import PairRow
from bot.domain.callbacks.callback import SeenCallback
from bot.domain.evidence import Missing
from bot.domain.log import LogEvent, LogSearch, Role, Service
from bot.domain.queue import QueueItem
from bot.domain.words import Text

CJ_NAME, LPS_NAME = "cj_assessment_service", "llm_provider_service"
NO_SCORES = "the role may not read grade_projections"


class StepState(StrEnum):
    """What is known of one step."""

    SEEN = "seen"
    MISSING = "missing"
    NOT_APPLICABLE = "not_applicable"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class LedgerStep:
    """One step: its state, when and where it was seen, and a note such as why it is not checked."""

    step: Step
    state: StepState
    at: datetime | None = None
    service: str = ""
    source: str = ""
    note: Text = ""

    def as_fact(self) -> dict[str, Any]:
        """Return the step as plain values."""
        return {
            "step": self.step.value,
            "state": self.state.value,
            "at": self.at,
            "service": self.service,
            "source": self.source,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class ComparisonEvidence:
    """Everything that was found about one comparison.

    `pair` is its row, None when the database was read and has none, a Missing when it was not
    read. `looked_at` is when the queue was read to its end; None where it was not, so that a
    missing item proves nothing.
    `no_scores` says that the role may not read whether it was scored.
    `held` is its callback as the provider's publisher holds it, where Kafka did not take it.
    """

    pair: PairRow | Missing | None
    logs: LogSearch | Missing
    clues: tuple[LogClue, ...] = ()
    item: QueueItem | None = None
    looked_at: datetime | None = None
    callbacks: tuple[SeenCallback, ...] = ()
    dispatches: tuple[LogEvent, ...] = ()
    services: tuple[Service, ...] = ()
    held: HeldMessage | None = None
    no_scores: bool = False

    @property
    def unpublished(self) -> HeldMessage | None:
        """Its callback, where Kafka did not take it, whatever the success line says."""
        held, arrived = self.held, self.callbacks or self.of(Step.CONSUMED)
        return None if held is None or held.fate is Fate.DELIVERED or arrived else held

    @property
    def row(self) -> PairRow | None:
        """The pair's row where there is one."""
        return self.pair if isinstance(self.pair, PairRow) else None

    def of(self, step: Step, *outcomes: Outcome) -> tuple[LogClue, ...]:
        """Return the clues of a step, with one of the outcomes if any are given."""
        return tuple(
            clue
            for clue in self.clues
            if clue.step is step and (not outcomes or clue.outcome in outcomes)
        )

    def names(self, role: Role) -> frozenset[str]:
        """Return the names of the services that play a role."""
        return frozenset(service.name for service in self.services if service.role is role)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The nine steps in order."""

    steps: tuple[LedgerStep, ...]

    def __getitem__(self, step: Step) -> LedgerStep:
        return self.steps[STEPS.index(step)]

    @property
    def last_step(self) -> Step | None:
        """The furthest step that was seen."""
        return next((s.step for s in reversed(self.steps) if s.state is StepState.SEEN), None)

    @property
    def first_missing(self) -> Step | None:
        """The first step that should have left a trace and did not."""
        return next((s.step for s in self.steps if s.state is StepState.MISSING), None)


def is_dispatch(event: LogEvent) -> bool:
    """Return whether a line says that a bundle was dispatched."""
    return event.event.strip() in DISPATCH_EVENTS
