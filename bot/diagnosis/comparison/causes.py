"""What the rules of a trace and of a batch share: rule ids, reasons and thresholds; pure."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.report import Severity

# A comparison without an answer for longer than this is lost.
LOST_AFTER = timedelta(minutes=15)
# Failed comparisons are worth acting on from the first share, and an error from the second.
WARN_SHARE, ERROR_SHARE = 0.05, 0.20


@dataclass(frozen=True, slots=True)
class Cause:
    """A known failure: its rule id, and why it happens."""

    rule: str
    why: str


FOREIGN_CALLBACK = Cause(
    rule="foreign-callback",
    why="The callback topic is shared and kept: a runner reads it from the earliest offset, "
    "callbacks of other and older requests included, and took one without a batch hint for"
    " its own (fixed upstream on 2025-11-30). It is not a fault of serial_bundle, whose "
    "metadata is filled by the same code as per_request's. That CJ sent before it "
    "committed was suspected and never proved: its rows are committed first.",
)
CALLBACK_METADATA_LOST = Cause(
    rule="callback-metadata-lost",
    why="The database owns the correlation id, so the request was sent with its metadata and "
    "lost it on the way through the LLM provider service.",
)
LOST_CALLBACKS = Cause(
    rule="lost-callbacks",
    why="An expired request, a failed publish or a consumer without a valid offset all end "
    "without a callback, and the batch waits for hours.",
)
CONSUMER_SILENT = Cause(
    rule="consumer-silent",
    why="Its consumer is down, or waits for an offset that the topic no longer has: then every "
    "service looks healthy.",
)
CONSUMER_STEPS = (
    "Look whether it runs: docker ps --filter name=cj_assessment_service",
    "Start or restart cj_assessment_service; what waits on the topic is taken then.",
)
# What they say depends on how: bot/diagnosis/publishing/wording.py, comparison/submission.py.
UNPUBLISHED = Cause(rule="callbacks-unpublished", why="")
SUBMISSION_LOST = Cause(rule="submission-lost", why="")
DUPLICATE_CALLBACKS = Cause(
    rule="duplicate-callbacks",
    why="A bundle that fails after some of its answers were sent is handled again as a whole, "
    "and the model is asked again. The first answer stands.",
)
BATCH_FAILED = Cause(
    rule="batch-failed",
    why="It has no grades, and the services try nothing more for it.",
)
PROVIDER_FAILURES = Cause(
    rule="provider-failures",
    why="The model's provider did not answer, or what it answered could not be used.",
)
BUNDLE_COLLATERAL = Cause(
    rule="bundle-collateral",
    why="A serial bundle is worked off one by one; the first failure throws all of it away.",
)


def failure_severity(failed: int, total: int) -> Severity:
    """Return how severe it is that `failed` of `total` comparisons, at least one, failed."""
    share = failed / total
    if share >= ERROR_SHARE:
        return Severity.ERROR
    return Severity.WARN if share >= WARN_SHARE else Severity.INFO
