"""A folder of log files under every condition: what all that speak of it say."""

import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.installs.matrix import Source, cell
from tests.installs.table import Row

NAME = "huleedu_cj_assessment_service.log"
NOBODY = 65534
LINE = b'{"timestamp": "2026-11-29T23:00:00Z", "level": "info", "event": "hello"}\n'


def _file_in_its_place(folder: Path) -> None:
    folder.write_bytes(LINE)


def _of_another_user(folder: Path) -> None:
    folder.mkdir()
    (folder / NAME).write_bytes(LINE)
    folder.chmod(stat.S_IRWXU)


def _a_pipe(folder: Path) -> None:
    """A file that never answers: opening it waits for who writes to it."""
    folder.mkdir()
    os.mkfifo(folder / NAME)


CONDITIONS: dict[str, tuple[Callable[[Path], None], str]] = {
    "unreachable": (lambda _: None, "No such file"),
    "refused": (_file_in_its_place, "Not a directory"),
    "rights too small": (_of_another_user, "Permission denied"),
    "slow": (_a_pipe, "holds no <container>.log"),
    "empty": (Path.mkdir, "holds no <container>.log"),
}


async def cells(folder: Path, memory: str, conditions: Sequence[str]) -> AsyncIterator[Row]:
    """Yield a row for each condition; as root, rights are tried as a user who has none."""
    told = {condition: words for condition, (_, words) in CONDITIONS.items()}

    def nowhere(where: str, tls: bool) -> dict[str, str]:
        return {"LOG_SOURCE": "files", "LOG_FILES_DIR": where}

    source = Source("log_files", "logs", "/logs cj hello", nowhere, {}, told)
    for condition in (one for one in conditions if one in CONDITIONS):
        place = folder / f"logs-{condition.replace(' ', '-')}"
        CONDITIONS[condition][0](place)
        settings = nowhere(str(place), False)
        if condition == "rights too small":
            _open_to_all(Path(parse_qs(urlsplit(memory).query)["host"][0]))
        with _without_rights(condition == "rights too small"):
            yield await cell(folder, memory, source, condition, settings)


def _open_to_all(sockets: Path) -> None:
    """Let any user of this machine reach the database of the ticks."""
    for path in (sockets, *sockets.iterdir()):
        path.chmod(0o777)


@contextmanager
def _without_rights(wanted: bool) -> Iterator[None]:
    """Be nobody for a while, where this is root."""
    if not wanted or os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
