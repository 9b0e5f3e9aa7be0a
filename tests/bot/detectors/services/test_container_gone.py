from dataclasses import replace
from datetime import timedelta

import pytest

from bot.alerts.policy.window import extended, resumed
from bot.detectors.services.container_gone import ContainerGone, ContainerGoneSettings
from bot.domain.alert import Sight, Window
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.service_state import ContainerState
from tests.support.scenes import NOW, TICK, ago, judged, played, told
from tests.support.watches import GivenWatch

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


AGAIN = replace(LPS, id="c3", started_at=NOW + timedelta(hours=1))


def _hour(*later: tuple[ContainerState, ...]) -> list[GivenWatch]:
    """Return an hour of looks at what the Engine lists, before it a quarter with the container."""
    before = [GivenWatch(ago(minutes=n), NOW, engine=(LPS,)) for n in range(15, 0, -1)]
    return before + [
        GivenWatch(NOW + timedelta(minutes=n), NOW, engine=later[min(n, len(later) - 1)])
        for n in range(61)
    ]


@pytest.mark.parametrize("later", [((),), ((ENDED,), ())])
async def test_a_container_that_was_removed_is_gone_until_one_of_its_service_runs(
    later: tuple[tuple[ContainerState, ...], ...],
) -> None:
    gone = _hour(*later)
    (condition,) = (await played(detector(), gone)).conditions
    assert condition.known == "is gone"
    assert "there is no container of it any more" in condition.title
    back = [replace(gone[-1], now=NOW + timedelta(minutes=n), engine=(AGAIN,)) for n in (61, 76)]
    assert told(await played(detector(), [*gone, back[0]])) == ["container-restarted"]
    judgement = await played(detector(), [*gone, *back])
    assert told(judgement) == []
    assert judgement.closing["llm_provider_service"] == "the container runs"


async def test_a_runner_that_was_removed_after_its_run_is_not_missed() -> None:
    run = GivenWatch(ago(minutes=1), NOW, engine=(LPS, RUNNER))
    assert told(await played(detector(), [run, GivenWatch(NOW, NOW, engine=(LPS,))])) == []


async def test_a_bot_that_starts_again_still_knows_what_is_gone() -> None:
    window: Window | None = None
    for watches in (_hour(())[:20], _hour(())[20:]):
        anew = detector()
        resumed(anew, window.samples if window else ())
        for watch in watches:
            keep = timedelta(seconds=anew.window_seconds)
            window = extended(window, await anew.sample(watch), keep)
            judgement = anew.judge(window, watch.now)
    assert told(judgement) == ["container-gone"]


async def test_an_engine_that_does_not_answer_is_no_health() -> None:
    watch = GivenWatch(NOW, NOW, engine=Missing("containers", "no Engine answers"))
    assert (await judged(detector(), watch)).sight is Sight.UNREADABLE
