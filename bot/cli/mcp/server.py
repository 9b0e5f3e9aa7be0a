"""Serves the tools, the catalogue and the prompt over standard input and output.

Standard output carries the protocol alone: the SDK turns what else is written there to standard
error. A call runs as `ask` runs a line, with sources of its own, which close when it ends, is
cancelled, or runs into the deadline.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import mcp_types as types
import orjson
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from bot.catalogue import entries, entry_of
from bot.cli import ask
from bot.cli.formats import Format
from bot.cli.mcp.guesses import Guesses
from bot.cli.mcp.report_schema import REPORT_SCHEMA
from bot.cli.mcp.texts import INSTRUCTIONS, PROMPT, rule_index, rule_page
from bot.cli.mcp.tools import ID_SHAPE, ReadTool, must_read_only, tools_of
from bot.cli.output import as_object, error_lines, rendered
from bot.cli.progress import Work
from bot.domain.report import Report
from bot.errors import BatchbotError, UsageError
from bot.log import cause_line
from bot.monitoring.version import version
from bot.registry import commands
from bot.requests.boundary import bounded
from bot.service.clock import utc_now
from bot.settings import Settings

log = logging.getLogger(__name__)
RULES, SCHEMA = "batchbot://rules", "batchbot://schema/report"
RULE = f"{RULES}/{{rule}}"
INVESTIGATE = "investigate_batch"
READS = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

PROGRESS_SECONDS = 2.0

Answer = Callable[[ask.Asked, Work], Awaitable[Report]]


@dataclass(frozen=True, slots=True)
class AgentDoor:
    """The handlers of the protocol; `answer` runs an understood line and notes how far it came."""

    settings: Settings
    answer: Answer
    tools: dict[str, ReadTool]
    guesses: Guesses = field(default_factory=Guesses)
    now: Callable[[], datetime] = utc_now

    async def list_tools(self, _: Any, __: Any) -> types.ListToolsResult:
        """Return the tools, each read-only, with what it takes and returns."""
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=one.name,
                    title=one.title,
                    description=one.description,
                    input_schema=one.input_schema,
                    output_schema=REPORT_SCHEMA,
                    annotations=READS,
                )
                for one in self.tools.values()
            ]
        )

    async def call_tool(
        self, context: Any, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Answer one call; what went wrong is a result that says so, never a broken session."""

        async def broken(error: Exception) -> types.CallToolResult:
            # The SDK would send the error's own text, which may hold anything.
            told = f"Something broke inside batchbot: {cause_line(error)}"
            log.error("tool %s: %s", params.name[:40], told, exc_info=error)
            return _result(f"{told}\nPlease report this line.", is_error=True)

        work = Work()
        # Where the agent asked for none, none is sent.
        telling = asyncio.create_task(_tell(work, context.session.report_progress))
        try:
            return await bounded(self._result_of(params, work), broken)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _result_of(
        self, params: types.CallToolRequestParams, work: Work
    ) -> types.CallToolResult:
        try:
            report = await self._report(params.name, params.arguments or {}, work)
        except UsageError as error:
            # An agent types no command: it is told of the parameters in place of the usages.
            known = self.tools.get(params.name)
            meant = error.hint.partition("Such as ")[0].strip()
            hints = [] if "/" in meant else [meant]
            hints = [*hints, known.hint] if known else [error.hint]
            return _result("\n".join(filter(None, (error.message, *hints))), is_error=True)
        except BatchbotError as error:
            return _result("\n".join(error_lines(error)), is_error=True)
        text = rendered(report, Format.MARKDOWN)
        if ask.nothing_is_set_up(report):
            text = f"{text}\n{ask.NOTHING_IS_SET_UP}\n"
        as_json = as_object(report, Format.JSON)
        has_answered = report.found or self.tools[params.name].searches
        return _result(text, structured=as_json, is_error=not has_answered)

    async def _report(self, name: str, arguments: dict[str, Any], work: Work) -> Report:
        tool = self.tools.get(name)
        if tool is None:
            known = ", ".join(self.tools)
            raise UsageError(f"There is no tool {name[:40]}.", hint=f"The tools are: {known}.")
        logs = self.settings.logs
        line = tool.line(arguments)
        asked = ask.understand(line, services=logs.services, zone=logs.zone)
        must_read_only(asked.command, asked.request.verb)
        ask.must_be_kept(asked, self.settings)
        self.guesses.take(asked, self.now())
        return await self.answer(asked, work)

    async def list_resources(self, _: Any, __: Any) -> types.ListResourcesResult:
        """Return the index of rules, the schema, and a page for each rule."""
        pages = (
            _resource(f"{RULES}/{one.rule}", one.rule, one.means) for one in entries().values()
        )
        return types.ListResourcesResult(
            resources=[
                _resource(RULES, "rules", "every rule with what it means", "text/plain"),
                _resource(SCHEMA, "report-schema", "the JSON Schema of every answer",
                          "application/schema+json"),
                *pages,
            ]
        )  # fmt: skip

    async def list_templates(self, _: Any, __: Any) -> types.ListResourceTemplatesResult:
        """Return the address of a rule's page."""
        page = types.ResourceTemplate(
            name="rule",
            uri_template=RULE,
            description="what a rule means, how it is proved, what it cannot see, what to do",
            mime_type="text/markdown",
        )
        return types.ListResourceTemplatesResult(resource_templates=[page])

    async def read_resource(
        self, _: Any, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """Return one text. Raises MCPError for an address that is none of ours."""
        uri = str(params.uri)
        kind, text = _text_of(uri)
        page = types.TextResourceContents(uri=uri, mime_type=kind, text=text)
        return types.ReadResourceResult(contents=[page])

    async def list_prompts(self, _: Any, __: Any) -> types.ListPromptsResult:
        """Return the one prompt."""
        batch = types.PromptArgument(
            name="batch", description="its CJ number, uuid or run label", required=True
        )
        prompt = types.Prompt(
            name=INVESTIGATE,
            title="Investigate a batch",
            description="How to find out why a batch failed or is stuck.",
            arguments=[batch],
        )
        return types.ListPromptsResult(prompts=[prompt])

    async def get_prompt(
        self, _: Any, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        """Return the prompt for a batch. Raises MCPError where it is another or lacks one."""
        batch = (params.arguments or {}).get("batch", "").strip()[:80]
        if params.name != INVESTIGATE or not ID_SHAPE.fullmatch(batch):
            raise MCPError(types.INVALID_PARAMS, f"The prompt is {INVESTIGATE}; it needs a batch.")
        text = types.TextContent(type="text", text=PROMPT.format(batch=batch))
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=text)])


