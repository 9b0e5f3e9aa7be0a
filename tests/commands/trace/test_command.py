"""`/trace` takes any id a person has, and says what it is when it is no single comparison."""

from dataclasses import replace
from uuid import UUID

import pytest

from bot.domain.batch import BatchHeader, BatchRows
from bot.domain.log import LogError
from bot.domain.report import Report, Verdict
from bot.errors import UsageError
from bot.ports import Sources
from commands.trace.command import COMMAND, parse
from tests.support.fakes.sources import (
    CJ,
    FakeDatabase,
    FakeLogs,
    FakeMemory,
    at,
    context,
    down,
    event,
)
from tests.support.trails import BEFORE_ALL, BOS, RUNNER_REJECTION, STRAY, batch, pair

NOW = at("2025-11-19T00:30:00")
OWN = "7f2cd801-ada7-449d-8a8c-7854198f321c"


async def ask(text: str, sources: Sources) -> Report:
    return await COMMAND.run(parse(text), context(sources, NOW))


@pytest.mark.parametrize(
    "text",
    [
        str(STRAY),
        f"`{STRAY}`.",
        f"<{STRAY}>",
        str(STRAY).upper(),
        STRAY.hex,
        f"{STRAY} in https://x.slack.com/archives/C1/p2",
        f"“{STRAY}”",
    ],
)
def test_a_uuid_is_taken_however_it_was_pasted(text: str) -> None:
    request = parse(text)
    assert (request.verb, request.words) == ("id", (str(STRAY),))


@pytest.mark.parametrize(
    "text", ["", "   ", "one two", "'; DROP TABLE pairs; --", "🔥", "x" * 10_000, "--sinse 2h"]
)
def test_what_is_no_id_gets_one_clear_answer(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.message


async def test_the_incident_s_callback_reads_as_foreign() -> None:
    sources = Sources(database=FakeDatabase(), logs=FakeLogs([*BEFORE_ALL, RUNNER_REJECTION]))
    report = await ask(str(STRAY), sources)
    assert [finding.rule for finding in report.findings] == ["foreign-callback"]


@pytest.mark.parametrize("text", ["34", "#34", str(BOS)[:8], "serial-bundle-20251119-0018"])
async def test_a_number_a_prefix_and_a_label_lead_to_the_batch(text: str) -> None:
    memory = FakeMemory({"serial-bundle-20251119-0018": "34"})
    report = await ask(text, Sources(database=FakeDatabase([batch()]), memory=memory))
    assert (report.facts["kind"], report.facts["batch_id"]) == ("batch", 34)


async def test_a_shell_s_job_name_is_nobody_s_id_and_the_alias_is_explained() -> None:
    report = await ask("84ebf6", Sources(database=FakeDatabase([batch()])))
    assert not report.found
    assert "/batch alias 84ebf6" in report.summary


@pytest.mark.parametrize("typed", ["deadbe", "#FACADE", "abcdef01-23"])
async def test_an_unknown_id_is_read_back_as_it_was_typed(typed: str) -> None:
    told = typed.removeprefix("#")
    unknown = await ask(typed, Sources(database=FakeDatabase([batch()])))
    assert str(unknown.title).endswith(f" {told}")
    assert unknown.facts["id"] == told
    assert f"/batch alias {told} " in unknown.summary
    untold = await ask(typed, Sources(database=FakeDatabase(error=down("cj_database"))))
    assert f" {told} " in untold.title


async def test_an_unknown_name_is_not_repeated() -> None:
    report = await ask("Lova-Sandberg", Sources(database=FakeDatabase([batch()])))
    assert "Lova" not in f"{report.title} {report.facts} {report.summary}"


async def test_several_matches_are_listed_and_none_is_picked() -> None:
    twins = [
        BatchRows(
            BatchHeader(n, f"abcdef00-0000-4000-8000-00000000000{n}", "c", "PENDING", None, NOW)
        )
        for n in (1, 2)
    ]
    report = await ask("abcdef", Sources(database=FakeDatabase(twins)))
    assert sorted(report.facts["matches"]) == [1, 2]
    assert str(report.title).startswith("abcdef ")


async def test_a_name_cannot_be_told_without_the_database() -> None:
    report = await ask("34", Sources(database=FakeDatabase(error=down("cj_database"))))
    assert (report.verdict, report.found) == (Verdict.UNKNOWN, True)


async def test_a_memory_that_is_down_does_not_hide_the_batch() -> None:
    memory = FakeMemory(error=down("memory"))
    sources = Sources(database=FakeDatabase([batch()]), memory=memory)
    assert (await ask(str(BOS)[:8], sources)).facts["batch_id"] == 34


@pytest.mark.parametrize("text", ["8f3a11", "8F3A11D7", "8f3a11d7-94"])
async def test_the_first_six_characters_of_an_id_in_a_log_are_enough(text: str) -> None:
    logs = FakeLogs([*BEFORE_ALL, RUNNER_REJECTION])
    report = await ask(text, Sources(database=FakeDatabase(), logs=logs))
    assert report.facts["id"] == str(STRAY)
    alone = await ask(text, Sources(database=FakeDatabase(error=down("cj_database")), logs=logs))
    assert alone.facts["id"] == str(STRAY)


async def test_a_short_id_that_begins_several_is_not_guessed() -> None:
    twins = [UUID(f"8f3a11d7-9411-4ca2-9999-59a9d18c5d{n}") for n in ("a9", "aa")]
    pairs = [replace(pair(), request_correlation_id=id) for id in twins]
    report = await ask("8f3a11", Sources(database=FakeDatabase(pairs=pairs)))
    assert report.actions == tuple(f"/trace {id}" for id in twins)
    assert not report.found


@pytest.mark.parametrize("refused", [True, False])
async def test_the_id_of_a_refused_request_says_so_and_for_which_field(refused: bool) -> None:
    said = "Processing failed: Releasing idempotency lock for retry"
    report = "language\n  Field required [type=missing, input_value={}]"
    line = event(NOW, said, CJ, level="error", correlation_id=str(STRAY),
                 event_type="huleedu.els.cj_assessment.requested.v1")  # fmt: skip
    chain = ("ValidationError", "UnboundLocalError") if refused else ("ConnectionRefusedError",)
    line = replace(line, error=LogError(chain[-1], chain=chain), text=f"{line.text}\n{report}")
    answer = await ask(str(STRAY), Sources(database=FakeDatabase(), logs=FakeLogs([line])))
    rules = [one.rule for one in answer.findings]
    assert ("request-refused" in rules) is refused
    if refused:
        assert answer.verdict is Verdict.ERROR
        assert "its language is missing" in str(answer.findings[0].what)


async def test_the_uuid_that_asked_is_joined_to_its_refusal_by_the_correlation() -> None:
    """The refusing line holds no batch's uuid: another line of CJ has both."""
    begun = event(
        NOW, "Starting CJ assessment workflow.", CJ, bos_batch_id=str(BOS), correlation_id=OWN
    )
    failed = event(NOW, "CJ assessment workflow failed: Unknown assignment_id 'x'", CJ,
                   level="error", correlation_id=OWN)  # fmt: skip
    report = await ask(str(BOS), Sources(database=FakeDatabase(), logs=FakeLogs([begun, failed])))
    (finding,) = report.findings
    assert finding.rule == "request-refused"
    assert (report.command, report.facts["kind"]) == ("trace", "refused_request")
    other = replace(failed, fields={"correlation_id": str(STRAY)}, text="other")
    report = await ask(str(BOS), Sources(database=FakeDatabase(), logs=FakeLogs([begun, other])))
    assert report.findings == ()
