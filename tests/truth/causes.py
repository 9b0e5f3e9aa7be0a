"""What counts as naming a cause: rule ids, or phrases in the bot's own words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# A day's truth words its causes freely; each word here stands for one of them.
CAUSES: Mapping[str, tuple[str, ...]] = {
    "too long": ("too long",),
    "prompt missing": ("without the assignment's prompt", "prompt is missing"),
    "model unknown": ("model unknown",),
    "invalid response": ("unusable",),
    "assignment refused": ("refused",),
    "expired": ("expired",),
    "deleted": ("left the queue", "unanswered"),
    "content": ("content", "without content", "failed to prepare"),
    "rate limit": ("rate limit", "429", "too many requests"),
    "overload": ("overload", "529"),
    "connection": ("connection loss", "connection", "disconnected", "connections lost"),
    "orphan": ("orphaned-item", "orphan", "no worker holds", "nobody holds", "left the queue"),
    "bundle": ("bundle-collateral", "bundle"),
    "time-out": ("time-out", "timeout", "timed out"),
    "timeout": ("time-out", "timeout", "timed out"),
    "kafka": ("kafka", "callbacks-unpublished"),
    "publish": ("callbacks-unpublished", "not published", "could not be published"),
    "consumer": ("consumer-silent", "does not take", "takes no callbacks", "consum"),
    "finalis": ("finalisation-stuck", "finalisation", "finalis"),
    "finaliz": ("finalisation-stuck", "finalisation", "finalis"),
    "early": ("early-finalisation", "too early", "early"),
    "flush": ("left the queue", "unanswered", "queue-lost", "not accounted for"),
    "monitor": ("monitor", "gave up", "timed out", "time-out"),
    "submission": ("submission", "never sent", "never queued", "not submitted"),
    "outbox": ("outbox-unpublished", "outbox"),
    "relay": ("outbox-unpublished", "outbox"),
    "credit": ("credit", "billing"),
    "key": ("api key", "key was refused", "authentication"),
    "mock": ("mock",),
    "duplicate": ("duplicate",),
    "read-only": ("read-only", "takes no writes"),
    "parsing": ("unusable",),
}
# What a day says would be false: rules, and words of a finding's `what`, that would claim it.
CLAIMS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "duplicate": (("duplicate-callbacks",), ()),
    "premature end": (("early-finalisation", "small-net-finalised"), ()),
    "budget not used": ((), ("budget was not used", "budget not used")),
    "loss": (("lost-callbacks", "answers-missing"), ()),
    "degenerate": (("degenerate-scores",), ()),
    "llm provider": (("provider-failures", "bundle-collateral"), ()),
    "kafka": (("callbacks-unpublished",), ("kafka",)),
    "silent queue loop": (("queue-frozen", "worker-hung", "queue-not-draining"), ()),
    "poison item": (("poison-item",), ("poison",)),
    "serial bundle": (("bundle-collateral",), ("serial bundle",)),
    "cause unknown": ((), ("cause unknown", "no cause found", "no cause recorded", "not recorded")),
    "provider still failing": ((), ("still fail", "provider fails")),
    "open circuit": ((), ("circuit", "breaker")),
    "cj bug": ((), ("cj bug", "cj fault")),
    "orphan": (("orphaned-item",), ("orphan",)),
    "fault of queue": (
        ("orphaned-item", "worker-hung", "queue-frozen", "left-unanswered", "lost-callbacks"),
        (),
    ),
    "expire": (("expired-unanswered",), ("expired",)),
    "flush": (("left-unanswered",), ()),
    "lost callback": (("lost-callbacks",), ()),
    "too few essays by design": (("ended-as-planned",), ()),
    "stray callback": (("foreign-callback",), ()),
    "unique violation": ((), ("unique", "already there")),
    "cancelled": (("batch-cancelled",), ("cancelled",)),
    "lost submission": (("submission-lost",), ()),
}
_DENIED = re.compile(r"\b(not|never|without|don't|no|before|instead of|lose)\b")
DENIED_WITHIN = 24  # characters before a phrase in which a word may deny it
RANK = {"info": 0, "warn": 1, "error": 2}


def spoken(report: Mapping[str, Any], least: str = "info") -> str:
    """Return what the bot says in its own words, in lower case; quoted evidence is not its own."""
    texts = [*_texts(report.get("headline", "")), *_texts(report.get("summary", ""))]
    for finding in report.get("findings", ()):
        if RANK.get(finding["severity"], 0) >= RANK[least]:
            for part in ("rule", "cause", "what", "why", "next"):
                texts += _texts(finding.get(part, ""))
    for hypothesis in report.get("facts", {}).get("hypotheses", ()):
        if hypothesis.get("state") == "supported":
            texts += _texts(hypothesis)
    return " ".join(texts).casefold()


def is_claimed(report: Mapping[str, Any], claim: str) -> bool | None:
    """Say whether a report claims what would be false; None for a claim that is not known here.

    "any error" and "any warn" are claimed by a finding so severe, "ok" by the verdict.
    """
    if claim == "ok":
        return bool(report["verdict"] == "ok")
    if claim in ("any error", "any warn", "any warn or error"):
        least = RANK["error"] if claim == "any error" else RANK["warn"]
        return any(RANK.get(one["severity"], 0) >= least for one in report.get("findings", ()))
    # That something comes once Kafka is back claims nothing of who is at fault.
    given = claim.partition("when kafka")[0]
    known = [rest for phrase, rest in CLAIMS.items() if phrase in given]
    if not known:
        return None
    groups = [{"rules": rules, "words": words} for rules, words in known]
    return any(accusation(report, group) for group in groups)


def is_named(report: Mapping[str, Any], cause: str) -> bool | None:
    """Say whether a cause is named; None for a cause that is not known here."""
    word = cause.casefold().strip().replace("_", " ")
    text = spoken(report)
    for key, phrases in CAUSES.items():
        if key in word or word in phrases:
            return any(phrase in text for phrase in phrases)
    return True if word in text else None


def is_group_named(report: Mapping[str, Any], group: Mapping[str, Any]) -> bool:
    """Say whether one of a group's rules is there, or one phrase of each of its lists."""
    least = group.get("min_severity", "info")
    rules = set(group.get("rules", ()))
    for finding in report.get("findings", ()):
        weighty = RANK.get(finding["severity"], 0) >= RANK[least]
        if weighty and rules & {finding["rule"], finding.get("cause", "")}:
            return True
    text = spoken(report, least)
    lists: Sequence[Sequence[str]] = group.get("words", ())
    return bool(lists) and all(any(word.casefold() in text for word in one) for one in lists)