def server_of(settings: Settings, answer: Answer | None = None) -> "Server[Any]":
    """Return the server; `answer` stands in for asking the sources of the settings."""

    async def asked(line: ask.Asked, work: Work) -> Report:
        return await ask.answer(line, settings, work)

    door = AgentDoor(settings, answer or asked, tools_of(commands()))
    return Server(
        "batchbot",
        version=version(),
        instructions=INSTRUCTIONS,
        on_list_tools=door.list_tools,
        on_call_tool=door.call_tool,
        on_list_resources=door.list_resources,
        on_list_resource_templates=door.list_templates,
        on_read_resource=door.read_resource,
        on_list_prompts=door.list_prompts,
        on_get_prompt=door.get_prompt,
    )


async def serve(settings: Settings) -> None:
    """Serve until standard input ends."""
    server = server_of(settings)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


async def _tell(work: Work, report: Callable[..., Awaitable[None]]) -> None:
    """Tell the agent every few seconds how far an answer has come."""
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        await report(work.clock() - work.began, None, work.line())


def _result(text: str, *, structured: Any = None, is_error: bool = False) -> types.CallToolResult:
    content = types.TextContent(type="text", text=text)
    return types.CallToolResult(content=[content], structured_content=structured, is_error=is_error)


def _resource(uri: str, name: str, told: str, kind: str = "text/markdown") -> types.Resource:
    return types.Resource(uri=uri, name=name, description=told, mime_type=kind)


def _text_of(uri: str) -> tuple[str, str]:
    if uri == RULES:
        return "text/plain", rule_index()
    if uri == SCHEMA:
        return "application/schema+json", orjson.dumps(REPORT_SCHEMA).decode()
    one = entry_of(uri.removeprefix(f"{RULES}/"))
    if one is None or not uri.startswith(f"{RULES}/"):
        raise MCPError(types.INVALID_PARAMS, f"There is no resource {uri[:100]}.")
    return "text/markdown", rule_page(one)
