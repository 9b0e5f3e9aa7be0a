"""Finds the rotated files beside a log, in a folder that may hold any number of other files."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import count, takewhile
from pathlib import Path

# What follows a log's name: the Engine's and logrotate's number, the kubelet's time (kubernetes,
# pkg/kubelet/logs), the day and hour of Python's TimedRotatingFileHandler, logrotate's dateext.
_DATED = r"-\d{8}(?:\d\d|-\d{2,10})?"
_ENDS = rf"(?:{_DATED}|\.(?:\d{{1,9}}|\d{{8}}-\d{{6}}|\d{{4}}-\d\d-\d\d(?:_\d\d(?:-\d\d){{0,2}})?))"
_ROTATED = re.compile(rf"(.+?)({_ENDS})(?:\.gz)?", re.S)
MOST_NUMBER = 10**9
# A folder tells its changes apart by the clock's ticks; what is as old did not change since.
_SETTLED_NS = 1_000_000_000


def rotations(path: Path) -> list[Path]:
    """Return the files of a log, oldest first: `.2.gz`, `.1`, and the one that is written.

    The newest number is 1, a time is the later the newer. While a file is compressed both are
    there; the plain one is whole.
    """
    found: dict[str, Path] = {}
    for sibling in _siblings(path):
        name = sibling.name.removeprefix(path.name).removesuffix(".gz")
        if sibling.suffix != ".gz" or name not in found:
            found[name] = sibling
    return [*(found[name] for name in sorted(found, key=_age)), path]


def is_rotated(path: Path, sibling: Path) -> bool:
    """Say whether a file is a log's rotated one, compressed or not."""
    found = _ROTATED.fullmatch(sibling.name)
    return found is not None and found[1] == path.name


def is_packed_or_rotated(name: str) -> bool:
    """Say whether a file's name is that of a log that is packed, or rotated, or both."""
    found = _ROTATED.fullmatch(name)
    return (found[1] if found else name.removesuffix(".gz")).endswith(".log") and (
        found is not None or name.endswith(".gz")
    )


def _age(name: str) -> tuple[int, str]:
    """Return by what rotated files are ordered, the oldest first."""
    return (-MOST_NUMBER, name) if "-" in name else (-int(name[1:]), "")


def _siblings(path: Path) -> Sequence[Path]:
    """Return what may be a log's rotated files.

    A folder that may be passed through and not listed, as direct-logs.sh leaves it, is asked for
    each name: the Engine numbers without a gap.
    """
    try:
        return [path.with_name(name) for name in _rotated(path.parent).get(path.name, ())]
    except PermissionError:
        numbers = (f"{path.name}.{number}" for number in count(1))
        pairs = ((path.with_name(name), path.with_name(f"{name}.gz")) for name in numbers)
        there = ([one for one in pair if one.exists()] for pair in pairs)
        return [one for found in takewhile(bool, there) for one in found]


def _rotated(folder: Path) -> Mapping[str, Sequence[str]]:
    """Return each log's rotated files; a folder is listed again only if it may have changed.

    It is asked for every log in it, so that each listing would cost as much as all of them.
    """
    changed = folder.stat().st_mtime_ns
    if time.time_ns() - changed < _SETTLED_NS:
        return _list(folder)
    return _listed(folder, changed)


def _list(folder: Path) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for name in os.listdir(folder):
        if (rotated := _ROTATED.fullmatch(name)) is not None:
            found.setdefault(rotated[1], []).append(name)
    return found


@lru_cache(maxsize=4)
def _listed(folder: Path, changed: int) -> Mapping[str, Sequence[str]]:
    return _list(folder)
