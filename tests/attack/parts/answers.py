"""Every command's answer at a terminal and to an agent, in every form, with its files."""

import contextlib
import io
from collections.abc import Iterator

from mcp import Client
from mcp_types import TextContent

from bot.cli import ask, terminal
from bot.cli.doctor.examination import examine
from bot.cli.doctor.examined import show
from bot.cli.formats import Format
from bot.cli.mcp.server import server_of
from bot.cli.output import error_json, error_lines, rendered, to_json
from bot.cli.progress import Work
from bot.diagnosis.export.html import html_page
from bot.domain.report import Report
from bot.errors import BatchbotError
from bot.service.clock import utc_now
from bot.settings import load_settings
from bot.text.privacy import presentable
from tests.attack.parts.lines import ID, LABEL
from tests.attack.parts.outlet import Outlet
from tests.attack.parts.rows import BATCHES, id_of
from tests.attack.parts.world import World

FIRST, SECOND, *_, LAST = BATCHES


def asked(word: str) -> Iterator[str]:
    """Yield the lines to ask: each way to call a command; `word` is what a person mistypes."""
    for batch in BATCHES:
        yield f"/batch status {batch}"
    yield from (
        f"/batch investigate {FIRST} --export", f"/batch investigate {SECOND}",
        f"/batch investigate {LAST}", f"/batch bundle {FIRST}", f"/batch bundle {LAST}",
        f"/batch compare {FIRST} {SECOND}", f"/batch compare {FIRST} {LAST}", "/batch list",
        *(f"/batch trends --since 7d --by {one}" for one in ("mode", "model", "provider")),
        f"/trace {ID}", f"/trace {FIRST}", f"/trace {LABEL}", f"/trace {id_of('root', FIRST)}",
        "/queue", "/changes", "/changes 24h", "/runner list", "/alerts list", "/alerts history",
        *(f"/alerts {verb} {one}" for verb in ("history", "export") for one in (1, 2, 3)),
        "/logs cj error --since 2h --context 3", "/logs llm_provider request --since 2h",
        "/logs all failed --since 2h --level error", f"/logs all {ID}", "/logs cj Traceback",
        f"/logs all {word}", f"/batch status {word}", f"/trace {word}", f"/help {word}",
        f"/queue status {word}", f"/alerts history {word}", f"/batch list {word}",
        f"why is {word} stuck?",
    )  # fmt: skip


TOOLS: tuple[tuple[str, dict[str, object]], ...] = (
    ("status", {"batch": FIRST}), ("status", {"batch": LAST}), ("investigate", {"batch": FIRST}),
    ("trace", {"id": ID}), ("queue", {}), ("logs", {"service": "all", "text": "error"}),
    ("changes", {}), ("runner_list", {}), ("alerts", {}), ("trends", {}), ("list", {}),
)  # fmt: skip


async def tell(world: World, out: Outlet, *, few: bool = False) -> None:
    """Ask everything, and keep what is printed, saved and shown."""
    word = "".join(world.plant("typed at a terminal").split())
    for line in some(list(asked(word)), few=few):
        way = f"ask {' '.join(line.split()[:2])}"
        try:
            report = await ask.answer(ask.understand(line), load_settings(), Work())
        except BatchbotError as error:
            out.put(f"{way}, error", "\n".join(error_lines(error)))
            out.put(f"{way}, error", to_json(error_json(error)))
            continue
        _keep(way, report, out)
    await _agent(out)
    await _doctor(out)


def _keep(way: str, report: Report, out: Outlet) -> None:
    out.put(f"{way}, terminal", terminal.printed(report))
    out.put(f"{way}, page", html_page(presentable(report), utc_now()))
    for form in (Format.JSON, Format.MARKDOWN, Format.BLOCKS):
        out.put(f"{way}, {form}", rendered(report, form))
    for file in report.attachments:
        out.put(f"{way}, file", f"{file.filename} {file.title} {file.alt}")
        out.put(f"{way}, file", file.content)


def some(lines: list[str], *, few: bool) -> list[str]:
    """Return all lines, or a few of them; trends are left to the whole run."""
    return [one for one in lines[::4] if "trends" not in one] if few else lines


async def _agent(out: Outlet) -> None:
    """Call the tools by the SDK's own client."""
    async with Client(server_of(load_settings())) as client:
        known = {one.name for one in (await client.list_tools()).tools}
        for name, arguments in TOOLS:
            if name not in known:
                continue
            answer = await client.call_tool(name, arguments)
            for content in answer.content:
                if isinstance(content, TextContent):
                    out.put(f"agent, {name}", content.text)
            out.put(f"agent, {name}", to_json(answer.structured_content))


async def _doctor(out: Outlet) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        show(await examine(load_settings()))
    out.put("doctor", printed.getvalue())
