"""The rules of a batch: one pure function for each known failure; RULES holds them all.

May import what bot.diagnosis.batch may. To add one, write a function of the evidence and `now` that
returns a Finding or None, and name it in RULES; bot/diagnosis/README.md has the steps.
"""

from collections.abc import Callable
from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules import (
    asked_twice,
    callbacks,
    content,
    counters,
    early_finalisation,
    ended,
    failures,
    finalisation,
    left_queue,
    passed,
    rejected_callbacks,
    results,
    system_state,
    worth,
)
from bot.diagnosis.batch.rules.publishing import callbacks as unpublished
from bot.diagnosis.batch.rules.publishing import outbox
from bot.domain.report import Finding

RULES: tuple[Callable[[BatchEvidence, datetime], Finding | None], ...] = (
    callbacks.lost_callbacks,
    callbacks.duplicate_callbacks,
    content.content_missing,
    content.essays_moved,
    ended.batch_failed,
    ended.batch_cancelled,
    ended.answers_missing,
    asked_twice.asked_twice,
    ended.ended_as_planned,
    left_queue.orphaned_by_restart,
    left_queue.left_unanswered,
    left_queue.local_queue_lost,
    left_queue.expired_unanswered,
    counters.completion_overcounted,
    counters.counters_overwritten,
    counters.provider_clock_ahead,
    failures.provider_failures,
    failures.bundle_collateral,
    early_finalisation.early_finalisation,
    finalisation.repeated_finalisation,
    finalisation.finalisation_stuck,
    finalisation.waiting_on_monitor,
    finalisation.batch_idle,
    outbox.outbox_unpublished,
    passed.passed,
    unpublished.callbacks_unpublished,
    unpublished.consumer_silent,
    unpublished.submission_lost,
    rejected_callbacks.foreign_callback,
    rejected_callbacks.callback_metadata_lost,
    rejected_callbacks.callbacks_not_stored,
    results.errors_counted_as_done,
    results.position_bias,
    results.degenerate_scores,
    results.models_mixed,
    results.small_net_finalised,
    system_state.database_blocked,
    system_state.mode_mismatch,
    system_state.runner_schema_missing,
    system_state.runner_waiting,
    worth.answers_alike,
    worth.mock_mode,
    worth.no_grades,
    worth.set_by_hand,
)
