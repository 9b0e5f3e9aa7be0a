"""The ENG5 runners: containers found by name or compose label, processes by their command line."""

import asyncio
import fnmatch
import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, TypeVar

import docker
import psutil
import requests
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from bot.domain.log import Role, Service
from bot.domain.runner import Runner, RunnerKind, RunnerListing
from bot.errors import SourceError

NAME = "runners"
COMPOSE_SERVICE = "com.docker.compose.service"
DOCKER_TIMEOUT = 8
DEFAULT_SOCKET = "/var/run/docker.sock"
# Options whose values may be shown; a command line can also hold keys and paths with names.
SHOWN_OPTIONS = (
    "mode",
    "batch-id",
    "llm-batching-mode",
    "max-comparisons",
    "completion-timeout",
    "await-completion",
    "no-kafka",
)
FLAGS = ("await-completion", "no-kafka")
SCRIPTS = ("eng5-np-run", "eng5-runner", "run_eng5_np_runner.sh")
MODULE = "scripts.cj_experiments_runners.eng5_np.cli"
MODULE_FILE = "eng5_np/cli.py"
_INTERPRETER = re.compile(r"python[\d.]*|bash|sh|zsh|dash")

T = TypeVar("T")


class EngineRunners:
    """Lists and stops runners; implements RunnerSource.

    `hosts` are Docker addresses, "" for Docker's own default and none at all to leave Docker out;
    `services` give the container globs and compose names of role runner. Only what matches is
    ever listed, and only what is listed can be stopped.
    """

    name = NAME

    def __init__(
        self, hosts: Sequence[str], services: Iterable[Service], *, processes: bool = True
    ) -> None:
        runners = [service for service in services if service.role is Role.RUNNER]
        self._globs = tuple(service.container for service in runners)
        self._names = frozenset(service.name for service in runners)
        self._hosts = tuple(hosts)
        self._processes = processes
        self._clients: dict[str, docker.DockerClient] = {}

    async def close(self) -> None:
        """Close the connections to the Engines."""
        for client in self._clients.values():
            await asyncio.to_thread(client.close)
        self._clients.clear()

    async def list(self) -> RunnerListing:
        """Return the runners that exist now, newest first; an Engine that fails is named."""
        found: dict[str, Runner] = {}
        unreadable: dict[str, str] = {}
        for host in self._hosts:
            try:
                for container in await self._on(host, self._containers):
                    runner = _container_runner(container)
                    found[runner.id] = runner
            except SourceError as error:
                unreadable[host or "docker"] = error.message
        if self._processes:
            for process in await asyncio.to_thread(_processes):
                runner = await asyncio.to_thread(_process_runner, process)
                found[runner.id] = runner
        return RunnerListing(_newest_first(found.values()), tuple(unreadable.items()))

    async def stop(self, id: str, *, grace_seconds: float) -> str:
        """Stop the runner with exactly this id. Raises SourceError when it cannot be."""
        for host in () if id.startswith("p") else self._hosts:
            for container in await self._on(host, self._containers):
                if container.short_id == id:
                    return await asyncio.to_thread(_stop_container, container, grace_seconds)
        if self._processes:
            for process in await asyncio.to_thread(_processes):
                if f"p{process.pid}" == id:
                    return await asyncio.to_thread(_stop_process, process, grace_seconds)
        raise SourceError(NAME, f"no runner has the id {id} any more", permanent=True)

    async def check(self) -> str:
        """Return how many runners exist. Raises SourceError when an Engine cannot be asked."""
        listing = await self.list()
        if listing.unreadable:
            where, reason = listing.unreadable[0]
            raise SourceError(NAME, f"{where}: {reason}")
        return f"{len(listing.runners)} runners"

    async def _on(self, host: str, call: Callable[[docker.DockerClient], T]) -> T:
        try:
            return await asyncio.to_thread(lambda: call(self._client(host)))
        except (DockerException, requests.exceptions.RequestException, OSError) as exc:
            raise SourceError(NAME, "the Docker Engine does not answer") from exc

    def _client(self, host: str) -> docker.DockerClient:
        _knock(host)
        if host not in self._clients:
            environment = {"DOCKER_HOST": host} if host else None
            self._clients[host] = docker.DockerClient.from_env(
                environment=environment, timeout=DOCKER_TIMEOUT
            )
        return self._clients[host]

    def _containers(self, client: docker.DockerClient) -> Sequence[Container]:
        # ignore_removed: a --rm container may vanish between the list and its inspection.
        listed = client.containers.list(all=True, ignore_removed=True)
        return [container for container in listed if self._is_runner(container)]

    def _is_runner(self, container: Container) -> bool:
        name = container.name or ""
        by_name = any(fnmatch.fnmatchcase(name, glob) for glob in self._globs)
        return by_name or container.labels.get(COMPOSE_SERVICE) in self._names


