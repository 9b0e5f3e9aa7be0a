"""Where answers get lost is told, callbacks are joined by id, and stuck items by their batch."""

import random
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from bot.demo.incident.log_lines import CJ
from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.collect import collect as collect_batch
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.domain.report import Confidence, Finding, Report, Severity
from bot.ports import Deadline
from tests.population.evidence import Around, sources_of
from tests.population.healthy import EACH, faulty_options, healthy, state_of
from tests.population.world import Faults, World, heartbeat, life, run, runner_dies


def _night(faults: Faults, *, minutes: float = 30, **changes: object) -> World:
    options = faulty_options(random.Random(5), then=True, mode="serial_bundle", **changes)
    end = max(at for at, _ in life(World(5, faults=faults, **options)))
    return run(World(5, faults=faults, now=end + timedelta(minutes=minutes), **options))


async def _report(world: World, around: Around | None = None) -> Report:
    evidence = await collect_batch(
        sources_of(world, around or Around()), world.id, world.now, deadline=Deadline.after(10)
    )
    assert isinstance(evidence, BatchEvidence)
    return batch_report.diagnose(evidence, world.now)


async def _finding(world: World, rule: str, around: Around | None = None) -> Finding:
    report = await _report(world, around)
    return next(finding for finding in report.findings if finding.rule == rule)


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("expired", "expired in the queue"),
        ("publish", "callback not published"),
        ("consumer", "published, never consumed by CJ"),
        ("evicted", "evicted from Redis"),
        ("never_sent", "never sent"),
        ("orphan", "still in processing in Redis"),
    ],
)
async def test_a_lost_answer_is_classified_by_where_its_trail_ends(way: str, words: str) -> None:
    world = _night(Faults(lost=way, lost_share=0.0))
    finding = await _finding(world, "lost-callbacks")
    assert words in finding.what
    assert finding.severity is Severity.ERROR
    assert str(finding.next[0]).startswith("/trace ")


@pytest.mark.parametrize("minutes", [3, 30])
async def test_what_is_gone_from_redis_without_a_line_left_it_unanswered(minutes: float) -> None:
    world = _night(Faults(lost="flushed", lost_share=0.0), minutes=minutes)
    report = await _report(world)
    left = next(one for one in report.findings if one.rule == "left-unanswered")
    assert (left.severity, left.confidence) == (Severity.ERROR, Confidence.HIGH)
    lost = [one.cause for one in report.findings if one.rule == "lost-callbacks"]
    assert lost == ([] if minutes < 15 else ["left-unanswered"])


async def test_one_pass_over_the_logs_tells_the_same_of_what_left_the_queue() -> None:
    world = _night(Faults(lost="flushed", lost_share=0.0))
    evidence = await collect_batch(
        sources_of(world, Around()), world.id, world.now, deadline=Deadline.after(10), whole=True
    )
    assert isinstance(evidence, BatchEvidence)
    found = {one.rule for one in batch_report.findings_of(evidence, world.now)}
    assert "left-unanswered" in found


async def test_without_redis_nothing_is_said_to_be_gone_from_it() -> None:
    world = _night(Faults(lost="flushed", lost_share=0.0))
    report = await _report(world, Around(no_queue=True))
    assert "left-unanswered" not in {one.rule for one in report.findings}


async def test_two_kinds_of_loss_in_one_batch_are_both_told() -> None:
    world = _night(Faults(lost="publish", lost_share=0.0))
    other = next(one for one in world.comparisons if one.winner)
    other.winner, other.answered = None, None
    world.said = [said for said in world.said if str(other.correlation) not in f"{said}"]
    finding = await _finding(world, "lost-callbacks")
    assert "callback not published" in finding.what
    assert "1 sent, never queued" in finding.what


async def test_an_item_of_the_batch_that_is_stuck_is_the_cause_of_its_lost_answers() -> None:
    world = _night(Faults(lost="orphan", lost_share=0.0))
    heartbeat(world, world.now - timedelta(minutes=20))
    report = await _report(world)
    orphan = next(one for one in report.findings if one.rule == "orphaned-item")
    lost = next(one for one in report.findings if one.rule == "lost-callbacks")
    assert lost.cause == "orphaned-item"
    assert any("ZREM" in step for step in orphan.next)


async def test_a_stuck_item_of_another_batch_is_not_this_batch_s() -> None:
    world = _night(Faults())
    item: dict[str, object] = {"queue_id": "q", "status": "processing", "ttl": "PT4H",
            "queued_at": (world.now - timedelta(hours=1)).isoformat(),
            "processing_started_at": (world.now - timedelta(hours=1)).isoformat()}  # fmt: skip
    heartbeat(world, world.now - timedelta(minutes=20))
    report = await _report(world, Around(extra_items=[("q", item)]))
    assert [one.rule for one in report.findings if one.severity is not Severity.INFO] == []


async def test_a_stray_is_joined_by_its_runner_s_ids_before_time() -> None:
    world = _night(Faults())
    runner_dies(world, world.last_activity, uuid4(), "essay identifiers")
    own = await _finding(world, "foreign-callback")
    assert own.confidence is Confidence.HIGH
    assert "of its runner" in own.what
    later = world.runner.pop()
    world.runner += [
        (later[0] - timedelta(seconds=1), "kafka_publish_success", str(uuid4())),
        later,
    ]
    others = await _report(world)
    assert "foreign-callback" not in {one.rule for one in others.findings}


