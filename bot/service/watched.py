"""The detectors with their settings, what of the logs they want to see, and the bot itself."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from pydantic import SecretStr

from bot.diagnosis.changes.sighting import Own
from bot.domain.log import LogEvent
from bot.monitoring.version import version
from bot.ports import ChangeNoter, Detector
from bot.registry import detectors
from bot.settings import Settings, detector_settings

# So few that no value can be found by trying: a change of value is missed once in 65,536.
DIGEST_BYTES = 2


def build_detectors() -> list[Detector]:
    """Return every detector with its own settings. Raises SettingsError."""
    return [
        detector(detector_settings(name, detector.Settings))
        for name, detector in detectors().items()
    ]


def any_wants(made: Sequence[Detector | ChangeNoter]) -> Callable[[LogEvent], bool]:
    """Return whether any detector wants to see an event."""
    return lambda event: any(detector.wants(event) for detector in made)


def own_facts(settings: Settings) -> Own:
    """Return the bot's version, and of each setting a digest that does not give its value away."""
    return Own(version(), dict(_digests(settings)))


def _digests(settings: Settings) -> Iterator[tuple[str, str]]:
    for group in type(settings).model_fields:
        values = getattr(settings, group)
        for name, field in type(values).model_fields.items():
            yield str(field.alias or name), _digest(getattr(values, name))
    for name, detector in detectors().items():
        judged: Mapping[str, object] = detector_settings(name, detector.Settings).model_dump()
        for field, value in judged.items():
            yield f"DETECTOR_{name.upper()}_{field.upper()}", _digest(value)


def _digest(value: object) -> str:
    plain = value.get_secret_value() if isinstance(value, SecretStr) else repr(value)
    return hashlib.blake2b(plain.encode(), digest_size=DIGEST_BYTES).hexdigest()
