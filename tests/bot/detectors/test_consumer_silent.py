import pytest

from bot.detectors.consumer_silent import ConsumerSilent, ConsumerSilentSettings
from bot.domain.callback import ConsumerBacklog
from bot.domain.log import Followed, LogEvent, Role
from tests.bot.detectors.scenes import NOW, TICK, played, told
from tests.bot.detectors.watches import GivenWatch, said

PUBLISHED = "Published success callback event for request 8f3a, correlation_id: 1, topic: t"
FAILED = "Failed to publish callback event for request 8f3a: no broker, correlation_id: 1"
TAKEN = "Processing LLM comparison callback for request 8f3a"
CJ = ("huleedu_cj_assessment_service", "huleedu_llm_provider_service")


def watches(
    texts: dict[int, str], containers: tuple[str, ...] = CJ, **more: object
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
        ({**SENT, 39: TAKEN}, (), ["consumer-silent"]),
        (SENT, ("huleedu_llm_provider_service",), []),  # nobody reads CJ's log
        (dict.fromkeys(range(7, 0, -1), PUBLISHED), CJ, []),  # it may still come
        ({36: PUBLISHED, 30: PUBLISHED}, CJ, []),
        (dict.fromkeys(SENT, FAILED), CJ, []),
        ({}, CJ, []),
    ],
)
async def test_a_consumer_that_takes_nothing_is_told(
    texts: dict[int, str], containers: tuple[str, ...], rules: list[str]
) -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    assert told(await played(detector, watches(texts, containers))) == rules


async def test_an_offset_beyond_the_topics_end_is_told_at_once_with_high_confidence() -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    backlog = ConsumerBacklog("cj_assessment_consumer_group", 0, beyond_end=True)
    (condition,) = (await played(detector, watches({}, consumer=backlog))).conditions
    assert (condition.known, condition.confidence.value) == ("beyond the end", "high")
