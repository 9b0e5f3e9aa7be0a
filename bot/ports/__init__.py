"""What the inner rooms need of the outside, as protocols, and the values that cross with them.

bot.sources implements sources.py, bot.alerts memory.py, bot.slack messages.py; bot.detectors and
commands are plug-ins behind detectors.py and commands.py. May import: bot.deferred, bot.domain,
bot.errors. To add a port, add a protocol here only if its implementation may not be imported by
those who use it.
"""

from typing import TYPE_CHECKING

from bot.deferred import deferred

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

# Each with the names it has: who needs one does not import what all of them need.
__getattr__ = deferred(
    __name__,
    {
        "deadline": (
            "Deadline",
        ),
        "commands": (
            "Asker", "Choice", "Clock", "CommandContext", "CommandOptions", "Progress", "Request",
            "Sources", "no_progress",
        ),
        "detectors": (
            "ChangeNoter", "Detector", "Watch",
        ),
        "memory": (
            "BotMemory",
        ),
        "messages": (
            "Form", "Messenger", "Overview", "Place", "Renderer", "ReplySender", "ViewSender",
            "WatchMessenger", "Way",
        ),
        "sources": (
            "CallbackTopic", "Checkable", "CjDatabase", "ContainerSource", "LlmQueue", "LogFollow",
            "LogSource", "RunnerSource", "ServiceProbe",
        ),
    },
)  # fmt: skip
