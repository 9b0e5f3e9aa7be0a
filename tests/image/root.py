"""A root file system for `docker import`, made of this machine's own programs and libraries."""

import io
import subprocess
import tarfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.servers.engine import BUSYBOX

APPLETS = (
    *("sh", "cat", "ls", "mkdir", "rm", "cp", "ln", "chmod", "chown", "env", "test", "[", "id"),
    *("su", "sleep", "date", "echo", "head"),
)
FOLDERS = {
    "tmp": 0o1777, "root": 0o755, "etc": 0o755, "home": 0o755, "usr/bin": 0o755,
    "var/lib": 0o755, "var/run": 0o755, "usr/local/bin": 0o755, "usr/lib": 0o755,
}  # fmt: skip
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Root:
    """A tar in the making: a merged /usr, a shell of busybox, root, and what is added."""

    def __init__(self, users: str = "") -> None:
        self._packed = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._packed, mode="w")  # noqa: SIM115 - closed on exit
        self._seen: set[str] = set()
        self._made: set[str] = set()
        self._users = "root:x:0:0:root:/root:/bin/sh\n" + users

    def __enter__(self) -> Self:
        for folder, mode in FOLDERS.items():
            self.folder(folder, mode)
        for link in ("bin", "sbin", "lib", "lib64"):
            self.link(link, f"usr/{link}")
        rows = [one.split(":") for one in self._users.splitlines()]
        self.text("etc/passwd", self._users)
        self.text("etc/group", "".join(f"{row[0]}:x:{row[3]}:\n" for row in rows))
        for name in ("shadow", "gshadow"):
            self.text(f"etc/{name}", "")
        self._tar.add(BUSYBOX, "usr/bin/busybox")
        for applet in APPLETS:
            self.link(f"usr/bin/{applet}", "busybox")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tar.close()

    def packed(self) -> bytes:
        """Return the whole, once it is closed."""
        return self._packed.getvalue()

    def programs(self, *paths: str) -> None:
        """Add programs, or modules, with the libraries that they need."""
        asked = subprocess.run(["ldd", *paths], capture_output=True, text=True, check=False)
        words = (word for line in asked.stdout.splitlines() for word in line.split())
        needed = [word for word in words if word.startswith("/") and ".so" in word]
        for one in (*paths, *needed):
            self.add(Path(one.rstrip(":")))

    def add(self, path: Path) -> None:
        """Add one file or folder under its place in a merged /usr, and what a link leads to."""
        place = str(path)
        for old in ("/lib/", "/lib64/", "/bin/", "/sbin/"):
            if place.startswith(old):
                place = f"/usr{place}"
        if place in self._seen or not path.exists():
            return
        self._seen.add(place)
        if path.is_dir() and not path.is_symlink():
            self.folder(place.lstrip("/"), 0o755)
            if place.startswith(("/etc", "/usr/share", "/usr/lib/postgresql")):
                for one in path.iterdir():
                    self.add(one)
            return
        self._parents(place.lstrip("/"))
        self._tar.add(path, place.lstrip("/"), recursive=False)
        if path.is_symlink():
            self.add(path.resolve())

    def folder(self, name: str, mode: int = 0o755, owner: int = 0) -> None:
        """Add an empty folder, once; its owner's group is the group of the same number."""
        if name in self._made:
            return
        self._made.add(name)
        self._parents(name)
        made = tarfile.TarInfo(name)
        made.type, made.mode = tarfile.DIRTYPE, mode
        made.uid = made.gid = owner
        self._tar.addfile(made)

    def _parents(self, name: str) -> None:
        """Add the folders above, which an Engine else makes as root's alone."""
        above = name.rpartition("/")[0]
        if above and above not in self._made:
            self.folder(above)

    def link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        made = tarfile.TarInfo(name)
        made.type, made.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(made)

    def text(self, name: str, text: str, mode: int = 0o644) -> None:
        """Add a file that is written here."""
        made = tarfile.TarInfo(name)
        made.size, made.mode = len(text.encode()), mode
        self._tar.addfile(made, io.BytesIO(text.encode()))
