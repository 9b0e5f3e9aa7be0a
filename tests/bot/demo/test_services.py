"""The simulated service leaves the lines that the real ones would, so that no alarm is false."""

import asyncio
import contextlib
import math
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakeredis import TcpFakeServer

from bot.demo.incidents import FREEZE, Incidents
from bot.demo.services import CJ_LOG, LLM_LOG, PREFIX, LlmProvider, Script
from bot.detectors.callbacks._untaken import TAKEN
from bot.diagnosis.publishing.signs import NEEDLES
from bot.domain.log import Role
from bot.domain.queue import Requeued
from bot.sources.llm_queue import RedisQueue
from bot.sources.log_format.parser import parse_lines


def _events(path: Path, role: Role) -> list[str]:
    lines = path.read_bytes().splitlines() if path.exists() else []
    found = parse_lines(lines, service="s", container=path.stem, role=role, zone=UTC)
    return [event.event for event in found if event.at and event.at <= datetime.now(UTC)]


async def test_every_published_callback_is_taken_by_cj(redis_url: str, tmp_path: Path) -> None:
    provider = LlmProvider(tmp_path, redis_url, Script(freeze_at=0, recover_at=0, beat=0.05))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(provider.run(), 2)
    published = [e for e in _events(tmp_path / LLM_LOG, Role.LLM_PROVIDER) if NEEDLES[0] in e]
    taken = [e for e in _events(tmp_path / CJ_LOG, Role.CJ) if e.startswith(TAKEN)]
    assert published
    assert len(taken) == len(published)


async def test_a_log_that_cannot_be_written_is_said_once_and_ends_no_service(
    redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / CJ_LOG).mkdir()
    provider = LlmProvider(tmp_path, redis_url, Script(freeze_at=0, recover_at=0, beat=0.05))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(provider.run(), 1)
    assert any(NEEDLES[0] in event for event in _events(tmp_path / LLM_LOG, Role.LLM_PROVIDER))
    assert [one.getMessage() for one in caplog.records if one.name.startswith("bot.demo")] == [
        f"the demo cannot write its log {CJ_LOG}: Is a directory"
    ]


async def test_an_item_that_is_put_back_is_taken_and_the_queue_goes_on(tmp_path: Path) -> None:
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"redis://127.0.0.1:{server.server_address[1]}/0"
    incidents = Incidents()
    script = Script(freeze_at=0, recover_at=math.inf, stray_at=math.inf, beat=0.02)
    playing = asyncio.create_task(LlmProvider(tmp_path, url, script, incidents=incidents).run())
    reader = RedisQueue(url, PREFIX, timeout_seconds=5)
    try:
        async with asyncio.timeout(60):
            while not (items := (await reader.read()).items):
                continue
            assert await reader.requeue(items[0], dry_run=False) == Requeued.DONE
            while (await reader.read()).size or FREEZE in incidents.on:
                continue
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        await reader.close()
        server.shutdown()
        server.server_close()
