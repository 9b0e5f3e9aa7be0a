"""Connections to Docker Engines, for what inspects containers; the SDK is loaded on first use."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from bot.errors import SourceError

if TYPE_CHECKING:
    import docker

DEFAULT_SOCKET = "/var/run/docker.sock"
TIMEOUT_SECONDS = 8
COMPOSE_SERVICE = "com.docker.compose.service"
HINT = "Check DOCKER_HOST, and that the bot may use the Engine's socket."

T = TypeVar("T")


class GoneError(SourceError):
    """The container does not exist any more."""


class Engines:
    """Docker Engines by address, "" for Docker's own default; `name` is the asking source's."""

    def __init__(self, name: str, hosts: Sequence[str]) -> None:
        self._name = name
        self.hosts = tuple(hosts)
        self._clients: dict[str, docker.DockerClient] = {}

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await asyncio.to_thread(client.close)
        self._clients.clear()

    async def ask(self, host: str, call: Callable[["docker.DockerClient"], T]) -> T:
        """Run one call in a thread. Raises GoneError and SourceError."""
        return await asyncio.to_thread(self._ask, host, call)

    def _ask(self, host: str, call: Callable[["docker.DockerClient"], T]) -> T:
        import requests
        from docker.errors import DockerException, NotFound

        try:
            return call(self._client(host))
        except NotFound as exc:
            raise GoneError(self._name, "the container is gone", permanent=True) from exc
        except (requests.exceptions.Timeout, TimeoutError) as exc:
            message = f"the Docker Engine did not answer within {TIMEOUT_SECONDS} s"
            raise SourceError(self._name, message, hint=HINT, timed_out=True) from exc
        except PermissionError as exc:
            message = "no permission to use the Docker Engine's socket"
            raise SourceError(self._name, message, hint=HINT, permanent=True) from exc
        except (DockerException, requests.exceptions.RequestException, OSError) as exc:
            message = "the Docker Engine does not answer"
            raise SourceError(self._name, message, hint=HINT) from exc

    def _client(self, host: str) -> "docker.DockerClient":
        import docker

        _knock(host)
        if host not in self._clients:
            environment = {"DOCKER_HOST": host} if host else None
            self._clients[host] = docker.DockerClient.from_env(
                environment=environment, timeout=TIMEOUT_SECONDS
            )
        return self._clients[host]


def _knock(host: str) -> None:
    """Raise OSError when nobody listens on an Engine's unix socket.

    The SDK leaves its own socket open when such a connection fails.
    """
    path = host.removeprefix("unix://") if host else DEFAULT_SOCKET
    if path.startswith("/"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
            knock.settimeout(TIMEOUT_SECONDS)
            knock.connect(path)
