"""Words the alert of a failing model provider: what it answered, for whom, and what to do; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.detectors._batches import HEADLINE_CHARS, MOST_LISTED, place_told, sole
from bot.detectors._provider_causes import batches_hit, causes_of
from bot.detectors._refusals import RefusalRun
from bot.diagnosis.comparison.causes import PROVIDER_FAILURES
from bot.diagnosis.comparison.failure_advice import answer_told, remedy_of
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures
from bot.domain.alert import Condition, Sample
from bot.domain.evidence import LOGS, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Text, when, words
from bot.text.wording import many

PROVIDER = "llm_provider"
KEPT = 2
_AS_ONE = "A serial bundle fails as one."
_NO_CAUSE = "The lines that were read name no cause."
_MOCK_STEP = "Turn mock mode off in the LLM provider service: no model answers meanwhile."


@dataclass(frozen=True, slots=True)
class Outbreak:
    """Failures of the model's provider over `samples`: how many, and what is wrong besides.

    `of_it` are the samples since it began: an earlier outbreak had its own causes and batches.
    """

    samples: Sequence[Sample]
    failed: int
    done: int
    given_up: int
    since: datetime
    circuit_open: bool = False
    mock_mode: bool = False
    of_it: Sequence[Sample] = ()

    @property
    def share(self) -> float:
        """The failures' part of all answers."""
        return self.failed / max(1, self.failed + self.done)


def provider_condition(
    outbreak: Outbreak, severity: Severity, confidence: Confidence, now: datetime
) -> Condition:
    """Return the alert of an outbreak."""
    told = outbreak.of_it or outbreak.samples
    causes = causes_of(told)
    batches = batches_hit(told, *(one.reason for one in causes))
    named = batches if _all_joined(told, causes) else ()
    place, breaker = place_told(named), _breaker(outbreak)
    mock = "; MOCK MODE, no model answers" if outbreak.mock_mode else ""
    whose = {one: _whose(told, one) for one in causes}
    apart = whose if len({*whose.values()}) > 1 else {}
    why = " and ".join(f"{one.what}{apart.get(one, '')}" for one in causes)
    why = f": {why}" if causes else ""
    reasons = " ".join(sorted(one.reason.value for one in causes))
    recent = outbreak.samples
    return Condition(
        subject=PROVIDER,
        rule=PROVIDER_FAILURES.rule,
        severity=severity,
        confidence=confidence,
        title=words(
            f"Model provider fails{place_told(named, most=MOST_LISTED)}",
            when(outbreak.since, " since "),
            f"{why}{breaker}{mock}, {confidence.value} confidence. Next: /queue",
        ),
        since=outbreak.since,
        known=f"failing{breaker}{mock} {reasons}".rstrip(),
        count=failed_in(recent[-1:]) if recent[-1].at == now else 0,
        headline=_headline(place, outbreak, causes),
        why=_why(causes),
        evidence=(
            EvidenceLine(LOGS, now, _counted(outbreak)),
            *(EvidenceLine(LOGS, one.last_at, f"{answer_told(one)}{whose[one]}") for one in causes),
            *_examples(recent),
        ),
        next=(*_steps(outbreak, causes, batches), "/queue"),
        batch=sole(named),
        reasons=tuple(sorted(one.reason.value for one in causes)),
    )


def _all_joined(samples: Sequence[Sample], causes: Sequence[Failures]) -> bool:
    """Say whether the batches of each cause are known: beside one that is not, none is named."""
    return all(batches_hit(samples, one.reason) for one in causes)


def _whose(samples: Sequence[Sample], cause: Failures) -> str:
    """Return in which batches requests failed for a cause, as words that follow it."""
    return place_told(batches_hit(samples, cause.reason), "in", MOST_LISTED)


def refusal_subject(reason: FailureReason) -> str:
    """Return the subject of an alert on what refuses every request."""
    return f"{PROVIDER}_{reason.value}"


