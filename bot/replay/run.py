"""Runs every detector over recorded logs, on the logs' own clock; needs no Slack, no database.

`DIR/<container>.log` files are read as they are, `.log.gz` too. `DIR/samples.jsonl` may add what
the logs do not hold, one JSON object a line: `{"at": ISO time, "queue": {"size": 1, "items":
[{"queue_id", "status", "queued_at", "processing_started_at", "ttl", ...}]} | null, "owned":
{correlation id: CJ batch id}, "batches": [{"header": {...}, "pairs": {...}}], "outbox": [...],
"sessions": [...], "containers": [...], "health": [...]}`, with the names of the classes in
bot/domain/batch.py and service_state.py. Each line holds until the next one; where that stays out
for thrice their usual distance (four ticks at the least) it becomes a source that cannot be read.
`owned` alone holds on. Times without a zone are read as LOG_TIMEZONE. A detector that needs what
nothing recorded concludes nothing: no batch is called idle because a recording knows of none.

A folder, or its zip, that `/alerts export` made holds the samples themselves: `{"at", "sample":
{"detector", "data", "unreadable"}}`. Then the detectors named in its first line judge those again,
at the times they were taken, and its log files are there for people to read. What the bot watches
of itself is judged so too, and where the alert is a storm its folding is done again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from bot import registry
from bot.alerts.policy.lifecycle import PolicySettings
from bot.alerts.policy.round import DetectorResult, decide_round, evaluate, policy_settings
from bot.alerts.policy.silent_logs import as_heard
from bot.alerts.policy.storm import STORM, folded
from bot.alerts.self_monitoring.samples import SELF_WATCHED, self_judgements
from bot.domain.alert import (
    REPEAT_INTERVAL,
    Alert,
    AlertState,
    Decision,
    Reason,
    Sample,
    Window,
)
from bot.domain.followed import Followed
from bot.domain.log import EXCERPT, Role, Service
from bot.domain.report import plain
from bot.domain.words import Text, words
from bot.errors import UsageError
from bot.ports import Detector
from bot.ports.detectors import needles_of
from bot.replay.files import SAMPLES, Export, export_of, sample_lines, understood
from bot.replay.logs import Tally, at, merged
from bot.replay.passed import Recorded
from bot.replay.recorded_watch import RecordedWatch
from bot.replay.samples import Readings, readings_of
from bot.replay.wanted import EPOCH, Wanted, tick_of
from bot.settings import detector_settings

SAID = (Reason.OPEN, Reason.UPDATE, Reason.REPEAT, Reason.RESOLVE)
# For how long what has ended is told, not how long a silence changes anything.
KEPT = "keep_seconds"
STUCK = ("finalisation_stuck", "quiet_seconds")
# Alerts that were open before a recording begins all open with it, and that is no storm.
SETTLED_AFTER = timedelta(minutes=5)


def replay_directory(
    directory: Path,
    services: Sequence[Service],
    zone: tzinfo,
    tick_seconds: float = 15.0,
    environment: str = "replay",
    tally: Tally | None = None,
    progress: Callable[[datetime], None] = lambda now: None,
) -> Iterator[dict[str, Any]]:
    """Yield one JSON-ready object for each alert event. Raises UsageError for a bad directory.

    `tally` counts what was read; it is complete after the last event. `progress` hears of each
    tick.
    """
    lines, tally = sample_lines(directory / SAMPLES, zone), tally or Tally()
    made = {
        name: detector(detector_settings(name, detector.Settings))
        for name, detector in registry.detectors().items()
    }
    export = export_of(lines)
    if export is not None:
        tally.samples = len(lines) - 1
        tally.settings = settings_told(export.detectors, tick_seconds)
        for event in _again(export, made, tick_seconds):
            tally.events += 1
            yield event
        return
    table, tick = DetectorTable(made, environment, tick_seconds), timedelta(seconds=tick_seconds)
    readings = readings_of(lines, zone, tick)
    tally.samples, tally.overtaken = len(lines), _overtaken(readings, tick)
    wanted = Wanted({name: needles_of(one) for name, one in made.items()}, tick)
    events = merged(directory, services, zone, tally, wanted)
    whole = not (directory / EXCERPT).exists()
    grid = _Grid(tick, longest_quiet(made, tick), tally, whole)
    for watch in _watches(events, readings, grid, environment, wanted):
        progress(watch.now)
        samples = samples_of(watch, made, wanted)
        for event in table.events(samples, watch.now):
            tally.events += 1
            yield event


def samples_of(
    watch: RecordedWatch, detectors: Mapping[str, Detector], wanted: Wanted
) -> dict[str, Sample]:
    """Let each detector read one tick, of its lines those that hold a word of its own."""
    logs = watch.logs
    assert isinstance(logs, Followed)  # noqa: S101 - a recording has its logs
    own, others = dict(wanted.of_each(logs.events)), logs.of(())
    samples, silent = {}, logs.silent()
    for name, one in detectors.items():
        watch.logs = logs.of(tuple(own[name])) if name in own else others
        samples[name] = as_heard(one, _finished(one.sample(watch)), silent)
    return samples


def longest_quiet(detectors: Mapping[str, Detector], tick: timedelta) -> timedelta:
    """Return after how long a silence changes nothing more: opened, resolved, reminded of once."""
    seconds = (
        value
        for detector, one in detectors.items()
        for name, value in detector_settings(detector, one.Settings).model_dump().items()
        if name.endswith("_seconds") and name != KEPT and (detector, name) != STUCK
    )
    calm = PolicySettings("").flap_clear_ticks * tick
    return REPEAT_INTERVAL + timedelta(seconds=max(seconds, default=0)) + calm


def settings_told(detectors: Iterable[str], tick_seconds: float) -> str:
    """Return in words what these detectors judge with, as settings that can be set."""
    known = registry.detectors()
    told = [
        f"DETECTOR_{name.upper()}_{field.upper()}={value}"
        for name in detectors
        if name in known
        for field, value in detector_settings(name, known[name].Settings).model_dump().items()
    ]
    return ", ".join([*told, f"TICK_SECONDS={tick_seconds:g}"])


def _again(
    export: Export, made: Mapping[str, Detector], tick_seconds: float
) -> Iterator[dict[str, Any]]:
    """Yield the events of one alert's own samples, as without silences. Raises UsageError."""
    unknown = sorted(set(export.detectors) - {*made, *SELF_WATCHED})
    if unknown:
        raise UsageError(
            f"That recording is of {', '.join(unknown)[:100]}, which this batchbot does not have.",
            hint="Replay it with the version that exported it.",
        )
    is_storm = export.key.startswith(f"{STORM}/")
    table, began = DetectorTable(made, export.environment, tick_seconds), None
    for now, samples in export.rounds():
        began = began or now
        table.folds = is_storm and (now >= export.opened_at or now - began >= SETTLED_AFTER)
        with understood(f"{SAMPLES} at {plain(now)}"):
            found = list(table.events(samples, now))
        yield from found


