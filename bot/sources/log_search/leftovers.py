"""What a search that was killed left among the temporary files: parts of logs, to be removed."""

import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

# What a search fetches from an Engine or Loki lies in files of such names while it runs.
SPOOL = "batchbot-spool-"
# A search is bounded to minutes, so that what was not touched for so long is nobody's.
LEAST_SECONDS = 3_600.0
_MADE_BY_TEMPFILE = re.compile(re.escape(SPOOL) + r"[a-z0-9_]{8}")


def remove_leftovers(now: float, folder: Path | None = None) -> int:
    """Remove our own spools that no search can be using any more; return how many there were.

    `now` is in seconds of the epoch. Another user's, a younger one, a link and whatever is named
    otherwise stay; what cannot be removed is tried again the next time.
    """
    removed = 0
    with suppress(OSError), os.scandir(folder or tempfile.gettempdir()) as entries:
        for entry in entries:
            if _MADE_BY_TEMPFILE.fullmatch(entry.name):
                with suppress(OSError):
                    removed += _remove(entry, now)
    return removed


def _remove(entry: "os.DirEntry[str]", now: float) -> bool:
    found = entry.stat(follow_symlinks=False)
    if found.st_uid != os.getuid() or now - found.st_mtime < LEAST_SECONDS:
        return False
    if stat.S_ISDIR(found.st_mode):
        shutil.rmtree(entry.path)
    elif stat.S_ISREG(found.st_mode):
        os.unlink(entry.path)
    else:
        return False
    return True