def _knock(host: str) -> None:
    """Raise OSError when nobody listens on an Engine's unix socket.

    The SDK leaves its own socket open when such a connection fails.
    """
    path = host.removeprefix("unix://") if host else DEFAULT_SOCKET
    if path.startswith("/"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
            knock.settimeout(DOCKER_TIMEOUT)
            knock.connect(path)


def shown_options(arguments: Sequence[str]) -> dict[str, str]:
    """Return the allow-listed options of a command line, values clipped to 80 characters."""
    options: dict[str, str] = {}
    for place, argument in enumerate(arguments):
        name, _, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or name not in SHOWN_OPTIONS:
            continue
        following = arguments[place + 1] if place + 1 < len(arguments) else ""
        given = "yes" if name in FLAGS else value or following
        if given and not given.startswith("--"):
            options[name] = given[:80]
    return options


def is_runner_command(arguments: Sequence[str]) -> bool:
    """Say whether a command line runs the runner: its script, its module, or `pdm run` of it.

    What merely mentions the runner (`grep eng5-np-run`, an editor, a test of it) is none.
    """
    words = [word for word in arguments if word]
    if words and _INTERPRETER.fullmatch(PurePath(words[0]).name):
        words = words[1:]
        if words[:1] == ["-m"]:
            return words[1:2] == [MODULE]
        words = [word for word in words if not word.startswith("-")]
    if words and PurePath(words[0]).name == "pdm" and words[1:2] == ["run"]:
        words = words[2:]
    return bool(words) and (PurePath(words[0]).name in SCRIPTS or words[0].endswith(MODULE_FILE))


def _container_runner(container: Container) -> Runner:
    attributes: Mapping[str, Any] = container.attrs or {}
    state = attributes.get("State") or {}
    arguments = [str(one) for one in attributes.get("Args") or ()]
    return Runner(
        id=container.short_id,
        kind=RunnerKind.CONTAINER,
        name=container.name or container.short_id,
        started_at=_docker_time(state.get("StartedAt")),
        running=bool(state.get("Running")),
        options=shown_options(arguments),
    )


def _docker_time(value: object) -> datetime | None:
    """Read Docker's time (nanoseconds, Z); the year 1 means never."""
    text = str(value or "")
    try:
        moment = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if moment.year > 1 else None


def _processes() -> Sequence[psutil.Process]:
    """The runner processes of this machine; of a parent and its children only the outermost."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and is_runner_command(process.cmdline()):
                found[process.pid] = process
        except psutil.Error:
            continue
    return [process for process in found.values() if _parent(process) not in found]


def _parent(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0


def _process_runner(process: psutil.Process) -> Runner:
    try:
        arguments = process.cmdline()
        started = datetime.fromtimestamp(process.create_time(), UTC)
    except psutil.Error:
        arguments, started = [], None
    return Runner(
        id=f"p{process.pid}",
        kind=RunnerKind.PROCESS,
        name="eng5-np-run",
        started_at=started,
        options=shown_options(arguments),
    )


def _stop_container(container: Container, grace: float) -> str:
    try:
        container.stop(timeout=max(1, round(grace)))
        container.reload()
    except NotFound:
        return "it ended, and was removed with its logs"
    except (DockerException, requests.exceptions.RequestException) as exc:
        raise SourceError(NAME, "the Docker Engine could not stop it") from exc
    code = (container.attrs or {}).get("State", {}).get("ExitCode")
    return "it had to be killed" if code == 137 else f"it ended with exit code {code}"


def _stop_process(process: psutil.Process, grace: float) -> str:
    """TERM to the process and its children, KILL to what is left after the grace.

    psutil compares the time of creation before it signals, so a reused pid is never hit.
    """
    try:
        family = [*process.children(recursive=True), process]
        for one in family:
            _signal(one.terminate)
        _, alive = psutil.wait_procs(family, timeout=grace)
        for one in alive:
            _signal(one.kill)
        psutil.wait_procs(alive, timeout=2)
    except psutil.NoSuchProcess:
        return "it had ended by itself"
    except psutil.AccessDenied as exc:
        raise SourceError(NAME, "it belongs to another user", permanent=True) from exc
    return "it had to be killed" if alive else "it ended"


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return


def _newest_first(runners: Iterable[Runner]) -> tuple[Runner, ...]:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return tuple(sorted(runners, key=lambda one: one.started_at or epoch, reverse=True))
