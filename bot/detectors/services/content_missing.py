"""CJ cannot fetch texts from the content service: it goes on without them, and ends as if whole.

An essay whose text is missing is left out, anchors that are missing mean no grades, and without its
prompt a batch is judged by less than was asked.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from bot.detectors._batches import place_told, sole
from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    dated_events,
)
from bot.diagnosis.batch.rules.content import (
    CONTENT_MISSING,
    LOOK_AT_ADDRESS,
    NOT_PREPARED,
    says_unreachable,
)
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Time, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

CONTENT_SERVICE = "content_service"
ESSAY, ANCHOR, PROMPT, RUBRIC = "essay", "anchor", "prompt", "rubric"
# What CJ says of each text that it could not fetch.
FETCHES = {
    NOT_PREPARED: ESSAY,
    "Failed to fetch anchor essay": ANCHOR,
    "Failed to fetch student prompt text": PROMPT,
    "Failed to fetch judge rubric text": RUBRIC,
}
_WHY = {
    ESSAY: "CJ leaves out an essay whose text it cannot fetch, and ends the batch without it.",
    ANCHOR: "Grades are read off the anchors: a batch without them ends with a ranking alone.",
    PROMPT: "CJ goes on without it: its essays are judged by less than was asked.",
}
_WHY[RUBRIC] = _WHY[PROMPT]
_STATUS = re.compile(r"HTTP (\d{3})")
NOT_FOUND, BLANK, EMPTY = "RESOURCE_NOT_FOUND", "INVALID_RESPONSE", "empty"


class ContentMissing(EventCountDetector):
    """Watches CJ's log for texts that it could not fetch."""

    name: ClassVar[str] = "content_missing"
    summary: ClassVar[str] = "CJ cannot fetch essays, anchors or prompts from the content service"
    needles: ClassVar[tuple[str, ...]] = (
        NOT_PREPARED,
        "Failed to fetch anchor essay",
        "Failed to fetch student prompt text",
        "Failed to fetch judge rubric text",
    )
    rests_on: ClassVar[tuple[Role, ...]] = (Role.CJ,)

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells of a text that could not be fetched."""
        return _kind(event) != ""

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's texts that could not be fetched."""
        found = [
            Occurrence(
                f"{CONTENT_SERVICE}_{_kind(event)}",
                at,
                event.container,
                redact(event.event),
                _extra(event),
            )
            for at, event in dated_events(watch)
            if self.wants(event)
        ]
        return self.sampled(watch, found)

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        kind = counted.subject.removeprefix(f"{CONTENT_SERVICE}_")
        batches, answers = counted.told("batch"), counted.told("answer")
        place, mine = place_told(batches, "of"), sole(batches)
        missing = f"{many(counted.count, kind)}{place}"
        away = not answers and bool(counted.told("unreachable"))
        answered = _answered(answers, counted.count) or ", not reached" * away
        word = "prepare" if kind == ESSAY else "fetch"
        line = f"/logs cj_assessment_service {word}"
        look = Command(f"/batch investigate {mine}" if mine else line)
        return Condition(
            subject=counted.subject,
            rule=CONTENT_MISSING,
            severity=Severity.ERROR if kind == ESSAY else Severity.WARN,
            confidence=Confidence.HIGH,
            title=words(
                f"CJ could not fetch {missing} from the content service{answered} since ",
                Time(counted.first_at),
                ". Next: ",
                look,
            ),
            since=counted.first_at,
            known=" ".join([*sorted(answers), *sorted(batches, key=int)]),
            count=counted.fresh,
            headline=f"CJ could not fetch {missing}{_answers(answers) or answered}",
            lasts=False,
            why=_WHY.get(kind, ""),
            evidence=counted.examples,
            next=(
                words(look),
                *((LOOK_AT_ADDRESS,) if away else ()),
                "Mend the content service, then run the batch again with all its texts.",
            ),
            batch=mine,
        )


DETECTOR = ContentMissing


def _kind(event: LogEvent) -> str:
    if event.role is not Role.CJ:
        return ""
    said = event.event
    return next((kind for text, kind in FETCHES.items() if said.startswith(text)), "")


def _extra(event: LogEvent) -> dict[str, Any]:
    status = _STATUS.search(event.event)
    batch = str(event.fields.get("cj_batch_id", ""))
    return {
        "batch": batch if batch.isdecimal() else "",
        "answer": f"HTTP {status[1]}" if status else _by_code(event),
        "unreachable": says_unreachable(event),
    }


def _by_code(event: LogEvent) -> str:
    """Return the answer that CJ's own code stands for; empty for another code."""
    if NOT_FOUND in event.text:
        return "HTTP 404"
    return EMPTY if BLANK in event.text else ""


def _answered(answers: Mapping[str, int], count: int) -> str:
    """Return what the content service answered, and for how many where that differs."""
    if not answers:
        return ""
    alone = len(answers) == 1 and sum(answers.values()) >= count
    told = (one if alone else f"{one} for {answers[one]}" for one in sorted(answers))
    return f" ({', '.join(told)})"


def _answers(answers: Collection[str]) -> str:
    return f" ({', '.join(sorted(answers))})" if answers else ""
