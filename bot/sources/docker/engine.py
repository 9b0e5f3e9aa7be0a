"""The client of one Docker Engine: its containers, their logs, what started.

The SDK is loaded on first use. Every method blocks and raises GoneError or SourceError.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from bot.drivers.network import place_shown
from bot.sources.docker.address import EngineAddress, addresses
from bot.sources.docker.errors import StatusError, engine_errors, no_engine
from bot.sources.docker.http import Body, connect

if TYPE_CHECKING:
    import docker

COMPOSE_SERVICE = "com.docker.compose.service"
COMPOSE_PROJECT = "com.docker.compose.project"
TIMEOUT_SECONDS = 8.0
STREAM_SECONDS = 20.0
# In which the version is asked for, which every Engine answers.
OLDEST_VERSION = "1.24"
_VERSION = re.compile(r"\d\.\d{1,3}")
LIFE_EVENTS = ("start", "die", "oom")


class ContainerEvent(NamedTuple):
    """Something that happened to a container; `exit_code` is a "die"'s."""

    id: str
    action: str
    at: datetime
    exit_code: int | None = None


class Stream(Protocol):
    """An open answer of an Engine."""

    def chunks(self) -> Iterator[bytes]:
        """Yield what comes; read it within `engine_errors`."""
        ...

    def end(self) -> None:
        """End it, from any thread; never raises."""
        ...

    def close(self) -> None:
        """End it and free what it holds."""
        ...


