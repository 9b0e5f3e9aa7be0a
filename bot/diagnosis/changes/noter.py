"""Notes at each tick what changed since the last one."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from bot.diagnosis.changes.differences import noted
from bot.diagnosis.changes.sighting import NEEDLES, Own, sighting, wants
from bot.domain.changes.change import Noted
from bot.domain.log import LogEvent
from bot.ports import Watch
from bot.text.kept import OTHER_SHAPE

log = logging.getLogger(__name__)
# A migration is no matter of seconds, and nothing else asks for the revision.
SCHEMA_EVERY = timedelta(minutes=1)


class Noter:
    """Implements the ChangeNoter port; `own` is the bot itself."""

    needles: ClassVar[tuple[str, ...]] = NEEDLES

    def __init__(self, own: Own) -> None:
        self._own = own
        self._schema_at: datetime | None = None

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells of a change."""
        return wants(event)

    async def note(self, watch: Watch, known: Mapping[str, Any]) -> Noted:
        """Return what changed since what was known, and what is known now."""
        last, now = self._schema_at, watch.now
        is_due = last is None or not timedelta() <= now - last < SCHEMA_EVERY
        self._schema_at = now if is_due else last
        seen = await sighting(watch, self._own, with_schema=is_due)
        try:
            return noted(known, seen)
        except OTHER_SHAPE as error:
            log.warning("what was known of changes cannot be read: %s", type(error).__name__)
            return noted({}, seen)
