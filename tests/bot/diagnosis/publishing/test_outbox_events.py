"""An event that CJ's relay calls published is told as kept where its publisher kept it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.publishing.memory import Fate
from bot.diagnosis.publishing.outbox_events import kept_events
from bot.domain.log import LogEvent, Role

START = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
BATCH, EVENT = "42ef0516-239b-557c-b0dd-d5cf8400ff06", "02ea5a1f-4db5-4275-bc83-8a2b74cbb03e"
MESSAGE = "5352ba4c-6226-458c-aa82-24ff1fa071a4"
TOPIC = "huleedu.cj_assessment.completed.v1"
OPEN = (
    "Circuit breaker is open for Kafka publisher 'cj_assessment_producer', queuing message for "
    f"topic '{TOPIC}'"
)
KEPT = f"Queued message for retry: topic='{TOPIC}', event_id={MESSAGE}, queue_size=1"
SENT = "Publishing event from outbox to Kafka"
DONE = "Successfully published event from outbox"


def fates(*said: str, role: Role = Role.CJ) -> list[tuple[str, Fate]]:
    events = []
    for second, text in enumerate(said):
        fields = {"event_id": EVENT, "event_type": TOPIC} if "from outbox" in text else {}
        more = {"aggregate_id": BATCH} if text == SENT else {}
        at = START + timedelta(seconds=second)
        events.append(LogEvent(at, "cj", "cj", role, "info", text, fields=fields | more, text=text))
    return [(str(one.aggregate), one.fate) for one in kept_events(events)]


@pytest.mark.parametrize(
    ("after", "fate"),
    [
        ((), Fate.BLOCKED),
        (("Starting Kafka recovery loop",), Fate.RESTARTED),
        (("Recovery batch complete: processed=1, failed=0, remaining=0",), Fate.DELIVERED),
        (("Recovery batch complete: processed=0, failed=1, remaining=1",), Fate.BLOCKED),
        (
            (f"Successfully published queued message: topic='{TOPIC}', event_id={MESSAGE}",),
            Fate.DELIVERED,
        ),
    ],
)
def test_an_event_behind_an_open_breaker_is_kept_until_it_is_sent_or_lost(
    after: tuple[str, ...], fate: Fate
) -> None:
    assert fates(SENT, OPEN, KEPT, DONE, *after) == [(BATCH, fate)]


@pytest.mark.parametrize(
    "said",
    [
        (SENT, DONE),
        # A refusal that is no open breaker is raised, and the relay tries again.
        (SENT, f"Kafka publish failed for topic '{TOPIC}': x. Queuing message for retry.", KEPT),
        (OPEN, KEPT, SENT, DONE),
    ],
)
def test_an_event_that_was_sent_or_is_tried_again_is_not_kept(said: tuple[str, ...]) -> None:
    assert fates(*said) == []


def test_only_the_relay_of_cj_is_read() -> None:
    assert fates(SENT, OPEN, KEPT, DONE, role=Role.LLM_PROVIDER) == []
