"""For how long the settings say that the bot's own database keeps what is over."""

from datetime import timedelta

from bot.alerts.store.retention import Retention
from bot.settings import RetentionSettings


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
    )
