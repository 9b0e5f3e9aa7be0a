"""Whoever takes over the bot's container, with the Engine's log folder as compose mounts it."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.rights.attempt import Attempt
from tests.support.paths import ROOT
from tests.support.servers.engine import IMAGE, Engine

SCRIPT = ROOT / "deploy" / "direct-logs.sh"
GROUP, BOT = 10_101, "10001:10001"
SECRET = "sk-ant-PLANTED-0123456789"
LOGS = "/docker-logs"
# It stands in the same file as the environment.
PLANTED = {"planted": SECRET}
ACTOR = "container"
SPEAKS = "echo one; echo two; echo three"

# Opens a file by its handle, past every folder: what DAC_READ_SEARCH is for. Prints what it got.
BY_HANDLE = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
handle = ctypes.create_string_buffer(bytes.fromhex(sys.argv[2]))
mount = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY)
opened = libc.open_by_handle_at(mount, handle, os.O_RDONLY)
print(os.read(opened, 100).decode() if opened >= 0 else os.strerror(ctypes.get_errno()))
"""


def direct_logs(verb: str, engine: Engine) -> None:
    """Run the shipped script on this Engine's folder."""
    folder = str(engine.data / "containers")
    subprocess.run([str(SCRIPT), verb, folder], check=True, capture_output=True, text=True)


def tried(engine: Engine) -> list[Attempt]:
    """Try, in a container as compose makes it, to read logs, configurations and root's files."""
    engine.run("before", SPEAKS, labels=PLANTED).wait()
    direct_logs("grant", engine)
    engine.run("after", SPEAKS, labels=PLANTED).wait()
    found = []
    for name in ("before", "after"):
        id = str(engine.client.containers.get(name).id)
        found += list(_of(engine, name, id))
    with planted(engine) as (path, handle):
        found.append(_attempt("open root's file by its name", _reads(engine, str(path))))
        found.append(_attempt("open root's file by its handle", opens(engine, handle)))
    found += [
        _attempt("list the folder of containers", _does(engine, f"ls {LOGS}")),
        _attempt("write into the folder", _does(engine, f"echo x > {LOGS}/x")),
        _attempt("hold a capability", "0000000000000000" not in _status(engine)),
    ]
    return found


def readable_logs(engine: Engine) -> list[Attempt]:
    """Try to read the log of every container there is."""
    ids = [str(one.id) for one in engine.client.containers.list(all=True)]
    places = [(id, f"{LOGS}/{id}/{id}-json.log") for id in ids]
    return [
        _attempt(f"read the log of {id[:12]}", "three" in _said(engine, ["cat", place]))
        for id, place in places
    ]


def readable_beside_logs(engine: Engine, id: str) -> set[str]:
    """Return the names of the files in a container's folder that can be read, but its log."""
    folder = engine.data / "containers" / id
    names = {one.name for one in folder.iterdir() if one.is_file() and one.name[:64] != id}
    return {one for one in names if _does(engine, f"cat {LOGS}/{id}/{one} > /dev/null")}


def rotated_parts(engine: Engine, id: str) -> int:
    """Return how many files of a log the bot's own code opens there."""
    script = (
        "from datetime import UTC; from pathlib import Path;"
        "from bot.sources.log_search.file import snapshot;"
        f"print('parts', len(snapshot(Path('{LOGS}/{id}/{id}-json.log')).parts))"
    )
    python = str(Path(sys.prefix) / "bin" / "python")
    said = _said(engine, [python, "-c", script], working_dir=str(ROOT))
    assert said.startswith("parts "), said
    return int(said.split()[1])


def _of(engine: Engine, name: str, id: str) -> Iterator[Attempt]:
    place = f"{LOGS}/{id}"
    config = _reads(engine, f"{place}/config.v2.json")
    log = "three" in _said(engine, ["cat", f"{place}/{id}-json.log"])
    yield Attempt(ACTOR, f"read the log of a container made {name} the grant", log, should=True)
    yield _attempt(f"read the configuration of one made {name} it", config)
    yield _attempt(f"list the folder of one made {name} it", _does(engine, f"ls {place}"))


def _attempt(what: str, worked: bool) -> Attempt:
    return Attempt(ACTOR, what, worked)


def opens(engine: Engine, handle: bytes, **more: Any) -> bool:
    """Say whether a file of the host is opened by its handle; `more` goes to the container."""
    python = os.path.realpath(sys.executable)
    return SECRET in _said(engine, [python, "-c", BY_HANDLE, LOGS, handle.hex()], **more)


def _reads(engine: Engine, path: str) -> bool:
    return SECRET in _said(engine, ["cat", path])


def _does(engine: Engine, script: str) -> bool:
    said = _said(engine, ["/bin/sh", "-c", f"{script} && echo it-worked"])
    return "it-worked" in said


def _status(engine: Engine) -> str:
    lines = _said(engine, ["cat", "/proc/self/status"]).splitlines()
    return next(line for line in lines if line.startswith("CapEff"))


def _said(engine: Engine, command: list[str], **more: Any) -> str:
    """Return what a command printed in a container like the bot's."""
    options: dict[str, Any] = {
        "user": BOT, "group_add": [str(GROUP)], "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"], **more,
    }  # fmt: skip
    container = engine.client.containers.run(
        IMAGE, command, detach=True, network_mode="none", environment={"PATH": "/bin"},
        volumes=_mounts(engine), **options,
    )  # fmt: skip
    try:
        container.wait()
        return str(container.logs().decode(errors="replace"))
    finally:
        container.remove(force=True)


def _mounts(engine: Engine) -> dict[str, Any]:
    """Return the log folder, and what this machine's Python needs to run in there."""
    folders = {"/usr", "/lib", "/lib64", sys.base_prefix, sys.prefix, str(ROOT)}
    mounts = {one: {"bind": one, "mode": "ro"} for one in folders if Path(one).exists()}
    return {**mounts, str(engine.data / "containers"): {"bind": LOGS, "mode": "ro"}}


@contextmanager
def planted(engine: Engine) -> Iterator[tuple[Path, bytes]]:
    """Make a file that only root may read, on the file system of the log folder; its handle."""
    path = engine.data / "of-root"
    path.write_text(SECRET, encoding="utf-8")
    path.chmod(0o600)
    try:
        yield path, handle_of(path)
    finally:
        path.unlink()


def handle_of(path: Path) -> bytes:
    """Return a file's handle, as name_to_handle_at gives it."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = ctypes.create_string_buffer(136)
    ctypes.c_uint.from_buffer(handle).value = 128
    mount = ctypes.c_int()
    if libc.name_to_handle_at(-100, os.fsencode(path), handle, ctypes.byref(mount), 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return handle.raw


def configuration(engine: Engine, name: str) -> str:
    """Return what root reads in a container's configuration: that there is a secret to find."""
    id = str(engine.client.containers.get(name).id)
    return (engine.data / "containers" / id / "config.v2.json").read_text(encoding="utf-8")
