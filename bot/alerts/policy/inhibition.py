"""A cause hides its symptoms: while it lasts, alerts that follow from it do not open; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.alerts.policy.lifecycle import covered, inhibit
from bot.alerts.self_monitoring.unreadable_sources import UNREADABLE_SOURCE
from bot.domain.alert import Alert, AlertState, Condition, Decision, Reason

Decided = tuple[Alert | None, Decision]


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Alerts of `symptoms` are hidden while one of `cause` lasts whose subject holds `subject`.

    With `covers` the cause is what they warned of: those that fire are over, for it came about.
    With `same_batch` only those of the batch that the cause is about; with `same_episode` only
    those of the detector that the cause names as its own cause, begun before it; with
    `same_subject` only those of the cause's own subject; with `same_reason` none that names its
    reasons and has none in common with the cause.
    """

    cause: str
    subject: str
    symptoms: frozenset[str]
    same_batch: bool = False
    same_episode: bool = False
    same_subject: bool = False
    same_reason: bool = False
    covers: bool = False


FOLLOWING = (
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
    Inhibition(
        "start_failed",
        "cj_assessment",
        frozenset({"lost_callbacks", "batch_idle", "consumer_silent", "outbox_unpublished"}),
    ),
    Inhibition(
        "start_failed",
        "llm_provider",
        frozenset({"stuck_queue", "lost_callbacks", "batch_idle", "submissions_lost"}),
    ),
    Inhibition("consumer_silent", "", frozenset({"lost_callbacks", "batch_idle"})),
    Inhibition("stuck_queue", "", frozenset({"batch_idle"})),
    Inhibition(
        "batch_failed",
        "",
        frozenset(
            {
                "lost_callbacks",
                "batch_idle",
                "finalisation_stuck",
                "queue_unanswered",
                "queue_expired",
            }
        ),
        same_batch=True,
    ),
    # What a batch failed of: a later outbreak of the same is news again.
    Inhibition("batch_failed", "", frozenset({"provider_errors"}), same_episode=True),
)
# A warning is not doubled by what it warned of.
COVERED = (
    Inhibition("provider_errors", "", frozenset({"retries_rising"}), covers=True, same_reason=True),
    Inhibition("provider_errors", "", frozenset({"batch_slowing"}), covers=True),
    Inhibition(
        "outbox_unpublished", "", frozenset({"outbox_growing"}), covers=True, same_subject=True
    ),
    Inhibition("stuck_queue", "", frozenset({"queue_expiring", "batch_slowing"}), covers=True),
    Inhibition("queue_unanswered", "", frozenset({"queue_expiring"}), covers=True),
    Inhibition("queue_expired", "", frozenset({"queue_expiring"}), covers=True),
    Inhibition(
        "container_gone",
        "llm_provider",
        frozenset({"retries_rising", "queue_expiring", "batch_slowing"}),
        covers=True,
    ),
    Inhibition("consumer_silent", "", frozenset({"batch_slowing"}), covers=True),
    Inhibition("callbacks_unpublished", "", frozenset({"batch_slowing"}), covers=True),
    Inhibition("lost_callbacks", "", frozenset({"batch_slowing"}), covers=True, same_batch=True),
    Inhibition(
        "batch_failed",
        "",
        frozenset({"budget_unreachable", "batch_slowing"}),
        covers=True,
        same_batch=True,
    ),
)
INHIBITIONS = (*FOLLOWING, *COVERED)
CAUSES = frozenset({UNREADABLE_SOURCE, *(rule.cause for rule in INHIBITIONS)})


def _by_pair(rules: Sequence[Inhibition]) -> Mapping[tuple[str, str], tuple[Inhibition, ...]]:
    """Return rules by the detectors of their symptom and cause: of nearly all pairs none is."""
    pairs = {(symptom, rule.cause) for rule in rules for symptom in rule.symptoms}
    return {
        pair: tuple(one for one in rules if pair[1] == one.cause and pair[0] in one.symptoms)
        for pair in pairs
    }


_FOLLOWING_OF, _COVERED_OF = _by_pair(INHIBITIONS), _by_pair(COVERED)


