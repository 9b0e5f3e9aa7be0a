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

from bot.domain.log import HULEEDU_SERVICES
from bot.replay.files import SAMPLES
from bot.replay.run import replay_directory
from tests.population.adversary.archive import unpack

TICK = timedelta(seconds=15)
_TIME = re.compile(r'(?:^|"timestamp": "|\x1b\[2m)(20\d\d-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)')


@dataclass(frozen=True, slots=True)
class Fault:
    """One recorded fault: who tells it, and the text of the line that it begins with.

    It begins with the first such line after the last one that holds `after`, if that is given. One
    without `onset` begins with the first look at Redis that lacks items of the look before. It can
    be known for certain `knowable` after that: by a second look, after a wave's longest silence.
    """

    kind: int
    case: str
    detector: str
    onset: str = ""
    after: str = ""
    knowable: timedelta = timedelta(0)


REFUSED, BLOCKED = "Kafka publish failed for topic", "queuing message for topic"
FAULTS = (
    Fault(2, "kafka-refused-conn", "callbacks_unpublished", REFUSED),
    Fault(2, "ok-kafka-recovered", "callbacks_unpublished", REFUSED),
    Fault(2, "then-kafka-refused", "callbacks_unpublished", REFUSED),
    Fault(3, "kafka-breaker-open", "callbacks_unpublished", REFUSED),
    Fault(3, "kafka-breaker-already-open", "callbacks_unpublished", BLOCKED),
    Fault(5, "submit-lost-4-of-4-kafka-3min", "submissions_lost", "Unexpected error processing"),
    Fault(5, "submit-lost-4-of-4-refused-3min", "submissions_lost", "Unexpected error processing"),
    Fault(6, "consumer-dead-4min-b7", "consumer_silent", "Published success callback event",
          after="Processing LLM comparison callback", knowable=timedelta(seconds=90)),
    Fault(6, "consumer-stopped-20min-b7", "consumer_silent", "Published success callback event",
          after="Processing LLM comparison callback", knowable=timedelta(seconds=90)),
    Fault(7, "queue-flush-4min", "queue_unanswered", knowable=TICK),
    Fault(7, "queue-partly-deleted", "queue_unanswered", knowable=TICK),
    # The fifth failure makes it a burst.
    Fault(13, "ok-burst-passed", "provider_errors", "failed with HuleEduError",
          knowable=timedelta(seconds=29)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What a replay printed of one fault, and when the fault began."""

    fault: Fault
    onset: datetime
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
            printed = replay_directory(recording, HULEEDU_SERVICES, UTC, TICK.total_seconds())
            onset = _first_line(recording, fault) if fault.onset else _first_loss(looks)
            yield Told(fault, onset, tuple(printed))
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


def _first_line(recording: Path, fault: Fault) -> datetime:
    lines = [line for path in sorted(recording.glob("*.log")) for line in _dated(path)]
    from_ = max((at for at, line in lines if fault.after and fault.after in line),
                default=datetime.min.replace(tzinfo=UTC))  # fmt: skip
    return min(at for at, line in lines if fault.onset in line and at > from_)


def _dated(path: Path) -> Iterator[tuple[datetime, str]]:
    for line in path.read_text(encoding="utf-8").split("\n"):
        if found := _TIME.search(line):
            yield datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00"), line


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
                told.fault.case,
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
