"""A success line is an intention: what became of a callback is told by the lines around it."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.publishing.memory import Fate, PublisherMemory, memory_of
from bot.diagnosis.publishing.signs import NEEDLES
from bot.domain.log import LogEvent, Role
from tests.support.kafka_lines import (
    BREAKER_OPEN,
    RESTART,
    blocked,
    delivered,
    dropped,
    published,
    recovery,
    refused,
    requeued,
)

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def lines(*texts: str) -> list[LogEvent]:
    """Return the provider's lines, one a second."""
    return [
        LogEvent(START + timedelta(seconds=n), "llm_provider_service", "llm", Role.LLM_PROVIDER,
                 "info", text, text=text)
        for n, text in enumerate(texts)
    ]  # fmt: skip


def fates(*texts: str) -> dict[str, int]:
    memory = memory_of(lines(*texts))
    return dict(Counter(one.fate.value for one in (*memory.waiting, *memory.gone)))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (published(1), {}),
        (refused(1) + published(1), {"refused": 1}),
        (list(reversed(refused(1))) + published(1), {"refused": 1}),
        (blocked(1) + published(1), {"blocked": 1}),
        (refused(1, topic="usage.v1") + published(1), {}),
        (refused(1) + published(1) + published(2), {"refused": 1}),
        (refused(1) + published(1) + delivered(1), {"delivered": 1}),
        (refused(1) + published(1) + recovery(1, 0), {"delivered": 1}),
        (refused(1) + published(1) + RESTART, {"restarted": 1}),
        (refused(1) + published(1) + dropped(1), {"dropped": 1}),
        (RESTART + published(1), {}),
        (["Failed to publish callback event for request " + "0" * 8 + "-0000-4000-8000-"
          + "1".zfill(12) + ": no broker, correlation_id: x"], {"given_up": 1}),
        (["Failed to publish callback event for request " + "0" * 8 + "-0000-4000-8000-"
          + "1".zfill(12) + ": 2 validation errors for SomeResultV1\na\n  Field required"],
         {"invalid": 1}),
    ],
)  # fmt: skip
def test_what_became_of_one_callback(said: list[str], told: dict[str, int]) -> None:
    assert fates(*said) == told


def test_a_recovery_round_empties_the_memory_from_the_front() -> None:
    said = [line for n in (1, 2, 3) for line in refused(n) + published(n)]
    # The first is published, the second fails and goes to the end.
    memory = memory_of(lines(*said, *requeued(), *recovery(1, 2)))
    assert [one.queue_id[-1] for one in memory.waiting] == ["3", "2"]
    assert [(one.queue_id[-1], one.fate) for one in memory.gone] == [("1", Fate.DELIVERED)]


def test_a_message_that_goes_back_is_not_taken_for_a_new_one() -> None:
    said = refused(1) + published(1)
    again = refused(1)[-1:]
    assert fates(*said, *again, *published(2)) == {"refused": 1}


def test_the_breaker_is_open_until_a_line_or_a_restart_closes_it() -> None:
    opened = memory_of(lines(BREAKER_OPEN))
    assert opened.open_since == START
    assert memory_of(lines(BREAKER_OPEN, *RESTART)).open_since is None
    closed = BREAKER_OPEN.replace("OPEN. Blocking calls for 30.0s", "CLOSED.")
    assert memory_of(lines(BREAKER_OPEN, closed)).open_since is None
    assert memory_of(lines(*blocked(1))).open_since == START


def test_a_model_s_breaker_says_nothing_of_kafka() -> None:
    model = BREAKER_OPEN.replace("kafka_producer", "llm_anthropic")
    assert memory_of(lines(model)).open_since is None


def test_folding_in_parts_gives_what_folding_at_once_gives() -> None:
    said = lines(
        *refused(1), *published(1), *blocked(2), *published(2), *requeued(), *recovery(0, 2),
        *published(3), *delivered(2),
    )  # fmt: skip
    whole = PublisherMemory().after(said)
    for cut in range(len(said)):
        assert PublisherMemory().after(said[:cut]).after(said[cut:]) == whole


def test_every_line_that_is_read_holds_a_needle() -> None:
    said = [*refused(1), *blocked(1), *published(1), *delivered(1), *recovery(1, 0), *dropped(1),
            *requeued(), *RESTART[1:], BREAKER_OPEN]  # fmt: skip
    assert [line for line in said if not any(needle in line for needle in NEEDLES)] == []


@pytest.mark.parametrize(
    ("said", "unseen"),
    [
        ([*requeued(), *recovery(0, 11)], 11),
        ([*refused(1), *published(1), *requeued(), *recovery(0, 3)], 2),
        ([*requeued(), *recovery(0, 11), *recovery(11, 0)], 0),
        ([*requeued(), *recovery(0, 11), *RESTART], 0),
        # A round that Kafka took goes on with what remains.
        (recovery(5, 11), 0),
    ],
)
def test_what_was_refused_before_the_lines_begin_is_counted_by_a_refused_round(
    said: list[str], unseen: int
) -> None:
    memory = memory_of(lines(*said))
    assert (memory.unseen, memory.unseen_at is not None) == (unseen, unseen > 0)
