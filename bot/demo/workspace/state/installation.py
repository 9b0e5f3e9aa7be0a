"""The app as its manifest installs it: commands, shortcuts, events and scopes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.registry import commands
from bot.slack.setup.manifest import build_manifest

# https://docs.slack.dev/reference/methods names the scope of each method.
NEEDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("chat.postMessage", "chat.postEphemeral", "chat.update", "chat.delete"), "chat:write"
    ),
    **dict.fromkeys(("conversations.history", "conversations.replies"), "channels:history"),
    **dict.fromkeys(
        (
            "conversations.list",
            "conversations.info",
            "conversations.members",
            "users.conversations",
        ),
        "channels:read",
    ),
    "conversations.join": "channels:join",
    "conversations.open": "im:write",
    "users.list": "users:read",
    "users.info": "users:read",
    "usergroups.list": "usergroups:read",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.info": "files:read",
    **dict.fromkeys(("canvases.create", "canvases.access.set"), "canvases:write"),
}


@dataclass(frozen=True, slots=True)
class Installation:
    """What the workspace knows of the app.

    `strict` refuses a slash command that the manifest does not have, as Slack's client does;
    without it every command is sent to the app, for bots with another prefix.
    """

    commands: tuple[Mapping[str, str], ...] = ()
    shortcuts: tuple[Mapping[str, str], ...] = ()
    events: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    home: bool = True
    writable_messages: bool = False
    strict: bool = False
    missing: set[str] = field(default_factory=set)

    @property
    def granted(self) -> str:
        """The granted scopes as the x-oauth-scopes header has them."""
        return ",".join(sorted(self.scopes - self.missing))

    def lacks(self, method: str) -> str:
        """Return the scope that a method needs and the app was not granted, else nothing."""
        needed = NEEDS.get(method, "")
        return needed if needed and needed not in self.scopes - self.missing else ""

    def has_command(self, name: str) -> bool:
        """Say whether a slash command of that name is installed."""
        return any(command["command"] == name for command in self.commands)


def installed(manifest: Mapping[str, Any] | None = None) -> Installation:
    """Return the app of a manifest; without one, that of the registry's own manifest."""
    strict, manifest = manifest is not None, manifest or build_manifest(commands())
    features = manifest["features"]
    home = features["app_home"]
    return Installation(
        commands=tuple(
            {key: str(one.get(key, "")) for key in ("command", "description", "usage_hint")}
            for one in features["slash_commands"]
        ),
        shortcuts=tuple(
            {key: str(one[key]) for key in ("name", "type", "callback_id", "description")}
            for one in features["shortcuts"]
        ),
        events=frozenset(manifest["settings"]["event_subscriptions"]["bot_events"]),
        scopes=frozenset(manifest["oauth_config"]["scopes"]["bot"]),
        home=bool(home["home_tab_enabled"]),
        writable_messages=not home["messages_tab_read_only_enabled"],
        strict=strict,
    )
