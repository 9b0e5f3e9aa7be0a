"""Alerts that are lived, exported and judged again from the export."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.domain.alert import AlertEvent
from bot.domain.batch import BatchHeader, BatchRows, PairCounts
from bot.ports import Detector, Sources
from bot.registry import detectors
from bot.replay.files import opened
from bot.replay.run import replay_directory
from bot.settings import HULEEDU_SERVICES
from commands.alerts.command import COMMAND
from commands.alerts.request import parse
from tests.support.fakes.alerts import Clock
from tests.support.fakes.sources import context

UTC_ZONE = ZoneInfo("UTC")


async def exported(store: Store, word: str, now: datetime, folder: Path) -> Path:
    """Return the zip that /alerts export gives."""
    report = await COMMAND.run(parse(f"export {word}"), context(Sources(memory=store), now))
    (file,) = report.attachments
    path = folder / file.filename
    path.write_bytes(file.content)
    return path


def replayed(path: Path) -> list[dict[str, object]]:
    """Return the alert events of a recording."""
    with opened(path) as folder:
        return list(replay_directory(folder, HULEEDU_SERVICES, UTC_ZONE))


def told(event: AlertEvent) -> tuple[object, ...]:
    """Return what a replay must tell again."""
    return event.at.isoformat(), event.key, event.reason.value, event.severity.value


Event = tuple[object, ...]


def tick_over(store: Store, sources: Sources, clock: Clock, *others: Detector) -> Tick:
    """Return a tick of every detector, and of others."""
    made: list[Detector] = [kind(kind.Settings()) for kind in detectors().values()]
    watcher = LiveWatcher(sources, environment="np", wants=lambda _: True)
    return Tick(store, [*made, *others], watcher, environment="np", now=clock)


async def lived(store: Store) -> list[AlertEvent]:
    """Return every alert event, oldest first."""
    return list(reversed(await store.events(limit=2_000)))


async def judged_again(
    store: Store, word: str, clock: Clock, folder: Path
) -> list[dict[str, object]]:
    """Return the events that the export of an alert gives."""
    return replayed(await exported(store, word, clock(), folder))


def known(events: Sequence[dict[str, object]]) -> list[Event]:
    """Return what is compared of replayed events."""
    return [tuple(one[name] for name in ("at", "key", "event", "severity")) for one in events]


def waiting(clock: Clock, count: int) -> tuple[BatchRows, ...]:
    """Return batches that wait for callbacks since an hour."""
    old = clock() - timedelta(hours=1)
    uuid = "9c41f7b2-58de-4a36-b1f0-2ab525a2c034"
    first = BatchHeader(1, uuid, uuid, "PERFORMING_COMPARISONS", "WAITING_CALLBACKS", old,
                        last_activity_at=old)  # fmt: skip
    pairs = PairCounts(total=10, essay_a=7, pending=3, pending_first_submitted_at=old)
    heads = [replace(first, batch_id=34 + number) for number in range(count)]
    return tuple(BatchRows(head, pairs) for head in heads)
