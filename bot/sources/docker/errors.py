"""The one translation of what goes wrong with a Docker Engine, or with a proxy before it."""

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus

from bot.border.outside import Outside
from bot.drivers.network import Trouble, causes, network_trouble
from bot.errors import SourceError

HINT = "Check DOCKER_HOST, and that the bot may use the Engine's socket."
BODY_BYTES = 4_000
DAMAGED = "the container's log is damaged"
DAMAGED_HINT = "Recreate the container, which begins a log anew; docker logs shows how far it goes."
# Docker's words and Podman's; a proxy or another server knows other pages that are not there.
_GONE = re.compile(r"(?i)no such container|no container with")
_TAG = re.compile(r"<[^<>]*>")
WHAT = "the Docker Engine"
CA = "ca.pem in DOCKER_CERT_PATH"

PROXY_HINT = (
    "It has to allow GET /containers/json, /events and /containers/*/logs (CONTAINERS=1), as "
    "deploy/docker-proxy does; a stop needs RUNNER_STOP=on there, an inspect DOCKER_INSPECT=on."
)


class StatusError(OSError):
    """The Engine answered with an error; `status` is HTTP's, `said` its own words."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        super().__init__(f"the Engine answered {status}")
        self.status = status
        self.said = message_of(body)


class GoneError(SourceError):
    """The container does not exist any more."""


class BrokenOffError(SourceError):
    """The Engine could not read a container's log to its end; what it gave before was read."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(source, f"{DAMAGED}: {why}", hint=DAMAGED_HINT, permanent=True)


# What the SDK stumbles over in an answer that is not an Engine's.
_OF_OTHERS = (json.JSONDecodeError, KeyError, TypeError, AttributeError, http.client.BadStatusLine)


@dataclass(frozen=True, slots=True)
class _Row:
    """An answer by its HTTP status (0 for any) and a pattern of its words."""

    status: int
    pattern: str
    ours: str
    hint: str = HINT
    permanent: bool = False


_ROWS = (
    _Row(
        0,
        r"does not support reading|logging driver .*journald is not",
        "the container's log driver keeps nothing that can be read",
        "Give it the driver json-file or local (logging: in compose), or cache-disabled=false.",
        True,
    ),
    _Row(0, r"HTTP request to an HTTPS server", "the port speaks TLS and was spoken to without",
         "Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH; an empty DOCKER_TLS_VERIFY means off.",
         True),
    _Row(0, r"client version .{0,80}too (?:old|new)|(?:Maximum|Minimum) supported API",
         "the Engine wants another version of its API",
         "Update the docker package of the bot, or DOCKER_MIN_API_VERSION at the Engine.", True),
    _Row(0, r"invalid character|error from daemon in stream",
         DAMAGED, DAMAGED_HINT, True),
    _Row(404, "", "no Docker API answers there (HTTP 404)", HINT, True),
    _Row(401, "", "the Engine, or a proxy before it, wants a login (HTTP 401)",
         "Let the bot in at the proxy.", True),
    _Row(502, "", "the proxy before the Engine gets no answer from it (HTTP 502)", HINT),
    _Row(503, "", "the proxy before the Engine gets no answer from it (HTTP 503)", HINT),
)  # fmt: skip


def message_of(body: bytes) -> str:
    """Return what an answer says: the Engine's message, or a page's words without its tags."""
    text = body[:BODY_BYTES].decode("utf-8", "replace")
    with suppress(json.JSONDecodeError, AttributeError):
        return str(json.loads(text).get("message") or "")
    return " ".join(_TAG.sub(" ", text).split())[:300]


@contextmanager
def engine_errors(source: str, where: str = "") -> Iterator[None]:
    """Raise GoneError or SourceError, named after `source`, for what the SDK and sockets raise.

    `where` is the host and port of an Engine that is reached by TCP.

    The messages hold nothing that the Engine sent but what passes the border.
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
        raise _translated(source, error, where, is_timeout=is_timeout) from error


def no_engine(source: str) -> SourceError:
    """Return the error of an answer that no Engine gives."""
    message = "what answers at DOCKER_HOST is no Docker Engine"
    return SourceError(
        source, message, hint="Correct host and port in DOCKER_HOST.", permanent=True
    )


def _translated(source: str, error: Exception, where: str, *, is_timeout: bool) -> SourceError:
    status, said = _answered(error)
    if status == HTTPStatus.NOT_FOUND and _GONE.search(said):
        return GoneError(source, "the container is gone", permanent=True)
    if status == HTTPStatus.FORBIDDEN:
        message = "the proxy before the Docker Engine does not allow it (HTTP 403)"
        return SourceError(source, message, hint=PROXY_HINT, permanent=True)
    if is_timeout:
        message = "the Docker Engine did not answer in time"
        return SourceError(source, message, hint=HINT, timed_out=True)
    if status or said:
        return _answer(source, int(status), said)
    text = str(error)
    if "paramiko" in text:
        return SourceError(
            source,
            "ssh:// needs paramiko, which is not installed",
            hint="pip install paramiko beside batchbot, or forward the Engine's socket by ssh -L.",
            permanent=True,
        )
    if "not found in known_hosts" in text:
        return SourceError(
            source,
            "the Engine's host is not in known_hosts",
            hint="Check its key, then add it: ssh-keyscan HOST >> ~/.ssh/known_hosts.",
            permanent=True,
        )
    # The SDK wraps it and keeps only its text.
    if isinstance(error, PermissionError) or "PermissionError" in text:
        message = "no permission to use the Docker Engine's socket"
        hint = "Give the bot the group of the socket: group_add in compose, or usermod -aG."
        return SourceError(source, message, hint=hint, permanent=True)
    if any(isinstance(one, _OF_OTHERS) for one in causes(error)):
        return no_engine(source)
    return _unreachable(error, where).error(source, hint=HINT)


def _answered(error: Exception) -> tuple[int, str]:
    """Return the HTTP status of an answer and what it said; 0 when none came.

    The SDK wraps what it got when it asked for the Engine's version.
    """
    for one in causes(error):
        response = getattr(one, "response", None)
        status = getattr(one, "status", None) or getattr(response, "status_code", None)
        said = str(getattr(one, "said", "") or getattr(one, "explanation", "") or "")
        if status or said:
            is_page = said.lstrip().startswith(("{", "<"))
            return int(status or 0), message_of(said.encode()) if is_page else said
    return 0, ""


def _answer(source: str, status: int, said: str) -> SourceError:
    for row in _ROWS:
        if row.status in (0, status) and re.search(row.pattern, said):
            words = f"{row.ours}: {Outside(said)}" if said else row.ours
            return SourceError(source, words, hint=row.hint, permanent=row.permanent)
    words = f": {Outside(said)}" if said else ""
    return SourceError(source, f"the Docker Engine answered with an error ({status}){words}")


def _unreachable(error: Exception, where: str) -> Trouble:
    found = network_trouble(error, WHAT, where=where, ca=CA)
    if found is None:
        return Trouble("the Docker Engine does not answer")
    if found.timed_out or "hung up" in found.message:
        return found
    message = f"the Docker Engine does not answer: {found.message}"
    return Trouble(message, found.hint, found.permanent)
