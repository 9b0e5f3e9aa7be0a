"""One Docker Engine as the log reader needs it: its containers, their logs, what started."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import docker
import requests
import urllib3

from bot.sources.docker.http import Body, StatusError, connected

TIMEOUT_SECONDS = 20.0
LIST_SECONDS = 5.0
_ID = re.compile(rb'"id":"([0-9a-f]{64})"')
FAILURES = (
    docker.errors.DockerException,
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
)


class Stream(Protocol):
    """An open answer of an Engine."""

    def chunks(self) -> Iterator[bytes]:
        """Yield what comes."""
        ...

    def end(self) -> None:
        """End it, from any thread."""
        ...

    def close(self) -> None:
        """End it and free what it holds."""
        ...


class Engine:
    """A Docker Engine by its address, "" for Docker's own default. Calls block."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._client: docker.DockerClient | None = None
        self._lock = threading.Lock()
        self._terminals: dict[str, bool] = {}

    @property
    def name(self) -> str:
        """How to call it before people; an address may hold a user's name."""
        return f"Docker Engine {self.host.rpartition('@')[2]}".strip()

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def containers(self) -> list[Mapping[str, Any]]:
        """Return all containers as the Engine lists them. Raises one of FAILURES."""
        # The SDK leaves its socket open when nobody listens; so knock first.
        knock = connected(self.host, LIST_SECONDS)
        if knock is not None:
            knock.close()
        found: list[Mapping[str, Any]] = self._opened().api.containers(all=True)
        return found

    def has_terminal(self, id: str) -> bool:
        """Say whether a container's log comes without frames. Raises one of FAILURES."""
        if id not in self._terminals:
            told = self._opened().api.inspect_container(id)
            self._terminals[id] = bool((told.get("Config") or {}).get("Tty"))
        return self._terminals[id]

    def logs(self, id: str, **options: object) -> Stream:
        """Open a container's log; options are the API's own. Raises one of FAILURES."""
        query = {"stdout": 1, "stderr": 1, "timestamps": 1} | options
        path = f"/containers/{quote(id)}/logs?{urlencode(query)}"
        return self._stream(path, follow=bool(options.get("follow")))

    def starts(self, since: float, until: float) -> set[str]:
        """Return the ids of containers that started between two past moments.

        Raises one of FAILURES; an Engine behind a proxy may refuse to tell.
        """
        asked = {"type": ["container"], "event": ["start"]}
        query = {"since": f"{since:.6f}", "until": f"{until:.6f}", "filters": json.dumps(asked)}
        stream = self._stream(f"/events?{urlencode(query)}", follow=False)
        try:
            told = b"".join(stream.chunks())
        finally:
            stream.close()
        return {id.decode() for id in _ID.findall(told)}

    def _stream(self, path: str, *, follow: bool) -> Stream:
        # Without a version in its path a request is read as the Engine's own, old or new.
        channel = connected(self.host, TIMEOUT_SECONDS)
        if channel is None:
            return _SdkStream(self._opened(), path)
        body = Body(channel, path)
        if follow:
            body.wait_for_ever()
        return body

    def _opened(self) -> docker.DockerClient:
        with self._lock:
            if self._client is None:
                timeout = int(LIST_SECONDS)
                self._client = (
                    docker.DockerClient(base_url=self.host, timeout=timeout)
                    if self.host
                    else docker.from_env(timeout=timeout)
                )
            return self._client


class _SdkStream:
    """An answer through the SDK's own transports: TLS, ssh."""

    def __init__(self, client: docker.DockerClient, path: str) -> None:
        api = client.api
        self._answer = api.get(api.base_url + path, stream=True, timeout=None)
        if self._answer.status_code != requests.codes.ok:
            self._answer.close()
            raise StatusError(self._answer.status_code)

    def chunks(self) -> Iterator[bytes]:
        """Yield what comes."""
        yield from self._answer.iter_content(chunk_size=None)

    def end(self) -> None:
        """End it, from any thread."""
        self._answer.raw.shutdown()

    def close(self) -> None:
        """End it and free what it holds."""
        self._answer.close()


def reason(error: Exception) -> str:
    """Say why an Engine did not answer, without its address or anything it sent."""
    is_gone = isinstance(error, StatusError) and error.status == requests.codes.not_found
    if is_gone or isinstance(error, docker.errors.NotFound):
        return "the container is gone"
    if isinstance(error, requests.exceptions.Timeout | TimeoutError):
        return "no answer in time"
    if isinstance(error, PermissionError) or "PermissionError" in str(error):
        return "no permission to use the Engine's socket"
    return f"the Engine could not be reached ({type(error).__name__})"
