"""The detectors with their settings, and what of the logs they want to see."""

from collections.abc import Callable, Sequence

from bot.domain.log import LogEvent
from bot.ports import Detector
from bot.registry import detectors
from bot.settings import detector_settings


def build_detectors() -> list[Detector]:
    """Return every detector with its own settings. Raises SettingsError."""
    return [
        detector(detector_settings(name, detector.Settings))
        for name, detector in detectors().items()
    ]


def any_wants(made: Sequence[Detector]) -> Callable[[LogEvent], bool]:
    """Return whether any detector wants to see an event."""
    return lambda event: any(detector.wants(event) for detector in made)


def all_needles(made: Sequence[Detector]) -> tuple[str, ...] | None:
    """Return what the detectors look for in raw log text; None when one of them needs all of it."""
    each = [getattr(detector, "needles", None) for detector in made]
    if any(needles is None for needles in each):
        return None
    return tuple(dict.fromkeys(needle for needles in each for needle in needles or ()))
