"""How rejected callbacks are worded: the alert's condition and its words."""

from collections.abc import Sequence

from bot.detectors._batches import sole
from bot.detectors._event_counts import EventCount
from bot.diagnosis.comparison.causes import FOREIGN_CALLBACK
from bot.domain.alert import Condition
from bot.domain.report import Confidence, Severity
from bot.domain.words import Id, Text, when, words
from bot.text.wording import many

WORDS = {
    "essay_a_id": ("lacks its essay identifiers", "lack their essay identifiers"),
    "prompt_sha256": ("lacks its prompt hash", "lack their prompt hash"),
    "request_id": ("lacks its request id", "lack their request id"),
    "json": ("is no JSON object", "are no JSON objects"),
    "correlation_id": ("matches no comparison", "match no comparison"),
}
# What every request has, so that a batch's own callback lost it on the way.
OWN_FIELDS = ("essay_a_id", "essay_b_id", "prompt_sha256")
NO_BATCH = "no batch"
# Of an alert's subject, where neither line nor callback names a mode; no reader is told so.
NO_MODE = "unknown mode"
LOOK = "Mend what sends them: their lines stand in the evidence."


def condition_of(counted: EventCount) -> Condition:
    """Return what is wrong with the callbacks of one field and mode."""
    field, _, mode = counted.subject.partition("/")
    of_mode = "" if mode == NO_MODE else f" ({mode})"
    owners = sorted({str(extra.get("owner")) for extra in counted.extras})
    correlation = next(
        (str(e["correlation_id"]) for e in counted.extras if e["correlation_id"]), ""
    )
    foreign = owners == [NO_BATCH]
    ours = field in OWN_FIELDS and any(one.startswith("batch ") for one in owners)
    step = f"/trace {correlation}" if correlation else LOOK
    return Condition(
        subject=counted.subject,
        rule=FOREIGN_CALLBACK.rule if foreign else "callback-rejected",
        severity=Severity.ERROR if ours else Severity.WARN,
        confidence=Confidence.HIGH if foreign or ours else Confidence.MEDIUM,
        title=words(
            f"Rejected callbacks{of_mode}: {_fault(field, counted.count)}",
            when(counted.first_at, ", since "),
            f"; {_owners_in_words(owners, counted.count)}. Next: {step}",
        ),
        since=counted.first_at,
        known=", ".join(owners),
        count=counted.fresh,
        headline=_headline(counted.count, correlation, foreign=foreign),
        lasts=False,
        why=FOREIGN_CALLBACK.why
        if foreign
        else "A rejected callback is acknowledged and lost; its comparison stays unanswered.",
        evidence=counted.examples,
        next=(step,),
        batch=sole({one.removeprefix("batch ") for one in owners if one.startswith("batch ")})
        if len(owners) == 1
        else "",
        correlation_id=correlation,
    )


def _fault(field: str, count: int) -> str:
    """Return what is wrong with that many callbacks, in the singular where it is one."""
    fault = WORDS.get(field, (f"fails on field {field}", f"fail on field {field}"))
    return many(count, "callback", fault)


def _owners_in_words(owners: Sequence[str], count: int) -> str:
    """Return whose the callbacks are, as a person would say it."""
    if list(owners) == [NO_BATCH]:
        return "it belongs to no batch here" if count == 1 else "they belong to no batch here"
    told = ["some of no batch here" if one == NO_BATCH else one for one in owners]
    batches = [f"of {one}" if one.startswith("batch ") else one for one in told]
    return ", ".join(batches)


def _headline(count: int, correlation: str, *, foreign: bool) -> Text:
    """Return what was rejected, by its id where it is one."""
    if count > 1:
        end = "they belong to no batch here" if foreign else "their comparisons stay unanswered"
        return f"{count} callbacks rejected: {end}"
    end = "it belongs to no batch here" if foreign else "its comparison stays unanswered"
    which = words(" ", Id(correlation)) if correlation else ""
    return words("Rejected callback", which, f": {end}")