@dataclass(slots=True)
class DetectorTable:
    """The detectors of a replay with what they keep from tick to tick.

    `folds`: storms are folded into one alert as in the running bot; else each alert is reported.
    """

    detectors: Mapping[str, Detector]
    environment: str
    tick_seconds: float
    folds: bool = False
    windows: dict[str, Window] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    policies: dict[str, PolicySettings] = field(default_factory=dict)

    def events(self, samples: Mapping[str, Sample], now: datetime) -> Iterator[dict[str, Any]]:
        """Judge one tick's samples and yield what would be posted."""
        alerts = list(self.alerts.values())
        own = self_judgements(samples, alerts, now)
        looks = {name: self._look(name, samples[name], now) for name in samples if name not in own}
        decided = decide_round(looks, alerts, now, self._settings, own=own)
        if self.folds:
            decided = folded(decided, alerts, now, self.environment)
        for _, decision in decided:
            self.alerts[decision.alert.key] = _placed(decision.alert)
            if decision.reason in SAID and not _is_spoken_for(decision.alert):
                yield event_json(decision, now)

    def _look(self, name: str, sample: Sample, now: datetime) -> DetectorResult:
        seen = evaluate(self.detectors[name], self.windows.get(name), sample, now)
        self.windows[name] = seen.window
        return seen

    def _settings(self, name: str) -> PolicySettings:
        if name not in self.policies:
            detector = self.detectors.get(name)
            found = policy_settings(detector, name, self.environment, self.tick_seconds)
            self.policies[name] = found
        return self.policies[name]


