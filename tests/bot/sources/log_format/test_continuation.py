"""A line that stands for itself is no part of the event before it, in any mixture of forms."""

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.log import LogEvent, LogQuery, Role, Service
from bot.sources.log_files import LogFiles
from bot.sources.log_format.continuation import MOST_LOOSE
from bot.sources.log_format.parser import parse_lines

FIRST = datetime(2026, 12, 1, 2, 0, 0, 123000, UTC)
CLOCK = "%d %b %Y %H:%M:%S.123"
STATED = "%Y-%m-%d %H:%M:%S"
TRACE = [
    "Traceback (most recent call last):",
    '  File "/app/a.py", line 3, in run',
    "    go()",
    "ValueError: no such batch",
    "",
    "During handling of the above exception, another exception occurred:",
    "",
    "Traceback (most recent call last):",
    '  File "/app/b.py", line 3, in run',
    "app.errors.RunError",
]
JAVA = [
    "java.io.IOException: No space left on device",
    "\tat java.base/sun.nio.ch.FileDispatcherImpl.write0(Native Method)",
    "Caused by: java.lang.RuntimeException: disk",
    "\t... 12 more",
]


class Form(NamedTuple):
    """How a program writes one record, and the level that it names."""

    write: Callable[[datetime, str], str]
    level: str


def _as(pattern: str) -> Callable[[datetime, str], str]:
    return lambda at, text: at.strftime(pattern).replace("{}", text)


FORMS = {
    "python": Form(_as(f"{STATED},123 - a.b - ERROR - {{}}"), "error"),
    "python ISO": Form(_as("%Y-%m-%dT%H:%M:%S.123Z - a.b - ERROR - {}"), "error"),
    "hypercorn": Form(_as(f"[{STATED} +0000] [12] [ERROR] {{}}"), "error"),
    "postgres": Form(_as(f"{STATED}.123 UTC [34] ERROR:  {{}}"), "error"),
    "console": Form(_as("%Y-%m-%dT%H:%M:%S.123Z [error    ] {} [a.b] n=1"), "error"),
    "naive console": Form(_as(f"{STATED} [error    ] {{}}"), "error"),
    "nginx": Form(_as("%Y/%m/%d %H:%M:%S [error] 12#12: *1 {}"), "error"),
    "go": Form(_as("%Y/%m/%d %H:%M:%S {}"), ""),
    "access": Form(_as('10.0.0.1 - - [%d/%b/%Y:%H:%M:%S +0000] "GET /{} HTTP/1.1" 502 15'), ""),
    "redis": Form(_as(f"1:M {CLOCK} # {{}}"), "warning"),
    "kafka": Form(_as(f"[{STATED},123] ERROR [Broker id=1] {{}} (kafka.server.X)"), "error"),
    "spring": Form(_as(f"{STATED}.123 ERROR 1 --- [main] c.x.Y : {{}}"), "error"),
    "logback": Form(_as(f"{STATED}.123 [main] ERROR c.x.Y - {{}}"), "error"),
    "loguru": Form(_as(f"{STATED}.123 | ERROR    | a.b:run:1 - {{}}"), "error"),
    "elastic": Form(_as("[%Y-%m-%dT%H:%M:%S,123][ERROR][o.e.n.Node] [x] {}"), "error"),
    "zap": Form(_as("%Y-%m-%dT%H:%M:%S.123Z\tERROR\ta/b.go:12\t{}"), "error"),
    "logfmt": Form(_as('time="%Y-%m-%dT%H:%M:%S.123456789Z" level=error msg="{}"'), "error"),
    "go-kit": Form(_as("level=error ts=%Y-%m-%dT%H:%M:%S.123Z caller=a.go:1 msg={}"), "error"),
    "slog": Form(_as("time=%Y-%m-%dT%H:%M:%S.123Z level=ERROR source=a.go:1 msg={}"), "error"),
    "grafana": Form(_as("logger=a.b t=%Y-%m-%dT%H:%M:%S.123Z level=error msg={}"), "error"),
    "librdkafka": Form(
        lambda at, text: f"%3|{at.timestamp():.3f}|FAIL|rdkafka#a-1| [thrd:b]: {text}", "error"
    ),
    "timed": Form(_as("%Y-%m-%dT%H:%M:%S.123Z {}"), ""),
    "json": Form(
        _as('{"event": "{}", "level": "error", "timestamp": "%Y-%m-%dT%H:%M:%SZ"}'), "error"
    ),
}
# These tell no year, and the last two no time: only a carrier says when they were.
CARRIED = {
    "klog": Form(_as("E%m%d %H:%M:%S.123456      12 a.go:12] {}"), "error"),
    "syslog": Form(_as("%b %e %H:%M:%S host app[12]: {}"), ""),
    "uvicorn": Form(_as("ERROR:    {}"), "error"),
    "words": Form(_as("{} of 24 essays"), ""),
}


