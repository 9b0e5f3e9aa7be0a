"""Looks at the names and values of the settings themselves: misspelt, misplaced, malformed."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.cli.given_names import Given, given_names
from bot.errors import SettingsError
from bot.registry import detectors
from bot.settings import (
    Settings,
    detector_settings,
    env_file,
    readable_settings,
    setting_names,
)

# Names that compose.yaml takes from the same file.
OF_COMPOSE = frozenset(
    {
        "HULEEDU_NETWORK", "HULEEDU_PROJECT", "HULEEDU_DATABASE_NETWORK",
        "HULEEDU_DATABASE_NETWORK_EXTERNAL", "BATCHBOT_PORT", "BATCHBOT_VERSION", "CHARTS",
        "COMPOSE_PROJECT_NAME", "DOCKER_LOG_GID",
    }
)  # fmt: skip
# Others' names that look like ours.
FOREIGN = frozenset(
    {
        "DOCKER_BUILDKIT", "DOCKER_CONFIG", "DOCKER_CONTEXT",
        "HTTP_PROXY", "SLACK_WEBHOOK_URL",
    }
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
SIMILAR = 0.8
NEARLY = 0.85
LONGEST_SLIP = 2
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

    Of the environment, which holds much else, only names that look like ours count. What stands
    where a name should be may be a value, so that only what is nearly a name of ours is shown.
    """
    before: Given | None = None
    lines: dict[str, int] = {}
    for one in given:
        place = f"{one.place}, line {one.line}" if one.line else one.place
        if not one.name or not _NAME.fullmatch(one.name):
            yield _line_doubt(place, one, before)
            continue
        before = one
        name = one.name.upper()
        if one.line and name in known and (first := lines.setdefault(name, one.line)) != one.line:
            detail = f"set twice, in lines {first} and {one.line}; what stands last counts"
            yield Doubt(name, detail, "Leave one of them.")
        if name in known and one.has_unset:
            detail = "holds ${...} with a name that is not set, and nothing is read in its place"
            yield Doubt(name, detail, "Write $ as %24 in an address, or use a file (NAME_FILE).")
        if name in known or name in OF_COMPOSE or name in FOREIGN:
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=SIMILAR)
        if not (near or one.place == env_file() or name.startswith(DETECTOR)):
            continue
        fix = f"Did you mean {near[0]}?" if near else "See .env.example for every name."
        shown = one.name if near and is_nearly(name, near[0]) else place
        yield Doubt(shown, f"no such setting (in {one.place})", fix)


def _line_doubt(place: str, one: Given, before: Given | None) -> Doubt:
    slipped = before is not None and before.is_empty and before.place == one.place
    if slipped and before is not None and before.name.upper() in setting_names():
        detail = f"{before.name.upper()} is empty; line {one.line} looks like its value"
        return Doubt(place, detail, "Write NAME=value in one line.", is_wrong=True)
    is_wrong = "quote" in one.problem or "instead of" in one.problem
    fix = "Write NAME=value."
    if "quote" in one.problem:
        fix = "Close it; what follows up to the next quote was not read."
    return Doubt(place, one.problem or "cannot be read", fix, is_wrong=is_wrong)


def is_nearly(name: str, known: str) -> bool:
    """Say whether a name is a part of a known one, or it with a slip; so it holds no value."""
    if name in known:
        return True
    close = difflib.SequenceMatcher(None, name, known).ratio() >= NEARLY
    return close and abs(len(name) - len(known)) <= LONGEST_SLIP


def mistaken_tokens(values: Mapping[str, str]) -> Iterator[Doubt]:
    """Yield a doubt for each Slack token that is of another kind; no value is shown. Pure."""
    for name, (prefix, what) in TOKENS.items():
        value = values.get(name, "")
        others = [start for start, _ in TOKENS.values() if start != prefix]
        if value.startswith((*others, "xoxp-")):
            detail = f"begins with {value[:5]}, which is another kind of token"
            yield Doubt(name, detail, f"Put {what} there; it begins with {prefix}.", is_wrong=True)


def unasked_port(settings: Settings) -> Iterator[Doubt]:
    """Yield a doubt when the system chooses the port, which is not known beforehand; pure."""
    if settings.bot.http_port == 0:
        detail = "0 lets the system choose a port, where no health check and no Slack finds the bot"
        yield Doubt("HTTP_PORT", detail, "Write a number from 1 to 65535.")


def bad_detectors() -> Iterator[Doubt]:
    """Yield a doubt for each detector whose own settings are malformed."""
    for name, detector in detectors().items():
        try:
            detector_settings(name, getattr(detector, "Settings"))  # noqa: B009 - not of the port
        except SettingsError as error:
            what, _, detail = str(error.message).partition(": ")
            yield Doubt(what, detail, "Correct it: see bot/detectors/README.md.", is_wrong=True)


def refused_or_doubtful() -> list[Doubt]:
    """Return what is odd about what is set; raises SettingsError for a wrong name."""
    doubts = [*misspelt(given_names(), known_names()), *unasked_port(readable_settings()[0])]
    if wrong := [doubt for doubt in doubts if doubt.is_wrong]:
        raise SettingsError(
            "; ".join(f"{one.name}: {one.detail}" for one in wrong), hint=wrong[0].fix
        )
    return doubts
