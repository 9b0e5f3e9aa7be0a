"""Finds the Engine's json-file logs of a container in a folder that was mounted for reading."""

import os
import re
from datetime import tzinfo
from pathlib import Path

from bot.sources.docker.codec import JsonFileLines
from bot.sources.log_search.file import snapshot
from bot.sources.log_search.segment import Segment

_ID = re.compile(r"[0-9a-f]{64}")


class UnreadableError(Exception):
    """A container's files cannot be read; the message says why, in words for people."""


class EngineFiles:
    """The folder of the Engine's containers, as `/var/lib/docker/containers` is laid out."""

    def __init__(self, folder: Path, zone: tzinfo) -> None:
        self._folder = folder
        self._zone = zone

    def path(self, id: str) -> Path:
        """Return where the Engine writes a container's log now.

        Raises UnreadableError when it is not there, so that it must be asked for through the API.
        """
        if _ID.fullmatch(id) is None:
            raise UnreadableError("the container's id is none of an Engine's")
        path = self._folder / id / f"{id}-json.log"
        try:
            os.close(os.open(path, os.O_RDONLY))
        except FileNotFoundError as error:
            raise UnreadableError("it has no json-file log in DOCKER_LOG_DIR") from error
        except OSError as error:
            raise UnreadableError(_why(error)) from error
        return path

    def opened(self, id: str) -> Segment:
        """Open a container's log with all its rotated files. Raises UnreadableError."""
        path = self.path(id)
        try:
            log = snapshot(path)
            segment = Segment(log.parts, JsonFileLines(self._zone), unread=log.unread)
        except OSError as error:
            raise UnreadableError(_why(error)) from error
        segment.trim()
        return segment


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "DOCKER_LOG_DIR may not be read"
    return f"its file cannot be read: {error.strerror or 'unknown reason'}"
