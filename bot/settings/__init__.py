"""Every setting, one class per outside system; nothing is read at import time.

Values come from the environment, then from `.env` in the working folder or the file of
`--env-file`; a secret also from the file that NAME_FILE names. `.env.example` documents each one.
`group` says how values are read, `groups` which there are, `load` reads them all. May import:
bot.deferred, bot.domain, bot.errors. To add a setting, add a field to its group and a line to
`.env.example`.
"""

from bot.settings.group import as_meant, env_file, environment, live, use_env_file
from bot.settings.groups import (
    BotSettings,
    CjSettings,
    LogSettings,
    QueueSettings,
    RetentionSettings,
    SlackSettings,
    services_from_json,
)
from bot.settings.load import (
    Settings,
    detector_settings,
    load_settings,
    readable_settings,
    refuse_no_file,
    setting_names,
)
from bot.settings.services import HULEEDU_SERVICES

__all__ = [
    "HULEEDU_SERVICES",
    "BotSettings",
    "CjSettings",
    "LogSettings",
    "QueueSettings",
    "RetentionSettings",
    "Settings",
    "SlackSettings",
    "as_meant",
    "detector_settings",
    "env_file",
    "environment",
    "live",
    "load_settings",
    "readable_settings",
    "refuse_no_file",
    "services_from_json",
    "setting_names",
    "use_env_file",
]
