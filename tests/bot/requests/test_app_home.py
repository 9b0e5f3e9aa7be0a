"""The App Home shows what is and what cannot be read, as of when, and leads on."""

from typing import Any

from bot.domain.evidence import Missing, SourceState
from bot.domain.report import Report
from bot.ports import Place, Sources
from bot.registry import commands
from bot.requests.admission import Admission
from bot.requests.app_home import AppHome
from bot.requests.replies import Replies
from bot.slack.blocks.renderer import BlockKit
from bot.slack.outbound.views import fit
from tests.support.fakes.sources import FakeMemory, FakeQueue, at, down
from tests.support.slack import payloads
from tests.support.slack.bot import ACCESS, Bot
from tests.support.slack.views import view_violations

AT = at("2025-11-19 00:30")


class Shown:
    """Keeps the home that was published."""

    def __init__(self) -> None:
        self.blocks: list[Any] = []

    async def home(self, user: str, blocks: Any) -> None:
        self.blocks = list(blocks)


async def _published(sources: Sources, user: str = "U0ONCALL0") -> str:
    shown = Shown()
    admission = Admission(commands(), sources, ACCESS, lambda: AT)
    await AppHome(admission, Replies(None, shown, BlockKit())).publish(Place(user, user, home=True))  # type: ignore[arg-type]
    view = {"type": "home", "blocks": shown.blocks}
    assert view_violations(fit(view)) == []
    return str(shown.blocks)


async def test_it_tells_of_queue_batches_alerts_and_every_source() -> None:
    sources = Sources(
        queue=FakeQueue(),
        memory=FakeMemory(),
        database=Missing("cj_database", "wrong address"),
        runners=None,
    )
    text = await _published(sources)
    for part in ("refreshed <!date^1763512200^", "Refresh", "'/trace'", "'/batch status'",
                 "✅ read now: queue, memory", "🔴 database", "wrong address",
                 "▫️ not configured: logs, callbacks, runners", "No alert is open", "queue is empty",
                 "What can I ask?"):  # fmt: skip
        assert part in text, part


async def test_a_source_that_is_down_is_never_shown_as_fine() -> None:
    home = AppHome(
        Admission({}, Sources(queue=FakeQueue(error=down("llm_queue"))), ACCESS, lambda: AT),
        Replies(None, None, BlockKit()),  # type: ignore[arg-type]
    )
    states = {one.name: one.state for one in await home.sources()}
    assert states["queue"] is SourceState.MISSING
    assert states["logs"] is SourceState.NOT_CONFIGURED


async def test_who_may_not_ask_reads_who_can_change_that() -> None:
    text = await _published(Sources(), user="U0GUEST00")
    assert "not on the list" in text
    assert "Sources" not in text


async def test_refresh_publishes_it_again(bot: Bot) -> None:
    bot.shop.report = Report("queue", "Fine")
    await bot.send(payloads.home_opened())
    await bot.send(payloads.view_press("home_refresh", "-"))
    said = await bot.slack.wait_for(2)
    assert [one.way for one in said] == ["views.publish", "views.publish"]
