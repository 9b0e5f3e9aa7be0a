"""An outsider's cases, healthy and faulty, of both revisions; `make population` judges all."""

import json
from pathlib import Path

import pytest

from bot.text.redaction import UUID
from tests.population.adversary.archive import SECOND, truths, unpack
from tests.population.adversary.measure import judged

# Each kind of fault with a healthy case of its kind beside it, the smallest of each.
SAMPLE = (
    "end-cancelled-mid", "ok-running-bundle",
    "then-kafka-refused-ansi", "kafka-dropped-after-retries", "ok-kafka-recovered-json",
    "kafka-breaker-already-open", "ok-kafka-breaker-healed",
    "then-provider-429-json", "ok-retry-conn",
    "submit-lost-4-of-4-refused-3min", "ok-submit-in-flight",
    "then-consumer-silent", "consumer-dead-20min-b1", "ok-consumer-restarted-50s",
    "queue-expired", "queue-partly-deleted", "ok-queue-emptied-by-answers",
    "then-twice-gkpj-plain", "forced-recovery-missing", "ok-terminal-guard",
    "content-none-left", "ok-content-still-fetching",
    "db-blocked", "ok-db-short-wait",
    "ok-stray-across-outage",
    "degenerate-all-equal", "then-healthy-4-per_request-mixed",
    "burst-usable",
)  # fmt: skip


@pytest.mark.marathon
async def test_a_sample_of_the_outsiders_cases_is_judged_as_the_truth_says() -> None:
    found = [one async for one in judged(SAMPLE)]
    assert {one.name: one.wrongs for one in found if one.wrongs} == {}
    assert {one.name for one in found} == set(SAMPLE)


SECOND_SAMPLE = (
    "two-causes-429-and-credit", "refused-log-begins-after", "ok-cj-producer-hiccup",
    "forced-recovery-rows-only",
)  # fmt: skip


@pytest.mark.marathon
async def test_the_bot_is_right_about_a_sample_of_the_second_corpus() -> None:
    found = [one async for one in judged(SECOND_SAMPLE, corpus=SECOND)]
    assert {one.name: one.wrongs for one in found} == dict.fromkeys(SECOND_SAMPLE, ())
    assert [name for name, one in truths(SECOND).items() if "corrected" in one] == [
        "forced-recovery-rows-only"
    ]


def test_the_sample_holds_every_kind_of_both_sorts_and_both_revisions() -> None:
    kinds = {truths()[name]["issue_kind"] for name in truths()}
    assert {truths()[name]["issue_kind"] for name in SAMPLE} == kinds
    assert {truths()[name]["kind"] for name in SAMPLE} == {"healthy", "usable", "faulty"}
    assert {name.startswith("then-") for name in SAMPLE} == {True, False}


def test_a_case_is_unpacked_with_ids_and_days_that_agree(tmp_path: Path) -> None:
    name = "content-unknown-assignment"
    unpack(tmp_path, [name])
    assert [path.name for path in tmp_path.iterdir()] == [name]
    truth = json.loads((tmp_path / name / "truth.json").read_text(encoding="utf-8"))
    [id] = UUID.findall(truth["ask"])
    lines = (tmp_path / name / "logs" / "huleedu_cj_assessment_service.log").read_text()
    assert id in lines
    assert truth["asked_at"][:10] in lines
    assert "<u" not in lines


def test_a_truth_that_was_corrected_says_why() -> None:
    corrected = {name: one["corrected"] for name, one in truths().items() if "corrected" in one}
    assert set(corrected) == {
        *("forced-recovery-missing", "ok-duplicates-redelivery"),
        *("final-gkpj-now", "final-twice-outbox", "then-83-events"),
    }
    assert all(len(why) > 40 for why in corrected.values())
