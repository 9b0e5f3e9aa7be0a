"""Sends a message in the richest blocks that the workspace takes, and remembers which it refuses.

Slack rolls block types out workspace by workspace and answers `invalid_blocks` where one is not
known yet. The type that was refused is left out from then on, the others stay.
"""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import PostError, PostFailure
from bot.ports.action_ids import DETAILS_ACTION
from bot.slack.blocks.charts import CHART, as_text
from bot.slack.blocks.elements import Block, button, plain_table
from bot.slack.blocks.limits import CONTAINER
from bot.slack.outbound.web_api import patiently

log = logging.getLogger(__name__)

OPTIONAL_BLOCKS = (CHART, "data_table", "table", CONTAINER)
# What a message's `asks` says: the command whose modal shows what is folded in it.
ASKS = "asks"
KEPT_SECONDS = 24 * 3_600.0
_POINTER = re.compile(r"blocks/(\d{1,3})\b")
_ABOUT_TYPE = ("invalid_blocks", "invalid_attachments")

Message = Mapping[str, Any]
Send = Callable[[Message], Awaitable[str]]
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message stands, and which block types it went without."""

    ts: str
    without: frozenset[str] = NOTHING


class Refused:
    """The block types that this workspace does not take; each is tried again after a day."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def types(self) -> frozenset[str]:
        """Return the types to leave out now."""
        now = self._clock()
        return frozenset(kind for kind, until in self._until.items() if until > now)

    def remember(self, kinds: frozenset[str]) -> None:
        """Leave these types out from now on."""
        self._until.update(dict.fromkeys(kinds, self._clock() + KEPT_SECONDS))


class BlockFallback:
    """Tries a message as it is, then without what Slack may not know, at last as text alone."""

    def __init__(self, refused: Refused | None = None) -> None:
        self.refused = refused or Refused()

    async def send(
        self,
        message: Message,
        send: Send,
        *,
        bare: bool = True,
        brief: bool = False,
        patience: float = 0.0,
    ) -> Sent:
        """Send, and say what was left out. Raises PostError for all but refused blocks.

        `bare` allows text alone; `brief` spends few tries, where each one counts; rate limits
        are waited out for `patience` seconds.
        """
        blocks = message["blocks"]
        present = frozenset(str(block.get("type")) for block in blocks) & set(OPTIONAL_BLOCKS)
        known = present & self.refused.types()
        plans: list[frozenset[str] | None] = [known]
        waited, failed = 0.0, False
        while True:
            plan = plans.pop(0)
            shown = [] if plan is None else without(blocks, plan)
            if plan is not None and CONTAINER in plan and message.get(ASKS):
                shown = with_details(shown, message[ASKS])
            try:
                ts = await send({**message, "blocks": shown})
            except PostError as error:
                if error.failure is PostFailure.PAYLOAD:
                    log.warning("Slack refused a message's blocks: %s", error.message)
                    if not failed:
                        hinted = _hinted(shown, error) - known
                        plans = list(_plans(present - known, known, hinted, bare, brief))
                        failed = True
                    if plans:
                        continue
                    raise
                waited = await patiently(error, waited, patience)
                plans.insert(0, plan)
                continue
            if plan is not None and failed:
                self._learn(plan - known, present - known, brief)
            return Sent(ts, present if plan is None else plan)

    def _learn(self, dropped: frozenset[str], present: frozenset[str], brief: bool) -> None:
        """Remember what was dropped, unless it is unknown which of several was refused."""
        if dropped and not (brief and len(dropped) > 1 and dropped == present):
            log.warning("this workspace takes no %s for now", ", ".join(sorted(dropped)))
            self.refused.remember(dropped)


def without(blocks: Sequence[Mapping[str, Any]], refused: frozenset[str]) -> list[Block]:
    """Return `blocks` with those of the refused types said in plainer ones.

    What is folded is said in the thread, or behind a button.
    """
    return [
        _plainer(block) if block.get("type") in refused else dict(block)
        for block in blocks
        if block.get("type") not in refused
        or (block.get("type") in OPTIONAL_BLOCKS and block.get("type") != CONTAINER)
    ]


def with_details(blocks: Sequence[Block], command: str) -> list[Block]:
    """Return blocks with a button that shows what is folded, to whoever presses it, in a modal."""
    found = [dict(block) for block in blocks]
    more = button("Details", DETAILS_ACTION, f"{command} --me")
    row = next((block for block in found if block.get("type") == "actions"), None)
    if row is None:
        return [*found, {"type": "actions", "elements": [more]}]
    others = row["elements"]
    place = next((n for n, one in enumerate(others) if one["type"] == "overflow"), len(others))
    row["elements"] = [*others[:place], more, *others[place:]]
    return found


def _plans(
    present: frozenset[str], known: frozenset[str], hinted: frozenset[str], bare: bool, brief: bool
) -> Iterator[frozenset[str] | None]:
    """Yield what to leave out in each further try, the least first; None is text alone."""
    seen = {NOTHING}
    singles = [] if brief else [frozenset({k}) for k in OPTIONAL_BLOCKS if k in present]
    for plan in (hinted, *singles, present):
        if plan not in seen:
            seen.add(plan)
            yield plan | known
    if bare:
        yield None


def _hinted(shown: Sequence[Block], error: PostError) -> frozenset[str]:
    """Return the optional types of the blocks that Slack points at."""
    if not any(code in error.message for code in _ABOUT_TYPE):
        return NOTHING
    places = {int(found) for note in error.notes for found in _POINTER.findall(note)}
    kinds = {str(block.get("type")) for n, block in enumerate(shown) if n in places}
    return frozenset(kinds & set(OPTIONAL_BLOCKS))


def _plainer(block: Mapping[str, Any]) -> Block:
    if block.get("type") == CHART:
        return as_text(block)
    return plain_table(block.get("rows", []))
