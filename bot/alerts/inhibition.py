"""A cause hides its symptoms: while it fires, alerts that follow from it do not open; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.alerts.policy import inhibit
from bot.domain.alert import Alert, AlertState, Decision, Reason

Decided = tuple[Alert | None, Decision]


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Alerts of `symptoms` are hidden while one of `cause` fires whose subject holds `subject`."""

    cause: str
    subject: str
    symptoms: frozenset[str]


INHIBITIONS = (
    Inhibition(
        "container_gone",
        "llm_provider",
        frozenset({"stuck_queue", "lost_callbacks", "batch_idle", "provider_errors"}),
    ),
    Inhibition(
        "container_gone",
        "cj_assessment",
        frozenset({"lost_callbacks", "batch_idle", "consumer_silent", "outbox_unpublished"}),
    ),
    Inhibition("consumer_silent", "", frozenset({"lost_callbacks", "batch_idle"})),
    Inhibition("stuck_queue", "", frozenset({"batch_idle"})),
)


def inhibited(decisions: Sequence[Decided], remembered: Sequence[Alert]) -> list[Decided]:
    """Return the decisions with symptoms kept pending, and each cause telling how many it hides."""
    causes = _causes(decisions, remembered)
    hidden: dict[str, int] = {}
    shown: list[Decided] = []
    for previous, decision in decisions:
        cause = _cause_of(decision.alert.detector, causes)
        if cause is not None and decision.reason in (Reason.OPEN, Reason.PENDING):
            hidden[cause.key] = hidden.get(cause.key, 0) + 1
        if cause is not None:
            decision = inhibit(decision, previous, cause.key)
        shown.append((previous, decision))
    return [(previous, _telling(decision, hidden)) for previous, decision in shown]


def _causes(decisions: Sequence[Decided], remembered: Sequence[Alert]) -> list[Alert]:
    now = {decision.alert.key: decision.alert for _, decision in decisions}
    merged = {**{alert.key: alert for alert in remembered}, **now}
    return [alert for alert in merged.values() if alert.state is AlertState.FIRING]


def _cause_of(detector: str, firing: Sequence[Alert]) -> Alert | None:
    for rule in INHIBITIONS:
        if detector not in rule.symptoms:
            continue
        for alert in firing:
            if alert.detector == rule.cause and rule.subject in alert.subject:
                return alert
    return None


def _telling(decision: Decision, hidden: dict[str, int]) -> Decision:
    count = hidden.get(decision.alert.key, 0)
    if not count:
        return decision
    condition = decision.alert.condition
    why = f"{condition.why} Hides {count} alerts that follow from it.".strip()
    return replace(decision, alert=replace(decision.alert, condition=replace(condition, why=why)))
