from dataclasses import replace
from datetime import timedelta

import pytest

from bot.detectors.callbacks.consumer_silent import ConsumerSilent, ConsumerSilentSettings
from bot.domain.alert import Sample
from bot.domain.callbacks.callback import ConsumerBacklog
from bot.domain.log import Followed, LogEvent, Role
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch, said

PUBLISHED = "Published success callback event for request 8f3a, correlation_id: 1, topic: t"
FAILED = "Failed to publish callback event for request 8f3a: no broker, correlation_id: 1"
TAKEN = "Processing LLM comparison callback for request 8f3a"
PROVIDER = {"huleedu_llm_provider_service": Role.LLM_PROVIDER}
CJ = {**PROVIDER, "huleedu_cj_assessment_service": Role.CJ}


def watches(
    texts: dict[int, str], containers: dict[str, Role] = CJ, **more: object
) -> list[GivenWatch]:
    """Return forty ticks; `texts` says what is logged at which, counted from the last."""
    found = []
    for n in range(40, -1, -1):
        at = NOW - TICK * n
        events: tuple[LogEvent, ...] = (
            (said(at, texts[n], role=Role.LLM_PROVIDER),) if n in texts else ()
        )
        logs = Followed(events, containers=containers)
        found.append(GivenWatch(at, at - TICK, logs=logs, **more))  # type: ignore[arg-type]
    return found


SENT = dict.fromkeys(range(36, 10, -4), PUBLISHED)


@pytest.mark.parametrize(
    ("texts", "containers", "rules"),
    [
        (SENT, CJ, ["consumer-silent"]),
        ({**SENT, 2: TAKEN}, CJ, []),
        ({**SENT, 39: TAKEN}, {}, ["consumer-silent"]),
        (SENT, {"assessor-7f9": Role.CJ}, ["consumer-silent"]),
        (SENT, PROVIDER, []),  # nobody reads CJ's log
        (dict.fromkeys(range(7, 0, -1), PUBLISHED), CJ, []),  # it may still come
        ({36: PUBLISHED, 30: PUBLISHED}, CJ, []),
        (dict.fromkeys(SENT, FAILED), CJ, []),
        ({}, CJ, []),
    ],
)
async def test_a_consumer_that_takes_nothing_is_told(
    texts: dict[int, str], containers: dict[str, Role], rules: list[str]
) -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    assert told(await played(detector, watches(texts, containers))) == rules


async def test_an_offset_beyond_the_topics_end_is_told_at_once_with_high_confidence() -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    backlog = ConsumerBacklog("cj_assessment_consumer_group", 0, beyond_end=True)
    (condition,) = (await played(detector, watches({}, consumer=backlog))).conditions
    assert (condition.known, condition.confidence.value) == ("beyond the end", "high")


async def test_that_publishing_ends_is_no_recovery() -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    late = [
        GivenWatch(NOW + TICK * n, NOW + TICK * (n - 1), logs=Followed((), containers=CJ))
        for n in range(1, 200)
    ]
    assert told(await played(detector, [*watches(SENT), *late])) == ["consumer-silent"]
    took = said(late[-1].now + TICK, TAKEN, role=Role.CJ)
    end = GivenWatch(took.at or NOW, NOW, logs=Followed((took,), containers=CJ))
    judgement = await played(detector, [*late, end])
    assert (told(judgement), judgement.closing["cj_assessment_service"]) == (
        [],
        "CJ takes callbacks again",
    )


@pytest.mark.parametrize("behind", [1, 45, 600])
async def test_a_clock_of_cj_that_is_behind_is_no_silence(behind: int) -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    sent = watches(SENT)
    for watch in sent:
        assert isinstance(watch.logs, Followed)
        if watch.logs.events:
            took = said(watch.now - timedelta(seconds=behind), TAKEN, role=Role.CJ)
            watch.logs = replace(watch.logs, events=(took, *watch.logs.events))
    assert told(await played(detector, sent)) == []


async def test_another_process_goes_on_with_what_was_seen() -> None:
    first, later = watches(SENT)[:36], watches(SENT)[36:]
    before, after = (ConsumerSilent(ConsumerSilentSettings()) for _ in range(2))
    for watch in first:
        sample = await before.sample(watch)
    after.resume((sample,))
    assert told(await played(after, later)) == ["consumer-silent"]


async def test_a_sample_that_cannot_be_read_is_forgotten() -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    detector.resume((Sample(NOW, {"untaken": {"first": "soon"}}),))
    assert told(await played(detector, watches({}))) == []
