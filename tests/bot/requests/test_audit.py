"""The audit trail is the same from Slack and from a terminal, and comes before a change."""

import logging
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.cli import ask as terminal
from bot.domain.report import Report
from bot.errors import BatchbotError, SourceError
from bot.ports import CommandContext, Place, Request, Sources
from bot.requests import audit
from tests.support.fakes.sources import FakeMemory, at, context, down
from tests.support.slack.bot import ACCESS, QUIET, Bot

NOW = at("2025-11-19 00:30")
LINE = "/batch alias baseline 33"


@dataclass
class Changing:
    """A command whose verb `alias` changes something; it notes what was audited by then."""

    memory: FakeMemory
    error: BatchbotError | None = None
    ran_after: list[list[str]] = field(default_factory=list)

    async def run(self, request: Request, context: CommandContext) -> Report:
        self.ran_after.append([row[3] for row in self.memory.audited])
        if self.error:
            raise self.error
        return Report("batch", "Alias", summary="baseline now stands for 33.")


async def _from_slack(bot: Bot, command: Changing, line: str) -> None:
    batch = replace(bot.shop.commands()["batch"], run=command.run, changes=frozenset({"alias"}))
    bot.dispatcher.admission.commands = {"batch": batch}
    bot.dispatcher.admission.sources = Sources(memory=command.memory)
    assert "U0ONCALL0" in ACCESS.operators
    await bot.dispatcher.answer(Place(QUIET, "U0ONCALL0"), line)


async def _from_terminal(bot: Bot, command: Changing, line: str) -> None:
    batch = replace(bot.shop.commands()["batch"], run=command.run, changes=frozenset({"alias"}))
    request = batch.parse(line.removeprefix("/batch "))
    asked = terminal.Asked(batch, request, line)
    try:
        await terminal.run(asked, context(Sources(memory=command.memory), NOW))
    except BatchbotError:
        return


WAYS = pytest.mark.parametrize(
    ("ask", "who", "where"),
    [(_from_slack, "U0ONCALL0", QUIET), (_from_terminal, "terminal", "terminal")],
    ids=["slack", "terminal"],
)


@WAYS
async def test_a_change_is_written_down_before_and_after_it_is_made(
    bot: Bot, ask: Any, who: str, where: str
) -> None:
    command = Changing(FakeMemory())
    await ask(bot, command, LINE)
    assert command.ran_after == [["asked"]]
    assert command.memory.audited == [
        (who, where, LINE, "asked"),
        (who, where, LINE, "baseline now stands for 33."),
    ]


@WAYS
async def test_a_change_that_fails_is_written_down_with_its_reason(
    bot: Bot, ask: Any, who: str, where: str
) -> None:
    command = Changing(FakeMemory(), SourceError("runners", "it belongs to another user"))
    await ask(bot, command, LINE)
    assert command.memory.audited[-1] == (
        who,
        where,
        LINE,
        "SourceError: it belongs to another user",
    )


@WAYS
async def test_a_change_that_cannot_be_written_down_is_not_made(
    bot: Bot, ask: Any, who: str, where: str
) -> None:
    command = Changing(FakeMemory(error=down("memory")))
    await ask(bot, command, LINE)
    assert command.ran_after == []


@pytest.mark.parametrize(("ask", "rows"), [(_from_slack, ["ok"]), (_from_terminal, [])])
async def test_a_question_that_changes_nothing_is_audited_from_slack_alone(
    bot: Bot, ask: Any, rows: list[str]
) -> None:
    command = Changing(FakeMemory())
    await ask(bot, command, "/batch status 33")
    assert [row[3] for row in command.memory.audited] == rows


async def test_a_secret_in_a_line_does_not_reach_the_trail() -> None:
    memory, secret = FakeMemory(), "xoxb-123456789012-abcdefghijklmnop"
    await audit.end(Sources(memory=memory), Place("C1", "U1"), f"/logs cj {secret}", "ok")
    assert secret not in str(memory.audited)


async def test_an_answer_stands_although_it_cannot_be_written_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = FakeMemory(error=down("memory"))
    with caplog.at_level(logging.WARNING):
        await audit.end(Sources(memory=memory), Place("C1", "U1"), "/queue", "ok")
    assert "could not write the audit trail" in caplog.text


async def test_a_refusal_s_outcome_holds_no_word_that_not_everybody_may_read() -> None:
    memory = FakeMemory()
    place, refusal = Place(QUIET, "U0ONCALL0"), "UsageError: hemligtX9 is no id."
    await audit.end(Sources(memory=memory), place, "/batch status hemligtX9", refusal)
    assert memory.audited == [
        ("U0ONCALL0", QUIET, "/batch status …", "UsageError: … is no id."),
    ]
