"""How a batch's comparisons were handed to the provider: as recorded, else as lines say; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.batch import BatchHeader, PairCounts
from bot.domain.batch.modes import SYNONYMS
from bot.domain.log import LogEvent, Role

CJ_FIELD, PROVIDER_FIELD = "effective_llm_batching_mode", "queue_processing_mode"
NOT_RECORDED = "unknown (not recorded: its rows hold none, nor does a log line that was read)"
AROUND = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class LoggedModes:
    """The modes that log lines name: of a batch by CJ's, of a time by the provider's."""

    said: dict[int, str]
    worked: Sequence[tuple[datetime, str]]

    def of(self, header: BatchHeader, pairs: PairCounts) -> tuple[str, str]:
        """Return a batch's mode and what tells it besides its rows; both empty where nothing does.

        A batch whose time holds lines of two modes, or none, is unknown: never guessed.
        """
        if recorded := mode_name(header.batching_mode):
            return recorded, ""
        if said := self.said.get(header.batch_id):
            return said, "CJ's logs"
        worked = self._worked_in(pairs)
        return worked, "the LLM provider's logs" if worked else ""

    def _worked_in(self, pairs: PairCounts) -> str:
        """The one mode that lines of the batch's time name."""
        first, last = pairs.first_submitted_at, pairs.last_completed_at
        if first is None or last is None:
            return ""
        seen = {mode for at, mode in self.worked if first - AROUND <= at <= last + AROUND}
        return seen.pop() if len(seen) == 1 else ""


def logged_modes(events: Sequence[LogEvent]) -> LoggedModes:
    """Return the modes that these lines name."""
    said = {id: mode for event in events for id, mode in _said_by_cj(event)}
    return LoggedModes(said, _worked(events))


def mode_told(header: BatchHeader, pairs: PairCounts, events: Sequence[LogEvent]) -> str:
    """Return a batch's mode in words, with what tells it; or that nothing that was read does."""
    if recorded := mode_name(header.batching_mode):
        return recorded
    mode, by = logged_modes(events).of(header, pairs)
    return f"{mode} (by {by})" if by else mode or NOT_RECORDED


def mode_name(value: object) -> str:
    """Return the mode that a recorded value names, in its one spelling; empty for none."""
    word = value.strip() if isinstance(value, str) else ""
    return SYNONYMS.get(word, word)[:40]


def _said_by_cj(event: LogEvent) -> Iterable[tuple[int, str]]:
    mode = mode_name(event.fields.get(CJ_FIELD)) if event.role is Role.CJ else ""
    if not mode:
        return
    number = str(event.fields.get("cj_batch_id", event.fields.get("batch_id", "")))
    if number.isascii() and number.isdigit():
        yield int(number), mode


def _worked(events: Iterable[LogEvent]) -> list[tuple[datetime, str]]:
    return [
        (event.at, mode_name(mode))
        for event in events
        if event.role is Role.LLM_PROVIDER
        and event.at
        and (mode := event.fields.get(PROVIDER_FIELD))
    ]
