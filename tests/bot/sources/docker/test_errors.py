"""What the SDK and sockets raise becomes one error, whoever asked the Engine."""

import pytest
import requests
import urllib3
from docker.errors import APIError, DockerException, NotFound

from bot.errors import SourceError
from bot.sources.docker.errors import GoneError, StatusError, engine_errors

SECRET = "tcp://user:hunter22@10.0.0.1"


NO_SUCH = "No such container: abc"


def response(status: int) -> requests.Response:
    found = requests.Response()
    found.status_code = status
    return found


@pytest.mark.parametrize(
    ("error", "message", "permanent", "timed_out"),
    [
        (NotFound(SECRET, response(404), NO_SUCH), "the container is gone", True, False),
        (StatusError(404, NO_SUCH.encode()), "the container is gone", True, False),
        (StatusError(404, b"<html>404</html>"), "no Docker API answers there", True, False),
        (NotFound(SECRET, response(404), "page not found"), "no Docker API", True, False),
        (APIError(SECRET, response(403)), "the proxy before the Docker Engine", True, False),
        (StatusError(403), "the proxy before the Docker Engine", True, False),
        (APIError(SECRET, response(500)), "answered with an error (500)", False, False),
        (StatusError(500), "answered with an error (500)", False, False),
        (requests.exceptions.ReadTimeout(SECRET), "did not answer in time", False, True),
        (urllib3.exceptions.ReadTimeoutError(None, "/", ""), "did not answer in time", False, True),  # type: ignore[arg-type]
        (TimeoutError(), "did not answer in time", False, True),
        (PermissionError(13, SECRET), "no permission", True, False),
        (DockerException(f"PermissionError(13) {SECRET}"), "no permission", True, False),
        (DockerException(SECRET), "does not answer", False, False),
        (requests.exceptions.ConnectionError(SECRET), "does not answer", False, False),
        (urllib3.exceptions.ProtocolError(SECRET), "does not answer", False, False),
        (ConnectionRefusedError(111, SECRET), "does not answer", False, False),
    ],
)
def test_a_failure_is_named_by_its_kind_without_what_the_engine_sent(
    error: Exception, message: str, permanent: bool, timed_out: bool
) -> None:
    with pytest.raises(SourceError) as caught, engine_errors("runners"):
        raise error
    found = caught.value
    assert message in found.message
    assert "hunter22" not in found.message
    assert (found.source, found.permanent, found.timed_out) == ("runners", permanent, timed_out)
    assert isinstance(found, GoneError) == ("gone" in message)