def _is_spoken_for(alert: Alert) -> bool:
    """Say whether the first alert of its group speaks for it; of a storm each is reported."""
    return bool(alert.fold) and not alert.fold.startswith(f"{STORM}/")


def _placed(alert: Alert) -> Alert:
    """Return an alert with the thread that it would have: one that flaps needs no new head."""
    needs = alert.state is AlertState.FIRING and not alert.fold
    return replace(alert, thread_ts=alert.key) if needs else alert


def event_json(decision: Decision, now: datetime) -> dict[str, Any]:
    """Return one alert event as the replay contract has it."""
    alert = decision.alert
    title: Text = alert.condition.title
    if decision.reason is Reason.RESOLVE:
        title = words("Resolved: ", alert.closing or "no longer seen", " (", title, ")")
    lines = [
        {"source": line.source, "at": plain(line.at), "text": plain(line.text)}
        for line in alert.condition.evidence
    ]
    return {
        "at": plain(now),
        "detector": alert.detector,
        "key": alert.key,
        "event": decision.reason.value,
        "severity": alert.severity.value,
        "since": plain(alert.condition.since),
        "title": plain(title),
        "evidence": lines,
    }


@dataclass(frozen=True, slots=True)
class _Grid:
    """The ticks of a replay, and after how long a silence they are left out and counted.

    The logs are whole, or an excerpt, in which the silence of a service says nothing.
    """

    tick: timedelta
    longest_quiet: timedelta
    tally: Tally
    whole: bool = True


def _watches(
    events: Iterator[Recorded],
    readings: Readings,
    grid: _Grid,
    environment: str,
    wanted: Wanted,
) -> Iterator[RecordedWatch]:
    """Cut the recording at the tick grid; quiet ticks come too, up to its last line or sample.

    Of a longer silence only the first hours are lived through.
    """
    pending, tick = next(events, None), grid.tick
    coming = _earliest(pending, readings.next_at(datetime.min.replace(tzinfo=UTC)))
    now = heard_at = tick_of(coming or EPOCH, tick)
    roles: dict[str, Role] = {}
    reached: dict[str, datetime] = {}
    while coming is not None:
        if now - heard_at > grid.longest_quiet and now < tick_of(coming, tick):
            grid.tally.skip(tick_of(coming, tick) - now)
            now = tick_of(coming, tick)
        since, now = now, now + tick
        heard_at = now if coming <= now else heard_at
        taken: list[Recorded] = []
        while pending is not None and at(pending) < now:
            taken.append(pending)
            pending = next(events, None)
        roles.update({event.container: event.role for event in taken})
        reached.update({event.container: at(event) for event in taken})
        told = dict(reached) if grid.whole else {}
        logs = Followed(tuple(filter(wanted.holds, taken)), dict(roles), reached=told)
        yield RecordedWatch(now, since, environment, logs, readings.newest(now))
        coming = _earliest(pending, readings.next_at(now))


def _earliest(event: Recorded | None, sample: datetime | None) -> datetime | None:
    if event is None or (sample is not None and sample < at(event)):
        return sample
    return at(event)


def _overtaken(readings: Readings, tick: timedelta) -> int:
    """Count the samples that no tick sees, since another comes before it."""
    # Rounds up, by rounding down what is turned round: a tick sees what was taken until then.
    ticks = {(EPOCH - one.at) // tick for one in readings.lines}
    return len(readings.lines) - len(ticks)


def _finished(coroutine: Any) -> Any:
    """Run a coroutine that waits for nothing outside, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("a detector waited for something outside the recording")
