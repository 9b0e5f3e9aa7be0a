"""Sources that cannot be read: one alert each, however many detectors read it; pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

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
from bot.domain.followed import NEEDED, log_name, silent_since
from bot.domain.report import Confidence, Severity
from bot.domain.words import Time, when, words

UNREADABLE_SOURCE = "unreadable_source"
# A service that starts together with the bot writes within a few looks.
LOOKED_FOR = timedelta(minutes=1)
# The log of one service is a part of what the logs are read from.
PARTS = frozenset(log_name(role) for role in NEEDED)
STORES = frozenset(store.source_name for store in LogStore)
# What a source as a whole is called; a part of one, such as an Engine, is none of the settings.
NAMES = frozenset(
    {
        *(DATABASE, QUEUE, TOPIC, HEALTH, CONTAINERS, RUNNERS),
        *STORES,
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
    conditions = tuple(
        _silent(name, who) if _silence(who) else _condition(name, who, since.get(name))
        for name, who in affected.items()
        if name in since or _is_seen(name, who)
    )
    held = dict.fromkeys(PARTS & since.keys(), "no log is read") if STORES & affected.keys() else {}
    held |= {} if certain else dict.fromkeys(since, "not every detector looked")
    closing = {name: _closing(name, configured) for name in since}
    return Judgement(Sight.CLEAR, conditions, closing=closing, held=held)


def _closing(name: str, configured: Collection[str] | None) -> str:
    if name in PARTS:
        return f"{_called(name)}: lines come again"
    if configured is None or name in configured or name not in NAMES:
        return f"{name} can be read again"
    return f"{name} is not configured any more"


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
_Affected = Sequence[tuple[str, Sequence[Sample]]]


def _condition(name: str, affected: _Affected, known: datetime | None) -> Condition:
    since = min(_since(name, samples) for _, samples in affected)
    since = min(since, known) if known else since
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
            EvidenceLine(name, None, f"blind or half blind meanwhile: {_names(affected)}"),
        ),
        next=("Ask `batchbot doctor` on the bot's machine what to mend.",),
    )


def _silence(affected: _Affected) -> datetime | None:
    """Return since when a source brings no line; None where it lacks for another reason."""
    return silent_since(_newest(affected).unreadable)


def _is_seen(name: str, affected: _Affected) -> bool:
    """Say whether a silent log was looked at for a while; of another source each look counts."""
    if _silence(affected) is None:
        return True
    first = min(_since(name, samples) for _, samples in affected)
    return _newest(affected).at - first >= LOOKED_FOR


def _newest(affected: _Affected) -> Sample:
    return max((samples[-1] for _, samples in affected), key=lambda one: one.at)


def _silent(name: str, affected: _Affected) -> Condition:
    """Return that a log brings no line any more, so that nothing rests on its silence."""
    last, since = _newest(affected), _silence(affected)
    assert since is not None  # noqa: S101 - it was asked before
    called = _called(name)
    return Condition(
        subject=name,
        rule=SOURCE_UNREADABLE,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        title=words(
            f"{called}: no line",
            Time(since, " since "),
            ", high confidence: alerts that rest on it neither open nor resolve. "
            "Next: look whether the service runs, and whether its lines still arrive",
        ),
        since=since,
        known="silent",
        count=0,
        headline=f"{called}: no line comes; alerts that rest on it stand still",
        why=_blind(sorted(detector for detector, _ in affected)),
        evidence=(
            EvidenceLine(name, last.at, words("no line", Time(since, " since "))),
            EvidenceLine(name, None, f"blind or half blind meanwhile: {_names(affected)}"),
        ),
        next=(
            "Look whether the service runs: one that idles writes every few minutes.",
            "Look whether its log is written to where the bot reads it: `batchbot doctor`.",
        ),
    )


def _names(affected: _Affected) -> str:
    return ", ".join(sorted(detector for detector, _ in affected))


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
