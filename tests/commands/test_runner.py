"""`/runner` shows what waits for what, and stops only what it was told to, by whom it may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.cli.formats import Format
from bot.cli.output import rendered
from bot.cli.terminal import printed
from bot.domain.evidence import Missing
from bot.domain.report import Report, Verdict
from bot.domain.runner import Runner, RunnerKind, RunnerListing
from bot.errors import BatchbotError, DeniedError, NotFoundError, SourceError, UsageError
from bot.ports import Sources
from commands.runner import COMMAND, parse
from tests.population.evidence import Around
from tests.support.fakes.sources import RUNNER, FakeLogs, FakeMemory, at, context, event

NOW = at("2025-11-19T00:30:00")
STARTED = NOW - timedelta(minutes=45)
ONE = Runner(
    "1a2b3c4d5e6f" + "7" * 52,
    RunnerKind.CONTAINER,
    RUNNER.container,
    STARTED,
    options={"mode": "execute", "batch-id": "serial-1"},
)
CONFIRMED = f"stop {ONE.id} --started {int(STARTED.timestamp())} --yes"
TWO = Runner("1a2b99999999", RunnerKind.CONTAINER, "other-eng5_np_runner-run-9", STARTED)
DONE = Runner("ffff99999999", RunnerKind.CONTAINER, "done-eng5_np_runner-run-9", STARTED, False)


@dataclass
class FakeRunners:
    """Runners that end when they are told to."""

    runners: tuple[Runner, ...] = (ONE, TWO, DONE)
    unreadable: tuple[tuple[str, str], ...] = ()
    error: SourceError | None = None
    name: str = "runners"
    stopped: list[tuple[str, float]] = field(default_factory=list)

    async def list(self) -> RunnerListing:
        return RunnerListing(self.runners, self.unreadable)

    async def stop(self, id: str, *, grace_seconds: float) -> str:
        self.stopped.append((id, grace_seconds))
        if self.error:
            raise self.error
        return "it ended"

    async def check(self) -> str:
        return "fake"


async def ask(
    text: str,
    runners: FakeRunners | Missing | None,
    *,
    logs: FakeLogs | None = None,
    memory: FakeMemory | None = None,
    operator: bool = True,
    options: Mapping[str, Any] | None = None,
    probe: Around | None = None,
) -> Report:
    sources = Sources(runners=runners, logs=logs or FakeLogs(), memory=memory, probe=probe)
    given = {"runner_stop": True} if options is None else options
    return await COMMAND.run(parse(text), context(sources, NOW, operator=operator, options=given))


def line(minutes_ago: float, text: str, **fields: Any) -> Any:
    return event(NOW - timedelta(minutes=minutes_ago), text, RUNNER, **fields)


TODAYS_START = (
    "runner_invocation",
    "collector_started",
    "comparison_event_skipped",
    "kafka_publish_success",
    "runner_kafka_publish_completed",
    "comparison_event_skipped",
)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "unknown"),
        ([line(44, "runner_invocation")], "preparation"),
        ([line(44, "collector_started"), line(2, "llm_comparison_hydrated")], "more comparison"),
        ([line(44, "collector_started"), line(2, "runner_publish_failed")], "broke off"),
        ([line(60, "runner_execution_complete"), line(44, "kafka_publish_success")], "collector"),
        ([line(2, text) for text in TODAYS_START], "comparison callbacks"),
        ([*(line(9, text) for text in TODAYS_START), line(8, "runner_invocation")], "prepar"),
    ],
)
async def test_the_newest_telling_line_says_what_a_runner_waits_for(
    lines: list[Any], words: str
) -> None:
    report = await ask("list", FakeRunners((ONE,)), logs=FakeLogs(lines))
    (fact,) = report.facts["runners"]
    assert words in fact["waits_for"]
    assert (fact["mode"], fact["label"], fact["age_seconds"]) == ("execute", "serial-1", 2700.0)
    assert report.findings == ()


@pytest.mark.parametrize("start", [("collector_started",), TODAYS_START])
async def test_a_runner_that_waits_in_silence_is_a_finding_with_where_to_look(
    start: tuple[str, ...],
) -> None:
    ran = FakeLogs([line(40, text) for text in start])
    report = await ask("", FakeRunners((ONE,)), logs=ran)
    (finding,) = report.findings
    assert (finding.rule, finding.confidence.value) == ("runner-waiting", "high")
    assert "40 min" in finding.what
    assert "/batch status serial-1" in finding.next
    # What it waits for is a line that no real log has shown.
    assert "hydrator" in "".join(finding.unproven)


@pytest.mark.parametrize(("silent", "told"), [(12, False), (29, False), (31, True)])
async def test_silence_is_held_against_the_pace_of_the_bursts_so_far(
    silent: float, told: bool
) -> None:
    burst = silent + 14
    lines = [
        line(burst + 14, "collector_started"),
        *(line(burst, "llm_comparison_hydrated") for _ in range(64)),
        *(line(silent, "llm_comparison_hydrated") for _ in range(64)),
    ]
    runner = replace(ONE, started_at=NOW - timedelta(hours=2))
    report = await ask("", FakeRunners((runner,)), logs=FakeLogs(lines))
    assert [one.rule for one in report.findings] == (["runner-waiting"] if told else [])


async def test_mock_mode_of_who_is_waited_for_is_named() -> None:
    report = await ask("", FakeRunners((ONE,)), probe=Around(mock=True))
    assert report.facts["mock_mode"] is True
    assert "mock mode" in report.summary


async def test_a_missing_schema_is_recognised_by_its_error_and_not_by_its_path() -> None:
    bad = line(44, "FileNotFoundError: ENG5 schema missing at /home/ann/docs. Did you move it?")
    report = await ask("list", FakeRunners((ONE,)), logs=FakeLogs([bad]))
    assert [finding.rule for finding in report.findings] == ["runner-schema-missing"]


async def test_an_ended_container_waits_for_nothing_and_is_counted_apart() -> None:
    report = await ask("list", FakeRunners((ONE, DONE)))
    assert report.title == "1 running, 1 ended"
    assert report.facts["runners"][1]["waits_for"] == "nothing: it has ended"


@pytest.mark.parametrize(
    "runners", [None, Missing("runners", "no engine"), FakeRunners((), (("docker", "down"),))]
)
async def test_runners_that_cannot_be_looked_for_are_unknown(
    runners: FakeRunners | Missing | None,
) -> None:
    report = await ask("list", runners)
    assert report.verdict is Verdict.UNKNOWN


async def test_what_a_command_line_says_of_its_mode_passes_the_border() -> None:
    named = {"mode": "zqxmormor", "llm-batching-mode": "zqxmormor"}
    report = await ask("list", FakeRunners((replace(ONE, options=named),)))
    assert "zqxmormor" not in f"{rendered(report, Format.JSON)}{printed(report)}"


async def test_no_runner_is_a_clear_answer() -> None:
    report = await ask("list", FakeRunners(()))
    assert (report.verdict, report.title) == (Verdict.OK, "No runner exists")


async def test_a_confirmed_stop_ends_that_runner() -> None:
    runners = FakeRunners()
    report = await ask(CONFIRMED, runners, memory=FakeMemory())
    assert runners.stopped == [(ONE.id, 10.0)]
    assert report.facts["outcome"] == "it ended"


@pytest.mark.parametrize("word", [ONE.short_id, "1a2b3c", "serial-1", RUNNER.container, ONE.id])
async def test_what_does_not_name_it_whole_is_looked_up_and_offers_the_button(word: str) -> None:
    runners = FakeRunners()
    for text in (f"stop {word}", f"stop {word} --yes", f"stop {word} --started 1 --yes"):
        report = await ask(text, runners, memory=FakeMemory())
        assert report.actions == (f"/runner {CONFIRMED}",)
    assert runners.stopped == []


@pytest.mark.parametrize(
    ("text", "error", "words", "changes"),
    [
        ("stop 1a2b3c --yes", DeniedError, "operators", {"operator": False}),
        ("stop 1a2b3c --yes", DeniedError, "off", {"options": {}}),
        ("stop 1a2b3c --yes", DeniedError, "off", {"options": {"runner_stop": False}}),
        ("stop 1a2b3c --yes", SourceError, "audit trail", {"memory": None}),
        ("stop 1a2b --yes", UsageError, "may be any of", {}),
        ("stop ffff --yes", NotFoundError, "No running runner", {}),
        ("stop nobody --yes", NotFoundError, "No running runner", {}),
        ("stop 1a2 --yes", NotFoundError, "No running runner", {}),
    ],
)
async def test_a_stop_that_may_not_be_is_refused_and_touches_nothing(
    text: str, error: type[BatchbotError], words: str, changes: dict[str, Any]
) -> None:
    runners = FakeRunners()
    with pytest.raises(error, match=words):
        await ask(text, runners, **{"memory": FakeMemory(), **changes})
    assert runners.stopped == []


async def test_a_stop_that_fails_is_said() -> None:
    failing = FakeRunners(error=SourceError("runners", "it belongs to another user"))
    with pytest.raises(SourceError, match="another user"):
        await ask(CONFIRMED, failing, memory=FakeMemory())


@pytest.mark.parametrize("text", ["stop", "stop a b", "list now", "kill 1", "stop 1 --force"])
def test_wrong_words_get_the_usage(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)
