"""The gallery of every answer and alert: what is in it, in which looks, and its page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.demo.services import STRAY
from tests.browser.visitor import WIDE
from tests.support.paths import ROOT

GALLERY = ROOT / ".github" / "pictures"
# As high as a picture gets; the window is higher, so that a message is in it as a whole.
TALLEST = 1_150
PHONE_WINDOW = {"viewport": {"width": 390, "height": 1_500}, "has_touch": True}
LOOKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("phone", PHONE_WINDOW),
    ("dark", {**PHONE_WINDOW, "color_scheme": "dark"}),
    ("desktop", {"viewport": {**WIDE, "height": 1_500}}),
)
# As they were before their shapes were fixed; no script takes these anew.
BEFORE = ("phone", "light", "dark")
CAPTIONS = {
    "alert": "An alert opens",
    "alert-acknowledged": "Somebody looks after it",
    "alert-snoozed": "It is snoozed",
    "alert-resolved": "It is over",
    "status": "`/batch status 33`",
    "investigate": "`/batch investigate 33`",
    "export": "`/batch investigate 33 --export`, in a browser",
    "question": "`@batchbot is 32 ok?`",
    "compare": "`/batch compare 33 34`",
    "trace": "`/trace 8f3a11d7-…`",
    "queue": "`/queue`, when all is well",
    "list": "`/batch list`",
    "watch": "`/batch watch 35`",
    "trends": "`/batch trends --since 60w --by model`",
    "help": "`/help`",
    "cause": "`/help orphaned-item`",
    "refused": "`/batch status 9999`: there is none",
    "changes": "`/changes`, after the worker was restarted",
    "warning": "A warning before it breaks",
    "home": "The App Home",
    "agent": "An agent asks by `batchbot mcp`: the tools' answers shortened",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """One answer: its picture's name, and what is typed."""

    name: str
    typed: str


ASKED = (
    Scene("status", "/batch status 33"),
    Scene("investigate", "/batch investigate 33"),
    Scene("question", "@batchbot is 32 ok?"),
    Scene("compare", "/batch compare 33 34"),
    Scene("trace", f"/trace {STRAY}"),
    Scene("queue", "/queue"),
    Scene("list", "/batch list"),
    Scene("trends", "/batch trends --since 60w --by model"),
    Scene("help", "/help"),
    Scene("cause", "/help orphaned-item"),
    Scene("refused", "/batch status 9999"),
)


def contents() -> str:
    """Return the gallery's page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# What people read"
    yield ""
    yield "Every answer and alert, from a running demo: on a phone 390 px wide, light and dark, and"
    yield "on a desktop. `make pictures` takes them anew. What is folded opens at a press. At the"
    yield "end stands what an answer and an alert were before."
    for name, caption in CAPTIONS.items():
        yield ""
        yield f"## {caption}"
        yield ""
        yield "| phone | phone, dark | desktop |"
        yield "|---|---|---|"
        cells = " | ".join(f"![{name}, {look}]({name}-{look}.png)" for look, _ in LOOKS)
        yield f"| {cells} |"
    yield ""
    yield "## Before"
    yield ""
    yield "| an alert on a phone | an answer | an alert |"
    yield "|---|---|---|"
    yield f"| {' | '.join(f'![before, {one}](before-{one}.png)' for one in BEFORE)} |"
