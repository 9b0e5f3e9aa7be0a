"""One round of all detectors, purely: windows, judgements, decisions; the tick and the replay."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.alerts.policy.groups import grouped, spoken
from bot.alerts.policy.inhibition import Decided, inhibited
from bot.alerts.policy.lifecycle import PolicySettings, decide_all
from bot.alerts.policy.window import LONGEST_GAP, extended
from bot.alerts.self_monitoring.failed_detectors import FAILED_DETECTOR
from bot.alerts.self_monitoring.samples import SELF_WATCHED
from bot.alerts.self_monitoring.unreadable_sources import (
    UNREADABLE_SOURCE,
    judge_sources,
    unreadable_detectors,
    without_sources,
)
from bot.domain.alert import Alert, AlertState, Judgement, Sample, Sight, Window
from bot.domain.mute import Mute
from bot.ports import Detector

FLAP_QUIET = PolicySettings("").flap_quiet
PRUNE_EVERY = 20
# An alert that flaps ends after FLAP_QUIET, and is to end so when it is judged again.
REPLAYED = timedelta(minutes=15)
# A source that misses one read is no news; it is readable again after three good ones.
SOURCE_OPEN_TICKS, SOURCE_CLEAR_TICKS = 2, 3
LOGS_BEHIND = "the logs of before are still being read"


@dataclass(frozen=True, slots=True)
class DetectorResult:
    """What one detector saw and concluded at one tick."""

    sample: Sample
    window: Window
    judgement: Judgement


def evaluate(
    detector: Detector,
    window: Window | None,
    sample: Sample,
    now: datetime,
    *,
    logs_behind: bool = False,
) -> DetectorResult:
    """Add a sample to a detector's window and conclude from it.

    While `logs_behind` says that lines of before are still to come, a detector that wants lines
    has no clear sight: what nothing was read of may go on.
    """
    longer = extended(window, sample, retention(detector))
    judgement = detector.judge(longer, now)
    wants_lines = getattr(detector, "needles", None) != ()
    if logs_behind and wants_lines and judgement.sight is Sight.CLEAR:
        judgement = replace(judgement, sight=Sight.WARMING, note=LOGS_BEHIND)
    return DetectorResult(sample, longer, judgement)


def retention(detector: Detector) -> timedelta:
    """Return how long a detector's samples are needed."""
    return timedelta(seconds=detector.window_seconds) + LONGEST_GAP


def forgettable(detectors: Sequence[Detector], ticks: int, now: datetime) -> dict[str, datetime]:
    """Return from when on samples are wanted, by detector; nothing in most ticks."""
    if ticks % PRUNE_EVERY:
        return {}
    needed = {one.name: max(retention(one), REPLAYED) for one in detectors}
    # Which detectors failed is part of what any source is judged by.
    own = dict.fromkeys(SELF_WATCHED, max(needed.values(), default=REPLAYED))
    return {name: now - span for name, span in (own | needed).items()}


def decide_round(
    results: Mapping[str, DetectorResult],
    alerts: Sequence[Alert],
    now: datetime,
    settings_of: Callable[[str], PolicySettings],
    mutes: Sequence[Mute] = (),
    own: Mapping[str, Judgement] | None = None,
    configured: Collection[str] | None = None,
) -> list[Decided]:
    """Decide on every alert of one round; each decision comes with the alert as it was.

    `own` are the judgements on the bot itself, by name. One of them is on detectors that broke:
    while one is backed off, it is unknown whether its source can be read again.
    """
    own = own or {}
    failed = own.get(FAILED_DETECTOR)
    judged = {name: without_sources(one.judgement) for name, one in results.items()}
    judged[UNREADABLE_SOURCE] = judge_sources(
        {name: one.window.samples for name, one in results.items()},
        [alert for alert in alerts if alert.detector == UNREADABLE_SOURCE],
        certain=not (failed and failed.conditions),
        configured=configured,
    )
    judged.update(own)
    known = {alert.key: alert for alert in alerts}
    found: list[Decided] = []
    spoken_for: dict[str, str] = {}
    for name, judgement in judged.items():
        settings = settings_of(name)
        mine = [alert for alert in alerts if alert.detector == name]
        one = grouped(mine, judgement, settings)
        decisions = decide_all(one.remembered, one.judgement, now, settings, mutes)
        found += [(known.get(decision.alert.key), decision) for decision in decisions]
        spoken_for.update(one.spoken_for)
    unreadable = unreadable_detectors(
        {name: (one.sample, one.judgement) for name, one in results.items()}
    )
    return spoken(inhibited(found, alerts, unreadable), spoken_for)


def policy_settings(
    detector: Detector | None, name: str, environment: str, tick_seconds: float
) -> PolicySettings:
    """Return how patient the policy is with a detector's alerts; None is the bot itself."""
    settings = PolicySettings(
        detector=name,
        environment=environment,
        open_ticks=getattr(detector, "open_ticks", 1),
        clear_ticks=getattr(detector, "clear_ticks", 1),
        of_events=getattr(detector, "of_events", False),
        flap_clear_ticks=max(1, round(FLAP_QUIET / timedelta(seconds=tick_seconds))),
    )
    if name != UNREADABLE_SOURCE:
        return settings
    return replace(settings, open_ticks=SOURCE_OPEN_TICKS, clear_ticks=SOURCE_CLEAR_TICKS)


def firing_counts(
    alerts: Sequence[Alert], decisions: Sequence[Decided]
) -> dict[tuple[str, str], int]:
    """Return how many alerts fire, by detector and severity, after what was decided.

    Those of a detector that fails are among them: nothing was decided on them.
    """
    now = {one.key: one for one in [*alerts, *(decision.alert for _, decision in decisions)]}
    firing = (one for one in now.values() if one.state is AlertState.FIRING)
    return dict(Counter((one.detector, one.severity.value) for one in firing))
