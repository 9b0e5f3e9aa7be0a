"""What the inner rooms need from outside; sources/, alerts/ and slack/ implement these."""

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
    "no_progress",
]