def _stamped(behind: str) -> Callable[[datetime, str], str]:
    return lambda at, line: f"{at:%Y-%m-%dT%H:%M:%S}.123456789Z {behind}{line}"


def _json_file(at: datetime, line: str) -> str:
    record = {"log": f"{line}\n", "stream": "stderr", "time": f"{at:%FT%T}.123456789Z"}
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


CARRIERS = {
    "": lambda at, line: line,
    "cri": _stamped("stderr F "),
    "engine": _stamped(""),
    "json-file": _json_file,
}
BEHIND = {"nothing": [], "a traceback": TRACE, "Java's": JAVA, "indented": ["\tSELECT 1", "  x"]}


class Record(NamedTuple):
    """One record of a mixture, and the lines that go on with it."""

    form: Form
    behind: Sequence[str]


def _written(records: Sequence[Record], carrier: str) -> tuple[str, list[str], list[datetime]]:
    lines, words, times = [], [], []
    for number, (form, behind) in enumerate(records):
        at = FIRST + timedelta(seconds=number)
        words.append(f"needle{number:04}x")
        times.append(at.replace(microsecond=0))
        for line in (form.write(at, words[-1]), *behind):
            lines.append(CARRIERS[carrier](at, line))
    return "".join(f"{line}\n" for line in lines), words, times


async def _searched(text: str, role: Role) -> list[LogEvent]:
    services = (Service("service", "*service*", role),)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "service.log").write_text(text)
        query = LogQuery(any_of=("needle",), max_events=1_000)
        found = await LogFiles(Path(folder), services, UTC).search(query)
    assert found.coverage[0].matched == len(found.events)
    return list(found.events)


async def _assert_each_stands_for_itself(
    records: Sequence[Record], carrier: str, role: Role
) -> None:
    text, words, times = _written(records, carrier)
    found = await _searched(text, role)
    said = [re.findall(r"needle\d+x", one.text) for one in found]
    assert said == [[word] for word in words]
    assert [one.at and one.at.replace(microsecond=0) for one in found] == times
    levels = [one.level for one in found]
    assert levels == [record.form.level for record in records]
    for record, event in zip(records, found, strict=True):
        assert event.text.split("\n")[1:] == list(record.behind)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("name", [*FORMS, *CARRIED])
async def test_a_record_of_any_form_swallows_no_line_of_another(name: str, carrier: str) -> None:
    forms = FORMS if not carrier else FORMS | CARRIED
    if name not in forms:
        pytest.skip("it tells no time of its own, and no carrier does")
    records: list[Record] = []
    for other in forms.values():
        for behind in BEHIND.values() if name != "json" else [[]]:
            usual = Record(other, [])
            records += [usual, usual, Record(forms[name], behind), usual, usual]
    await _assert_each_stands_for_itself(records, carrier, Role.OTHER)


