"""What the inner rooms need from outside; sources/, alerts/ and slack/ implement these."""

from bot.ports.asking import (
    Asker,
    Choice,
    Clock,
    CommandContext,
    Progress,
    Request,
    Sources,
    no_progress,
)
from bot.ports.memory import (
    BotMemory,
)
from bot.ports.reading import (
    CallbackTopic,
    CjDatabase,
    ContainerSource,
    LlmQueue,
    LogFollow,
    LogSource,
    RunnerSource,
    ServiceProbe,
)
from bot.ports.telling import (
    Form,
    Messenger,
    Overview,
    Place,
    Renderer,
    Speech,
    Views,
)
from bot.ports.watching import (
    Detector,
    Watch,
)

__all__ = [
    "Asker",
    "BotMemory",
    "CallbackTopic",
    "Choice",
    "CjDatabase",
    "Clock",
    "CommandContext",
    "ContainerSource",
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
    "Request",
    "RunnerSource",
    "ServiceProbe",
    "Sources",
    "Speech",
    "Views",
    "Watch",
    "no_progress",
]
