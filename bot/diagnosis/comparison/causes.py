"""Ids, reasons and thresholds that rules of traces, batches and detectors share; pure."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.batch.outbox import RELAY_TRIES
from bot.domain.report import Severity

# A comparison without an answer for longer than this is lost.
LOST_AFTER = timedelta(minutes=15)
# Fewer published callbacks that CJ did not take prove little, until they count as lost.
LEAST_UNTAKEN = 3
# An open batch in which nothing happens, one that scores, and a session that waits for another.
IDLE_AFTER = timedelta(minutes=15)
STUCK_AFTER = timedelta(minutes=10)
BLOCKED_AFTER = timedelta(minutes=1)
# The rule of what went wrong and is over.
PASSED = "passed"
# Failed comparisons are worth acting on from the first share, and an error from the second.
WARN_SHARE, ERROR_SHARE = 0.05, 0.20


# What a stray callback is not, for whoever suspects it.
STRAY_NOTES = (
    "A runner reads the topic from its earliest offset, older callbacks included; fixed upstream "
    "on 2025-11-30.",
    "serial_bundle's metadata is filled by the same code as per_request's.",
    "That CJ sent before it committed was suspected and never proved: rows are committed first.",
)


@dataclass(frozen=True, slots=True)
class Cause:
    """A known failure: its rule id, and why it happens."""

    rule: str
    why: str


FOREIGN_CALLBACK = Cause(
    rule="foreign-callback",
    why="A stray callback is not the bundles' fault: every runner on the topic reads other "
    "work's too.",
)
CALLBACK_METADATA_LOST = Cause(
    rule="callback-metadata-lost",
    why="The database knows the id, so the request had its metadata, and the LLM provider lost it "
    "on the way.",
)
LOST_CALLBACKS = Cause(
    rule="lost-callbacks",
    why="What was not sent, expired, evicted, not published or not taken gets no callback: its "
    "batch waits for hours.",
)
NOT_STORED = Cause(
    rule="callbacks-not-stored",
    why="CJ acknowledges a callback whatever becomes of it: Kafka gives it no second time.",
)
LOCAL_QUEUE = Cause(
    rule="local-queue",
    why="While Redis fails, the LLM provider keeps requests in its own memory: a restart loses "
    "them.",
)
EXPIRED_UNANSWERED = Cause(
    rule="expired-unanswered",
    why="The provider drops what waits longer than its time to live, and tells nobody.",
)
NO_LIFE_WHY = (
    "The provider gives its requests no time to live: Redis refuses that, and they expire at once."
)
NO_LIFE_STEP = "Set the LLM provider's QUEUE_REQUEST_TTL_HOURS above 0, then restart it."
CONSUMER_SILENT = Cause(
    rule="consumer-silent",
    why="Its consumer is down, or waits for an offset that the topic no longer has: then every "
    "service looks healthy.",
)
CONSUMER_STEPS = (
    "Look whether it runs: docker ps --filter name=cj_assessment_service",
    "Start or restart cj_assessment_service; what waits on the topic is taken then.",
)
CONSUMER_SKIPPED = Cause(
    rule=CONSUMER_SILENT.rule,
    why="It takes callbacks again, from a later place of the topic: what was published before that "
    "is read by no one.",
)
CONSUMER_HELD = Cause(
    rule=CONSUMER_SILENT.rule,
    why="It runs and is not done with the one it took: its database makes it wait, by a lock or by "
    "being away.",
)
HELD_STEPS = ("Look at the sessions of CJ's database, and whether it can be reached.",)
# What they say depends on how: bot/diagnosis/publishing/wording.py, evidence/submission.py.
UNPUBLISHED = Cause(rule="callbacks-unpublished", why="")
SUBMISSION_LOST = Cause(rule="submission-lost", why="")
DUPLICATE_CALLBACKS = Cause(
    rule="duplicate-callbacks",
    why="A bundle that fails after some answers were sent is handled again as a whole; the first "
    "answer stands.",
)
BATCH_IDLE = Cause(
    rule="batch-idle",
    why="Its essays or its pairs never came, and no sweep looks for that.",
)
WAITING_ON_MONITOR = Cause(
    rule="waiting-on-monitor",
    why="The monitor sweeps every five minutes and should go on with it; small ones waited for it "
    "until 2025-11-21.",
)
FINALISATION_STUCK = Cause(
    rule="finalisation-stuck",
    why="A finalisation that fails leaves the batch as if scoring still ran; no sweep looks at it.",
)
FINALISE_AGAIN = "Remove the cause, then have CJ finalise it again: all its answers are stored."
REPEATED_FINALISATION = Cause(
    rule="repeated-finalisation",
    why="A second run hit the primary key of the grades; the first run's result stands.",
)
OUTBOX_UNPUBLISHED = Cause(
    rule="outbox-unpublished",
    why=f"The relay sends every 5 s and gives up after {RELAY_TRIES} tries: who waits for it waits "
    "for ever.",
)
RELAY_STEP = "Look whether Kafka answers, and whether CJ's relay can write to it."
DATABASE_BLOCKED = Cause(
    rule="database-blocked",
    why="Row locks last until their transaction ends; one that nobody ends blocks for ever.",
)
ANSWERS_MISSING = "answers-missing"
BATCH_FAILED = Cause(
    rule="batch-failed",
    why="It has no grades, and the services try nothing more for it.",
)
BATCH_CANCELLED = "batch-cancelled"
ASK_WHO_CANCELLED = "Ask who cancelled it before running it again."
RUN_AGAIN = "Remove the cause, then run the batch again: it has no grades."
PROVIDER_FAILURES = Cause(
    rule="provider-failures",
    why="The model's provider did not answer, or what it answered could not be used.",
)
BUNDLE_COLLATERAL = Cause(
    rule="bundle-collateral",
    why="The first failure in a serial bundle throws all of it away.",
)


def failure_severity(failed: int, total: int) -> Severity:
    """Return how severe it is that `failed` of `total` comparisons, at least one, failed."""
    share = failed / total
    if share > ERROR_SHARE:
        return Severity.ERROR
    return Severity.WARN if share >= WARN_SHARE else Severity.INFO
