"""Every command, detector and rule by name: what is found by walking cannot vanish in silence."""

from bot import registry
from bot.diagnosis.batch.report import all_rules
from bot.diagnosis.queue.rules import RULES as QUEUE_RULES
from bot.diagnosis.trace.rules import RULES as TRACE_RULES

COMMANDS = {"alerts", "batch", "help", "logs", "queue", "runner", "trace"}
DETECTORS = {
    "batch_idle",
    "callbacks_unpublished",
    "consumer_silent",
    "container_gone",
    "database_blocked",
    "database_errors",
    "finalisation_stuck",
    "further_queues",
    "lost_callbacks",
    "outbox_unpublished",
    "provider_errors",
    "rejected_callbacks",
    "stuck_queue",
}
RULES = {
    "batch": {
        "bundle_collateral",
        "callback_metadata_lost",
        "completion_overcounted",
        "counters_overwritten",
        "database_blocked",
        "degenerate_scores",
        "duplicate_callbacks",
        "early_finalisation",
        "errors_counted_as_done",
        "finalisation_stuck",
        "foreign_callback",
        "lost_callbacks",
        "mode_mismatch",
        "outbox_unpublished",
        "position_bias",
        "provider_failures",
        "repeated_finalisation",
        "runner_schema_missing",
        "runner_waiting",
        "small_net_finalised",
        "waiting_on_monitor",
    },
    "queue": {
        "head_of_line_blocked",
        "leaked_item",
        "orphaned_item",
        "poison_item",
        "queue_frozen",
        "queue_not_draining",
        "worker_hung",
    },
    "trace": {
        "bundle_collateral",
        "callback_metadata_lost",
        "duplicate_callback",
        "foreign_callback",
        "lost_callback",
        "provider_failure",
    },
}


def test_no_command_vanishes() -> None:
    assert set(registry.commands()) == COMMANDS


def test_no_detector_vanishes() -> None:
    assert set(registry.detectors()) == DETECTORS


def test_no_rule_vanishes() -> None:
    found = {"batch": all_rules(), "queue": QUEUE_RULES, "trace": TRACE_RULES}
    assert {room: {rule.__name__ for rule in rules} for room, rules in found.items()} == RULES
