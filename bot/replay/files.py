"""The files of a recording: a folder or a zip, and the lines of its samples.jsonl."""

import contextlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from bot.diagnosis.export.bundle import REPLAY
from bot.domain.alert import Sample
from bot.domain.log import EXCERPT
from bot.errors import UsageError
from bot.sources.log_format.time import YEARS

SAMPLES = "samples.jsonl"
MOST_BYTES = 500_000_000
# Of containers, services and what an export holds; each costs an open file as it is read.
MOST_FILES = 500
# What reading a value of another kind, or of no sense, raises.
MISREAD = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of samples.jsonl; `place` names it in errors."""

    at: datetime
    values: Mapping[str, Any]
    place: str

    def understood(self) -> contextlib.AbstractContextManager[None]:
        """Turn what goes wrong while the line is read into a sentence that names it."""
        return understood(self.place)


@dataclass(frozen=True, slots=True)
class Export:
    """The recording of one alert: when it opened, whose samples it holds, and whence it came."""

    opened_at: datetime
    key: str
    environment: str
    detectors: tuple[str, ...]
    samples: tuple[tuple[datetime, str, Sample], ...]

    def rounds(self) -> Iterator[tuple[datetime, dict[str, Sample]]]:
        """Yield each tick with the samples that were taken then, by detector."""
        known = [one for one in self.samples if one[1] in self.detectors]
        for now, some in groupby(sorted(known, key=lambda one: one[0]), key=lambda one: one[0]):
            yield now, {name: sample for _, name, sample in some}


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Yield the folder of a recording; a zip is unpacked for as long. Raises UsageError.

    What `/batch bundle` made, zip or folder, keeps its recording in a folder `replay`.
    """
    if not path.is_file():
        inner = path / REPLAY
        yield inner if inner.is_dir() and not any(path.glob("*.log*")) else path
        return
    with tempfile.TemporaryDirectory(prefix="batchbot-replay-") as made:
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, Path(made))
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
            raise UsageError(
                f"{path.name} cannot be unpacked ({type(error).__name__}).",
                hint="Give the folder of .log files that it lies in, or the zip of /alerts export "
                "or /batch bundle.",
            ) from error
        yield Path(made)


def sample_lines(path: Path, zone: tzinfo) -> list[Line]:
    """Return the lines of a samples.jsonl; none when there is no such file. Raises UsageError.

    A line's time without a zone is read in `zone`.
    """
    if not path.exists():
        return []
    rows = enumerate(path.read_bytes().splitlines(), start=1)
    return [_line(row, f"{path.name}:{number}", zone) for number, row in rows if row.strip()]


@contextlib.contextmanager
def understood(place: str) -> Iterator[None]:
    """Turn what goes wrong while a sample is read into a UsageError that names its place."""
    try:
        yield
    except MISREAD as error:
        raise _no_sample(place) from error


def export_of(lines: Sequence[Line]) -> Export | None:
    """Return the alert's recording that the lines are; None when they are of another kind."""
    if not lines or "export" not in lines[0].values:
        return None
    head, *rest = lines
    with head.understood():
        about = head.values["export"]
        key, environment = str(about["key"]), str(about["environment"])
        detectors = tuple(str(name) for name in about["detectors"])
    return Export(head.at, key, environment, detectors, tuple(_sample(line) for line in rest))


def _sample(line: Line) -> tuple[datetime, str, Sample]:
    with line.understood():
        values = line.values["sample"]
        sample = Sample(line.at, dict(values["data"]), str(values["unreadable"]))
        return line.at, str(values["detector"]), sample


def _line(row: bytes, place: str, zone: tzinfo) -> Line:
    try:
        values = orjson.loads(row)
        at = datetime.fromisoformat(values["at"])
        if at.year not in YEARS:
            raise _no_sample(place)
        return Line((at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC), values, place)
    except MISREAD:
        raise _no_sample(place) from None


def _no_sample(place: str) -> UsageError:
    return UsageError(
        f"{place} is no sample that can be read.",
        hint='Each line is a JSON object with at least {"at": "…"}; of an export, as it was made.',
    )


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Unpack the files that a recording has, and nothing that lies deeper or elsewhere."""
    wanted = [(info, name) for info in archive.infolist() if (name := _wanted(info.filename))]
    if sum(info.file_size for info, _ in wanted) > MOST_BYTES:
        raise UsageError("That recording is larger than 500 MB unpacked.")
    if len(wanted) > MOST_FILES:
        raise too_many(len(wanted))
    for info, name in wanted:
        with archive.open(info) as packed, (folder / name).open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)


def _wanted(filename: str) -> str:
    """Return the name under which a member is unpacked; none for what no recording has."""
    name = filename.removeprefix(f"{REPLAY}/")
    is_ours = name in (SAMPLES, EXCERPT) or name.endswith((".log", ".log.gz"))
    return name if is_ours and Path(name).name == name else ""


def too_many(files: int) -> UsageError:
    """Return the refusal of a recording of more files than are read at once."""
    return UsageError(
        f"That recording holds {files:,} log files; at most {MOST_FILES} are read.",
        hint="Give a folder with the logs of the containers that matter.",
    )
