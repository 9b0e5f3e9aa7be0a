"""What a killed search left is removed, and nothing else is."""

import os
from pathlib import Path

import pytest

from bot.sources.docker.spool import spool_folder
from bot.sources.log_search.leftovers import LEAST_SECONDS, SPOOL, remove_leftovers

NOW = 1_800_000_000.0


def aged(path: Path, seconds: float) -> Path:
    os.utime(path, (NOW - seconds, NOW - seconds), follow_symlinks=False)
    return path


def left(folder: Path, name: str, seconds: float) -> Path:
    path = folder / name
    path.mkdir(mode=0o700)
    (path / "0").write_text("a line of a log")
    return aged(path, seconds)


def test_a_spool_of_a_killed_search_is_removed_with_what_is_in_it(tmp_path: Path) -> None:
    folder = left(tmp_path, f"{SPOOL}abcd_123", LEAST_SECONDS)
    file = tmp_path / f"{SPOOL}efgh4567"
    file.write_text("a line of a log")
    aged(file, LEAST_SECONDS)
    assert remove_leftovers(NOW, tmp_path) == 2
    assert not folder.exists()
    assert not file.exists()


def test_what_may_be_in_use_or_is_not_ours_by_name_stays(tmp_path: Path) -> None:
    left(tmp_path, f"{SPOOL}abcd_123", LEAST_SECONDS - 1)
    left(tmp_path, f"{SPOOL}abcd_123x", LEAST_SECONDS)
    left(tmp_path, "batchbot-1a2b3c4d", LEAST_SECONDS)
    assert remove_leftovers(NOW, tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 3


def test_a_link_by_a_spool_s_name_is_neither_followed_nor_removed(tmp_path: Path) -> None:
    kept = left(tmp_path, "kept", LEAST_SECONDS)
    link = tmp_path / f"{SPOOL}abcd_123"
    link.symlink_to(kept)
    aged(link, LEAST_SECONDS)
    inside = left(tmp_path, f"{SPOOL}efgh4567", 0)
    (inside / "out").symlink_to(kept)
    aged(inside, LEAST_SECONDS)
    assert remove_leftovers(NOW, tmp_path) == 1
    assert link.is_symlink()
    assert (kept / "0").exists()


def test_another_user_s_spool_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = left(tmp_path, f"{SPOOL}abcd_123", LEAST_SECONDS)
    monkeypatch.setattr("bot.sources.log_search.leftovers.os.getuid", lambda: os.geteuid() + 1)
    assert remove_leftovers(NOW, tmp_path) == 0
    assert path.exists()


def test_what_a_search_makes_has_such_a_name() -> None:
    folder = spool_folder()
    path = Path(folder.name)
    try:
        aged(path, LEAST_SECONDS)
        assert remove_leftovers(NOW, path.parent) >= 1
        assert not path.exists()
    finally:
        folder._finalizer.detach()  # type: ignore[attr-defined]


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert remove_leftovers(NOW, tmp_path / "nowhere") == 0
