"""Shell completion: what may stand next in a command, and the shells' own protocol."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.arguments import complete, with_seconds
from bot.cli.formats import Format
from bot.registry import commands
from tests.support.paths import ROOT

CHOICES = {"<service>": ("cj", "llm")}
NAMES = [f"/{name}" for name in commands()]


def _words(before: str, typed: str) -> list[str]:
    return [word for word, _ in complete(before.split(), typed, commands(), CHOICES)]


@pytest.mark.parametrize(
    ("before", "typed", "found"),
    [
        ("", "", NAMES),
        ("", "/", NAMES),
        ("", "/ba", ["/batch"]),
        ("/batch", "st", ["status"]),
        ("batch", "inv", ["investigate"]),
        ("/batch investigate 34", "--", ["--export"]),
        ("/batch compare mode:a mode:b", "--", ["--since", "--until"]),
        ("/batch compare mode:a mode:b --since", "", ["7d", "10:15"]),
        ("/batch compare", "mo", ["mode:"]),
        ("/batch status", "", []),
        ("/alerts snooze 3", "", ["30m", "2h", "tomorrow"]),
        ("/alerts", "un", ["unack", "unmute"]),
        ("/logs", "", ["cj", "llm", "all"]),
        ("/logs cj IntegrityError", "--l", ["--level"]),
        ("/logs cj --since 2h x --level", "", ["error"]),
        ("/help", "qu", ["queue"]),
        ("/queue", "", ["status", "requeue"]),
        ("/runner stop 1a2b", "--", []),
        ("/nonsense", "", []),
        ("", "/batch st", ["/batch status"]),
        ("", "/alerts snooze 3 to", ["/alerts snooze 3 tomorrow"]),
    ],
)
def test_what_may_stand_next(before: str, typed: str, found: list[str]) -> None:
    assert _words(before, typed) == found


@pytest.mark.parametrize("command", commands().values(), ids=lambda command: command.name)
def test_every_verb_of_every_command_is_offered(command: object) -> None:
    usages = commands()[command.name].usages  # type: ignore[attr-defined]
    first = [usage.words.split(" ")[0] for usage in usages if usage.words[:1].isalpha()]
    assert set(first) <= set(_words(f"/{command.name}", ""))  # type: ignore[attr-defined]


def _shell(shell: str, line: str, folder: Path) -> list[str]:
    """Ask the program as the shell's completion function does."""
    protocol = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    code = "import sys; sys.argv = ['batchbot']; from bot.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
             "_BATCHBOT_COMPLETE": f"complete_{shell}", **protocol},
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_verbs_and_formats(shell: str, tmp_path: Path) -> None:
    assert "investigate" in "\n".join(_shell(shell, "batchbot ask /batch inv", tmp_path))
    formats = "\n".join(_shell(shell, "batchbot ask /queue --format ", tmp_path))
    assert all(form.value in formats for form in Format)


def test_options_of_ask_and_of_the_command_are_both_offered(tmp_path: Path) -> None:
    found = _shell("bash", "batchbot ask /batch investigate 34 --", tmp_path)
    assert {"--export", "--format", "--files", "--watch"} <= set(found)


def test_the_scripts_name_the_program(tmp_path: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        code = (
            "import sys; sys.argv = ['batchbot', '--show-completion', '" + shell + "'];"
            "from bot.__main__ import main; main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
            timeout=60, check=False,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
                 "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        )  # fmt: skip
        assert (done.returncode, "batchbot" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (["/queue", "--watch"], ["/queue", "--watch", "5"]),
        (["--watch", "/queue"], ["--watch", "5", "/queue"]),
        (["/queue", "--watch", "2.5"], ["/queue", "--watch", "2.5"]),
        (["/queue", "--watch", "--format", "json"], ["/queue", "--watch", "5", "--format", "json"]),
        (["/queue", "--watch=2"], ["/queue", "--watch=2"]),
        ([], []),
    ],
)
def test_watch_may_stand_without_its_seconds(typed: list[str], read: list[str]) -> None:
    assert list(with_seconds(typed)) == read
