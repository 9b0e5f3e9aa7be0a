"""Reading around matches at once finds what reading step by step found: each part of each event."""

import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.border.outside import Outside
from bot.domain.log import LogCoverage, LogEvent, LogQuery, Role
from bot.sources.docker.codec import JsonFileLines, StampedLines
from bot.sources.docker.lines import PIECE_BYTES
from bot.sources.log_format.codec import Codec, PlainLines
from bot.sources.log_format.cri import CriLines
from bot.sources.log_format.parser import LineParser
from bot.sources.log_search import level_marks, search
from bot.sources.log_search.segment import Segment
from tests.support.reference_search import search as reference
from tests.support.reference_search.segment import SteppedSegment

ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
AT = "2025-11-18T23:52:%02d.114233Z"
PARTS = [one.name for one in fields(LogEvent)]
FRAMES = [
    line for n in range(12) for line in (f'  File "/app/m{n}.py", line {n}, in run', "    go(<x>)")
]
SHORT = [
    ID, "", " ", f"ValueError: {ID} is of no batch", "plain words", "\tindented", "a\rb", "tail\r",
    "│ boxed │", f"│ {ID[:20]} │", f"│ {ID[20:]} │", "nul\x00", "\x9b31mred", "\ufeffmark",
    "\ufffd", '{"no": "event"}', '{"cut', "[1, 2]", "[note] x", "2025 was a year", "4 essays",
    "²3", "٣ essays", "\\u001b", "\\", "ends with \\n", 'quotes " and \\"', "During handling of",
    "Åsa 日本", "[2025-11-18 23:48:23 +0000] [7] [INFO] served",
]  # fmt: skip


def _head(number: int, text: str) -> list[str]:
    at = AT % (number % 60)
    return [
        f"{at} [error    ] Failed {text} [cj.worker] batch={number}",
        f"\x1b[2m{at}\x1b[0m [\x1b[31m\x1b[1merror    \x1b[0m] \x1b[1mFailed {text}\x1b[0m",
        json.dumps({"event": f"Failed {text}", "timestamp": at, "level": "error"}),
        f"{at} - cj.worker - ERROR - Failed {text}",
        f"{at} {at} [info     ] twice stamped {text} [x.y]",
        json.dumps({"level": 50 if number % 2 else 30, "time": at, "msg": f"Failed {text}"}),
        f"{at[:-1].replace('T', ' ')} UTC [7] {'FATAL' if number % 2 else 'LOG'}:  Failed {text}",
        json.dumps({"event": f"Failed {text}", "timestamp": at, "level": "info"}),
        f"[{at[:19].replace('T', ' ')} +0000] [7] [INFO] Failed {text}",
    ]


def _event(number: int, kind: int, text: str, body: Sequence[str], length: int) -> list[str]:
    head = _head(number, text)[kind]
    trace = ["Traceback (most recent call last):", *FRAMES[:length]] if length else []
    return [head, *trace, *body]


EVENTS = st.builds(
    _event,
    st.integers(0, 99), st.integers(0, 8), st.sampled_from(["", ID, ID[:30], "x" * 17_000]),
    st.lists(st.sampled_from(SHORT), max_size=4), st.sampled_from([0, 0, 0, 3, 24]),
)  # fmt: skip
RUNS = st.sampled_from([[], [""] * 30, ["word"] * 80, [f"about {ID}"] * 3, ["y" * 17_000 + ID]])
LOGS = st.lists(st.one_of(EVENTS, EVENTS, EVENTS, RUNS), max_size=14).map(
    lambda parts: [line for part in parts for line in part]
)


def _json_file(lines: Sequence[str], odd: int) -> bytes:
    """Return lines as the Engine writes them, long ones in pieces; some with labels, some torn."""
    written: list[bytes] = []
    for number, line in enumerate(lines):
        data = (line + "\n").encode()
        pieces = [data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES)]
        for piece in pieces:
            text = json.dumps(piece.decode("utf-8", "replace"), ensure_ascii=False)
            stream = "stderr" if odd and number % odd == 0 else "stdout"
            attrs = '"attrs":{"tag":"cj"},' if odd == 3 else ""
            at = "2025-11-18T23:52:10.114233123Z"
            written.append(f'{{"log":{text},"stream":"{stream}",{attrs}"time":"{at}"}}\n'.encode())
        if odd == 2 and number % 5 == 4:
            written.append(b'{"log":"torn\n')
    return b"".join(written)


def _plain(lines: Sequence[str], odd: int) -> bytes:
    return b"".join(
        line.encode() + (b" \xff\n" if odd == 2 and number % 7 == 3 else b"\n")
        for number, line in enumerate(lines)
    )