class Engine:
    """A Docker Engine by its address, "" for Docker's own default.

    `source` names the source in errors; `timeout` bounds one call in seconds, streams aside.
    """

    def __init__(
        self, address: str | EngineAddress, source: str, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        (self._address,) = addresses([address])
        self.host, self.where = self._address.host, self._address.where
        self.project = self._address.project
        self.source = source
        self._timeout = timeout
        self._client: docker.DockerClient | None = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """How to call it before people; an address may hold a user's name."""
        return f"Docker Engine {place_shown(self.host.rpartition('@')[2])}".strip()

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def containers(self) -> list[Mapping[str, Any]]:
        """Return all containers as the Engine lists them, stopped ones too.

        Where one compose project is meant, what is labelled as another's is left out.
        """
        with engine_errors(self.source, self.where):
            # The SDK leaves its socket open when a connection fails, so connect once without it.
            self._address.check(self.source)
            probe = connect(self.host, self._timeout)
            if probe is not None:
                probe.close()
            found: object = self._opened().api.containers(all=True)
        if not isinstance(found, list) or not all(_is_listed(one) for one in found):
            raise no_engine(self.source)
        return [one for one in found if not self.project or self._is_meant(one)]

    def _is_meant(self, listed: Mapping[str, Any]) -> bool:
        return project_of(listed) in ("", self.project)

    def inspect(self, id: str) -> Mapping[str, Any]:
        """Return a container as the Engine describes it, its environment included."""
        with engine_errors(self.source, self.where):
            found: Mapping[str, Any] = self._opened().api.inspect_container(id)
            return found

    def stop(self, id: str, grace_seconds: float) -> None:
        """Send TERM, and KILL after the grace; both are the Engine's own."""
        with engine_errors(self.source, self.where):
            self._opened().api.stop(id, timeout=max(1, round(grace_seconds)))

    def logs(self, id: str, **options: object) -> Stream:
        """Open a container's log; options are the API's own."""
        query = {"stdout": 1, "stderr": 1, "timestamps": 1} | options
        path = f"/containers/{quote(id)}/logs?{urlencode(query)}"
        with engine_errors(self.source, self.where):
            return self._stream(path, follow=bool(options.get("follow")))

    def events(self, since: float, until: float) -> list[ContainerEvent]:
        """Return what happened to containers between two past moments, in order.

        The Engine keeps its newest 256 events of any kind; one behind a proxy may refuse them.
        """
        wanted = {"type": ["container"], "event": list(LIFE_EVENTS)}
        query = {"since": f"{since:.6f}", "until": f"{until:.6f}", "filters": json.dumps(wanted)}
        with engine_errors(self.source, self.where):
            stream = self._stream(f"/events?{urlencode(query)}", follow=False)
            try:
                lines = b"".join(stream.chunks()).splitlines()
            finally:
                stream.close()
        return [event for line in lines if (event := event_of(line)) is not None]

    def starts(self, since: float, until: float) -> set[str]:
        """Return the ids of containers that started between two past moments."""
        return {one.id for one in self.events(since, until) if one.action == "start"}

    def _stream(self, path: str, *, follow: bool) -> Stream:
        # Without a version in its path a request is read as the Engine's own, old or new.
        channel = None if self._address.is_tls else connect(self.host, STREAM_SECONDS)
        if channel is None:
            return _SdkStream(self._opened(), path)
        body = Body(channel, path)
        if follow:
            body.wait_for_ever()
        return body

    def _opened(self) -> "docker.DockerClient":
        with self._lock:
            if self._client is None:
                first = self._opened_by(OLDEST_VERSION)
                try:
                    version = _api_version(first)
                finally:
                    first.close()
                self._client = self._opened_by(version)
            return self._client

    def _opened_by(self, version: str) -> "docker.DockerClient":
        """Open with the certificates of the settings: requests prefers those of its environment."""
        import docker

        options: dict[str, Any] = {"timeout": int(self._timeout), "version": version}
        if self._address.is_tls:
            tls = self._address.tls_options(self.source)
            client = docker.DockerClient(self.host, tls=tls, **options)
            client.api.trust_env = False
        elif self.host:
            client = docker.DockerClient(self.host, **options)
        else:
            client = docker.from_env(**options)
        return client


def _api_version(client: "docker.DockerClient") -> str:
    """Return the newest version of its API that an Engine speaks.

    A ping says it at once; Podman runs other programs, for seconds, before it tells its version.
    """
    answer = client.api.get(f"{client.api.base_url}/_ping", timeout=client.api.timeout)
    told = str(answer.headers.get("Api-Version") or "")
    if answer.ok and _VERSION.fullmatch(told):
        return told
    return str(client.version(api_version=False)["ApiVersion"])


def project_of(listed: Mapping[str, Any]) -> str:
    """Return the compose project of a listed container, "" for one that compose did not make."""
    return str((listed.get("Labels") or {}).get(COMPOSE_PROJECT) or "")


def _is_listed(one: object) -> bool:
    """Say whether this is a container as an Engine lists it."""
    return isinstance(one, Mapping) and isinstance(one.get("Id"), str) and "Names" in one


def event_of(line: bytes) -> ContainerEvent | None:
    """Read one line of an Engine's events; None for what is none of LIFE_EVENTS."""
    try:
        told = json.loads(line)
        actor, action = told["Actor"], told["Action"]
        at = datetime.fromtimestamp(told["timeNano"] / 1e9, UTC)
        code = str((actor.get("Attributes") or {}).get("exitCode", ""))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
        return None
    if action not in LIFE_EVENTS:
        return None
    exit_code = int(code) if code.isascii() and code.isdecimal() and len(code) < 6 else None
    return ContainerEvent(str(actor.get("ID") or ""), action, at, exit_code)


class _SdkStream:
    """An answer through the SDK's own transports: TLS, ssh."""

    def __init__(self, client: "docker.DockerClient", path: str) -> None:
        api = client.api
        self._answer = api.get(api.base_url + path, stream=True, timeout=None)
        if self._answer.status_code != HTTPStatus.OK:
            body = self._answer.content
            self._answer.close()
            raise StatusError(self._answer.status_code, body)

    def chunks(self) -> Iterator[bytes]:
        """Yield what comes; read it within `engine_errors`."""
        yield from self._answer.iter_content(chunk_size=None)

    def end(self) -> None:
        """End it, from any thread; never raises."""
        import urllib3

        with suppress(urllib3.exceptions.HTTPError, OSError):  # the Engine was quicker
            self._answer.raw.shutdown()

    def close(self) -> None:
        """End it and free what it holds."""
        self._answer.close()
