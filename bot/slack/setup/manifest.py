"""The Slack app's manifest, generated: what the code listens to and calls is what it asks for.

Shape: https://docs.slack.dev/reference/app-manifest
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.errors import SettingsError
from bot.ports.action_ids import EVENTS, EVENTS_PATH, TRACE_SHORTCUT
from bot.registry import SlashCommand, commands
from bot.settings import Settings

NAME = "batchbot"
DESCRIPTION = "Diagnoses stuck LLM comparison batches, and alerts on them without being asked"
LONG_DESCRIPTION = (
    "batchbot reads logs, the CJ database and the LLM provider's queue, and tells in Slack why a "
    "batch of comparisons is stuck, failed or not to be trusted: the cause, the evidence, how "
    "sure it is and what to do next. It watches the queue and the callbacks by itself and opens "
    "one thread for each thing that is wrong."
)
BACKGROUND = "#1f3a5f"
MAX_DESCRIPTION = 100
MAX_HINT = 150
SHORTCUT_NAME = "Trace this"
SCOPES = {
    "app_mentions:read": "hear @batchbot in threads, where slash commands do not work",
    "channels:history": "find an alert that was cut off, or another bot's post (public channels)",
    "channels:read": "turn the channel names of the settings into ids",
    "chat:write": "answer and alert",
    "commands": "slash commands and the shortcut",
    "files:write": "attach what is too long for a message",
    "groups:history": "the same as channels:history in private channels",
    "groups:read": "the same as channels:read for private channels",
    "im:history": "read what is asked in a direct message",
    "im:write": "open the direct message that files of a private answer come in",
    "usergroups:read": "look up who belongs to the user groups of SLACK_OPERATORS",
    "users:read": "turn the user names of the settings into ids",
}
# Not in the manifest: who wants an investigation as a canvas, too, adds it to the app by hand.
OPTIONAL_SCOPES = {"canvases:write": "show an exported investigation as a canvas, too"}
NEEDED_SCOPES = frozenset({"chat:write", "commands"})


def manifest_of(settings: Settings) -> dict[str, Any]:
    """Return the manifest for these settings. Raises SettingsError where Slack needs an address."""
    http = settings.slack.signing_secret is not None and not settings.slack.socket_mode
    if http and not settings.bot.http_public_url:
        raise SettingsError(
            "HTTP_PUBLIC_URL is not set, and in HTTP mode Slack has to be told where the bot is.",
            hint="Write HTTP_PUBLIC_URL=https://…, or set SLACK_APP_TOKEN for Socket Mode.",
        )
    return build_manifest(
        commands(),
        prefix=settings.slack.command_prefix,
        socket_mode=not http,
        public_url=settings.bot.http_public_url,
    )


def build_manifest(
    commands: Mapping[str, SlashCommand],
    *,
    prefix: str = "",
    socket_mode: bool = True,
    public_url: str = "",
) -> dict[str, Any]:
    """Return the manifest.

    In HTTP mode `public_url` is the address at which Slack reaches the bot.
    """
    url = f"{(public_url or 'https://batchbot.example.org').rstrip('/')}{EVENTS_PATH}"
    request: dict[str, str] = {} if socket_mode else {"request_url": url}
    return {
        "_metadata": {"major_version": 1},
        "display_information": {
            "name": NAME,
            "description": DESCRIPTION,
            "long_description": LONG_DESCRIPTION,
            "background_color": BACKGROUND,
        },
        "features": _features(commands, prefix, {} if socket_mode else {"url": url}),
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**request, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }


def _features(
    commands: Mapping[str, SlashCommand], prefix: str, where: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": NAME, "always_online": True},
        "shortcuts": [
            {
                "name": SHORTCUT_NAME,
                "type": "message",
                "callback_id": TRACE_SHORTCUT,
                "description": "Find the ids in this message and trace them",
            }
        ],
        "slash_commands": [
            {
                "command": f"/{prefix}{name}",
                **where,
                "description": command.summary[:MAX_DESCRIPTION],
                "usage_hint": usage_hint(command),
                "should_escape": False,
            }
            for name, command in sorted(commands.items())
        ],
    }


def usage_hint(command: SlashCommand) -> str:
    """Return what Slack shows behind a command while it is typed."""
    words = [usage.words for usage in command.usages if usage.words]
    return " | ".join(words)[:MAX_HINT] or "no words needed"


def to_yaml(value: Any, indent: int = 0) -> str:
    """Write the manifest as YAML; strings are quoted as JSON, which YAML reads the same."""
    pad = "  " * indent
    lines = []
    for key, item in value.items():
        if isinstance(item, Mapping):
            lines.append(f"{pad}{key}:\n{to_yaml(item, indent + 1)}")
        elif isinstance(item, list):
            lines.append(f"{pad}{key}:\n{_items(item, indent + 1)}")
        else:
            lines.append(f"{pad}{key}: {_scalar(item)}\n")
    return "".join(lines)


def _items(items: Iterable[Any], indent: int) -> str:
    pad = "  " * indent
    lines = []
    for item in items:
        if isinstance(item, Mapping):
            body = to_yaml(item, indent + 1)
            lines.append(f"{pad}- {body[len(pad) + 2 :]}")
        else:
            lines.append(f"{pad}- {_scalar(item)}\n")
    return "".join(lines)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
