"""The options of `/batch trends`: how far back, and what to part the batches by."""

from collections.abc import Mapping, Sequence

from bot.errors import UsageError
from bot.registry import Usage
from commands._moments import check_since
from commands._words import misuse, nearest, shown, usage_lines

WAYS = ("mode", "model", "provider")


def check_trends(verb: str, options: Mapping[str, str], usages: Sequence[Usage]) -> None:
    """Check --by, and --since and --until of trends. Raises UsageError."""
    lines = usage_lines("batch", usages)
    if verb != "trends":
        if "by" in options:
            raise misuse("Only /batch trends takes --by.", "batch", usages)
        return
    by = options.get("by", WAYS[0])
    if by.casefold() not in WAYS:
        close = nearest(by, WAYS)
        raise UsageError(
            f"--by takes {', '.join(WAYS)}, not {shown(by)}.",
            usage=lines,
            hint=f"Did you mean {close}?" if close else "",
        )
    check_since(options, lines)
