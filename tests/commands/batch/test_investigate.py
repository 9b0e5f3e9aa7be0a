"""The incident's batches, investigated on both revisions and in both log formats."""

import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.demo.incident.rows import STUDENT_TEXT, Revision
from bot.domain.report import Report, Verdict
from bot.errors import SourceError
from bot.ports import Sources
from bot.replay.files import opened
from bot.replay.run import replay_directory
from bot.settings import HULEEDU_SERVICES
from bot.slack.blocks.renderer import BlockKit
from bot.sources.cj.database import CjPostgres
from bot.sources.log_files import LogFiles
from bot.text.markdown_report import render
from commands.batch.command import parse, run
from tests.support.fakes.sources import FakeDatabase, context
from tests.support.paths import ROOT

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)

LOGS = ROOT / "bot/demo/incident/logs"
UTC_ZONE = ZoneInfo("UTC")
# What a replay of the night's own logs opens besides the stuck queue, which names no batch.
ALERTS_OF_THE_NIGHT = {
    ("database_errors", "database_errors/replay/cj_assessment_service_grade_projections_pkey"),
    ("rejected_callbacks", "rejected_callbacks/replay/essay_a_id_unknown_mode"),
}


@dataclass
class Night:
    """The sources of the incident on one revision and in one log format."""

    sources: Sources

    async def ask(self, text: str) -> Report:
        return await run(parse(text), context(self.sources, NOW))


@pytest.fixture(params=[("then", "console"), ("then", "json"), ("now", "console"), ("now", "json")])
async def night(
    request: pytest.FixtureRequest, night_urls: Mapping[Revision, str]
) -> AsyncIterator[Night]:
    revision: Revision
    revision, shape = request.param
    database = CjPostgres(night_urls[revision])
    logs = LogFiles(LOGS / shape, HULEEDU_SERVICES, UTC_ZONE)
    yield Night(Sources(database=database, logs=logs))
    await database.close()


async def test_batch_33_is_followed_from_its_failures_to_its_scores(night: Night) -> None:
    report = await night.ask("investigate 33")
    rules = [finding.rule for finding in report.findings]
    assert {
        "completion-overcounted", "counters-overwritten", "errors-counted-as-done",
        "position-bias", "provider-failures", "bundle-collateral", "degenerate-scores",
    } <= set(rules)  # fmt: skip
    order = ["provider-failures", "errors-counted-as-done", "degenerate-scores"]
    assert sorted(order, key=rules.index) == order
    assert report.facts["first_leak"] == "stored_valid"
    counts = {stage["stage"]: stage["count"] for stage in report.facts["funnel"]}
    assert (counts["pairs"], counts["stored_valid"], counts["stored_error"]) == (100, 34, 66)
    states = {one["name"]: one["state"] for one in report.facts["hypotheses"]}
    assert states["errors were counted as finished comparisons"] == "supported"
    assert states["the provider's failures have a known cause"] == "undecided"
    assert states["a callback overtakes the commit of its row"] == "undecided"


async def test_batch_34_lost_nothing_and_is_still_not_to_be_trusted(night: Night) -> None:
    report = await night.ask("investigate 34")
    rules = {finding.rule for finding in report.findings}
    assert {"early-finalisation", "repeated-finalisation", "foreign-callback"} <= rules
    assert report.facts["first_leak"] is None
    counts = {stage["stage"]: stage["count"] for stage in report.facts["funnel"]}
    assert (counts["queued"], counts["dispatched"], counts["answered"]) == (10, 10, 10)
    states = {one["name"]: one["state"] for one in report.facts["hypotheses"]}
    assert states["serial_bundle loses the callback's metadata"] == "refuted"
    assert states["a database error stops further comparisons"] == "refuted"
    assert report.verdict is Verdict.ERROR


async def test_the_page_answers_what_an_investigation_must_and_holds_no_student_text(
    night: Night,
) -> None:
    report = await night.ask("investigate 34 --export")
    web, file = report.attachments
    page = file.content.decode()
    assert file.filename == "investigation-batch-34.md"
    assert web.filename == "investigation-batch-34.html"
    assert render(report) == page
    for heading in (
        "Executive summary", "Test matrix", "Funnel", "Hypotheses", "Evidence", "Timeline",
        "Success criteria", "Recommendations", "Queries that give the same numbers",
        "Causes, and what followed from each", "What stays open",
    ):  # fmt: skip
        assert f"## {heading}\n" in page
    assert "- [x] Root cause of missing essay ids identified" in page
    assert "- [x] Database transaction errors explained" in page
    assert "WHERE cj_batch_id = 34" in page
    for content in (page, web.content.decode()):
        assert STUDENT_TEXT.split()[0] not in content


