"""A stand-in for the base image python:3.12-slim, made of this machine, by `docker import`.

It holds what the Dockerfile's steps need: a shell, this machine's Python with pip and venv,
useradd, and the certificates that pip asks with.
"""

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.servers.engine import BUSYBOX, Engine

NAME, TAG = "python", "3.12-slim"
APPLETS = ("sh", "cat", "ls", "mkdir", "rm", "cp", "ln", "chmod", "env", "test", "[", "id")
FILES = (
    "/usr/sbin/useradd", "/etc/login.defs", "/etc/ssl/certs", "/usr/share/ca-certificates",
    "/etc/pip.conf", "/etc/xdg/pip", "/etc/nsswitch.conf", "/lib64/ld-linux-x86-64.so.2",
    # Of packages' own modules.
    "/lib/x86_64-linux-gnu/libgcc_s.so.1", "/lib/x86_64-linux-gnu/libstdc++.so.6",
    "/lib/x86_64-linux-gnu/libz.so.1", "/lib/x86_64-linux-gnu/libpthread.so.0",
    "/lib/x86_64-linux-gnu/libdl.so.2", "/lib/x86_64-linux-gnu/librt.so.1",
    "/lib/x86_64-linux-gnu/libutil.so.1",
)  # fmt: skip
FOLDERS = {
    "tmp": 0o1777, "root": 0o755, "etc": 0o755, "home": 0o755, "usr/bin": 0o755,
    "var/lib": 0o755, "usr/local/bin": 0o755,
}  # fmt: skip
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LEFT_OUT = ("/test/", "/site-packages/", "/__pycache__/", "/idlelib/", "/lib2to3/", "/config-")
KEPT = ("/site-packages/pip", "/site-packages/setuptools")


def load(engine: Engine) -> None:
    """Make the image on an Engine, under the name that the Dockerfile asks for."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder, mode in FOLDERS.items():
            _folder(tar, folder, mode)
        for link in ("bin", "sbin", "lib", "lib64"):
            _link(tar, link, f"usr/{link}")
        for name in ("passwd", "group", "shadow", "gshadow"):
            _text(tar, f"etc/{name}", "root:x:0:0:root:/root:/bin/sh\n" if name == "passwd" else "")
        tar.add(BUSYBOX, "usr/bin/busybox")
        for applet in APPLETS:
            _link(tar, f"usr/bin/{applet}", "busybox")
        python = os.path.realpath(sys.executable)
        for name in ("python", "python3"):
            _link(tar, f"usr/local/bin/{name}", python)
        seen: set[str] = set()
        for path in _needed(python):
            _add(tar, path, seen)
    engine.client.api.import_image_from_data(packed.getvalue(), NAME, TAG, [f"ENV PATH={PATH}"])


def _needed(python: str) -> Iterator[Path]:
    """Yield what Python and useradd need, libraries included."""
    home = Path(sys.base_prefix)
    yield from (path for path in home.rglob("*") if _is_kept(str(path.relative_to(home.parent))))
    yield from map(Path, FILES)
    modules = [str(one) for one in home.rglob("lib-dynload/*.so")]
    asked = subprocess.run(
        ["ldd", python, "/usr/sbin/useradd", *modules], capture_output=True, text=True, check=False
    )
    words = (word for line in asked.stdout.splitlines() for word in line.split())
    yield from (Path(word) for word in words if word.startswith("/") and ".so" in word)


def _is_kept(path: str) -> bool:
    inside = f"/{path}/"
    return any(one in inside for one in KEPT) or not any(one in inside for one in LEFT_OUT)


def _add(tar: tarfile.TarFile, path: Path, seen: set[str]) -> None:
    """Add one file or folder under its place in a merged /usr, and what a link leads to."""
    place = str(path)
    for old in ("/lib/", "/lib64/", "/bin/", "/sbin/"):
        if place.startswith(old):
            place = f"/usr{place}"
    if place in seen or not path.exists():
        return
    seen.add(place)
    if path.is_dir() and not path.is_symlink():
        _folder(tar, place.lstrip("/"), 0o755)
        if place.startswith(("/etc", "/usr/share")):
            for one in path.iterdir():
                _add(tar, one, seen)
        return
    tar.add(path, place.lstrip("/"), recursive=False)
    if path.is_symlink():
        _add(tar, path.resolve(), seen)


def _folder(tar: tarfile.TarFile, name: str, mode: int) -> None:
    made = tarfile.TarInfo(name)
    made.type, made.mode = tarfile.DIRTYPE, mode
    tar.addfile(made)


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = tarfile.SYMTYPE, target
    tar.addfile(made)


def _text(tar: tarfile.TarFile, name: str, text: str) -> None:
    made = tarfile.TarInfo(name)
    made.size, made.mode = len(text), 0o644
    tar.addfile(made, io.BytesIO(text.encode()))
