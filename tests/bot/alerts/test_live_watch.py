"""A tick reads its sources as they are now: logs that no service writes any more are none."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.alerts.live_watch import LiveWatcher
from bot.detectors.services.content_missing import DETECTOR
from bot.domain.alert import Sight, Window
from bot.domain.evidence import Missing
from bot.domain.followed import ENDED_AFTER, Followed, silent_since
from bot.domain.log import Role
from bot.ports import Sources
from bot.sources.log_files import LogFiles
from tests.support.fakes.sources import SERVICES

CJ = "huleedu_cj_assessment_service.log"
LLM = "huleedu_llm_provider_service.log"
START = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)


def line(at: datetime, text: str = "Queue processor stats") -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} [error    ] {text} [cj_assessment_service.batch]\n"


async def read(
    watcher: LiveWatcher, now: datetime, until: type = object
) -> Followed | Missing | None:
    """Return a tick's logs, once what stood in the files was read."""
    while True:
        logs = (await watcher.observe(since=START, now=now)).logs
        if isinstance(logs, until) and not (isinstance(logs, Followed) and logs.behind):
            return logs
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("quiet", "is_read"), [(ENDED_AFTER, True), (ENDED_AFTER + timedelta(seconds=1), False)]
)
async def test_log_files_that_ended_are_a_source_that_cannot_be_read(
    tmp_path: Path, quiet: timedelta, *, is_read: bool
) -> None:
    (tmp_path / CJ).write_text(line(START))
    files = LogFiles(tmp_path, SERVICES, UTC)
    watcher = LiveWatcher(Sources(logs=files), wants=lambda _: False)
    try:
        logs = await read(watcher, START + quiet)
        assert isinstance(logs, Followed) is is_read
        if isinstance(logs, Missing):
            assert silent_since(logs.reason) == START
            watch = await watcher.observe(since=START, now=START + quiet)
            detector = DETECTOR(DETECTOR.Settings())  # type: ignore[arg-type]
            window = Window((await detector.sample(watch),), START)
            assert detector.judge(window, START + quiet).sight is Sight.UNREADABLE
        # It is read again as soon as a service writes.
        with (tmp_path / CJ).open("a") as file:
            file.write(line(START + quiet))
        assert isinstance(await read(watcher, START + quiet, until=Followed), Followed)
    finally:
        await watcher.close()


async def test_each_service_is_judged_by_its_own_newest_line(tmp_path: Path) -> None:
    now = START + timedelta(minutes=40)
    (tmp_path / CJ).write_text(line(START))
    (tmp_path / LLM).write_text(line(now))
    watcher = LiveWatcher(Sources(logs=LogFiles(tmp_path, SERVICES, UTC)), wants=lambda _: False)
    try:
        logs = await read(watcher, now, until=Followed)
        assert isinstance(logs, Followed)
        assert logs.silent() == {Role.CJ: START}
        # What comes now was written by now, though its clock is 40 minutes behind.
        with (tmp_path / CJ).open("a") as file:
            file.write(line(START + timedelta(seconds=1)))
        while logs.silent():
            logs = await read(watcher, now, until=Followed)
            assert isinstance(logs, Followed)
    finally:
        await watcher.close()


async def test_a_clock_that_runs_ahead_hides_no_log_that_ended(tmp_path: Path) -> None:
    ahead, later = START + timedelta(hours=1), START + timedelta(minutes=40)
    (tmp_path / CJ).write_text(line(START))
    (tmp_path / LLM).write_text(line(ahead))
    watcher = LiveWatcher(Sources(logs=LogFiles(tmp_path, SERVICES, UTC)), wants=lambda _: False)
    try:
        logs = await read(watcher, START, until=Followed)
        assert isinstance(logs, Followed)
        assert not logs.silent()
        with (tmp_path / CJ).open("a") as file:
            file.write(line(later))
        logs = await read(watcher, later, until=Followed)
        assert isinstance(logs, Followed)
        assert logs.silent() == {Role.LLM_PROVIDER: START}
    finally:
        await watcher.close()


async def test_what_a_fast_clock_dates_later_was_written_by_now(tmp_path: Path) -> None:
    skewed, ahead = START + timedelta(seconds=59), START + timedelta(minutes=20)
    (tmp_path / CJ).write_text(line(START) + line(skewed) + line(ahead, "Later"))
    watcher = LiveWatcher(Sources(logs=LogFiles(tmp_path, SERVICES, UTC)), wants=lambda _: True)
    try:
        events: list[tuple[str, datetime | None]] = []
        while len(events) < 3:
            logs = (await watcher.observe(since=START, now=START)).logs
            events += [(str(one.event), one.at) for one in getattr(logs, "events", ())]
            await asyncio.sleep(0.05)
        assert [at for _, at in events] == [START, skewed, START]
        # What is written until that time is not left out after a restart, nor said again.
        assert watcher.progress()["seen_until"] == START.isoformat()
        later = line(START + timedelta(seconds=2), "Between")
        with (tmp_path / CJ).open("a") as file:
            file.write(later)
        kept = watcher.progress()
        await watcher.close()
        watcher.resume(kept)
        again: list[str] = []
        while not again:
            logs = (await watcher.observe(since=START, now=START + timedelta(seconds=3))).logs
            again += [str(one.event) for one in getattr(logs, "events", ())]
            await asyncio.sleep(0.05)
        assert again == ["Between"]
    finally:
        await watcher.close()
