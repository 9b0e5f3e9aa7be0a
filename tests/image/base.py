"""A stand-in for the base image python:3.12-slim, made of this machine, by `docker import`.

It holds what the Dockerfile's steps need: a shell, this machine's Python with pip and venv,
useradd, and the certificates that pip asks with.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.image.root import PATH, Root
from tests.support.servers.engine import Engine

NAME, TAG = "python", "3.12-slim"
FILES = (
    "/etc/login.defs", "/etc/ssl/certs", "/usr/share/ca-certificates",
    "/etc/pip.conf", "/etc/xdg/pip", "/etc/nsswitch.conf", "/lib64/ld-linux-x86-64.so.2",
    # Of packages' own modules.
    "/lib/x86_64-linux-gnu/libgcc_s.so.1", "/lib/x86_64-linux-gnu/libstdc++.so.6",
    "/lib/x86_64-linux-gnu/libz.so.1", "/lib/x86_64-linux-gnu/libpthread.so.0",
    "/lib/x86_64-linux-gnu/libdl.so.2", "/lib/x86_64-linux-gnu/librt.so.1",
    "/lib/x86_64-linux-gnu/libutil.so.1",
)  # fmt: skip
LEFT_OUT = ("/test/", "/site-packages/", "/__pycache__/", "/idlelib/", "/lib2to3/", "/config-")
KEPT = ("/site-packages/pip", "/site-packages/setuptools")


def load(engine: Engine) -> None:
    """Make the image on an Engine, under the name that the Dockerfile asks for."""
    with Root() as root:
        python = os.path.realpath(sys.executable)
        for name in ("python", "python3"):
            root.link(f"usr/local/bin/{name}", python)
        for path in _python(Path(sys.base_prefix)):
            root.add(path)
        modules = Path(sys.base_prefix).rglob("lib-dynload/*.so")
        root.programs(python, "/usr/sbin/useradd", *map(str, modules))
        for path in map(Path, FILES):
            root.add(path)
    changes = [f"ENV PATH={PATH}"]
    engine.client.api.import_image_from_data(root.packed(), NAME, TAG, changes)


def _python(home: Path) -> Iterator[Path]:
    yield from (path for path in home.rglob("*") if _is_kept(str(path.relative_to(home.parent))))


def _is_kept(path: str) -> bool:
    inside = f"/{path}/"
    return any(one in inside for one in KEPT) or not any(one in inside for one in LEFT_OUT)