async def test_an_export_ticks_only_what_its_own_run_established(night: Night) -> None:
    _, file = (await night.ask("investigate 33 --export")).attachments
    page = file.content.decode()
    assert "**Status:** Open: a cause is not established" in page
    for question in (
        "Root cause of failed comparisons identified",
        "Reason for a stuck queue understood",
        "per_request and serial_bundle compared",
        "Reproducible test case created",
    ):
        assert f"- [ ] {question}: " in page
    assert "not done in this run; `/batch bundle 33` makes one" in page
    assert "unknown (not recorded" not in page
    assert page.count("serial\\_bundle (by the LLM provider's logs)") == 1


async def test_a_timeline_joins_what_is_alike_and_holds_the_first_failure(night: Night) -> None:
    report = await night.ask("investigate 33")
    told = [(str(entry.text), entry.failed) for entry in report.timeline]
    assert len(told) <= 12
    (dispatched,) = (text for text, _ in told if "dispatched" in text)
    assert dispatched.startswith("20 bundles dispatched (10 of 8, 10 of 2), until ")
    failures = [text for text, failed in told if failed]
    assert failures[0].startswith("Request 56c18ba7")
    assert failures[1].startswith("55× Request … failed: Anthropic API call failed")


async def test_a_bundle_holds_the_lines_of_the_failures_and_the_page_says_so(
    night: Night, tmp_path: Path
) -> None:
    (file,) = (await night.ask("bundle 33")).attachments
    (tmp_path / file.filename).write_bytes(file.content)
    with zipfile.ZipFile(tmp_path / file.filename) as archive:
        names = archive.namelist()
        llm = archive.read("replay/huleedu_llm_provider_service.log").decode()
        page = archive.read("investigation.md").decode()
    assert {"investigation.html", "report.json", "README.md"} <= set(names)
    assert llm.count("Serial bundle processing hit provider error") == 7
    assert llm.count("failed: Anthropic API call failed") == 56
    assert "- [x] Reproducible test case created: replay/ beside this page holds" in page


async def test_a_bundle_says_of_its_batch_what_the_investigation_says(night: Night) -> None:
    bundle, told = await night.ask("bundle 33"), await night.ask("investigate 33")
    assert bundle.verdict is told.verdict is Verdict.ERROR
    assert bundle.first_line == told.first_line
    shown = BlockKit().report(bundle)
    assert shown["text"].startswith("🔴 Batch 33: do not use")
    assert "batch-33.zip" in str(shown["blocks"])


async def test_a_bundle_can_be_replayed_to_the_same_alerts(night: Night, tmp_path: Path) -> None:
    report = await night.ask("bundle 34")
    (file,) = report.attachments
    (tmp_path / file.filename).write_bytes(file.content)
    with zipfile.ZipFile(tmp_path / file.filename) as archive:
        archive.extractall(tmp_path)
    data = json.loads((tmp_path / "report.json").read_text())
    assert data["facts"]["batch_id"] == 34
    assert STUDENT_TEXT.split()[0].encode() not in _bytes_in(tmp_path)
    recording = _files_in(tmp_path / "replay")
    for whole in (tmp_path, tmp_path / file.filename):
        with opened(whole) as folder:
            assert _files_in(folder) == recording
    told = _alerts(tmp_path / "replay")
    queue = ("stuck_queue", "queue_unanswered")
    assert {row for row in told if row[0] not in queue} == ALERTS_OF_THE_NIGHT


def _bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*.*"))


def _files_in(folder: Path) -> dict[Path, bytes]:
    found = folder.rglob("*")
    return {one.relative_to(folder): one.read_bytes() for one in found if one.is_file()}


def _alerts(folder: Path) -> set[tuple[str, str]]:
    events = replay_directory(folder, HULEEDU_SERVICES, UTC_ZONE)
    return {(event["detector"], event["key"]) for event in events if event["event"] == "open"}


async def test_an_unread_database_is_unknown_and_the_logs_are_read_all_the_same(
    night: Night,
) -> None:
    broken = FakeDatabase(error=SourceError("cj_database", "nobody listens there"))
    night.sources = Sources(database=broken, logs=night.sources.logs)
    report = await night.ask("investigate 34")
    assert report.verdict is Verdict.UNKNOWN
    assert int(str(report.facts["log_lines"])) > 0
    assert [one.state.value for one in report.sources[:2]] == ["missing", "missing"]
    # Of that night CJ's log ends before the provider's.
    told = str(report.sources[1].detail)
    assert "read in part" in told
    assert "huleedu_cj_assessment_service: no line since" in told


async def test_progress_is_told_while_it_works(night: Night) -> None:
    told: list[str] = []
    await run(parse("investigate 34"), context(night.sources, NOW, progress=told.append))
    assert any("logs:" in line for line in told)


async def test_what_does_not_exist_is_not_found(night: Night) -> None:
    for verb in ("investigate", "bundle"):
        report = await night.ask(f"{verb} 9999")
        assert (report.found, report.command) == (False, f"batch {verb}")
