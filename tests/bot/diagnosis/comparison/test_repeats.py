"""Who repeated a callback is told by how often, and by how many, it was published."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from bot.diagnosis.comparison.log_events import LogClue, clue_of
from bot.diagnosis.comparison.repeats import (
    Repeat,
    publishers,
    publishes,
    repeat_of,
    requests_of,
)
from bot.domain.log import LogEvent, Role

AT = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
REQUEST = UUID(int=7)


def published(container: str, request: UUID = REQUEST) -> LogClue:
    said = f"Published success callback event for request {request}, correlation_id: {UUID(int=1)}"
    event = LogEvent(AT, "llm_provider_service", container, Role.LLM_PROVIDER, "info", said,
                     text=said)  # fmt: skip
    clue = clue_of(event)
    assert clue is not None
    return clue


@pytest.mark.parametrize(
    ("containers", "bundled", "repeat"),
    [
        ((), True, Repeat.UNKNOWN),
        (("one",), True, Repeat.KAFKA),
        (("one", "one"), True, Repeat.BUNDLE),
        (("one", "one"), False, Repeat.PROVIDER),
        (("one", "two"), True, Repeat.REPLICAS),
        (("one", "two"), False, Repeat.REPLICAS),
    ],
)
def test_who_published_it_again_tells_who_repeated_it(
    containers: tuple[str, ...], bundled: bool, repeat: Repeat
) -> None:
    clues = [published(one) for one in containers]
    by = publishers(clues).get(str(REQUEST), set())
    times = publishes(clues)[str(REQUEST)]
    assert repeat_of(times, bundled=bundled, replicas=len(by) > 1) is repeat


def test_what_was_queued_under_two_ids_was_handed_over_twice() -> None:
    """Each was published once: Kafka gave nothing again."""
    clues = [published("one", UUID(int=7)), published("one", UUID(int=8))]
    made = requests_of(clues)[str(UUID(int=1))]
    assert len(made) == 2
    times = publishes(clues)[str(REQUEST)]
    assert repeat_of(times, bundled=True, resent=len(made) > 1) is Repeat.RESENT
