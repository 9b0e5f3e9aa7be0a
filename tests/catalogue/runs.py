"""Alerts of the running bot beside services that ran, as `/alerts export` made them.

Each file is named by its rule. What went wrong was done to the real services, or to their Redis,
Postgres, Kafka or Engine; what the bot tells of itself, the real bot told.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC
from pathlib import Path

from bot.diagnosis.runner.log_events import observed
from bot.diagnosis.runner.rules import findings_of
from bot.domain.alert import Condition
from bot.domain.log import LogQuery, Role
from bot.domain.report import Finding
from bot.domain.runner import Runner, RunnerKind
from bot.registry import detectors
from bot.replay.files import SAMPLES, Export, export_of, opened, sample_lines
from bot.replay.run import DetectorTable
from bot.settings import HULEEDU_SERVICES, detector_settings
from bot.sources.log_files import LogFiles
from tests.support.fakes.sources import at
from tests.support.paths import ROOT

FOLDER = ROOT / "tests" / "fixtures" / "runs"
RUNNERS = ROOT / "tests" / "fixtures" / "runners"
ASKED = at("2026-11-30T14:03:00")
# What the Engine listed of them then.
LISTED = (
    Runner(
        "96fb1e2a88e35d85f7ab10e49b5a7b58bf6fd5a87574f21c1c006712e1af8071",
        RunnerKind.CONTAINER,
        "huledu-reboot-eng5_np_runner-run-1",
        at("2026-11-30T13:49:53"),
        options={"mode": "execute", "batch-id": "serial-bundle-20261130"},
    ),
    Runner(
        "de97b0977234dd1658d59e5f51c50f13d16ab8fd61de450add9d09cd766431c1",
        RunnerKind.CONTAINER,
        "huledu-reboot-eng5_np_runner-run-2",
        at("2026-11-30T13:50:26"),
        running=False,
        options={"mode": "execute", "batch-id": "schema-path-20261130"},
    ),
)
RAN = "seen on 2026-11-30, by the running bot"
OF_ITSELF = "seen in a run of the bot on real parts on 2026-11-30"
OWN = ("alert-storm", "failed-detector", "late-messages", "missed-ticks", "source-unreadable")
TICK_SECONDS = 15.0


def seen_by_the_bot() -> Iterator[tuple[str, Sequence[Condition]]]:
    """Yield what each recording is judged to be now, of the rule that it was made for."""
    for path in sorted(FOLDER.glob("*.zip")):
        rule = path.stem
        # What opens no alert of its own is told beside others.
        for judge in (_posted, _seen):
            found = [one for one in judge(path) if one.rule == rule]
            if found:
                break
        yield OF_ITSELF if rule in OWN else RAN, found[:1]


async def seen_of_runners() -> AsyncIterator[tuple[str, Sequence[Finding]]]:
    """Yield what is said of runners that ran, each by the lines that tell of it."""
    query = LogQuery(roles=(Role.RUNNER,), until=ASKED)
    found = await LogFiles(RUNNERS, HULEEDU_SERVICES, UTC).search(query)
    for runner in LISTED:
        label = runner.options["batch-id"]
        told = findings_of(observed(runner, found.events), ASKED)
        yield f"seen on 2026-11-30, runner {label}", told


def _posted(path: Path) -> Iterator[Condition]:
    """Judge a recording again, and yield each alert as it was when something was posted of it."""
    export = _export(path)
    table = _table(export)
    for now, samples in export.rounds():
        table.folds = now >= export.opened_at
        for told in table.events(samples, now):
            yield table.alerts[told["key"]].condition


def _seen(path: Path) -> Iterator[Condition]:
    """Judge a recording again, and yield what its detectors see at each look."""
    export = _export(path)
    table = _table(export)
    for now, samples in export.rounds():
        list(table.events(samples, now))
        for name in samples.keys() & table.detectors.keys():
            yield from table.detectors[name].judge(table.windows[name], now).conditions


def _export(path: Path) -> Export:
    with opened(path) as folder:
        export = export_of(sample_lines(folder / SAMPLES, UTC))
    assert export is not None
    return export


def _table(export: Export) -> DetectorTable:
    known = detectors()
    made = {
        name: known[name](detector_settings(name, known[name].Settings))
        for name in export.detectors
        if name in known
    }
    return DetectorTable(made, export.environment, TICK_SECONDS)
