"""The one translation of what goes wrong with a Docker Engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from bot.errors import SourceError

HINT = "Check DOCKER_HOST, and that the bot may use the Engine's socket."


class StatusError(OSError):
    """The Engine answered with an error; `status` is HTTP's."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the Engine answered {status}")
        self.status = status


class GoneError(SourceError):
    """The container does not exist any more."""


@contextmanager
def engine_errors(source: str) -> Iterator[None]:
    """Raise GoneError or SourceError, named after `source`, for what the SDK and sockets raise.

    The messages hold neither the Engine's address nor anything that it sent.
    """
    import requests
    import urllib3
    from docker.errors import DockerException

    requests_errors, urllib3_errors = requests.exceptions, urllib3.exceptions
    try:
        yield
    except (
        DockerException,
        requests_errors.RequestException,
        urllib3_errors.HTTPError,
        OSError,
    ) as error:
        is_timeout = isinstance(
            error, requests_errors.Timeout | urllib3_errors.TimeoutError | TimeoutError
        )
        raise _translated(source, error, is_timeout=is_timeout) from error


def _translated(source: str, error: Exception, *, is_timeout: bool) -> SourceError:
    status = getattr(error, "status_code", None) or getattr(error, "status", None)
    if status == HTTPStatus.NOT_FOUND:
        return GoneError(source, "the container is gone", permanent=True)
    if is_timeout:
        message = "the Docker Engine did not answer in time"
        return SourceError(source, message, hint=HINT, timed_out=True)
    # The SDK wraps it and keeps only its text.
    if isinstance(error, PermissionError) or "PermissionError" in str(error):
        message = "no permission to use the Docker Engine's socket"
        return SourceError(source, message, hint=HINT, permanent=True)
    if status is not None:
        return SourceError(source, f"the Docker Engine answered with an error ({status})")
    return SourceError(source, "the Docker Engine does not answer", hint=HINT)
