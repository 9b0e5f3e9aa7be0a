"""Finds the rotated files beside a log, in a folder that may hold any number of other files."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import count, takewhile
from pathlib import Path

_ROTATED = re.compile(r"(.+)\.\d+(?:\.gz)?", re.S)
# A folder tells its changes apart by the clock's ticks; what is as old did not change since.
_SETTLED_NS = 1_000_000_000


def rotations(path: Path) -> list[Path]:
    """Return the files of a log, oldest first: `.2.gz`, `.1`, and the one that is written.

    While a file is compressed both are there; the plain one is whole.
    """
    numbered: dict[int, Path] = {}
    for sibling in _siblings(path):
        number = sibling.name.removeprefix(f"{path.name}.").removesuffix(".gz")
        if number.isdigit() and (sibling.suffix != ".gz" or int(number) not in numbered):
            numbered[int(number)] = sibling
    return [*(numbered[number] for number in sorted(numbered, reverse=True)), path]


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
