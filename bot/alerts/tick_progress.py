"""What one tick leaves for the next, also across a restart, beside samples and alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.alerts.kept import taken_up
from bot.alerts.policy.digest import DigestState
from bot.alerts.self_monitoring.missed_ticks import GAP_PROGRESS, Gap
from bot.alerts.store.commands import KNOWN_PROGRESS
from bot.text.kept import kept_moment

DIGEST_PROGRESS, MORNING_PROGRESS = "quiet", "morning"


@dataclass(frozen=True, slots=True)
class TickProgress:
    """`quiet` is for the next digest, `told_morning` for the next morning's message.

    `gap` is the last time without ticks; `known` is what the services' changes are noted against.
    """

    quiet: DigestState = field(default_factory=DigestState)
    told_morning: datetime | None = None
    gap: Gap | None = None
    known: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        told = self.told_morning
        gap = {GAP_PROGRESS: self.gap.to_json()} if self.gap else {}
        morning = {MORNING_PROGRESS: told.isoformat()} if told else {}
        kept = {DIGEST_PROGRESS: self.quiet.to_json(), KNOWN_PROGRESS: dict(self.known)}
        return {**kept, **morning, **gap}

    @classmethod
    def from_json(cls, left: Mapping[str, Any]) -> "TickProgress":
        """Return what `to_json` returned, whatever else stands beside it."""
        told = left.get(MORNING_PROGRESS)
        quiet = left.get(DIGEST_PROGRESS) or {}
        return cls(
            quiet=taken_up("the digest", lambda: DigestState.from_json(quiet), DigestState()),
            told_morning=taken_up("the morning", lambda: kept_moment(told) if told else None, None),
            gap=Gap.from_json(left.get(GAP_PROGRESS)),
            known=taken_up("changes", lambda: dict(left.get(KNOWN_PROGRESS) or {}), {}),
        )
