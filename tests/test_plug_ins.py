"""Every command, detector and rule by name: what is found by walking cannot vanish in silence."""

import ast
import importlib
import inspect
import pkgutil

from bot import diagnosis, registry
from bot.diagnosis.batch.rules import RULES as BATCH_RULES
from bot.diagnosis.queue.rules import RULES as QUEUE_RULES
from bot.diagnosis.queue.timeline import QueueVerdict
from bot.diagnosis.runner.rules import RULES as RUNNER_RULES
from bot.diagnosis.trace.rules import RULES as TRACE_RULES
from bot.domain.report import Finding
from tests.population.registry import rule_ids
from tests.support.paths import ROOT

COMMANDS = {"alerts", "batch", "changes", "help", "logs", "queue", "runner", "trace"}
DETECTORS = {
    "batch_failed",
    "batch_idle",
    "batch_slowing",
    "budget_unreachable",
    "callbacks_not_stored",
    "callbacks_unpublished",
    "consumer_silent",
    "container_gone",
    "content_missing",
    "database_blocked",
    "database_errors",
    "finalisation_stuck",
    "finalised_early",
    "further_queues",
    "local_queue",
    "lost_callbacks",
    "mock_answers",
    "outbox_growing",
    "outbox_unpublished",
    "provider_errors",
    "queue_expired",
    "queue_expiring",
    "queue_unanswered",
    "rejected_callbacks",
    "requests_refused",
    "retries_rising",
    "short_time_outs",
    "start_failed",
    "stuck_queue",
    "submissions_lost",
}
RULES = {
    "batch": {
        "answers_alike",
        "answers_missing",
        "asked_twice",
        "batch_cancelled",
        "batch_failed",
        "batch_idle",
        "bundle_collateral",
        "callback_metadata_lost",
        "callbacks_unpublished",
        "completion_overcounted",
        "consumer_silent",
        "content_missing",
        "counters_overwritten",
        "database_blocked",
        "degenerate_scores",
        "duplicate_callbacks",
        "early_finalisation",
        "essays_moved",
        "ended_as_planned",
        "errors_counted_as_done",
        "finalisation_stuck",
        "foreign_callback",
        "lost_callbacks",
        "mock_mode",
        "models_mixed",
        "no_grades",
        "mode_mismatch",
        "callbacks_not_stored",
        "expired_unanswered",
        "left_unanswered",
        "local_queue_lost",
        "orphaned_by_restart",
        "outbox_unpublished",
        "passed",
        "position_bias",
        "provider_clock_ahead",
        "provider_failures",
        "repeated_finalisation",
        "runner_schema_missing",
        "runner_waiting",
        "set_by_hand",
        "small_net_finalised",
        "submission_lost",
        "waiting_on_monitor",
    },
    "queue": {
        "head_of_line_blocked",
        "idle_worker",
        "leaked_item",
        "orphaned_item",
        "poison_item",
        "queue_frozen",
        "queue_not_draining",
        "worker_hung",
    },
    "runner": {"schema_missing", "waiting"},
    "trace": {
        "answer_not_stored",
        "bundle_collateral",
        "callback_metadata_lost",
        "callback_unpublished",
        "duplicate_callback",
        "foreign_callback",
        "left_unanswered",
        "lost_callback",
        "lost_in_the_queue",
        "provider_failure",
        "submission_lost",
    },
}


def test_no_command_vanishes() -> None:
    assert set(registry.commands()) == COMMANDS


def test_no_detector_vanishes() -> None:
    assert set(registry.detectors()) == DETECTORS


FOUND = {
    "batch": BATCH_RULES,
    "queue": QUEUE_RULES,
    "runner": RUNNER_RULES,
    "trace": TRACE_RULES,
}


def test_no_rule_vanishes() -> None:
    assert {room: {rule.__name__ for rule in rules} for room, rules in FOUND.items()} == RULES


def test_a_function_that_judges_is_a_rule_of_its_room() -> None:
    written: set[object] = {
        function
        for info in pkgutil.walk_packages(diagnosis.__path__, "bot.diagnosis.")
        if "rule" in info.name
        for name, function in inspect.getmembers(
            importlib.import_module(info.name), inspect.isfunction
        )
        if not name.startswith("_")
        and inspect.signature(function).return_annotation in (Finding | None, QueueVerdict | None)
    }
    assert written == {rule for rules in FOUND.values() for rule in rules}


def test_a_rule_id_is_written_once() -> None:
    """Who speaks of a rule imports its id, so that two rooms never mean two things by it."""
    places: dict[str, set[str]] = {rule: set() for rule in rule_ids()}
    for folder in ("bot/diagnosis", "bot/detectors", "bot/alerts", "commands"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and node.value in places:
                    places[node.value].add(path.relative_to(ROOT).as_posix())
    assert {rule: where for rule, where in places.items() if len(where) != 1} == {}
