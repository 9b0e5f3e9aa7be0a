"""Each line that holds a word counts once, however many they are and wherever a chunk ends."""

import json
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sources.docker.codec import JsonFileLines
from bot.sources.log_format.codec import Codec, PlainLines
from bot.sources.log_format.memmem import SearchBuffer
from bot.sources.log_search import scan as scan_module
from bot.sources.log_search.scan import FEW_HITS, Scan
from bot.sources.log_search.segment import CHUNK_BYTES, Segment

LINES = st.lists(st.text(alphabet="abc ", max_size=60), min_size=1, max_size=60)
WORDS = st.lists(st.text(alphabet="abc", min_size=1, max_size=4), min_size=1, max_size=3)
CHUNK = 256


def _plain(line: str) -> bytes:
    return f"{line}\n".encode()


def _json_file(line: str) -> bytes:
    # The carrier's own words are not the service's.
    return f'{{"log":{json.dumps(line)[:-1]}\\n","stream":"abc","time":"-"}}\n'.encode()


def _scanned(path: Path, codec: Codec, words: list[str]) -> tuple[Scan, list[int]]:
    with closing(Segment(path, codec)) as segment:
        scan = Scan([codec.needle(word) for word in words], thorough=False)
        return scan, list(scan.hits(segment, 0, segment.size))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(lines=LINES, words=WORDS, few=st.sampled_from([0, 2, 1_000]))
def test_each_line_with_a_word_counts_once(
    tmp_path: Path, lines: list[str], words: list[str], few: int
) -> None:
    path = tmp_path / "cj.log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan_module, "FEW_HITS", few)
        patch.setattr(scan_module, "CHUNK_BYTES", CHUNK)
        for codec, carried in ((PlainLines(UTC), _plain), (JsonFileLines(UTC), _json_file)):
            raws = [carried(line) for line in lines]
            path.write_bytes(b"".join(raws))
            with_word = [any(word.encode() in raw for word in words) for raw in raws]
            scan, hits = _scanned(path, codec, words)
            assert scan.matched == len(hits) == sum(with_word)


def test_a_file_full_of_matches_is_not_asked_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = tmp_path / "cj.log", 0
    find = SearchBuffer.find

    def counted(*args: Any) -> int:
        nonlocal asked
        asked += 1
        return find(*args)

    monkeypatch.setattr(SearchBuffer, "find", counted)
    path.write_bytes(b"2025-11-18T23:52:10Z [info     ] Request completed [cj.worker]\n" * 20_000)
    scan, _ = _scanned(path, PlainLines(UTC), ["Request"])
    chunks = path.stat().st_size // CHUNK_BYTES + 1
    assert scan.matched == 20_000
    assert asked <= chunks * (FEW_HITS + 1)
