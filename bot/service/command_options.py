"""What commands need to know of the settings."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel, Field

from bot.ports import CommandOptions
from bot.settings import Settings, detector_settings

NO_NAMES: Mapping[str, str] = {}


class StuckAfter(BaseModel):
    """What commands need of the stuck queue's settings; its detector is not imported for them."""

    open_after_seconds: float = Field(300, gt=0)


def command_options(settings: Settings, names: Mapping[str, str] = NO_NAMES) -> CommandOptions:
    """Return the settings that commands may read; `names` says Slack ids in words."""
    stuck = detector_settings("stuck_queue", StuckAfter)
    return CommandOptions(
        opens_after=timedelta(seconds=stuck.open_after_seconds),
        queue_prefix=settings.queue.prefix,
        queue_prefixes=tuple(settings.queue.prefixes),
        runner_stop=settings.bot.runner_stop,
        queue_repair=settings.queue.repair,
        services=tuple(settings.logs.services),
        zone=settings.logs.zone,
        names=names,
    )
