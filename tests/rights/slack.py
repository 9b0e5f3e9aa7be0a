"""People in Slack: each way of asking, by who may ask, who may change, and who may nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.rights.attempt import Attempt
from tests.support.slack import payloads
from tests.support.slack.bot import ALERTS, INCIDENTS, QUIET, Bot, running_bot

OPERATOR, RESEARCHER, GUEST = "U0ONCALL0", "U0RESEARCH", "U0GUEST00"
PEOPLE = {"operator": OPERATOR, "researcher": RESEARCHER, "guest": GUEST}
MAY_ASK = {"operator", "researcher"}
ELSEWHERE, FOREIGN = "C0PRIVATE0", "T0ELSEWHERE"
ASKS, CHANGES = "status 34", "alias night 34"


async def tried() -> list[Attempt]:
    """Try every person, place and way; an attempt worked when a command was begun."""
    found = []
    for who, what, payload, should in _cases():
        async with running_bot() as bot:
            found.append(Attempt(f"Slack {who}", what, await _began(bot, payload), should))
    return found


async def _began(bot: Bot, payload: Mapping[str, Any]) -> bool:
    await bot.send(payload)
    await bot.slack.wait_for(1)
    await bot.dispatcher.close()
    return bool(bot.shop.started)


def _cases() -> Iterator[tuple[str, str, dict[str, Any], bool]]:
    for who, user in PEOPLE.items():
        may = who in MAY_ASK
        for line in (ASKS, CHANGES):
            allowed = may and (line == ASKS or who == "operator")
            for place, channel in (("an incident channel", INCIDENTS), ("a channel", QUIET),
                                   ("the alert channel", ALERTS)):  # fmt: skip
                for way, sent in _ways(line, user, channel):
                    yield who, f"{way} {line.split()[0]} in {place}", sent, allowed
            for way, sent in _ways(line, user, ELSEWHERE):
                yield who, f"{way} {line.split()[0]} in a channel that is not listed", sent, False
    for way, sent in _ways(ASKS, OPERATOR, INCIDENTS, team=FOREIGN):
        yield "operator's id of another workspace", f"{way} status", sent, False


def _ways(
    line: str, user: str, channel: str, team: str = "T00000000"
) -> Iterator[tuple[str, dict[str, Any]]]:
    slash = payloads.slash("/batch", line, user=user, channel=channel)
    yield "types", {**slash, "team_id": team}
    yield "presses", payloads.press("x", f"/batch {line}", user=user, channel=channel, team=team)
    mention = f"<@UBOT00000> batch {line}"
    yield "mentions", payloads.mention(mention, user=user, channel=channel, user_team=team)
