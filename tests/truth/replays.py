"""Prints when a replay tells of each recorded fault: `python -m tests.truth.replays`.

The recordings are an outsider's cases, as logs and looks at Redis without a database. Each holds
one fault and so has one alert; the onset is read from its lines here, apart from any rule.
"""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.replay.files import SAMPLES
from bot.replay.run import replay_directory
from bot.settings.services import HULEEDU_SERVICES
from tests.population.adversary.archive import unpack

TICK = timedelta(seconds=15)
# A service that is quiet still answers its health check; a tail is watched for so long.
PULSE, TAIL_SEEN = timedelta(seconds=30), timedelta(minutes=5)
_TIME = re.compile(r'(?:^|"timestamp": "|\x1b\[2m)(20\d\d-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)')


@dataclass(frozen=True, slots=True)
class Fault:
    """One recorded fault: who tells it, and the text of the line that it begins with.

    It begins with the first such line after the last one that holds `after`, if that is given. One
    without `onset` begins with the first look at Redis that lacks items of the look before. It can
    be known for certain `knowable` after that: by a second look, after a wave's longest silence.
    With `tail` the recording goes on: the service is quiet, and that long after the last line that
    holds `onset` the errors of that line's second come once more.
    """

    kind: int
    case: str
    detector: str
    onset: str = ""
    after: str = ""
    knowable: timedelta = timedelta(0)
    tail: timedelta = timedelta(0)

    @property
    def name(self) -> str:
        """What it is called in the table: a case may be told with its tail and without."""
        return f"{self.case}-tail" if self.tail else self.case


