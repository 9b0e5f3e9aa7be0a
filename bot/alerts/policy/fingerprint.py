"""What makes a condition news, kept with its alert; pure."""

from bot.domain.alert import Condition

_AS_SAID = {"error": "an error", "warn": "a warning", "info": "a note"}


def fingerprint(condition: Condition) -> str:
    """Return what makes a condition news: a change of this is worth a reply."""
    return "|".join((condition.rule, condition.severity.value, condition.known))


def changed(before: str, after: str) -> str:
    """Return in people's words what is new between two fingerprints."""
    (rule, severity, _), (other, now, _) = _parts(before), _parts(after)
    if severity != now:
        return f"now {_AS_SAID.get(now, now)}"
    return "another cause than was said before" if rule != other else "more is known"


def _parts(fingerprint: str) -> tuple[str, str, str]:
    rule, _, rest = fingerprint.partition("|")
    severity, _, known = rest.partition("|")
    return rule, severity, known