def _stamped(lines: Sequence[str], _: int) -> bytes:
    return b"".join(b"2025-11-18T23:52:10.114233123Z " + line.encode() + b"\n" for line in lines)


def _cri(lines: Sequence[str], odd: int) -> bytes:
    """Return lines as the runtimes of Kubernetes write them; two streams' pieces by turns."""
    size = (16 << 10, 8 << 10, 40, 24)[odd]
    queues: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for number, line in enumerate(lines):
        data = line.encode()
        cut = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
        stream = "stderr" if odd and number % odd == 0 else "stdout"
        for place, piece in enumerate(cut, start=1):
            tag = "F" if place == len(cut) else "P"
            head = f"2025-11-18T23:52:10.114233123Z {stream} {tag} "
            queues[stream].append(head.encode() + piece + b"\n")
    turns = zip_longest(*queues.values(), fillvalue=b"")
    return b"".join(piece for pair in turns for piece in pair)


CARRIERS: list[tuple[type[Any], Callable[[Sequence[str], int], bytes]]] = [
    (JsonFileLines, _json_file), (PlainLines, _plain), (StampedLines, _stamped), (CriLines, _cri),
]  # fmt: skip
QUERIES = st.builds(
    LogQuery,
    any_of=st.sampled_from([(ID,), (ID, "word"), (), ("Failed",)]),
    max_events=st.sampled_from([2, 5, 1_000]),
    context=st.sampled_from([0, 0, 1, 3]),
    levels=st.sampled_from([(), ("error",)]),
    since=st.sampled_from([None, datetime(2025, 11, 18, 23, 52, 30, tzinfo=UTC)]),
)


def _told(events: Sequence[LogEvent]) -> list[object]:
    return [
        [value.raw if isinstance(value := getattr(one, part), Outside) else value for part in PARTS]
        + [one.offset]
        for one in events
    ]


def _found(
    module: Any, kind: type[Segment], data: bytes, codec: Codec, asked: LogQuery, role: Role
) -> tuple[list[object], LogCoverage]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cj.log"
        path.write_bytes(data)
        with closing(kind(path, codec)) as segment:
            events, coverage = module.search_segment(
                segment, asked, lambda: LineParser("cj", "cj", role, UTC)
            )
    # The reference does not say of a count whether it is whole, nor where a log ends.
    return _told(events), replace(coverage, is_least=False, newest=None, role=Role.OTHER)


@pytest.mark.parametrize(
    ("codec", "carried"), CARRIERS, ids=["json-file", "plain", "stamped", "cri"]
)
@settings(max_examples=60)
@given(LOGS, st.integers(0, 3), QUERIES, st.sampled_from([Role.CJ, Role.OTHER]), st.booleans())
def test_a_search_finds_the_same(
    codec: type[Any], carried: Callable[[Sequence[str], int], bytes],
    lines: list[str], odd: int, asked: LogQuery, owner: Role, is_large: bool,
) -> None:  # fmt: skip
    data = carried(lines, odd)
    with pytest.MonkeyPatch.context() as patched:
        if is_large:  # then halves of an id are looked for only where something may have cut one
            for module in (search, reference):
                patched.setattr(module, "THOROUGH_BYTES", 0)
            # and it is scanned in several stretches
            patched.setattr(search, "STRETCH_BYTES", 300)
        expected = _found(reference, SteppedSegment, data, codec(UTC), asked, owner)
        assert _found(search, Segment, data, codec(UTC), asked, owner) == expected


@pytest.mark.parametrize(
    ("codec", "carried"), CARRIERS, ids=["json-file", "plain", "stamped", "cri"]
)
@settings(max_examples=50)
@given(LOGS, st.integers(0, 3), QUERIES, st.sampled_from([Role.CJ, Role.OTHER]))
def test_a_search_for_a_rare_level_finds_the_same(
    codec: type[Any], carried: Callable[[Sequence[str], int], bytes],
    lines: list[str], odd: int, asked: LogQuery, owner: Role,
) -> None:  # fmt: skip
    data, asked = carried(lines, odd), replace(asked, levels=("error",))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(search, "STRETCH_BYTES", 300)
        expected = _found(search, Segment, data, codec(UTC), asked, owner)
        patched.setattr(level_marks, "MANY_HITS", 0)
        found = _found(search, Segment, data, codec(UTC), asked, owner)
    # Of what is not at the level less is read.
    assert found[0] == expected[0]
    assert replace(found[1], unreadable=0) == replace(expected[1], unreadable=0)