REFUSED, BLOCKED = "Kafka publish failed for topic", "queuing message for topic"
FAULTS = (
    Fault(2, "kafka-refused-conn", "callbacks_unpublished", REFUSED),
    Fault(2, "ok-kafka-recovered", "callbacks_unpublished", REFUSED),
    Fault(2, "then-kafka-refused", "callbacks_unpublished", REFUSED),
    Fault(3, "kafka-breaker-open", "callbacks_unpublished", REFUSED),
    Fault(3, "kafka-breaker-already-open", "callbacks_unpublished", BLOCKED),
    # CJ only gave up waiting: the provider may still say that it queued them.
    Fault(5, "submit-lost-4-of-4-kafka-3min", "submissions_lost", "Unexpected error processing",
          knowable=timedelta(seconds=45)),
    Fault(5, "submit-lost-4-of-4-refused-3min", "submissions_lost", "Unexpected error processing"),
    Fault(6, "consumer-dead-4min-b7", "consumer_silent", "Published success callback event",
          after="Processing LLM comparison callback", knowable=timedelta(seconds=90)),
    Fault(6, "consumer-stopped-20min-b7", "consumer_silent", "Published success callback event",
          after="Processing LLM comparison callback", knowable=timedelta(seconds=90)),
    Fault(7, "queue-flush-4min", "queue_unanswered", knowable=TICK),
    Fault(7, "queue-partly-deleted", "queue_unanswered", knowable=TICK),
    Fault(8, "final-permission-2min", "finalisation_stuck", "Failed scoring finalization"),
    Fault(8, "final-json-3min", "finalisation_stuck", "Failed scoring finalization"),
    # The fifth failure makes it a burst.
    Fault(13, "ok-burst-passed", "provider_errors", "failed with HuleEduError",
          knowable=timedelta(seconds=29)),
    # 15 minutes of quiet end it, two ticks resolve it, and 30 s later the burst's tail comes.
    Fault(13, "ok-burst-passed", "provider_errors", "failed with HuleEduError",
          knowable=timedelta(seconds=29), tail=timedelta(minutes=16)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What a replay printed of one fault, when the fault began, and when its last line came."""

    fault: Fault
    onset: datetime
    last: datetime
    events: tuple[Mapping[str, Any], ...]

    def times(self, event: str) -> list[datetime]:
        """Return when the alert's events of a kind were printed."""
        return [datetime.fromisoformat(one["at"]) for one in self.events if one["event"] == event]

    @property
    def since(self) -> datetime:
        """The onset as the alert says it."""
        return datetime.fromisoformat(self.events[0]["since"])

    @property
    def delay(self) -> timedelta:
        """How long after it could be known it was told."""
        return self.times("open")[0] - self.onset - self.fault.knowable


def replayed(faults: Sequence[Fault] = FAULTS) -> Iterator[Told]:
    """Replay each fault's recording and yield what was printed."""
    folder = Path(tempfile.mkdtemp(prefix="bb-replays-"))
    try:
        unpack(folder, [one.case for one in faults])
        for fault in faults:
            looks = _looks(folder / fault.case)
            recording = folder / fault.case / "logs"
            _write_samples(recording, looks)
            if fault.tail:
                _write_tail(recording, fault)
            printed = replay_directory(recording, HULEEDU_SERVICES, UTC, TICK.total_seconds())
            onset, last = _span(recording, fault) if fault.onset else (_first_loss(looks),) * 2
            yield Told(fault, onset, last, tuple(printed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _looks(case: Path) -> list[Mapping[str, Any]]:
    path = case / "queue.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def _write_samples(recording: Path, looks: Sequence[Mapping[str, Any]]) -> None:
    rows = ({"at": one["at"], "queue": {"size": len(one["items"]), "items": one["items"]}}
            for one in looks)  # fmt: skip
    (recording / SAMPLES).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def _first_loss(looks: Sequence[Mapping[str, Any]]) -> datetime:
    ids = [{item["queue_id"] for item in one["items"]} for one in looks]
    place = next(n for n in range(1, len(ids)) if ids[n - 1] - ids[n])
    return datetime.fromisoformat(looks[place]["at"]).astimezone(UTC)


def _write_tail(recording: Path, fault: Fault) -> None:
    """Append to the fault's log its quiet, as its last line again and again, and its tail."""
    path = next(one for one in sorted(recording.glob("*.log")) if fault.onset in one.read_text())
    lines = path.read_text(encoding="utf-8").strip().split("\n")
    dated = list(_dated(path))
    failed = max(at for at, line in dated if fault.onset in line)
    pulse_at, pulse = dated[-1]
    again, until = failed + fault.tail, failed + fault.tail + TAIL_SEEN
    steps = range(1, int((until - pulse_at) / PULSE) + 1)
    quiet = [(pulse_at + PULSE * n, [_moved(pulse, PULSE * n)]) for n in steps]
    burst = (again, [_moved(line, fault.tail) for line in _errors_at(lines, failed)])
    added = [line for _, one in sorted([*quiet, burst]) for line in one]
    path.write_text("\n".join([*lines, *added, ""]), encoding="utf-8")


def _errors_at(lines: Sequence[str], second: datetime) -> Iterator[str]:
    """Yield a second's lines from its first error on, with the undated lines of tracebacks."""
    at, begun = None, False
    for line in lines:
        at = _time(line) or at
        begun = at == second and (begun or "[error" in line)
        if begun:
            yield line


def _moved(line: str, by: timedelta) -> str:
    """Return a line as it would be written later."""
    found, at = _TIME.search(line), _time(line)
    if found is None or at is None:
        return line
    day, clock = f"{at + by:%Y-%m-%d %H:%M:%S}".split()
    between = line[found.end(1) : found.start(2)]
    return f"{line[: found.start(1)]}{day}{between}{clock}{line[found.end(2) :]}"


def _span(recording: Path, fault: Fault) -> tuple[datetime, datetime]:
    """Return when the fault's text came first and last."""
    lines = [line for path in sorted(recording.glob("*.log")) for line in _dated(path)]
    from_ = max((at for at, line in lines if fault.after and fault.after in line),
                default=datetime.min.replace(tzinfo=UTC))  # fmt: skip
    times = [at for at, line in lines if fault.onset in line and at > from_]
    return min(times), max(times)


def _dated(path: Path) -> Iterator[tuple[datetime, str]]:
    for line in path.read_text(encoding="utf-8").split("\n"):
        if at := _time(line):
            yield at, line


def _time(line: str) -> datetime | None:
    found = _TIME.search(line)
    return datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00") if found else None


def main() -> int:
    """Print a table: kind, onset, told at, delay, resolved."""
    row = "{:4} {:33} {:22} {:20} {:9} {:9} {:>7} {:9}\n"
    heads = ("kind", "recording", "detector", "onset", "since", "told at", "delay", "resolved")
    sys.stdout.write(row.format(*heads))
    for told in replayed():
        resolved = [f"{at:%H:%M:%S}" for at in told.times("resolve")]
        sys.stdout.write(
            row.format(
                told.fault.kind,
                told.fault.name,
                told.fault.detector,
                f"{told.onset:%Y-%m-%d %H:%M:%S}",
                f"{told.since:%H:%M:%S}",
                f"{told.times('open')[0]:%H:%M:%S}",
                f"{told.delay.total_seconds():.0f} s",
                resolved[0] if resolved else "-",
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
