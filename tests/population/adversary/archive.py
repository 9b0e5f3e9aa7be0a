"""Unpacks the outsider's cases: `python -m tests.population.adversary.archive FOLDER`.

Real lines of a few batches stand in most cases, with other ids and on other days. In the archive an
id is `<u7>` (the seventh id of the recording that it was cut from) or `<v7>` (a case's own), and a
date is `<d-1>` (days from the day of asking), so that what is alike is stored once.
"""

import json
import re
import sys
import tarfile
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

HERE = Path(__file__).parent
NAMESPACE = UUID("9c1f2f0e-6a55-4b1e-9a0e-7a1100000000")
_TOKEN = re.compile(r"<([uv])(\d+)>|<d(-?\d+)>")


FIRST, SECOND = "", "second_"


@cache
def truths(corpus: str = FIRST) -> Mapping[str, Mapping[str, Any]]:
    """Return the truth of every case of a corpus, by name."""
    text = (HERE / f"{corpus}truths.json").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, Any]] = json.loads(text)
    return found


def unpack(target: Path, names: Collection[str] = (), corpus: str = FIRST) -> None:
    """Write cases below a folder as `make truth` reads them; all of them when none is named."""
    known = truths(corpus)
    wanted = {name: known[name] for name in names} if names else known
    for name, truth in wanted.items():
        _write(target / name / "truth.json", name, truth, json.dumps(truth, indent=1))
    with tarfile.open(HERE / f"{corpus}cases.tar.xz") as tar:
        for member in tar:
            name, _, path = member.name.partition("/")
            if name in wanted and (file := tar.extractfile(member)) is not None:
                text = file.read().decode("utf-8")
                _write(target / name / path, name, wanted[name], text)


def _write(path: Path, name: str, truth: Mapping[str, Any], text: str) -> None:
    day = date.fromisoformat(str(truth["asked_at"])[:10])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_TOKEN.sub(lambda found: _spelled(found, name, day), text), encoding="utf-8")


def _spelled(found: re.Match[str], name: str, day: date) -> str:
    if found[3] is not None:
        return (day + timedelta(days=int(found[3]))).isoformat()
    made = uuid5(NAMESPACE, f"{name} {found[1]}{found[2]}")
    return str(UUID(bytes=made.bytes, version=4))


def main() -> int:
    """Unpack the cases named after a folder, or all of them."""
    if len(sys.argv) < 2:
        sys.stderr.write("Give a folder to unpack to, and the names of cases if not all.\n")
        return 2
    unpack(Path(sys.argv[1]), sys.argv[2:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
