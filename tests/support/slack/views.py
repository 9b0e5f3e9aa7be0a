"""What Slack accepts of a modal and of an App Home, as a judge of those that the bot makes."""

from collections.abc import Mapping
from typing import Any

from bot.slack.blocks.limits import CONTAINER, MAX_VIEW_BLOCKS, block_violations

MAX_PRIVATE_METADATA = 3_000
VIEW_TEXT_CHARS = 24
# Message blocks that a modal or an App Home does not take.
MESSAGE_ONLY = frozenset({"table", "data_table", "data_visualization", "markdown", CONTAINER})


def view_violations(view: Mapping[str, Any]) -> list[str]:
    """Return what Slack would refuse in a modal or an App Home, each as a sentence."""
    blocks = view.get("blocks") or []
    found = [line for index, block in enumerate(blocks) for line in block_violations(index, block)]
    kinds = sorted({str(block.get("type")) for block in blocks} & MESSAGE_ONLY)
    found += [f"a view takes no {kind}" for kind in kinds]
    if not 1 <= len(blocks) <= MAX_VIEW_BLOCKS:
        found.append(f"{len(blocks)} blocks, allowed 1 to {MAX_VIEW_BLOCKS}")
    for key in ("title", "submit", "close"):
        text = view.get(key)
        if text is not None and not 1 <= len(text.get("text", "")) <= VIEW_TEXT_CHARS:
            found.append(f"{key} has {len(text.get('text', ''))} characters")
    if len(view.get("private_metadata", "")) > MAX_PRIVATE_METADATA:
        found.append("private_metadata is too long")
    inputs = any(block.get("type") == "input" for block in blocks)
    if view.get("type") == "modal" and inputs and "submit" not in view:
        found.append("a modal with an input has no submit")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        found.append("a block_id is used twice")
    return found
