"""Rules on what is around a batch: database sessions, services' settings, its own runner."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.comparison.causes import BLOCKED_AFTER, DATABASE_BLOCKED
from bot.diagnosis.comparison.queue_fate.lines import STARTED
from bot.diagnosis.runner.log_events import RUN_TEXTS, ObservedRunner, observed
from bot.diagnosis.runner.rules import schema_missing, waiting
from bot.domain.batch import BlockedSession, lock_waits
from bot.domain.batch.modes import MODE_WORDS, SYNONYMS
from bot.domain.evidence import CONTAINERS, SESSIONS, EvidenceLine, Missing
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.service_state import ContainerState
from bot.domain.words import Span, Text, joined, words
from bot.text.wording import many

MODE_MISMATCH = "mode-mismatch"
CJ_KEY, PROVIDER_KEY = "LLM_BATCHING_MODE", "QUEUE_PROCESSING_MODE"
CJ_FIELDS = ("effective_llm_batching_mode", "llm_batching_mode")
PROVIDER_FIELDS = ("queue_processing_mode",)
NOT_SET = "(empty)"


def database_blocked(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """A session of the CJ database waits for a lock that another one holds."""
    sessions = evidence.system.sessions
    if isinstance(sessions, Missing):
        return None
    waits, roots = lock_waits(sessions, BLOCKED_AFTER.total_seconds())
    if not waits:
        return None
    concerned = {*roots, *(one.pid for one in waits)}
    held = [one for one in sessions if one.pid in concerned]
    pid = roots[0]
    return Finding(
        rule=DATABASE_BLOCKED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"{many(len(waits), 'session')} of the CJ database held up by locks that pid "
        f"{', '.join(map(str, roots[:3]))} holds.",
        why=f"{DATABASE_BLOCKED.why} Seen now, not then.",
        evidence=tuple(_session(one) for one in held[:5]),
        next=(
            f"Find who owns pid {pid} (its application is named above) before ending anything.",
            f"To end it by hand, as its owner: SELECT pg_terminate_backend({pid}); it rolls back.",
        ),
    )


def mode_mismatch(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """CJ and the LLM provider are set to different batching modes."""
    settings = evidence.system.containers
    known = [] if isinstance(settings, Missing) else [o for o in settings if _ran(o, evidence)]
    cj, provider = _setting(known, CJ_KEY), _setting(known, PROVIDER_KEY)
    sure = cj is not None and provider is not None
    asked = cj or _recorded(evidence)
    worked = provider or _logged(_of_its_time(evidence), PROVIDER_FIELDS)
    if not asked or not worked or _same(str(asked.text), str(worked.text)):
        return None
    modes = [_mode_words(line.text) for line in (asked, worked)]
    return Finding(
        rule=MODE_MISMATCH,
        severity=Severity.INFO,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        what=words("CJ is set to ", modes[0], " and the LLM provider to ", modes[1], "."),
        why="The LLM provider's setting decides how requests are worked off; CJ's is a label and "
        "a key to bundles.",
        evidence=(asked, worked),
        next=("Set both services' batching mode, or read this batch by the LLM provider's.",),
    )


def _ran(container: ContainerState, evidence: BatchEvidence) -> bool:
    """Say whether a container, with its settings of now, is the one that the batch began under."""
    begun = evidence.pairs.first_submitted_at or evidence.header.created_at
    return container.started_at is not None and container.started_at <= begun


def _session(one: BlockedSession) -> EvidenceLine:
    parts: list[Text] = [f"pid {one.pid}", one.state or "state hidden", words("for ", _age(one))]
    parts += [f"waits on {one.wait}"] if one.wait else []
    parts += [f"for {one.relation}"] if one.relation else []
    parts += [f"blocked by {', '.join(map(str, one.blocked_by))}"] if one.blocked_by else []
    parts += [f"application {one.application}"] if one.application else []
    return EvidenceLine(SESSIONS, None, joined(", ", parts))


def _age(one: BlockedSession) -> Text:
    return words(Span(timedelta(seconds=one.age_seconds)))


def _setting(containers: Iterable[ContainerState], key: str) -> EvidenceLine | None:
    """The newest running container's setting; containers come newest first.

    One that ended speaks only where no other of its service runs.
    """
    known = tuple(containers)
    running = {one.service for one in known if one.state == "running"}
    found = [
        (one.state != "running", one, name, value)
        for one in known
        if one.state == "running" or one.service not in running
        for name, value in one.modes.items()
        if name.endswith(key)
    ]
    if not found:
        return None
    _, one, name, value = min(found, key=lambda row: row[0])
    return EvidenceLine(CONTAINERS, one.started_at, f"{one.container}: {name}={value or NOT_SET}")


def _recorded(evidence: BatchEvidence) -> EvidenceLine | None:
    mode = evidence.header.batching_mode
    if mode:
        return evidence.line(f"batching mode={mode}")
    return _logged(evidence.events, CJ_FIELDS, Role.CJ)


def _of_its_time(evidence: BatchEvidence) -> Iterator[LogEvent]:
    """Yield the events between a batch's begin and its last sign: the mode may change after it."""
    header, pairs = evidence.header, evidence.pairs
    signs = [one for one in (pairs.last_completed_at, header.last_activity_at) if one]
    end = max(signs) if signs and not pairs.pending else None
    asked = pairs.first_submitted_at or header.created_at
    # A worker that starts after its first comparison may work in another mode.
    starts = [
        event.at
        for event in evidence.nearby
        if event.at and event.at > asked and STARTED in event.event
    ]
    # What it says of its mode stands in the second in which it says that it started.
    before = min(starts, default=None)
    for event in evidence.nearby:
        if event.at is None or event.at < header.created_at:
            continue
        if (end is None or event.at <= end) and (before is None or event.at < before):
            yield event