RECORDS = st.lists(
    st.builds(
        Record, st.sampled_from([one for one in FORMS.values() if one is not FORMS["json"]]),
        st.sampled_from(list(BEHIND.values())),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@given(RECORDS, st.sampled_from(list(CARRIERS)), st.sampled_from([Role.OTHER, Role.RUNNER]))
async def test_of_a_mixture_no_line_is_lost(
    records: list[Record], carrier: str, role: Role
) -> None:
    await _assert_each_stands_for_itself(records, carrier, role)


@given(RECORDS, st.sampled_from(list(CARRIERS)), st.integers(0, 11))
async def test_one_line_is_found_as_it_is_among_all(
    records: list[Record], carrier: str, number: int
) -> None:
    text, words, _ = _written(records, carrier)
    word = words[number % len(words)]
    text = text.replace("needle", "hay").replace(word.replace("needle", "hay"), word)
    (found,) = await _searched(text, Role.OTHER)
    assert word in found.text
    assert found.text.split("\n")[1:] == list(records[number % len(words)].behind)


def _events(lines: Sequence[str], role: Role = Role.OTHER) -> list[LogEvent]:
    raw = [line.encode() for line in lines]
    return list(parse_lines(raw, service="s", container="c", role=role, zone=UTC))


HEAD = "2026-12-01 02:02:00 [error    ] Failed"


def test_a_message_of_several_lines_goes_on_up_to_its_logger() -> None:
    first, second = _events([HEAD, "one", "two [a.b] n=1", "Killed"])
    assert (first.event, first.logger) == ("Failed\none\ntwo", "a.b")
    assert second.event == "Killed"


def test_what_was_raised_goes_on_at_once_and_not_later() -> None:
    lines = [*TRACE[:4], "field", "other: 1", "2 lines", "02:02:07 [main] INFO x"]
    first, second = _events([HEAD.replace("Failed", "Failed [a.b]"), *lines])
    assert first.text.endswith("field\nother: 1\n2 lines")
    assert second.event == "02:02:07 [main] INFO x"


def test_a_message_goes_on_for_some_lines_only() -> None:
    found = _events([HEAD, *["words"] * (MOST_LOOSE + 2)])
    assert [one.event.count("words") for one in found] == [MOST_LOOSE, 1, 1]


def test_what_a_carrier_took_later_does_not_go_on() -> None:
    at = "2026-12-01T02:02:0{}Z "
    lines = [at.format("0.000001") + HEAD, at.format("0.000002") + "one", at.format("1") + "two"]
    assert [one.event for one in _events(lines)] == ["Failed\none", "two"]


BARE = {
    "Java's": ["java.net.ConnectException: Connection refused", *JAVA[1:]],
    "Java's thread": ['Exception in thread "main" java.lang.OutOfMemoryError: Java heap space'],
    "Python's class": ["anthropic.RateLimitError: Error code: 429"],
    "a traceback": TRACE,
    "a drawn one": ["Traceback (most recent call last):", "│ a.py:3 │", "ValueError: no"],
    "Go's": ["panic: nil map", "", "goroutine 1 [running]:", "main.main()", "\t/app/main.go:7"],
}


def _carried(blocks: Sequence[Sequence[str]], carrier: str, seconds: float) -> str:
    lines = []
    for number, block in enumerate(blocks):
        at = FIRST + timedelta(seconds=number * seconds)
        lines += [CARRIERS[carrier](at, line) for line in block]
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("carrier", [name for name in CARRIERS if name])
@pytest.mark.parametrize("bare", BARE)
@pytest.mark.parametrize("seconds", [1, 4])
async def test_what_was_taken_later_stands_alone(bare: str, carrier: str, seconds: int) -> None:
    blocks: list[list[str]] = []
    for number, form in enumerate((FORMS | CARRIED).values()):
        blocks.append([form.write(FIRST + timedelta(seconds=2 * number * seconds), "harmless")])
        blocks.append([f"{BARE[bare][0]} needle{number:04}x", *BARE[bare][1:]])
    if "Traceback" in BARE[bare][0]:
        blocks = [block if len(block) == 1 else [*BARE[bare], "\tneedle"] for block in blocks]
    found = await _searched(_carried(blocks, carrier, seconds), Role.OTHER)
    assert [one.text for one in found] == ["\n".join(block) for block in blocks[1::2]]
    times = [one.at and round((one.at - FIRST).total_seconds()) for one in found]
    assert times == [number * seconds for number in range(1, len(blocks), 2)]


@pytest.mark.parametrize("carrier", [name for name in CARRIERS if name])
@pytest.mark.parametrize("bare", BARE)
async def test_of_a_run_of_bare_errors_each_keeps_its_time(bare: str, carrier: str) -> None:
    blocks = [[*BARE[bare], f"\tneedle{number}"] for number in range(60)]
    found = await _searched(_carried(blocks, carrier, 2), Role.OTHER)
    assert [one.text for one in found] == ["\n".join(block) for block in blocks]
    times = [one.at and round((one.at - FIRST).total_seconds()) for one in found]
    assert times == list(range(0, 120, 2))


@pytest.mark.parametrize("carrier", [name for name in CARRIERS if name])
@pytest.mark.parametrize("role", [Role.CJ, Role.LLM_PROVIDER])
@pytest.mark.parametrize("bare", BARE)
async def test_a_known_service_is_not_accused_late(bare: str, role: Role, carrier: str) -> None:
    harmless = FORMS["console"].write(FIRST, "harmless needle")
    blocks = [[harmless, "one", "two"], [*BARE[bare], "\tneedle", "\tx"]]
    found = await _searched(_carried(blocks, carrier, 1), role)
    assert [one.text for one in found] == ["\n".join(block) for block in blocks]
    assert found[0].error is None


def test_a_known_services_traceback_ends_however_late() -> None:
    lines = [f"2026-12-01T02:02:00.5Z {line}" for line in (f"{HEAD} [a.b]", *TRACE[:3])]
    (found,) = _events([*lines, "2026-12-01T02:02:09.5Z ValueError: no such batch"], Role.CJ)
    assert found.error is not None


def test_what_cannot_stand_alone_goes_on_however_late() -> None:
    late = [*JAVA, "Suppressed: java.lang.Error: x", *TRACE[:3]]
    lines = [f"2026-12-01T02:02:{n:02}.5Z {line}" for n, line in enumerate(late)]
    lines.append("2026-12-01T02:03:00.5Z ValueError: no such batch")
    first, second = _events(lines)
    assert first.text == "\n".join(late[:5])
    assert second.text == "\n".join(TRACE[:4])


def test_what_go_writes_as_it_ends_is_one_event() -> None:
    dump = [
        "panic: runtime error: index out of range [1]", "", "goroutine 1 [running]:",
        "main.(*Server).run(0xc000, 0x1)", "\t/app/main.go:12 +0x1d", "main.main()",
        "\t/app/main.go:7 +0x2", "created by main.run in goroutine 1", "\t/app/x.go:1",
        "exit status 2",
    ]  # fmt: skip
    found = _events(["Listening", *dump, "Listening"])
    assert [one.text for one in found] == ["Listening", "\n".join(dump), "Listening"]
