"""The simulated service leaves the lines that the real ones would, so that no alarm is false."""

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path

from bot.demo.services import CJ_LOG, LLM_LOG, LlmProvider, Script
from bot.detectors.callbacks._untaken import TAKEN
from bot.diagnosis.publishing.signs import NEEDLES
from bot.domain.log import Role
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