def _logged(
    events: Iterable[LogEvent], names: Iterable[str], role: Role = Role.LLM_PROVIDER
) -> EvidenceLine | None:
    """The one mode that all lines of a role name; None when none or several do."""
    lines = {
        str(event.fields[name]): event
        for event in events
        for name in names
        if event.role is role and event.fields.get(name)
    }
    if len(lines) != 1:
        return None
    mode, event = next(iter(lines.items()))
    return EvidenceLine(event.container, event.at, f"batching mode={mode[:40]}")


def _mode_words(setting: Text) -> Text:
    mode = str(setting).partition("=")[2]
    return MODE_WORDS.get(SYNONYMS.get(mode, mode), mode) or setting


def _same(one: str, other: str) -> bool:
    left, right = (text.rpartition("=")[2] for text in (one, other))
    return SYNONYMS.get(left, left) == SYNONYMS.get(right, right)


def runner_schema_missing(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """This batch's runner does not find its schema file."""
    found = (schema_missing(seen, now) for seen in _own_runners(evidence))
    return next((finding for finding in found if finding), None)


def runner_waiting(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """This batch's runner waits for results, and nothing has come for long."""
    found = (waiting(seen, now) for seen in _own_runners(evidence))
    return next((finding for finding in found if finding), None)


def _own_runners(evidence: BatchEvidence) -> tuple[ObservedRunner, ...]:
    """The runners whose newest run is this batch's."""
    listing = evidence.system.runners
    if isinstance(listing, Missing):
        return ()
    seen = (observed(runner, evidence.nearby) for runner in listing.runners)
    return tuple(one for one in seen if _runs(one, evidence))


def _runs(seen: ObservedRunner, evidence: BatchEvidence) -> bool:
    header = evidence.header
    runs = [event for event in seen.events if any(text in event.text for text in RUN_TEXTS)]
    if runs:
        return any(id in runs[-1].text for id in (header.bos_batch_id, header.event_correlation_id))
    named = f"{header.bos_batch_id} (label: {seen.label})"
    return bool(seen.label) and any(named in event.text for event in evidence.nearby)
