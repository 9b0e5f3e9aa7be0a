"""What the inner rooms need of the outside, as protocols, and the values that cross with them.

bot.sources implements sources.py, bot.alerts memory.py, bot.slack messages.py; bot.detectors and
commands are plug-ins behind detectors.py and commands.py. May import: bot.domain, bot.errors. To
add a port, add a protocol here only if its implementation may not be imported by those who use it.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.ports.commands import (
        Asker,
        Choice,
        Clock,
        CommandContext,
        CommandOptions,
        Progress,
        Request,
        Sources,
        no_progress,
    )
    from bot.ports.deadline import Deadline
    from bot.ports.detectors import (
        ChangeNoter,
        Detector,
        Watch,
    )
    from bot.ports.memory import (
        BotMemory,
    )
    from bot.ports.messages import (
        Form,
        Messenger,
        Overview,
        Place,
        Renderer,
        ReplySender,
        ViewSender,
        WatchMessenger,
        Way,
    )
    from bot.ports.sources import (
        CallbackTopic,
        Checkable,
        CjDatabase,
        ContainerSource,
        LlmQueue,
        LogFollow,
        LogSource,
        RunnerSource,
        ServiceProbe,
    )

__all__ = [
    "Asker",
    "BotMemory",
    "CallbackTopic",
    "ChangeNoter",
    "Checkable",
    "Choice",
    "CjDatabase",
    "Clock",
    "CommandContext",
    "CommandOptions",
    "ContainerSource",
    "Deadline",
    "Detector",
    "Form",
    "LlmQueue",
    "LogFollow",
    "LogSource",
    "Messenger",
    "Overview",
    "Place",
    "Progress",
    "Renderer",
    "ReplySender",
    "Request",
    "RunnerSource",
    "ServiceProbe",
    "Sources",
    "ViewSender",
    "Watch",
    "WatchMessenger",
    "Way",
    "no_progress",
]

# Where each is, so that who needs one does not import what all of them need.
_PLACES = {
    "Deadline": "bot.ports.deadline",
    **dict.fromkeys(
        (
            "Asker", "Choice", "Clock", "CommandContext", "CommandOptions", "Progress", "Request",
            "Sources", "no_progress",
        ),
        "bot.ports.commands",
    ),
    **dict.fromkeys(
        (
            "ChangeNoter", "Detector", "Watch",
        ),
        "bot.ports.detectors",
    ),
    "BotMemory": "bot.ports.memory",
    **dict.fromkeys(
        (
            "Form", "Messenger", "Overview", "Place", "Renderer", "ReplySender", "ViewSender",
            "WatchMessenger", "Way",
        ),
        "bot.ports.messages",
    ),
    **dict.fromkeys(
        (
            "CallbackTopic", "Checkable", "CjDatabase", "ContainerSource", "LlmQueue", "LogFollow",
            "LogSource", "RunnerSource", "ServiceProbe",
        ),
        "bot.ports.sources",
    ),
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Return one of the names above, of which a module is imported when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = found
    return found
