"""`/logs` finds what people grepped for, says how much it looked at, and shows nobody's text."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bot.border.passing import Passed, let_out
from bot.border.phrases import MARK
from bot.diagnosis.evidence import log_lines
from bot.diagnosis.logs import LogAsk, diagnose
from bot.domain.batch import BatchHeader, BatchRows
from bot.domain.evidence import SourceState
from bot.domain.ids import RunLabel
from bot.domain.log import LogCoverage, LogError, LogEvent, LogSearch
from bot.domain.report import Report, Verdict
from bot.errors import UsageError
from bot.ports import Sources
from bot.settings import HULEEDU_SERVICES
from bot.sources.log_files import LogFiles
from bot.text.redaction import MOST_JUDGED
from commands.logs.command import COMMAND, parse
from tests.support.fakes.sources import (
    CJ,
    LPS,
    SERVICES,
    FakeDatabase,
    FakeLogs,
    FakeMemory,
    at,
    context,
    down,
    event,
)
from tests.support.paths import ROOT
from tests.support.trails import STRAY

NOW = at("2025-11-19T00:30:00")
BATCH = UUID(int=34)
LINES = [
    event("2025-11-18T23:48:42", "Recording 0 comparison results for CJ Batch ID: 34", CJ),
    event(
        "2025-11-18T23:48:43",
        "Failed scoring finalization: IntegrityError",
        CJ,
        level="error",
        batch_id=34,
    ),
    event("2025-11-18T23:48:44", "Error in callback processing", CJ, level="error"),
    event("2025-11-18T23:48:45", f"queue IntegrityError {STRAY}", LPS, level="error"),
    event("2025-10-01T00:00:00", "an old IntegrityError", CJ, level="error"),
    event("2025-10-01T00:00:01", f"an old line of {STRAY}", CJ),
]


async def ask(text: str, logs: FakeLogs | None = None) -> Report:
    sources = Sources(logs=logs or FakeLogs(LINES))
    return await COMMAND.run(parse(text), context(sources, NOW, options={"services": SERVICES}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cj IntegrityError", ["Newest error, ", "Failed scoring finalization: IntegrityError"]),
        ("cj Recording", ["Newest, ", "Recording 0 comparison results for CJ Batch ID: 34"]),
        ("cj 34", ["Newest error, ", "Failed scoring finalization: IntegrityError"]),
        ("all queue", ["Newest error, ", f"queue IntegrityError {STRAY}"]),
        ("cj nothing-like-it", []),
        ("cj old", []),
    ],
)
async def test_the_line_that_tells_most_is_read_before_any_is_opened(
    text: str, told: list[str]
) -> None:
    lines = [str(line) for line in (await ask(text)).lines]
    assert len(lines) == bool(told)
    assert all(one in line for line in lines for one in told)


async def test_a_long_line_is_told_first_in_whole_words() -> None:
    long = event("2025-11-18T23:50:00", "the event relay was stopped " * 40, CJ, level="error")
    (line,) = (await ask("cj relay", FakeLogs([long]))).lines
    assert str(line).endswith("…")
    assert set(str(line).partition(": ")[2].rstrip(" …").split()) == {
        "the",
        "event",
        "relay",
        "was",
        "stopped",
    }


@pytest.mark.parametrize(
    "service", ["cj", "CJ", "cj_assessment_service", "cj-assessment-service", "assessment"]
)
async def test_a_text_is_found_in_one_service_of_the_last_day(service: str) -> None:
    report = await ask(f"{service} IntegrityError")
    assert [str(entry.text)[:30] for entry in report.timeline] == ["[error] Failed scoring finaliz"]
    assert report.facts["matched"] == 1
    assert report.facts["scanned"] == 3
    assert report.verdict is Verdict.OK


async def test_an_id_is_looked_for_in_all_the_log_of_all_services() -> None:
    report = await ask(f"all {STRAY}")
    assert [entry.service for entry in report.timeline] == [CJ.name, LPS.name]
    assert report.facts["since"] is None


async def test_a_run_label_finds_the_lines_of_its_batch_as_well() -> None:
    logs = FakeLogs(LINES)
    memory = FakeMemory(
        labels=[RunLabel("run-1", str(STRAY), "log")], aliases={"run-2": "34", "84ebf6": "34"}
    )
    header = BatchHeader(34, str(BATCH), "", "PENDING", None, NOW)
    sources = Sources(logs=logs, memory=memory, database=FakeDatabase([BatchRows(header)]))
    for text in ("all run-1", "all run-2", "all 84ebf6", "all nobody", "all run-2 --since 1h"):
        await COMMAND.run(parse(text), context(sources, NOW, options={"services": SERVICES}))
    asked = [query for query in logs.queries if query.until == NOW]
    assert [(query.any_of, query.since) for query in asked] == [
        (("run-1", str(STRAY)), None),
        (("run-2", str(BATCH)), None),
        (("84ebf6", str(BATCH)), None),
        (("nobody",), NOW - timedelta(hours=24)),
        (("run-2", str(BATCH)), NOW - timedelta(hours=1)),
    ]


@pytest.mark.parametrize(
    ("word", "begin"), [("yesterday", "2025-11-18"), ("2025-11-10", "2025-11-10")]
)
async def test_since_takes_a_day_as_everywhere(word: str, begin: str) -> None:
    logs = FakeLogs(LINES)
    await ask(f"cj nowhere --since {word}", logs)
    assert f"{logs.queries[0].since:%Y-%m-%d %H:%M}" == f"{begin} 00:00"


async def test_since_and_context_and_level_bound_the_search() -> None:
    logs = FakeLogs(LINES)
    report = await ask("cj scoring --since 90d --context=1 --level error", logs)
    (query,) = logs.queries
    assert query.since == NOW - timedelta(days=90)
    assert (query.context, query.levels) == (1, ("error", "critical"))
    assert len(report.timeline) == 3
    assert "with the lines around them" in report.summary


async def test_until_ends_the_search_and_is_told() -> None:
    report = await ask("all IntegrityError --since 23:48 --until 2025-11-18T23:48:44")
    assert [entry.service for entry in report.timeline] == [CJ.name]
    assert report.facts["until"] == at("2025-11-18T23:48:44")
    assert "until 2025-11-18T23:48:44" in str(report.summary)
    day = await ask("cj old --until 2025-10-01T12:00")
    assert (day.facts["since"], len(day.timeline)) == (at("2025-09-30T12:00:00"), 2)


async def test_of_a_time_that_is_over_older_lines_are_told_as_before_it() -> None:
    report = await ask("cj old --since 3h --until 2h")
    assert str(report.headline).startswith("No line of that time matches; older ones do")
    (again,) = report.actions
    assert "--until" not in again
    assert (await ask(again.removeprefix("/logs "))).found


async def test_all_errors_of_a_service_need_no_text() -> None:
    assert len((await ask("cj --level error")).timeline) == 2


async def test_no_match_says_since_when_and_from_where_on_logs_exist() -> None:
    report = await ask("cj nonsense")
    assert not report.found
    assert str(report.summary) == (
        "No line matches since 2025-11-18T00:30:00+00:00; logs begin at 2025-10-01T00:00:00+00:00."
    )


async def test_where_only_older_lines_match_a_button_leads_to_them() -> None:
    report = await ask("cj old --level error")
    told = "No line of the last 1 d matches; older ones do, the newest is 49 d old"
    assert str(report.first_line) == told
    (again,) = report.actions
    assert again == "/logs cj old --level error --since 50d"
    assert (await ask(again.removeprefix("/logs "))).facts["matched"] == 1
    assert (await ask("cj nonsense")).actions == ()


async def test_an_event_that_holds_the_text_beyond_what_is_read_of_it_is_counted_and_named() -> (
    None
):
    cover = LogCoverage("cj_assessment_service", "cj", matched=1, truncated=True, beyond=1)
    report = diagnose(LogAsk("8f3a11d7"), LogSearch((), (cover,)))
    assert (report.verdict, report.found) == (Verdict.UNKNOWN, True)
    told = "1 line matches, 0 shown. Too long to be read whole"
    assert str(report.first_line).endswith(told)
    event = "1 event of cj_assessment_service that holds the text beyond what is read of one."
    assert str(report.summary).startswith(f"{told}: {event}")
    assert "Too long to be read whole: 1 event" in str(report.sources[0].detail)


async def test_logs_that_cannot_be_read_are_unknown_and_not_empty() -> None:
    report = await ask("cj x", FakeLogs(error=down("logs")))
    assert (report.verdict, report.found) == (Verdict.UNKNOWN, True)
    partly = await ask("cj nonsense", FakeLogs(LINES, missing=(("other", "permission denied"),)))
    assert (partly.verdict, partly.found) == (Verdict.UNKNOWN, True)
    assert str(partly.summary).startswith("No line of those read matches since ")
    assert str(partly.summary).endswith("Not read: other's log (permission denied).")
    (logs,) = partly.sources
    assert logs.state is SourceState.MISSING
    assert "other: permission denied" in str(logs.detail)


async def test_lines_show_allowed_fields_and_no_secret_prompt_or_traceback() -> None:
    leaky = LogEvent(
        at=at("2025-11-19T00:00:00"),
        service=CJ.name,
        container=CJ.container,
        role=CJ.role,
        level="error",
        event="call failed: password=hunter22 user_prompt='My summer in Malmo'",
        fields={"batch_id": 34, "user_id": "teacher-7", "prompt_text": "My summer in Malmo"},
        error=LogError("IntegrityError", "DETAIL: Key (essay)=(My summer)"),
        text="call failed | locals: essay = 'My summer in Malmo'",
    )
    (entry,) = (await ask("cj failed", FakeLogs([leaky]))).timeline
    assert "IntegrityError" in entry.text
    assert "batch_id: 34" in entry.text
    for secret in ("hunter22", "summer", "teacher-7"):
        assert secret not in entry.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs a service"),
        ("cj", "What to look for"),
        ("cj x --since soon", "soon is no moment"),
        ("cj x --context many", "--context takes"),
        ("cj x --context 21", "--context takes"),
        ("cj x --context -1", "--context takes"),
        ("cj x --level loud", "--level takes"),
        ("cj x --leval error", "no option --leval"),
    ],
)
def test_wrong_words_get_one_clear_sentence(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(text)


async def test_an_unknown_service_gets_the_nearest_one() -> None:
    with pytest.raises(UsageError) as caught:
        await ask("runer x")
    assert caught.value.hint == "Did you mean runner?"


RECORDED = ROOT / "bot" / "demo" / "incident" / "logs"


async def _recorded(text: str, form: str, now: datetime) -> Report:
    sources = Sources(logs=LogFiles(RECORDED / form, HULEEDU_SERVICES, UTC))
    options = {"services": HULEEDU_SERVICES}
    return await COMMAND.run(parse(text), context(sources, now, options=options))


@pytest.mark.parametrize("form", ["console", "json"])
async def test_the_lines_before_the_first_of_two_matches_in_a_row_are_shown(form: str) -> None:
    report = await _recorded("cj IntegrityError --context 2", form, at("2025-11-19T12:00:00"))
    texts = [entry.text for entry in report.timeline]
    assert len(texts) == 5
    assert "Generating final rankings" in texts[0]
    assert (report.facts["matched"], report.facts["shown"]) == (2, 5)
    assert "PLANTED" not in str(report.as_json())


@pytest.mark.parametrize("form", ["console", "json"])
async def test_counts_are_of_the_level_and_the_time_asked_for(form: str) -> None:
    report = await _recorded("cj batch --level error", form, at("2025-11-19T12:00:00"))
    assert (report.facts["matched"], report.facts["shown"]) == (3, 3)
    assert report.facts["with_text"] > 100
    assert "3 lines match at error or worse" in report.summary
    late = await _recorded("cj batch --since 1h", form, at("2025-11-20T12:00:00"))
    assert (late.facts["matched"], late.verdict) == (0, Verdict.UNKNOWN)
    assert "no line since" in str(late.sources[0].detail)


async def test_a_search_that_was_cut_short_says_so_and_stays_bounded() -> None:
    report = await _recorded("all request --context 20", "json", at("2025-11-19T12:00:00"))
    assert report.facts["cut_short"]
    assert "the newest" in report.summary
    assert len(report.timeline) <= 400


@pytest.mark.parametrize("form", ["plain", "docker"])
async def test_what_is_replaced_is_counted_and_the_place_of_its_line_is_named(
    tmp_path: Path, form: str
) -> None:
    lines = [
        "2025-11-19 00:00:01 [info     ] Processing batch 34 [cj_assessment_service.batch]",
        "2025-11-19 00:00:02 [error    ] Failed for elev Lova Sandberg: 'Skogen var' [cj_service]",
    ]
    kept = [
        json.dumps({"log": f"{line}\n", "time": f"{line[:10]}T{line[11:19]}Z"}) for line in lines
    ]
    kept = lines if form == "plain" else kept
    whole = "\n".join(kept) + "\n"
    (tmp_path / "huleedu_cj_assessment_service.log").write_text(whole)
    logs = LogFiles(tmp_path, HULEEDU_SERVICES, UTC)
    options = {"services": HULEEDU_SERVICES}
    asked = context(Sources(logs=logs), NOW, options=options)
    report = await COMMAND.run(parse("cj cj_"), asked)
    first, second = (str(entry.text) for entry in report.timeline)
    assert "replaced" not in first
    place = re.search(r"\((\d) replaced, at byte (\d+) of its log\)", second)
    assert place
    assert whole[int(place[2]) :] == kept[1] + "\n"
    assert report.facts["replaced"] == int(place[1])
    assert report.facts["lines_with_replaced"] == 1
    assert "in 1 line" in str(report.summary)
    assert report.timeline[1].source == "huleedu_cj_assessment_service"
    assert report.timeline[1].at == at("2025-11-19T00:00:02")


async def _in_folder(text: str, folder: Path, **files: str) -> Report:
    for name, written in files.items():
        (folder / f"{name}.log").write_text(written)
    sources = Sources(logs=LogFiles(folder, HULEEDU_SERVICES, UTC))
    return await COMMAND.run(parse(text), context(sources, NOW, options={"services": SERVICES}))


LINE = "2025-11-19T00:00:02Z [info     ] Ready [llm_provider_service]\n"


async def test_a_service_without_a_log_is_not_one_in_which_nothing_matches(tmp_path: Path) -> None:
    report = await _in_folder(
        "cj Ready", tmp_path, huleedu_llm_provider_service=LINE, **{"anna@example.org": LINE}
    )
    assert report.verdict is Verdict.UNKNOWN
    assert str(report.summary) == (
        f"No log of {CJ.name} was found; there are {MARK}, huleedu_llm_provider_service."
    )


async def test_a_line_without_a_level_has_no_empty_one(tmp_path: Path) -> None:
    bare = "2025-11-19T00:00:02Z Ready again\n"
    report = await _in_folder("llm again", tmp_path, huleedu_llm_provider_service=bare)
    (entry,) = report.timeline
    assert str(entry.text) == "Ready again"


@pytest.mark.parametrize("text", ["llm dispatch", f"llm {STRAY}"])
async def test_lines_without_a_head_behind_a_message_are_told_through_the_border(
    tmp_path: Path, text: str
) -> None:
    lines = (
        "2025-11-19T00:00:02Z [info     ] dispatch  [llm_provider_service.queue] lineno=3\n"
        f"Retrying request {STRAY} for elev Lova Sandberg\n\nStill retrying\n"
        "Traceback (most recent call last):\n  essay = 'Skogen var'\nValueError: x\n"
    )
    report = await _in_folder(text, tmp_path, huleedu_llm_provider_service=lines)
    (entry,) = report.timeline
    assert f"[info] dispatch (ValueError: x) (+2 lines: … {STRAY} … Still retrying)" in str(
        entry.text
    )
    for hidden in ("Sandberg", "Skogen", "lineno"):
        assert hidden not in str(report.as_json())


FULL = "OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (
            "redis.exceptions.ResponseError: OOM command not allowed when used memory > 'max'",
            "ResponseError: OOM command not allowed when used memory > 'max'",
        ),
        (FULL, FULL),
        ("KeyError: 'Lova Sandberg'", "KeyError"),
        ("ValueError: Lova skrev att skogen var mörk", "ValueError"),
        ("RuntimeError: password=Tr0ub4dor", "RuntimeError: password=…"),
        (
            "asyncpg.InsufficientPrivilegeError: permission denied for table event_outbox\n\n"
            "The above exception was the direct cause of the following exception:\n\n"
            'Traceback (most recent call last):\n  File "/app/x.py", line 3, in f\n    g()\n'
            "app.HuleEduError: gave up",
            "HuleEduError: gave up from InsufficientPrivilegeError: permission denied for table"
            " event_outbox",
        ),
        ("ValueError: the loop failed", "ValueError"),  # as the event says already
    ],
)  # fmt: skip
async def test_what_an_exception_says_in_its_traceback_is_told_through_the_border(
    tmp_path: Path, raised: str, told: str
) -> None:
    lines = (
        "2025-11-19T00:00:02Z [error    ] the loop failed  [llm_provider_service.queue] lineno=3\n"
        f'Traceback (most recent call last):\n  File "/app/x.py", line 3, in f\n    g()\n{raised}\n'
    )
    report = await _in_folder("llm loop", tmp_path, huleedu_llm_provider_service=lines)
    (entry,) = report.timeline
    assert f"[error] the loop failed ({told})" in str(entry.text)


async def test_of_a_long_message_no_more_is_judged_than_a_line_has_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged: list[int] = []

    def counted(text: str, limit: int = 0) -> Passed:
        judged.append(len(text))
        return let_out(text, limit)

    monkeypatch.setattr(log_lines, "let_out", counted)
    long = "the event relay failed " * 9_000
    cut = long[: MOST_JUDGED - 3] + "sk-ant-REDACTED"
    for message in (long, cut, "x" * 200_000):
        (entry,) = (
            await ask("cj --level info", FakeLogs([event("2025-11-18T23:50:00", message, CJ)]))
        ).timeline
        assert "sk" not in str(entry.text)
    assert max(judged) <= MOST_JUDGED


@pytest.mark.parametrize("level", ["", " --level error"])
async def test_what_was_not_searched_in_time_is_not_what_does_not_match(level: str) -> None:
    lines = [event("2025-11-18T23:50:00", "Ready", CJ)]
    none = await ask(f"cj nonsense{level}", FakeLogs(lines, truncated=True))
    assert (none.verdict, none.found) == (Verdict.UNKNOWN, True)
    assert str(none.summary).startswith("No line of those read matches")
    assert str(none.summary).endswith(f"Not searched: the older lines of {CJ.container}.")
    some = await ask("cj Ready", FakeLogs(lines, truncated=True))
    assert str(some.summary).startswith("At least 1 line matches")
    assert f"Not searched: the older lines of {CJ.container}." in str(some.summary)


async def test_a_text_that_may_be_data_is_not_repeated() -> None:
    report = await _recorded("cj Lova Sandberg", "json", at("2025-11-19T12:00:00"))
    assert "Sandberg" not in str(report.as_json())


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("Wilma Sjögren", True),
        ("Wilma Sjö", False),
        ("jögren", False),
        ("200804121234", True),
        ("20080412", False),
        ("password=hunter2-Sommar5", True),
        ("password=hunter2-S", False),
        ("password=h", False),
        ("sk-proj-Q8vLr2Tz", False),
    ],
)
async def test_what_may_be_data_is_found_as_a_whole_alone_so_that_nobody_guesses_it_by_letters(
    tmp_path: Path, text: str, stands: bool
) -> None:
    line = (
        "2025-11-19 00:00:02 [error    ] no score for Wilma Sjögren 200804121234, "
        "password=hunter2-Sommar5 key sk-proj-Q8vLr2TzN5yWb7KpXcJ4mHgD9s [cj.scoring]\n"
    )
    report = await _in_folder(f"cj '{text}'", tmp_path, huleedu_cj_assessment_service=line)
    assert bool(report.timeline) is stands
    assert bool(report.facts["matched"]) is stands


@pytest.mark.parametrize(("looked_for", "known"), [("Sandberg", 1), ("Lindqvist", 0)])
async def test_of_a_text_that_may_be_data_it_is_told_whether_and_where_and_not_how_often(
    looked_for: str, known: int
) -> None:
    lines = [event(f"2025-11-19T00:00:0{n}", f"Failed for elev Sandberg {n}", CJ) for n in range(5)]
    report = await ask(f"cj {looked_for}", FakeLogs(lines))
    told = report.as_json()
    # What anybody can count in the lines that are shown.
    shown = len(report.timeline)
    assert (report.facts["matched"], report.facts["with_text"]) == (shown, shown)
    assert report.facts["counted"] is False
    assert looked_for not in str(told)
    said = " ".join((told["title"], told["summary"], str(told["sources"])))
    assert ("some of the lines match" in said, "some matched" in said) == (bool(known), bool(known))
    assert not re.search(r"\b5 (?:lines match|matched|shown)", said)
    assert len(report.timeline) == 5 * known


async def test_fields_that_are_ids_or_counts_are_told_and_the_others_counted(
    tmp_path: Path,
) -> None:
    sha = "52468214aa0be3c1d7f09e6b5c2d18374f6a9b01"
    line = json.dumps(
        {"event": "Started", "level": "info", "timestamp": "2025-11-19T00:00:02Z", "git_sha": sha,
         "token_count": 812, "meta": {"request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"},
         "essay": "Skogen var", "title": "Lova"}
    )  # fmt: skip
    (tmp_path / "huleedu_cj_assessment_service.log").write_text(line + "\n")
    logs = LogFiles(tmp_path, HULEEDU_SERVICES, UTC)
    asked = context(Sources(logs=logs), NOW, options={"services": HULEEDU_SERVICES})
    report = await COMMAND.run(parse("cj Started"), asked)
    (entry,) = report.timeline
    assert str(entry.text) == (
        f"[info] Started, git_sha: {sha}, token_count: 812,"
        " meta.request_id: req_011CSHoEeqs5C35K2UUqR7Fy"
        " (2 fields left out, at byte 0 of its log)"
    )
    assert report.facts["fields_left_out"] == 2
    assert "2 fields left out in 1 line" in str(report.summary)


async def test_a_message_of_one_id_alone_is_not_shown(tmp_path: Path) -> None:
    secret = "0feb5e1c-aaaa-4bbb-8ccc-00000fe1c0de"
    line = f'{{"event": "started", "event": "{secret}", "timestamp": "2025-11-19T00:00:02Z"}}'
    (tmp_path / "huleedu_cj_assessment_service.log").write_text(line + "\n")
    logs = LogFiles(tmp_path, HULEEDU_SERVICES, UTC)
    asked = context(Sources(logs=logs), NOW, options={"services": HULEEDU_SERVICES})
    report = await COMMAND.run(parse("cj started"), asked)
    assert report.timeline
    assert secret not in str(report.as_json())


@pytest.mark.parametrize(
    ("text", "looked_for"),
    [
        ("cj SELECT * FROM x", "SELECT * FROM x"),
        ("cj it's gone --since 2h", "it's gone"),
        ("cj it\u2019s gone", "it's gone"),
        ("cj 'a%b'", "a%b"),
        ("--level error cj *Error*", "Error"),
        ("cj failed, why?", "failed, why"),
        ("cj __init__", "__init"),
        ("cj IntegrityError --level=error", "IntegrityError"),
    ],
)
def test_what_is_looked_for_keeps_its_signs(text: str, looked_for: str) -> None:
    assert parse(text).words == ("cj", looked_for)
