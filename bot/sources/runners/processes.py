"""The runners among the processes of this machine, found by their command line."""

import os
from collections.abc import Callable, Container, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bot.domain.evidence import RUNNERS
from bot.domain.runner import Runner, RunnerKind
from bot.errors import SourceError
from bot.sources.runners.command_line import is_runner_command, shown_options

# The number that Linux gives its first pid namespace, always (linux/proc_ns.h); any other one
# shows the processes of a container only.
_HOST_PIDS = "pid:[4026531836]"
_PID_NAMESPACE = Path("/proc/self/ns/pid")


def scope() -> str:
    """Return whose processes can be seen, in words."""
    try:
        inside = os.readlink(_PID_NAMESPACE) != _HOST_PIDS
    except OSError:
        inside = False
    return "processes of the bot's own container only" if inside else "processes of this machine"


def runners() -> list[Runner]:
    """Return the runners among the processes that can be seen."""
    return [_runner(process) for process in _processes()]


def stop(id: str, grace: float) -> str:
    """Stop the runner `p<pid>` and say how it ended; empty when there is none of that id."""
    for process in _processes():
        if f"p{process.pid}" == id:
            return _stop(process, grace)
    return ""


def _processes() -> Sequence[psutil.Process]:
    """The runner processes; of a family only the one that all others descend from."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and is_runner_command(process.cmdline()):
                found[process.pid] = process
        except psutil.Error:
            continue
    return [process for process in found.values() if not _is_inner(process, found)]


def _is_inner(process: psutil.Process, found: Container[int]) -> bool:
    try:
        return any(parent.pid in found for parent in process.parents())
    except psutil.Error:
        return False


def _runner(process: psutil.Process) -> Runner:
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


def _stop(process: psutil.Process, grace: float) -> str:
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
        raise SourceError(RUNNERS, "it belongs to another user", permanent=True) from exc
    return "it had to be killed" if alive else "it ended"


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return
