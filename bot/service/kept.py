"""What the settings say in days and hours of the day, as the alerts take it."""

from datetime import timedelta

from bot.alerts.policy.morning import Morning
from bot.alerts.store.retention import Retention
from bot.settings import RetentionSettings, Settings


def retention_of(settings: RetentionSettings) -> Retention:
    """Return for how long what is over is kept; 0 days keep it for ever."""

    def span(days: int) -> timedelta | None:
        return timedelta(days=days) if days else None

    return Retention(
        history=span(settings.history_days),
        alerts=span(settings.alerts_days),
        silences=span(settings.silences_days),
        audit=span(settings.audit_days),
        aliases=span(settings.aliases_days),
        labels=span(settings.labels_days),
        changes=span(settings.changes_days),
    )


def morning_of(settings: Settings) -> Morning | None:
    """Return when the night is reported, None where that is not set."""
    at = settings.bot.morning_digest
    return Morning(at, settings.logs.zone) if at else None
