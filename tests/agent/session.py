"""An agent's session on the recorded night, by the SDK's own client over a real pipe.

The agent is a few fixed steps, no model: it looks at the tools, takes the prompt, investigates,
asks what the first cause means, and answers from what it was given.
"""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, TextContent

from bot.demo.incident.write_logs import LOGS
from tests.support.paths import ROOT

QUESTION = "why did batch 33 fail?"
MOST_CALLS = 3


@dataclass
class Session:
    """What was called, with what, and what came back."""

    calls: list[tuple[str, dict[str, Any], CallToolResult]] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    prompt: str = ""
    answer: str = ""


def settings_of(database_url: str) -> dict[str, str]:
    """Return the settings that show the recorded night: its rows, and its log files."""
    return {
        "CJ_DATABASE_URL": database_url,
        "LOG_SOURCE": "files",
        "LOG_FILES_DIR": str(LOGS / "console"),
        "BOT_ENVIRONMENT": "night",
    }


@asynccontextmanager
async def agent(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[Client]:
    """Start `batchbot mcp` in a folder as a process of its own, and connect to it."""
    started = StdioServerParameters(
        command=sys.executable,
        args=["-m", "bot", "mcp"],
        env={"PYTHONPATH": str(ROOT), **settings},
        cwd=folder,
    )
    async with Client(started, read_timeout_seconds=60) as client:
        yield client


async def asked(client: Client) -> Session:
    """Answer QUESTION by at most MOST_CALLS calls."""
    session = Session()
    session.tools = [one.name for one in (await client.list_tools()).tools]
    prompt = await client.get_prompt("investigate_batch", {"batch": "33"})
    session.prompt = text_of(prompt.messages[0].content)
    story = await _call(client, session, "investigate", {"batch": 33})
    cause = first_cause(story.structured_content)
    meaning = await _call(client, session, "explain", {"rule": cause["rule"]})
    session.answer = _answer(story.structured_content, cause, meaning.structured_content)
    return session


def first_cause(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the finding from which most of the others follow."""
    findings = report["findings"]
    names = {one["rule"] for one in findings}
    firsts = [one for one in findings if one["cause"] not in names and one["severity"] == "error"]
    follow = [sum(one["cause"] == first["rule"] for one in findings) for first in firsts]
    found: dict[str, Any] = firsts[follow.index(max(follow))]
    return found


async def _call(
    client: Client, session: Session, tool: str, arguments: dict[str, Any]
) -> CallToolResult:
    result = await client.call_tool(tool, arguments)
    session.calls.append((tool, arguments, result))
    return result


def _answer(report: Mapping[str, Any], cause: Mapping[str, Any], meaning: Mapping[str, Any]) -> str:
    followed = [one["what"] for one in report["findings"] if one["cause"] == cause["rule"]]
    (known,) = meaning["facts"]["catalogue"]
    lines = [
        report["headline"],
        f"First cause ({cause['rule']}, confidence {cause['confidence']}): {cause['what']}. "
        f"{cause['why']}",
        *(f"From it followed: {one.rstrip('.')}." for one in followed),
        f"What that rule cannot see: {known['unseen']}",
        f"To do: {cause['next'][0]}",
    ]
    return "\n".join(lines)


def text_of(content: Any) -> str:
    """Return the text of a content."""
    assert isinstance(content, TextContent)
    return content.text


def written(session: Session) -> str:
    """Return the session as a page."""
    lines = [
        "# A session of an agent",
        "",
        f"Written by `python -m tests.agent`: the SDK's client, `batchbot mcp` over a real pipe, "
        f"the recorded night of November 2025. The question: {QUESTION}",
        "",
        f"Tools: {', '.join(f'`{name}`' for name in session.tools)}.",
        "",
    ]
    for number, (tool, arguments, result) in enumerate(session.calls, start=1):
        lines += [
            f"## Call {number}: `{tool}` {json.dumps(arguments)}",
            "",
            "~~~~markdown",
            text_of(result.content[0]).rstrip(),
            "~~~~",
            "",
        ]
    return "\n".join([*lines, "## The answer", "", *_quoted(session.answer)]) + "\n"


def _quoted(text: str) -> list[str]:
    return [f"> {line}  " for line in text.splitlines()]
