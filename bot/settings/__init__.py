"""Every setting, one class per outside system; nothing is read at import time.

Values come from the environment, then from `.env` in the working folder or the file of
`--env-file`; a secret also from the file that NAME_FILE names. `.env.example` documents each one.
`given` says where they are, `group` how values are read, `groups` which there are, `load` reads
them all. May import:
bot.deferred, bot.domain, bot.errors. To add a setting, add a field to its group and a line to
`.env.example`.
"""

from typing import TYPE_CHECKING

from bot.deferred import deferred

if TYPE_CHECKING:
    from bot.settings.given import any_given, env_file, environment, use_env_file
    from bot.settings.group import as_meant, live
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
    "any_given",
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

# Each with the names it has: what needs one setting's place imports nothing that reads them.
__getattr__ = deferred(
    __name__,
    {
        "given": ("any_given", "env_file", "environment", "use_env_file"),
        "group": ("as_meant", "live"),
        "groups": (
            "BotSettings", "CjSettings", "LogSettings", "QueueSettings", "RetentionSettings",
            "SlackSettings", "services_from_json",
        ),
        "load": (
            "Settings", "detector_settings", "load_settings", "readable_settings",
            "refuse_no_file", "setting_names",
        ),
        "services": ("HULEEDU_SERVICES",),
    },
)  # fmt: skip
