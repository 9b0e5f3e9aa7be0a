"""An agent answers "why did batch 33 fail?" in three calls at most, over a real pipe."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.demo.incident.rows import STUDENT_TEXT, load
from bot.demo.incident.write_logs import STRAY
from tests.agent.session import MOST_CALLS, agent, asked, settings_of, text_of
from tests.support.paths import ROOT
from tests.support.program import batchbot

PAGE = ROOT / "bot" / "cli" / "mcp" / "SESSION.md"


@pytest.fixture
async def night(database_url: str) -> dict[str, str]:
    await load(database_url, "then")
    return settings_of(database_url)


async def test_an_agent_finds_out_why_a_batch_failed(night: dict[str, str], tmp_path: Path) -> None:
    async with agent(tmp_path, night) as client:
        session = await asked(client)
    assert len(session.calls) <= MOST_CALLS
    assert not any(result.is_error for _, _, result in session.calls)
    assert "66 of 100 comparisons failed" in session.answer
    assert "provider-failures" in session.answer
    assert "Do not use the grades" in session.answer or "do not use" in session.answer.lower()
    kept = PAGE.read_text(encoding="utf-8")
    assert all(f"`{tool}` {json.dumps(given)}" in kept for tool, given, _ in session.calls)


async def test_each_tool_answers_the_night_and_hides_student_text(
    night: dict[str, str], tmp_path: Path
) -> None:
    calls: dict[str, dict[str, Any]] = {
        "status": {"batch": 34},
        "compare": {"batch": 33, "with": 34},
        "list": {},
        "trace": {"id": STRAY},
        "queue": {},
        "logs": {"service": "cj", "text": "IntegrityError", "since": "3650d"},
    }
    async with agent(tmp_path, night) as client:
        for tool, arguments in calls.items():
            result = await client.call_tool(tool, arguments)
            assert not result.is_error, (tool, text_of(result.content[0]))
            assert "PLANTED" not in f"{result.structured_content} {text_of(result.content[0])}"
        assert "PLANTED" in STUDENT_TEXT
        unknown = await client.call_tool("status", {"batch": 9999})
        assert (unknown.is_error, "9999" in text_of(unknown.content[0])) == (True, True)


async def test_a_server_without_sources_says_so_and_calls_nothing_healthy(tmp_path: Path) -> None:
    async with agent(tmp_path, {}) as client:
        result = await client.call_tool("status", {"batch": 33})
    assert result.structured_content["verdict"] == "unknown"
    assert "cj_database" in str(result.structured_content["sources"])


def test_a_wrong_setting_is_told_before_the_protocol_begins(tmp_path: Path) -> None:
    done = batchbot("mcp", cwd=tmp_path, settings={"LOG_SOURCE": "files"})
    assert (done.returncode, done.stdout) == (2, "")
    assert "LOG_FILES_DIR" in done.stderr


async def test_standard_output_carries_the_protocol_alone_and_its_end_ends_the_server(
    tmp_path: Path,
) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "mcp", cwd=tmp_path, env={"PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    client = {"name": "test", "version": "1"}
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
         "params": {"name": "explain", "arguments": {"rule": "worker-hung"}}},
    ]  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(b"this is no message\n")
    server.stdin.write("".join(f"{json.dumps(one)}\n" for one in lines).encode())
    answers: list[dict[str, Any]] = []
    while not any(one.get("id") == 2 for one in answers):
        answers.append(json.loads(await server.stdout.readline()))
    server.stdin.close()
    rest, _ = await server.communicate()
    assert (rest, server.returncode) == (b"", 0)
    assert {one.get("id") for one in answers} >= {1, 2}
