"""A rotated file that cannot be read costs its own lines alone, and is named with the reason."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.log import LogQuery, LogSearch, Role, Service
from bot.errors import SourceError
from bot.sources.log_files import LogFiles

START = datetime(2025, 11, 18, 23, 0, tzinfo=UTC)
CJ = "huleedu_cj_assessment_service"
NAME = f"{CJ}.log"
SERVICES = (Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),)


def line(number: int) -> str:
    at = (START + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")
    return f'{{"event": "tick {number}", "timestamp": "{at}", "level": "info"}}\n'


def packed(numbers: range) -> bytes:
    return gzip.compress("".join(map(line, numbers)).encode())


def flipped(data: bytes) -> bytes:
    half = len(data) // 2
    return data[:half] + bytes(byte ^ 0xFF for byte in data[half : half + 64]) + data[half + 64 :]


async def search(folder: Path, since: datetime | None = None) -> LogSearch:
    return await LogFiles(folder, SERVICES, UTC).search(LogQuery(any_of=("tick",), since=since))


BAD = {
    "no gzip": (b"not a gzip file at all\n", "damaged"),
    "empty": (b"", ""),
    "flipped": (flipped(packed(range(900, 2_000))), "damaged"),
    "wrong sum": (packed(range(900, 901))[:-8] + b"12345678", "damaged"),
    "cut": (packed(range(900, 2_000))[:-200], "cut off"),
    "cut in its sum": (packed(range(900, 901))[:-8], "cut off"),
}


@pytest.mark.parametrize("bad", BAD)
async def test_a_damaged_file_is_named_and_the_rest_is_read(tmp_path: Path, bad: str) -> None:
    data, why = BAD[bad]
    (tmp_path / f"{NAME}.3.gz").write_bytes(packed(range(2)))
    (tmp_path / f"{NAME}.2.gz").write_bytes(data)
    (tmp_path / f"{NAME}.1").write_text(line(2_000))
    (tmp_path / NAME).write_text(line(2_001))
    found = await search(tmp_path)
    read = {event.event for event in found.events}
    assert {"tick 0", "tick 1", "tick 2000", "tick 2001"} <= read
    told = [(str(name), reason) for name, reason in found.missing]
    assert told == ([(CJ, f"its rotated file .2.gz is {why}; the rest was read")] if why else [])


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_rotated_file_that_leads_elsewhere_is_named_too(
    tmp_path: Path, is_there: bool
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    if is_there:
        (tmp_path / "else").write_text(line(0))
    (folder / f"{NAME}.1").symlink_to(tmp_path / "else")
    (folder / NAME).write_text(line(1))
    found = await search(folder)
    assert [event.event for event in found.events] == ["tick 1"]
    ((_, reason),) = found.missing
    assert reason.startswith("its rotated file .1 cannot be read: ")


async def test_a_damaged_file_of_another_time_is_not_named(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.2.gz").write_bytes(b"not a gzip file")
    (tmp_path / f"{NAME}.1").write_text(line(0))
    (tmp_path / NAME).write_text(line(500))
    found = await search(tmp_path, START + timedelta(seconds=400))
    assert ([event.event for event in found.events], found.missing) == (["tick 500"], ())


@pytest.mark.parametrize("ends", [".1", "-20251118", "-2025111823", "-20251118-1763506800"])
@pytest.mark.parametrize("is_packed", [False, True])
async def test_what_logrotate_names_by_number_or_day_is_of_the_log(
    tmp_path: Path, ends: str, is_packed: bool
) -> None:
    older = tmp_path / f"{NAME}{ends}{'.gz' if is_packed else ''}"
    older.write_bytes(packed(range(1)) if is_packed else line(0).encode())
    (tmp_path / NAME).write_text(line(1))
    found = await search(tmp_path)
    assert [event.event for event in found.events] == ["tick 0", "tick 1"]
    assert [cover.container for cover in found.coverage] == [CJ]


@pytest.mark.parametrize("name", [f"{NAME}.gz", f"{NAME}.1.gz", f"{NAME}-20251118.gz"])
async def test_a_folder_of_packed_logs_alone_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(packed(range(1)))
    for asked in (search(tmp_path), LogFiles(tmp_path, SERVICES, UTC).check()):
        with pytest.raises(SourceError, match="holds 1 packed or rotated file but no"):
            await asked
