from dataclasses import replace
from datetime import timedelta

import pytest

from bot.detectors.container_gone import ContainerGone, ContainerGoneSettings
from bot.domain.alert import Sight
from bot.domain.evidence import Missing
from bot.domain.log import Followed
from bot.domain.service_state import ContainerState
from tests.bot.detectors.scenes import NOW, TICK, ago, judged, played, told
from tests.bot.detectors.watches import GivenWatch

LPS = ContainerState(
    "llm_provider_service", "huleedu_llm_provider_service", "a1", "running", ago(days=2)
)
ENDED = replace(LPS, state="exited", exit_code=137, out_of_memory=True)
ANEW = replace(LPS, id="b2", started_at=ago(minutes=2))
RUNNER = ContainerState("eng5_np_runner", "p-eng5_np_runner-run-1", "c", "exited", ago(hours=1))


def detector() -> ContainerGone:
    return ContainerGone(ContainerGoneSettings())


@pytest.mark.parametrize(
    ("later", "rules"),
    [
        ((LPS,), []),
        ((ENDED,), ["container-gone"]),
        ((), ["container-gone"]),
        ((ANEW,), ["container-restarted"]),
        ((LPS, replace(ENDED, id="old")), []),
        ((LPS, RUNNER), []),  # a runner ends when its run ends
    ],
)
async def test_a_container_that_ended_vanished_or_started_again_is_told(
    later: tuple[ContainerState, ...], rules: list[str]
) -> None:
    before = [GivenWatch(NOW - TICK * n, NOW, engine=(LPS,)) for n in range(20, 8, -1)]
    after = [GivenWatch(NOW - TICK * n, NOW, engine=later) for n in range(8, -1, -1)]
    assert told(await played(detector(), [*before, *after])) == rules


async def test_a_restart_that_the_logs_tell_is_over_after_a_quiet_while() -> None:
    logs = Followed(restarted=("huleedu_cj_assessment_service",))
    first = GivenWatch(ago(minutes=10), NOW, logs=logs)
    then = [GivenWatch(ago(minutes=10) + TICK * n, NOW, logs=Followed()) for n in range(1, 40)]
    judgement = await played(detector(), [first, *then])
    assert told(judgement, lambda c: c.subject) == ["cj_assessment_service"]
    late = replace(then[-1], now=NOW + timedelta(minutes=6))
    assert told(await played(detector(), [first, *then, late])) == []


async def test_an_engine_that_does_not_answer_is_no_health() -> None:
    watch = GivenWatch(NOW, NOW, engine=Missing("containers", "no Engine answers"))
    assert (await judged(detector(), watch)).sight is Sight.UNREADABLE
