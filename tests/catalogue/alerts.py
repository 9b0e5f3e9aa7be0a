"""Alerts that no report says as a finding: of simulated cases, and of a folder of logs."""

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

from bot.alerts.policy.inhibition import Decided
from bot.alerts.policy.lifecycle import PolicySettings, decide_all
from bot.alerts.policy.storm import folded
from bot.alerts.self_monitoring.failed_detectors import judge_failed_detectors
from bot.alerts.self_monitoring.late_messages import OutboxHealth, judge_late_messages
from bot.alerts.self_monitoring.missed_ticks import Gap, judge_missed_ticks
from bot.alerts.self_monitoring.unreadable_sources import judge_sources
from bot.detectors._event_counts import QuietSettings
from bot.detectors.callbacks.rejected_callbacks import RejectedCallbacks
from bot.detectors.early.batch_slowing import BatchSlowing, BatchSlowingSettings
from bot.detectors.early.budget_unreachable import BudgetUnreachable, BudgetUnreachableSettings
from bot.detectors.early.outbox_growing import OutboxGrowing, OutboxGrowingSettings
from bot.detectors.early.queue_expiring import QueueExpiring, QueueExpiringSettings
from bot.detectors.early.retries_rising import RetriesRising, RetriesRisingSettings
from bot.detectors.services.container_gone import ContainerGone, ContainerGoneSettings
from bot.detectors.services.database_errors import DatabaseErrors
from bot.detectors.services.start_failed import StartFailed, StartFailedSettings
from bot.domain.alert import Condition, Sample
from bot.domain.followed import Followed
from bot.domain.log import LogError, LogEvent, Role
from bot.domain.service_state import ContainerState
from bot.ports.detectors import needles_of
from bot.registry import detectors
from bot.replay.logs import Tally, merged
from bot.replay.run import DetectorTable, _Grid, _watches, longest_quiet, samples_of
from bot.replay.samples import readings_of
from bot.replay.wanted import Wanted
from bot.settings import HULEEDU_SERVICES
from tests.support.fakes.alerts import clear, condition
from tests.support.forecasts import failed, front, outbox, retried, slowed
from tests.support.recordings import FOREIGN
from tests.support.scenes import NOW, TICK, ago, judged, played
from tests.support.watches import GivenWatch, said

LPS = ContainerState(
    "llm_provider_service", "huleedu_llm_provider_service", "a1", "running", ago(days=2)
)
ENDED = replace(LPS, state="exited", exit_code=137, out_of_memory=True)
ANEW = replace(LPS, id="b2", started_at=ago(minutes=2))


async def simulated_alerts() -> list[Condition]:
    """Return one condition of each rule that alerts alone have."""
    return [
        *await _containers(ENDED),
        *await _containers(ANEW),
        *await _database_errors(LogError("IntegrityError", code="gkpj", constraint="essays_pkey")),
        *await _database_errors(LogError("PendingRollbackError", "rolled back", code="7s2a")),
        *await _not_started(),
        *await _rejected(),
        *await _forecasts(),
        *_of_itself(),
    ]


async def _containers(later: ContainerState) -> tuple[Condition, ...]:
    before = [GivenWatch(NOW - TICK * n, NOW, engine=(LPS,)) for n in range(20, 8, -1)]
    after = [GivenWatch(NOW - TICK * n, NOW, engine=(later,)) for n in range(8, -1, -1)]
    detector = ContainerGone(ContainerGoneSettings())
    return (await played(detector, [*before, *after])).conditions


async def _database_errors(error: LogError) -> tuple[Condition, ...]:
    line = LogEvent(NOW, "cj_assessment_service", "cj", Role.CJ, "error", "failed",
                    fields={"batch_id": 34}, error=error)  # fmt: skip
    watch = GivenWatch(NOW, NOW, logs=Followed((line,)))
    return (await judged(DatabaseErrors(QuietSettings()), watch, minutes=0)).conditions


async def _not_started() -> tuple[Condition, ...]:
    error = LogError("InvalidPasswordError", "refused")
    text = "Failed to start CJ Assessment Service: refused"
    line = LogEvent(NOW, "cj_assessment_service", "cj", Role.CJ, "critical", text, error=error)
    watch = GivenWatch(NOW, NOW, logs=Followed((line,)))
    return (await judged(StartFailed(StartFailedSettings()), watch, minutes=0)).conditions


async def _rejected() -> tuple[Condition, ...]:
    text = f"Comparison callback missing essay identifiers; correlation={FOREIGN}"
    watch = GivenWatch(NOW, NOW, logs=Followed((said(NOW, text),)))
    return (await judged(RejectedCallbacks(QuietSettings()), watch, minutes=0)).conditions


async def _forecasts() -> list[Condition]:
    told = [
        await played(RetriesRising(RetriesRisingSettings()), retried((3, 2, 8), (1, 3, 8))),
        await played(BatchSlowing(BatchSlowingSettings()), slowed(before=6, late=0.3)),
        await played(QueueExpiring(QueueExpiringSettings()), front(timedelta(hours=3.5))),
        await judged(BudgetUnreachable(BudgetUnreachableSettings()), failed(12, 20)),
        await played(OutboxGrowing(OutboxGrowingSettings()), outbox(120, grown=3)),
    ]
    return [one for judgement in told for one in judgement.conditions]


def _of_itself() -> list[Condition]:
    unread = {"stuck_queue": [Sample(NOW, unreadable="llm_queue: connection refused")]}
    failing = {"stuck_queue": {"reason": "KeyError", "since": ago(minutes=5).isoformat()}}
    waiting = OutboxHealth(depth=3, problem="internal_error", refused_since=ago(minutes=9))
    gap = Gap(ago(minutes=42), ago(minutes=1))
    return [
        *judge_sources(unread, []).conditions,
        *judge_failed_detectors(failing).conditions,
        *judge_missed_ticks(gap, NOW).conditions,
        *judge_late_messages(waiting, [], NOW).conditions,
        *_storm(),
    ]


def _storm() -> list[Condition]:
    many = clear(*(condition(str(number)) for number in range(101, 121)))
    decisions = decide_all([], many, NOW, PolicySettings("lost_callbacks", "np"), ())
    decided: list[Decided] = [(None, one) for one in decisions]
    found = folded(decided, [], NOW, "np")
    return [one.alert.condition for _, one in found if one.alert.condition.rule == "alert-storm"]


def alerts_of(logs: Path, *names: str) -> list[Condition]:
    """Return what some detectors alert on over a folder of logs, each as it was when it opened."""
    made = {name: detectors()[name](detectors()[name].Settings()) for name in names}
    tally, wanted = Tally(), Wanted({name: needles_of(one) for name, one in made.items()})
    events = merged(logs, HULEEDU_SERVICES, UTC, tally, wanted)
    grid = _Grid(TICK, longest_quiet(made, TICK), tally)
    table = DetectorTable(made, "np", TICK.total_seconds())
    found: dict[str, Condition] = {}
    for watch in _watches(events, readings_of([], UTC, TICK), grid, "np", wanted):
        samples = samples_of(watch, made, wanted)
        for told in table.events(samples, watch.now):
            found.setdefault(told["key"], table.alerts[told["key"]].condition)
    return list(found.values())
