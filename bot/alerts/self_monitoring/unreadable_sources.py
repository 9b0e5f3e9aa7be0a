"""Sources that cannot be read: one alert each, however many detectors read it; pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.alert import (
    SOURCE_UNREADABLE,
    UNREADABLE_SUBJECT,
    Alert,
    AlertState,
    Condition,
    Judgement,
    Sample,
    Sight,
)
from bot.domain.evidence import (
    CONTAINERS,
    DATABASE,
    HEALTH,
    QUEUE,
    RUNNERS,
    TOPIC,
    EvidenceLine,
    LogStore,
)
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words

UNREADABLE_SOURCE = "unreadable_source"
# What a source as a whole is called; a part of one, such as an Engine, is none of the settings.
NAMES = frozenset(
    {
        *(DATABASE, QUEUE, TOPIC, HEALTH, CONTAINERS, RUNNERS),
        *(store.source_name for store in LogStore),
    }
)


def without_sources(judgement: Judgement) -> Judgement:
    """Return a detector's judgement without its own words on what it cannot read."""
    if all(condition.subject != UNREADABLE_SUBJECT for condition in judgement.conditions):
        return judgement
    rest = tuple(one for one in judgement.conditions if one.subject != UNREADABLE_SUBJECT)
    return replace(judgement, conditions=rest)


def judge_sources(
    samples: Mapping[str, Sequence[Sample]],
    remembered: Sequence[Alert],
    *,
    certain: bool = True,
    configured: Collection[str] | None = None,
) -> Judgement:
    """Conclude which sources cannot be read from the newest sample of each detector.

    While it is not `certain` that all detectors looked, nothing counts as readable again.
    `configured` names the sources that there are, None where that is not known: one that was
    taken out of the settings is not readable again.
    """
    since = {
        alert.subject: alert.condition.since
        for alert in remembered
        if alert.state is not AlertState.RESOLVED
    }
    affected: dict[str, list[tuple[str, Sequence[Sample]]]] = {}
    for detector, some in samples.items():
        name = source_of(some[-1]) if some else ""
        if name:
            affected.setdefault(name, []).append((detector, some))
    conditions = tuple(_condition(name, who, since.get(name)) for name, who in affected.items())
    held = {} if certain else dict.fromkeys(since, "not every detector looked")
    closing = {
        name: f"{name} can be read again"
        if configured is None or name in configured or name not in NAMES
        else f"{name} is not configured any more"
        for name in since
    }
    return Judgement(Sight.CLEAR, conditions, closing=closing, held=held)


def unreadable_detectors(looks: Mapping[str, tuple[Sample, Judgement]]) -> dict[str, str]:
    """Return which detectors cannot judge now, each with the source that it lacks."""
    return {
        name: source_of(sample)
        for name, (sample, judgement) in looks.items()
        if judgement.sight is Sight.UNREADABLE and source_of(sample)
    }


def unread_sources(samples: Iterable[Sample]) -> dict[str, str]:
    """Return which sources the samples could not read, each with the reason."""
    return {
        source_of(one): one.unreadable.partition(":")[2].strip()
        for one in samples
        if source_of(one)
    }


def source_of(sample: Sample) -> str:
    """Return the name of the source that a sample could not read, empty when it could."""
    return sample.unreadable.partition(":")[0].strip()


NAMES_CHARS = 76


def _condition(
    name: str, affected: Sequence[tuple[str, Sequence[Sample]]], known: datetime | None
) -> Condition:
    since = min(_since(name, samples) for _, samples in affected)
    since = min(since, known) if known else since
    names = ", ".join(sorted(detector for detector, _ in affected))
    last = affected[0][1][-1]
    return Condition(
        subject=name,
        rule=SOURCE_UNREADABLE,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        title=words(
            f"{name} cannot be read",
            when(since, " since "),
            ", high confidence: alerts that rest on it neither open nor resolve. "
            "Next: batchbot doctor",
        ),
        since=since,
        known="unreadable",
        count=0,
        headline=f"{_called(name)} cannot be read: alerts that rest on it stand still",
        why=_blind(sorted(detector for detector, _ in affected)),
        evidence=(
            EvidenceLine(name, last.at, last.unreadable.partition(":")[2].strip()),
            EvidenceLine(name, None, f"blind or half blind meanwhile: {names}"),
        ),
        next=("Ask `batchbot doctor` on the bot's machine what to mend.",),
    )


def _blind(detectors: Sequence[str]) -> str:
    """Name the detectors that cannot judge, as many as fit; the evidence names all."""
    shown = [
        one for n, one in enumerate(detectors) if len(", ".join(detectors[: n + 1])) <= NAMES_CHARS
    ]
    more = f" and {len(detectors) - len(shown)} more" if len(detectors) > len(shown) else ""
    return f"Blind or half blind meanwhile: {', '.join(shown).replace('_', ' ')}{more}."


def _called(source: str) -> str:
    first, _, rest = source.replace("_", " ").partition(" ")
    told = first.upper() if first in ("cj", "llm") else first.capitalize()
    return f"{told} {rest}".rstrip()


def _since(name: str, samples: Sequence[Sample]) -> datetime:
    """Return when the newest run of samples began that could not read the source."""
    since = samples[-1].at
    for sample in reversed(samples):
        if source_of(sample) != name:
            break
        since = sample.at
    return since
