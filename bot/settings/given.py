"""Where settings are given, and whether any is: what reads them takes long to import."""

import os
from collections.abc import Mapping

ENV_FILE = ".env"
# What the names of settings begin with, as far as the first underscore.
FIRST_WORDS = frozenset(
    {
        "ALERT", "BOT", "CJ", "DETECTOR", "DOCKER", "HTTP", "KAFKA", "KEEP", "LLM", "LOG", "LOKI",
        "MORNING", "QUEUE", "RUNNER", "SERVICES", "SLACK", "TICK", "WEEKLY",
    }
)  # fmt: skip
_place = ENV_FILE


def env_file() -> str:
    """Return the file of settings: .env of this folder, or the one that was named."""
    return _place


def use_env_file(path: str) -> None:
    """Read settings from this file instead of .env, from now on."""
    global _place
    _place = path


def environment() -> Mapping[str, str]:
    """Return the variables of the environment, settings or not."""
    return os.environ


def any_given() -> bool:
    """Say whether any setting may be given; where none is, each is at its default.

    There is a file of settings, or a variable that begins as the name of one does.
    """
    first_words = (name.upper().partition("_")[0] for name in environment())
    return os.path.lexists(env_file()) or not FIRST_WORDS.isdisjoint(first_words)
