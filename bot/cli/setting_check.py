"""Looks at the names and values of the settings themselves: misspelt, misplaced, malformed."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.errors import SettingsError
from bot.registry import detectors
from bot.settings import ENV_FILE, Given, detector_settings, setting_names

# Names that compose.yaml takes from the same file.
OF_COMPOSE = frozenset({"BOT_DATABASE_PASSWORD", "HULEEDU_NETWORK", "COMPOSE_PROJECT_NAME"})
# Others' names that look like ours.
FOREIGN = frozenset(
    {
        "DOCKER_BUILDKIT", "DOCKER_CONFIG", "DOCKER_CONTEXT",
        "HTTP_PROXY", "SLACK_WEBHOOK_URL",
    }
)  # fmt: skip
SIMILAR = 0.8
DETECTOR = "DETECTOR_"
TOKENS = {
    "SLACK_BOT_TOKEN": ("xoxb-", "the bot token, from OAuth & Permissions"),
    "SLACK_APP_TOKEN": ("xapp-", "the app-level token, from Basic Information"),
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something odd about a setting; `is_wrong` when the bot cannot work with it."""

    name: str
    detail: str
    fix: str
    is_wrong: bool = False


def known_names() -> frozenset[str]:
    """Return the name of every setting, those of the detectors included."""
    own = {
        f"{DETECTOR}{name}_{field}".upper()
        for name, detector in detectors().items()
        for field in getattr(detector, "Settings").model_fields  # noqa: B009 - not of the port
    }
    return frozenset(setting_names() | own)


def misspelt(given: Iterable[Given], known: frozenset[str]) -> Iterator[Doubt]:
    """Yield a doubt for each name that is never read, with the nearest one that is; pure.

    Of the environment, which holds much else, only names that look like ours count.
    """
    for one in given:
        if one.line:
            yield Doubt(f"{one.place}, line {one.line}", "cannot be read", "Write NAME=value.")
            continue
        name = one.name.upper()
        if name in known or name in OF_COMPOSE or name in FOREIGN:
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=SIMILAR)
        if not (near or one.place == ENV_FILE or name.startswith(DETECTOR)):
            continue
        fix = f"Did you mean {near[0]}?" if near else "See .env.example for every name."
        yield Doubt(one.name, f"no such setting (in {one.place})", fix)


def mistaken_tokens(values: Mapping[str, str]) -> Iterator[Doubt]:
    """Yield a doubt for each Slack token that is of another kind; no value is shown. Pure."""
    for name, (prefix, what) in TOKENS.items():
        value = values.get(name, "")
        others = [start for start, _ in TOKENS.values() if start != prefix]
        if value.startswith((*others, "xoxp-")):
            detail = f"begins with {value[:5]}, which is another kind of token"
            yield Doubt(name, detail, f"Put {what} there; it begins with {prefix}.", is_wrong=True)


def bad_detectors() -> Iterator[Doubt]:
    """Yield a doubt for each detector whose own settings are malformed."""
    for name, detector in detectors().items():
        try:
            detector_settings(name, getattr(detector, "Settings"))  # noqa: B009 - not of the port
        except SettingsError as error:
            what, _, detail = str(error.message).partition(": ")
            yield Doubt(what, detail, "Correct it; the README lists them.", is_wrong=True)
