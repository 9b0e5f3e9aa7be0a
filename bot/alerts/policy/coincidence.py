"""What changed shortly before an alert began: shown with its opening, as a coincidence; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.alerts.policy.inhibition import Decided
from bot.domain.alert import Decision, Reason
from bot.domain.changes.change import SHORTLY, Change, shortly_before


def wanted_since(decisions: Iterable[Decided]) -> datetime | None:
    """Return from when on changes matter to the alerts that open; None where none does."""
    opened = [one.alert.condition.since for _, one in decisions if one.reason is Reason.OPEN]
    return min(opened) - SHORTLY if opened else None


def with_changes(decisions: Sequence[Decided], changes: Sequence[Change]) -> list[Decided]:
    """Return the decisions, each alert that opens with what changed shortly before it began."""
    return [(before, _told(decision, changes)) for before, decision in decisions]


def _told(decision: Decision, changes: Sequence[Change]) -> Decision:
    alert = decision.alert
    if decision.reason is not Reason.OPEN:
        return decision
    near = shortly_before(changes, alert.condition.since, but=alert.subject)
    return replace(decision, alert=replace(alert, changed=near))