def inhibited(
    decisions: Sequence[Decided],
    remembered: Sequence[Alert],
    unreadable: Mapping[str, str] | None = None,
) -> list[Decided]:
    """Return the decisions with symptoms kept pending, and each cause telling how many it hides.

    `unreadable` names the detectors that cannot judge now, with the source that they lack: an alert
    that one of them would open from what it saw before is a symptom of that source. A symptom
    that fired before its cause stays, and is not repeated meanwhile; a warning is over by it.
    """
    causes = _lasting(decisions, remembered)
    hidden: Counter[str] = Counter()
    shown: list[Decided] = []
    for previous, decision in decisions:
        cause = _cause_of(decision.alert, causes, unreadable or {})
        if (fault := _covering(previous, decision, causes)) is not None:
            decision = covered(decision.alert, fault)
        elif cause is not None and decision.reason in (Reason.OPEN, Reason.PENDING):
            hidden[cause.key] += 1
            decision = inhibit(decision, previous, cause.key)
        elif cause is not None and previous is not None and decision.reason is Reason.REPEAT:
            muted = previous.muted_while_firing or previous.mute is not None
            alert = replace(decision.alert, said_at=previous.said_at, muted_while_firing=muted)
            decision = Decision(Reason.QUIET, alert, f"hidden by {cause.key}")
        shown.append((previous, decision))
    return [(previous, _with_hidden_count(decision, hidden)) for previous, decision in shown]


def _lasting(decisions: Sequence[Decided], remembered: Sequence[Alert]) -> list[Alert]:
    now = {decision.alert.key: decision.alert for _, decision in decisions}
    merged = {**{alert.key: alert for alert in remembered}, **now}
    return [alert for alert in merged.values() if alert.detector in CAUSES and _lasts(alert)]


def _lasts(alert: Alert) -> bool:
    """Say whether a cause fires, or would but for a silence: what it breaks is announced too."""
    return alert.state is AlertState.FIRING or (alert.muted_while_firing and alert.mute is not None)


def _cause_of(
    symptom: Alert, causes: Sequence[Alert], unreadable: Mapping[str, str]
) -> Alert | None:
    """Return the alert that a symptom follows from; nothing is its own cause."""
    lacks = unreadable.get(symptom.detector)
    for alert in causes:
        if alert.detector == UNREADABLE_SOURCE and alert.subject == lacks:
            return alert
        rules = _FOLLOWING_OF.get((symptom.detector, alert.detector), ())
        if alert.key != symptom.key and any(_follows(symptom, alert, rule) for rule in rules):
            return alert
    return None


def _covering(previous: Alert | None, decision: Decision, causes: Sequence[Alert]) -> Alert | None:
    """Return the fault that a warning which fires has led to."""
    was_said = previous is not None and previous.state is AlertState.FIRING
    if not was_said or decision.alert.state is not AlertState.FIRING:
        return None
    for one in causes:
        rules = _COVERED_OF.get((decision.alert.detector, one.detector), ())
        if any(_follows(decision.alert, one, rule) for rule in rules):
            return one
    return None


def _follows(symptom: Alert, cause: Alert, rule: Inhibition) -> bool:
    """Say whether a rule of the two alerts' detectors applies to these two."""
    if rule.same_batch and symptom.condition.batch != cause.condition.batch:
        return False
    if rule.same_episode and not _is_told_of(symptom, cause):
        return False
    if rule.same_subject and symptom.subject != cause.subject:
        return False
    if rule.same_reason and _is_other(symptom.condition, cause.condition):
        return False
    return rule.subject in cause.subject


def _is_other(one: Condition, other: Condition) -> bool:
    """Say whether two conditions name their reasons, and none in common."""
    known = bool(one.reasons and other.reasons)
    return known and not {*one.reasons} & {*other.reasons}


def _is_told_of(symptom: Alert, cause: Alert) -> bool:
    """Say whether a cause names the symptom's detector for its own, and came of that outbreak."""
    told = cause.condition.cause == symptom.detector
    return told and symptom.condition.since <= cause.condition.since


def _with_hidden_count(decision: Decision, hidden: Counter[str]) -> Decision:
    alert = decision.alert
    count = hidden[alert.key]
    if alert.hides == count:
        return decision
    return replace(decision, alert=replace(alert, hides=count))
