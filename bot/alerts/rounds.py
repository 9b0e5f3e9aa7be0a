"""One detector's part of a tick, purely: the window, the judgement, the decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.alerts.policy import PolicySettings, decide_all
from bot.domain.alert import Alert, Decision, Judgement, Sample, Window
from bot.domain.mute import Mute
from bot.ports import Detector

LONGEST_GAP_TICKS = 4


@dataclass(slots=True)
class Round:
    """What one detector remembers between ticks; `samples` are its window, oldest first."""

    detector: Detector
    samples: list[Sample] = field(default_factory=list)

    def judge(self, sample: Sample, now: datetime, tick: timedelta) -> Judgement:
        """Add a sample to the window and conclude from it."""
        horizon = now - timedelta(seconds=self.detector.window_seconds)
        self.samples = [one for one in self.samples if one.at >= horizon]
        self.samples.append(sample)
        return self.detector.judge(window_of(self.samples, tick), now)


def window_of(samples: Sequence[Sample], tick: timedelta) -> Window:
    """Return a window; it began where the samples start to follow each other without a gap."""
    longest = max(tick * LONGEST_GAP_TICKS, timedelta(seconds=60))
    started = samples[-1].at
    for sample in reversed(samples):
        if started - sample.at > longest:
            break
        started = sample.at
    return Window(tuple(samples), started)


def decisions_of(
    remembered: Iterable[Alert],
    judgement: Judgement,
    now: datetime,
    settings: PolicySettings,
    mutes: Sequence[Mute] = (),
) -> list[tuple[Alert | None, Decision]]:
    """Decide on every alert of one detector; each decision comes with the alert as it was."""
    known = {alert.key: alert for alert in remembered if alert.detector == settings.detector}
    decided = decide_all(known.values(), judgement, now, settings, mutes)
    return [(known.get(decision.alert.key), decision) for decision in decided]