async def test_a_stray_that_only_time_joins_is_said_with_low_confidence() -> None:
    world = _night(Faults())
    text = f"Cannot find comparison pair for callback with correlation ID: {uuid4()}"
    world.say(world.last_activity, CJ, text, "error")
    finding = await _finding(world, "foreign-callback")
    assert finding.confidence is Confidence.LOW
    assert "never proved" in str(finding.evidence)


async def test_a_repeat_with_another_winner_warns_and_one_of_another_batch_does_not() -> None:
    differing = _night(Faults(bundle_again="differing"), minutes=5)
    finding = await _finding(differing, "duplicate-callbacks")
    assert (finding.severity, finding.confidence) == (Severity.WARN, Confidence.HIGH)
    assert "with another winner" in finding.what
    healthy = _night(Faults())
    for _ in range(9):
        healthy.say(
            healthy.last_activity,
            CJ,
            "Comparison pair 7 already has result, skipping update",
            request_id=str(uuid4()),
            existing_winner="essay_a",
        )
    nobody = await _finding(healthy, "duplicate-callbacks")
    assert (nobody.severity, nobody.confidence) == (Severity.INFO, Confidence.LOW)


async def test_what_kafka_gave_again_is_no_fault_of_a_bundle() -> None:
    """After CJ starts anew, what it took and did not acknowledge comes once more."""
    world = _night(Faults(bundle_again="same"), minutes=5)
    seen = set[str]()
    for said in list(world.said):
        text = f"{said}"
        if "Published success" not in text:
            continue
        request = text.split("for request ")[1][:36]
        if request in seen:
            world.said.remove(said)
        seen.add(request)
    finding = await _finding(world, "duplicate-callbacks")
    assert "Kafka gave it to CJ again" in finding.why


async def test_mock_mode_is_named_in_the_first_line() -> None:
    report = await _report(_night(Faults()), Around(mock=True))
    assert report.facts["mock_mode"] is True
    assert "mock mode" in report.summary
    real = await _report(_night(Faults()))
    assert real.facts["mock_mode"] is False
    assert "mock" not in real.summary


async def test_an_open_circuit_in_the_logs_is_named() -> None:
    world = _night(Faults())
    world.say(
        world.last_activity, "huleedu_llm_provider_service", "Circuit breaker open: anthropic"
    )
    report = await _report(world)
    assert report.facts["circuit_breaker_opened_at"] == world.last_activity
    assert "circuit breaker was open" in report.summary


def _waiting(seed: int) -> tuple[World, Around]:
    """A healthy backlog whose queue nobody reads."""
    first = next(n for n in range(seed, seed + EACH) if state_of(n) == "unread_backlog")
    return healthy(first)


async def test_a_backlog_that_moves_and_whose_queue_is_unread_is_not_called_lost() -> None:
    world, around = _waiting(0)
    assert world.now - min(one.sent for one in world.open if one.sent) > timedelta(minutes=15)
    finding = await _finding(world, "lost-callbacks", around)
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.LOW)
    assert "not decidable" in finding.why


async def test_a_backlog_that_moves_no_more_is_lost_also_where_its_queue_is_unread() -> None:
    world, around = _waiting(0)
    world.now += timedelta(minutes=16)
    finding = await _finding(world, "lost-callbacks", around)
    assert finding.severity is Severity.ERROR


async def test_rows_that_were_written_and_never_sent_are_lost() -> None:
    options = faulty_options(random.Random(3), then=False)
    written = next(at for at, step in life(World(3, **options)) if step == "rows")
    world = run(World(3, now=written, **options))
    assert {one.sent for one in world.comparisons} == {None}
    world.now += timedelta(minutes=14)
    quiet = await _report(world)
    assert "lost-callbacks" not in {one.rule for one in quiet.findings}
    world.now += timedelta(minutes=2)
    finding = await _finding(world, "lost-callbacks")
    assert finding.severity is Severity.ERROR
    assert "unanswered for 16 min" in finding.what


@pytest.mark.parametrize("then", [True, False])
async def test_a_batch_that_the_monitor_forced_says_so_and_accuses_nobody(then: bool) -> None:
    options = faulty_options(
        random.Random(8), then=then, stop="forced", mode="serial_bundle", wave=40, budget=40
    )
    short = Faults(forced_short=True)
    finding = await _finding(run(World(8, faults=short, **options)), "answers-missing")
    assert finding.severity is Severity.WARN
    assert "Forced recovery" in finding.what
    assert "monitor had waited" in finding.why


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("finished", "nothing that was read speaks against its result"),
        ("running", "no result yet, and nothing is wrong with it"),
        ("scoring", "no result yet, and nothing is wrong with it"),
        ("failed", "ended without a result"),
    ],
)
async def test_a_healthy_batch_s_first_line_says_whether_there_is_a_result(
    state: str, words: str
) -> None:
    seed = next(n for n in range(EACH) if state_of(n) == state)
    report = await _report(*healthy(seed))
    assert words in report.summary


async def test_a_result_that_a_mock_gave_is_no_result() -> None:
    world = _night(Faults())
    evidence = await collect_batch(
        sources_of(world, Around()), world.id, world.now, deadline=Deadline.after(10)
    )
    assert isinstance(evidence, BatchEvidence)
    mocked = replace(evidence, rows=replace(evidence.rows, models={"mock/mock-model": 40}))
    assert "answered by a mock" in batch_report.diagnose(mocked, world.now).summary
