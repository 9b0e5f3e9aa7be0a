"""Escalates alerts that were not acknowledged in time; pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.alerts.policy.inhibition import Decided
from bot.domain.alert import Decision, Reason
from bot.domain.routing.route import Route, due_escalation

# What a tick has to say besides goes first; the next tick escalates.
GIVES_WAY = (Reason.QUIET, Reason.REPEAT, Reason.NO_DATA)


def escalated(
    decisions: Sequence[Decided], routes: Sequence[Route], now: datetime
) -> list[Decided]:
    """Return the decisions with each alert escalated, once, whose route has waited long enough."""
    return [(previous, _escalated(decision, routes, now)) for previous, decision in decisions]


def _escalated(decision: Decision, routes: Sequence[Route], now: datetime) -> Decision:
    if decision.reason not in GIVES_WAY or not due_escalation(decision.alert, routes, now):
        return decision
    alert = replace(decision.alert, escalated_at=now, said_at=now, changed_at=now)
    return Decision(Reason.ESCALATE, alert, "nobody has acknowledged it")