def refusal_condition(run: RefusalRun, samples: Sequence[Sample], now: datetime) -> Condition:
    """Return the alert of a reason for which every request is refused."""
    batches = batches_hit(samples, run.reason)
    place, count = place_told(batches), many(len(run.ids), "request")
    failure = Failures(run.reason, status=run.status, first_at=run.first_at, last_at=run.last_at)
    others = [one for one in causes_of(samples) if one.reason is not run.reason]
    besides = [one for one in others if _is_theirs(batches_hit(samples, one.reason), batches)]
    remedies = dict.fromkeys(remedy_of(one) for one in (failure, *besides))
    why = " and ".join(one.what for one in (failure, *besides))
    looks = (f"/batch investigate {batch}" for batch in batches[:KEPT])
    # Without a status of its own it may never have been asked: there was no key to ask it with.
    all_, each = ("refuses all", "refuses every") if run.status else ("answers none", "answers no")
    headline = f"Model provider {all_}{place}: {failure.short}"
    also = "".join(f", also {one.short}" for one in besides[:1])
    return Condition(
        subject=refusal_subject(run.reason),
        rule=PROVIDER_FAILURES.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"Model provider {each} request{place}",
            when(run.first_at, " since "),
            f": {why}, high confidence. Next: /logs llm_provider error",
        ),
        since=run.first_at,
        known=f"refused {run.reason.value}",
        count=failed_in(samples[-1:]) if samples and samples[-1].at == now else 0,
        headline=headline + also if len(headline + also) <= HEADLINE_CHARS else headline,
        why=failure.words.why,
        evidence=(
            EvidenceLine(LOGS, run.last_at, f"{count} refused in a row, and none answered"),
            *(
                EvidenceLine(LOGS, one.last_at, f"{answer_told(one)}{_whose(samples, one)}")
                for one in others
                if one not in besides
            ),
            *_examples(samples),
        ),
        next=(*remedies, *looks, "/logs llm_provider error --since 30m --level error"),
        batch=sole(batches),
        reasons=(run.reason.value,),
    )


def _is_theirs(hit: Sequence[str], batches: Sequence[str]) -> bool:
    """Say whether what hit some batches hit none but these."""
    return bool(hit) == bool(batches) and set(hit) <= set(batches)


def failed_in(samples: Sequence[Sample]) -> int:
    """Return the real failures: a bundle counts as one, whatever its items log."""
    return summed(samples, "failures") or summed(samples, "items")


def summed(samples: Sequence[Sample], name: str) -> int:
    """Return what the samples counted under a name, together."""
    return sum(int(one.data.get(name) or 0) for one in samples)


def _breaker(outbreak: Outbreak) -> str:
    return "; its circuit breaker is open" if outbreak.circuit_open else ""


def _headline(place: str, outbreak: Outbreak, causes: Sequence[Failures]) -> str:
    """Return what fails, for whom and why, then whatever else has room."""
    alone = not causes
    share = f"{outbreak.share:.0%} of its answers are errors" if alone else f"{outbreak.share:.0%}"
    told = [causes[0].short] if causes else []
    told += ["its circuit breaker is open" if alone else "circuit open"] * outbreak.circuit_open
    told += ["mock mode"] * outbreak.mock_mode
    told += [f"also {one.short}" for one in causes[1:2]]
    told += [share if alone else f"{share} errors"] * bool(outbreak.failed)
    line = f"Model provider fails{place}: {told[0]}" if told else f"Model provider fails{place}"
    for more in told[1:]:
        line = f"{line}, {more}" if len(line) + len(more) + 2 <= HEADLINE_CHARS else line
    return line


def _why(causes: Sequence[Failures]) -> str:
    if not causes:
        return f"{PROVIDER_FAILURES.why} {_NO_CAUSE}"
    others = len(causes) - 1
    return f"{causes[0].words.why} {_AS_ONE}" if not others else (
        f"{causes[0].words.why} {many(others, 'other cause')} too."
    )  # fmt: skip


def _counted(outbreak: Outbreak) -> str:
    given_up = outbreak.given_up
    told = many(outbreak.failed, "real failure")
    told += f" against {many(outbreak.done, 'answer')} ({outbreak.share:.0%})"
    return f"{told}, {many(given_up, 'request')} given up" if given_up else told


def _steps(
    outbreak: Outbreak, causes: Sequence[Failures], batches: Sequence[str]
) -> tuple[Text, ...]:
    """Return what to do for each cause, and the batches to look into."""
    mock = (_MOCK_STEP,) if outbreak.mock_mode else ()
    remedies = dict.fromkeys(remedy_of(one) for one in causes)
    looks = (f"/batch investigate {batch}" for batch in batches[:KEPT])
    return (*mock, *remedies, *looks)


def _examples(samples: Sequence[Sample]) -> tuple[EvidenceLine, ...]:
    found: list[Mapping[str, Any]] = [e for one in samples for e in one.data.get("examples") or ()]
    return tuple(
        EvidenceLine(e["source"], datetime.fromisoformat(e["at"]) if e["at"] else None, e["text"])
        for e in found[-KEPT:]
    )