def accusation(report: Mapping[str, Any], group: Mapping[str, Any]) -> str:
    """Return the finding that says what would be false, or ""."""
    least = RANK[group.get("min_severity", "warn")]
    for finding in report.get("findings", ()):
        if RANK.get(finding["severity"], 0) < least:
            continue
        if finding["rule"] in group.get("rules", ()):
            return str(finding["rule"])
        what = " ".join(_texts(finding.get("what", ""))).casefold()
        for word in group.get("words", ()):
            if re.search(rf"(?<!no )(?<!not ){re.escape(word.casefold())}(?!\d)", what):
                return f"{finding['rule']}: {word}"
    return ""


def advice(report: Mapping[str, Any], phrase: str) -> str:
    """Return the rule of a finding that gives an advice which would do harm, or ""."""
    for finding in report.get("findings", ()):
        for step in _texts(finding.get("next", ())):
            for match in re.finditer(re.escape(phrase.casefold()), step.casefold()):
                if not _is_denied(step.casefold(), match.start()):
                    return str(finding["rule"])
    return ""


def steps_of(finding: Mapping[str, Any]) -> list[str]:
    """Return a finding's advice, a step each."""
    return _texts(finding.get("next", ()))


def is_met(pattern: str, finding: Mapping[str, Any]) -> bool:
    """Say whether a finding meets a pattern: its rule and its words, as a person reads them."""
    words = " ".join(_texts(finding.get("what", "")))
    return re.search(pattern, f"{finding['rule']}: {words}") is not None


def is_said(report: Mapping[str, Any], pattern: str) -> bool:
    """Say whether a pattern stands anywhere in the findings, their evidence included."""
    return any(
        re.search(pattern, text, re.IGNORECASE)
        for finding in report.get("findings", ())
        for text in _texts(finding)
    )


def claimed_by(report: Mapping[str, Any], pattern: str) -> str:
    """Return the rule of a warn or an error whose sentence says a pattern and does not deny it."""
    for finding in report.get("findings", ()):
        if RANK.get(finding["severity"], 0) >= RANK["warn"]:
            what = " ".join(_texts(finding.get("what", ""))).casefold()
            for match in re.finditer(pattern, what, re.IGNORECASE):
                if not _is_denied(what, match.start()):
                    return str(finding["rule"])
    return ""


def said_of(report: Mapping[str, Any], pattern: str) -> str:
    """Return the rule of a finding that says a pattern, advice included, without denying it."""
    for finding in report.get("findings", ()):
        for part in ("what", "why", "next"):
            for text in _texts(finding.get(part, ())):
                for match in re.finditer(pattern, text, re.IGNORECASE):
                    if not _is_denied(text.casefold(), match.start()):
                        return str(finding["rule"])
    return ""


def _is_denied(text: str, at: int) -> bool:
    return _DENIED.search(text[max(0, at - DENIED_WITHIN) : at]) is not None


def _texts(value: Any) -> list[str]:
    return list(_leaves(value))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)
