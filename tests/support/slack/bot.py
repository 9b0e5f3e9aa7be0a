"""A bot wired to a small Slack, with commands of which a test holds the reins."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.domain.report import Report
from bot.errors import Blank, LackingError, SourceError, UsageError
from bot.ports import Choice, CommandContext, Request, Sources
from bot.registry import SlashCommand, Usage
from bot.requests.access import Access
from bot.requests.admission import Admission, Limits
from bot.requests.app_home import AppHome
from bot.requests.dispatcher import Dispatcher
from bot.requests.forms import Forms
from bot.requests.jobs import JobRunner
from bot.requests.questions.asking import Questions
from bot.requests.replies import Replies
from bot.requests.sharing import Shares
from bot.slack.blocks.mrkdwn import short_ids
from bot.slack.blocks.renderer import BlockKit
from bot.slack.inbound.listeners import build_app
from bot.slack.outbound.replies import SlackReplies
from bot.slack.outbound.views import SlackViews
from bot.slack.outbound.web_api import Web, make_client
from bot.slack.setup.identity import Identity
from tests.support.code_names import code_names
from tests.support.fakes.sources import at
from tests.support.slack.web_api import SlackApi, slack_api

UUID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
INCIDENTS, ALERTS, QUIET = "C0INCIDENT", "C0ALERTS00", "C0QUIET000"
ACCESS = Access(
    users=frozenset({"U0RESEARCH"}),
    operators=frozenset({"U0ONCALL0"}),
    channels=frozenset({QUIET}),
    incident_channels=frozenset({INCIDENTS}),
    alert_channel=ALERTS,
    names={INCIDENTS: "incidents"},
    teams=frozenset({"T00000000"}),
)


@dataclass
class Workshop:
    """Commands of which a test holds the reins: `gate` opens for all that wait."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    started: list[str] = field(default_factory=list)
    recent: tuple[str, ...] = ("34", "33")
    report: Report | None = None

    def commands(self) -> Mapping[str, SlashCommand]:
        """Return /batch (answers, waits, breaks or fails by its verb) and /trace."""
        usages = (Usage("status <id>", "what a batch is", "/batch status 34"),)
        batch = SlashCommand(
            "batch",
            "about a batch",
            usages,
            _parse("batch"),
            self._run,
            frozenset({"alias"}),
            choices=self._choices,
        )
        trace = SlashCommand(
            "trace", "one comparison", usages, _parse("trace"), self._run, choices=self._choices
        )
        return {"batch": batch, "trace": trace}

    async def _choices(self, kind: str, context: CommandContext) -> tuple[Choice, ...]:
        if kind != "batch" or not self.recent:
            return ()
        return tuple(Choice(one, f"{one} · scoring") for one in self.recent)

    async def _run(self, request: Request, context: CommandContext) -> Report:
        self.started.append(" ".join((request.command, request.verb, *request.words)))
        if request.verb == "wait":
            context.progress("2 of 3 sources")
            await self.gate.wait()
        if "break" in (request.verb, *request.words):
            raise ZeroDivisionError("secret detail of a bug")
        if "down" in (request.verb, *request.words):
            raise SourceError("cj_database", "connection refused")
        if "unfit" in (request.verb, *request.words):
            raise UsageError(f"There is no queue {request.words[-1]}.")
        if self.report is not None:
            return self.report
        # The rule that an answer begins with is asked for, and no answer's headline names it.
        asked = (word for word in request.words if not code_names(word))
        title = f"{request.command} {request.verb} {' '.join(asked)}"
        return Report(f"{request.command} {request.verb}", title, summary=short_ids(title))


def _parse(name: str) -> Any:
    def parse(text: str) -> Request:
        words = text.split()
        options = {word[2:]: "yes" for word in words if word.startswith("--")}
        rest = [word for word in words if not word.startswith("--")]
        if not rest:
            raise UsageError(f"/{name} needs words.", usage=(f"/{name} status <id>",))
        if "nonsense" in rest:
            raise UsageError("nonsense is no id.", usage=(f"/{name} status <id>",))
        if rest == ["status"] or rest == ["compare"]:
            blanks = (Blank("batch", "batch"),) * (2 if rest == ["compare"] else 1)
            raise LackingError(f"/{name} {rest[0]} needs an id.", blanks=blanks)
        return Request(name, rest[0], tuple(rest[1:]), options)

    return parse


@dataclass
class Bot:
    """A bot wired to the small Slack."""

    slack: SlackApi
    app: AsyncApp
    dispatcher: Dispatcher
    shop: Workshop

    async def send(self, payload: Mapping[str, Any]) -> int:
        """Deliver a payload as Socket Mode does; return the status of the acknowledgement."""
        return (await self.deliver(payload)).status

    async def deliver(self, payload: Mapping[str, Any]) -> BoltResponse:
        """Deliver a payload as Socket Mode does; return the acknowledgement."""
        self.slack.learn(payload)
        return await self.app.async_dispatch(
            AsyncBoltRequest(mode="socket_mode", body=dict(payload))
        )


def _now() -> datetime:
    return at("2025-11-18 23:50")


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with running_bot() as made:
        yield made


@asynccontextmanager
async def running_bot(
    access: Access = ACCESS,
    registry: Mapping[str, SlashCommand] | None = None,
    sources: Sources | None = None,
) -> AsyncIterator[Bot]:
    """Wire a bot to a small Slack of its own; its commands are the workshop's, or a `registry`."""
    async with slack_api() as slack, aiohttp.ClientSession() as session:
        web_api = Web(make_client("xoxb-test", f"{slack.url}/api/", session))
        shop = Workshop()
        replies = Replies(SlackReplies(web_api, session), SlackViews(web_api), BlockKit())
        admission = Admission(registry or shop.commands(), sources or Sources(), access, _now)
        limits = Limits(running=4, progress_after=0.05, progress_every=0.02, grace=0.2)
        dispatcher = Dispatcher(
            admission,
            JobRunner(replies, limits),
            Forms(admission, replies),
            AppHome(admission, replies),
            Questions(admission, replies.sender),
            Shares(replies, access, _now),
            replies,
        )
        app = build_app(
            make_client(None, f"{slack.url}/api/", session),
            dispatcher,
            Identity("xoxb-test", "UBOT00000"),
        )
        yield Bot(slack, app, dispatcher, shop)
        await dispatcher.close()
