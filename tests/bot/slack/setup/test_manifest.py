"""The manifest says what the code does: commands, shortcut, events, scopes."""

import re
from typing import Any

import yaml

from bot.ports import action_ids
from bot.registry import commands
from bot.slack.setup import manifest
from tests.support.paths import ROOT


def _made(**options: object) -> dict[str, Any]:
    return manifest.build_manifest(commands(), **options)  # type: ignore[arg-type]


def test_every_command_of_the_registry_is_declared_once_with_the_prefix() -> None:
    declared = [row["command"] for row in _made(prefix="hule-")["features"]["slash_commands"]]
    assert declared == sorted(f"/hule-{name}" for name in commands())


def test_what_is_declared_keeps_slacks_limits() -> None:
    made = _made()
    for row in made["features"]["slash_commands"]:
        assert re.fullmatch(r"/[a-z0-9_-]{1,32}", row["command"])
        assert 0 < len(row["description"]) <= 100
    assert all(len(row["name"]) <= 24 for row in made["features"]["shortcuts"])
    assert 174 <= len(made["display_information"]["long_description"]) <= 4_000


def test_the_listeners_of_the_app_are_declared() -> None:
    text = (ROOT / "bot" / "slack" / "inbound" / "listeners.py").read_text(encoding="utf-8")
    heard = set(re.findall(r'@app\.event\(\{?(?:"type": )?"(\w+)"', text))
    assert heard == {event.partition(".")[0] for event in action_ids.EVENTS}


def test_each_scope_says_what_it_is_for() -> None:
    made = _made()
    assert made["oauth_config"]["scopes"]["bot"] == sorted(manifest.SCOPES)
    assert set(manifest.SCOPES) >= manifest.NEEDED_SCOPES
    assert all(manifest.SCOPES.values())


def test_http_mode_tells_slack_where_to_send() -> None:
    made = _made(socket_mode=False, public_url="https://bot.example.org/")
    url = "https://bot.example.org/slack/events"
    assert made["settings"]["interactivity"]["request_url"] == url
    assert {row["url"] for row in made["features"]["slash_commands"]} == {url}


def test_the_yaml_is_read_back_as_what_was_meant() -> None:
    for made in (_made(), _made(socket_mode=False)):
        assert yaml.safe_load(manifest.to_yaml(made)) == made
    tricky = {"a": 'quote " and \\ and: #', "b": [{"c": {"d": []}}, 1, True], "e": {}}
    assert yaml.safe_load(manifest.to_yaml(tricky))["a"] == tricky["a"]
