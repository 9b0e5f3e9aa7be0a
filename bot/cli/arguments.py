"""How the words after `batchbot ask` are read by the shell's side: --watch, and completion."""

from collections.abc import Iterable, Iterator
from typing import Any

import typer
from typer.core import TyperCommand

WATCH = "--watch"
WATCH_SECONDS = 5.0


class AskCommand(TyperCommand):
    """`ask`: its words may look like options, and --watch may stand without its seconds."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, with the seconds filled in behind a bare --watch."""
        return super().parse_args(ctx, list(with_seconds(args)))

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete the options of `ask`, then those of the command that is being typed."""
        own = super().shell_complete(ctx, incomplete)
        words = [param for param in self.params if param.name == "words"]
        return [*own, *(item for param in words for item in param.shell_complete(ctx, incomplete))]


def with_seconds(args: Iterable[str]) -> Iterator[str]:
    """Yield the arguments, with a number behind each --watch that has none."""
    is_open = False
    for word in args:
        if is_open and not _is_number(word):
            yield f"{WATCH_SECONDS:g}"
        is_open = word == WATCH
        yield word
    if is_open:
        yield f"{WATCH_SECONDS:g}"


def next_words(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return what may stand next in the command that is being typed, for the shell."""
    from bot.cli.completion import complete
    from bot.diagnosis.logs import service_words
    from bot.registry import commands
    from bot.settings import HULEEDU_SERVICES

    choices = {"<service>": service_words(HULEEDU_SERVICES)}
    return complete(list(ctx.params.get("words") or ()), incomplete, commands(), choices)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
