"""Recognises a runner's command line, and picks the options of it that may be shown."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from bot.domain.batch.modes import BATCHING_MODES, batching_mode

# Options whose values may be shown; a command line can also hold keys and paths with names.
SHOWN_OPTIONS = (
    "mode",
    "batch-id",
    "llm-batching-mode",
    "max-comparisons",
    "completion-timeout",
    "await-completion",
    "no-kafka",
)
MODE = "llm-batching-mode"
FLAGS = ("await-completion", "no-kafka")
SCRIPTS = ("eng5-np-run", "eng5-runner", "run_eng5_np_runner.sh")
MODULE = "scripts.cj_experiments_runners.eng5_np.cli"
MODULE_FILE = "eng5_np/cli.py"
UNKNOWN_MODE = f"none of {', '.join(BATCHING_MODES)}"
_INTERPRETER = re.compile(r"python[\d.]*|bash|sh|zsh|dash")


def shown_options(arguments: Sequence[str]) -> dict[str, str]:
    """Return the allow-listed options of a command line, values clipped to 80 characters.

    A batching mode that HuleEdu does not have is no mode, and is named as such with the known ones.
    """
    options: dict[str, str] = {}
    for place, argument in enumerate(arguments):
        name, _, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or name not in SHOWN_OPTIONS:
            continue
        following = arguments[place + 1] if place + 1 < len(arguments) else ""
        given = "yes" if name in FLAGS else value or following
        if given and not given.startswith("--"):
            unknown = name == MODE and batching_mode(given) is None
            options[name] = UNKNOWN_MODE if unknown else given[:80]
    return options


def is_runner_command(arguments: Sequence[str]) -> bool:
    """Say whether a command line runs the runner: its script, its module, or `pdm run` of it.

    What merely mentions the runner (`grep eng5-np-run`, an editor, a test of it) is none.
    """
    words = [word for word in arguments if word]
    if words and _INTERPRETER.fullmatch(PurePath(words[0]).name):
        words = words[1:]
        if words[:1] == ["-m"]:
            return words[1:2] == [MODULE]
        words = [word for word in words if not word.startswith("-")]
    if words and PurePath(words[0]).name == "pdm" and words[1:2] == ["run"]:
        words = words[2:]
    return bool(words) and (PurePath(words[0]).name in SCRIPTS or words[0].endswith(MODULE_FILE))
