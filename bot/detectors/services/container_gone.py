"""A service's container ended, vanished, or started again.

One that was removed is over when a container of its service runs again, and not before: it is
remembered for as long as that takes.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from bot.detectors._state import StateDetector, moment, nothing_read, unreadable_sample
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.evidence import CONTAINERS, EvidenceLine, Missing
from bot.domain.followed import Followed
from bot.domain.report import Confidence, Severity, plain
from bot.domain.service_state import ContainerState
from bot.domain.words import when, words
from bot.ports import Watch

RUNNER = "runner"
CLOSING = "the container runs"
GONE = "is gone"
# Not one of the Engine's words: it lists no container of the service any more.
REMOVED = "removed"
State = Mapping[str, Any]


class ContainerGoneSettings(BaseModel):
    """When a restart counts as over."""

    quiet_seconds: float = Field(900, gt=0, description="a restart is over after so long")


class ContainerGone(StateDetector):
    """Watches the services' containers, by the Engine where it is asked, else by their logs."""

    name: ClassVar[str] = "container_gone"
    summary: ClassVar[str] = "A service's container ended, vanished, or started again"
    Settings: ClassVar[type[BaseModel]] = ContainerGoneSettings

    def __init__(self, settings: ContainerGoneSettings) -> None:
        self._quiet = timedelta(seconds=settings.quiet_seconds)
        self._known: dict[str, State] = {}

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        return self._quiet.total_seconds() + 60

    def resume(self, samples: Sequence[Sample]) -> None:
        """Learn what was there before from the samples that were kept, oldest first."""
        self._known = {}
        for sample in samples:
            self._known |= sample.data.get("states") or {}

    async def sample(self, watch: Watch) -> Sample:
        """Collect the newest instance of each service's container."""
        answer = await watch.containers()
        if isinstance(answer, Missing):
            return unreadable_sample(watch.now, answer)
        logs = watch.logs
        restarted = list(logs.restarted) if isinstance(logs, Followed) else []
        if answer is None:
            return Sample(watch.now, {"restarted": restarted} if restarted else {})
        listed = _newest(answer)
        removed = {service: {**one, "state": REMOVED} for service, one in self._known.items()}
        self._known = removed | listed
        return Sample(watch.now, {"states": self._known, "restarted": restarted})

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the window alone."""
        unknown = nothing_read(window)
        if unknown is not None:
            return unknown
        found = {condition.subject: condition for condition in self._restarts(window, now)}
        found |= {condition.subject: condition for condition in _absences(window)}
        return Judgement(Sight.CLEAR, tuple(found.values()), closing=_closing(window))

    def _restarts(self, window: Window, now: datetime) -> Iterator[Condition]:
        for sample in window.samples:
            for name in sample.data.get("restarted") or ():
                if now - sample.at < self._quiet:
                    yield _restarted(_service(name), sample.at, f"{name} started again")
        yield from self._changed(window, now)

    def _changed(self, window: Window, now: datetime) -> Iterator[Condition]:
        """Yield the services whose container restarted between two ticks."""
        before: Mapping[str, Any] = {}
        for sample in window.samples:
            states = sample.data.get("states") or {}
            for service, state in states.items():
                old = before.get(service)
                if old is None or old["started_at"] == state["started_at"]:
                    continue
                started = moment(state["started_at"])
                if started and now - started < self._quiet:
                    yield _restarted(service, started, _words(old))
            before = {**before, **states}


DETECTOR = ContainerGone


def _newest(listed: Sequence[ContainerState]) -> dict[str, State]:
    """Return the newest instance of each service's container; a runner ends with its run."""
    newest: dict[str, ContainerState] = {}
    for one in listed:
        if RUNNER not in one.service:
            newest.setdefault(one.service, one)
    return {service: plain(_fact(one)) for service, one in newest.items()}


def _absences(window: Window) -> Iterator[Condition]:
    """Yield the services that were seen to run and do not now."""
    now = window.samples[-1].data.get("states")
    if now is None:
        return
    seen = {s for one in window.samples for s in one.data.get("states") or ()}
    for service in sorted(seen):
        state = now.get(service)
        if state is not None and state["state"] == "running":
            continue
        since = _since(window, service)
        if state is None or state["state"] == REMOVED:
            what, verb = "there is no container of it any more", GONE
        else:
            what, verb = _words(state), "ended"
        yield _condition(service, since, what, Severity.ERROR, verb)


def _since(window: Window, service: str) -> datetime:
    since = window.samples[-1].at
    for sample in reversed(window.samples):
        state = (sample.data.get("states") or {}).get(service)
        if state is not None and state["state"] == "running":
            break
        since = sample.at
    return since


def _restarted(service: str, at: datetime, what: str) -> Condition:
    return _condition(service, at, what, Severity.WARN, "started again")


def _condition(
    service: str, since: datetime, what: str, severity: Severity, verb: str
) -> Condition:
    step = f"Read why: docker compose logs --tail 50 {service}"
    return Condition(
        subject=service,
        rule="container-gone" if severity is Severity.ERROR else "container-restarted",
        severity=severity,
        confidence=Confidence.HIGH,
        title=words(
            f"Container of {service} {verb}",
            when(since, " since " if verb == GONE else " at "),
            f" ({what}), high confidence. Next: {step[0].lower()}{step[1:]}",
        ),
        since=since,
        known=verb,
        count=0,
        headline=f"The {service.replace('_', ' ')} {verb}: what it had in hand is lost",
        lasts=verb == GONE,
        why="What it held in hand is lost: an item in processing stays an orphan until it expires.",
        evidence=(EvidenceLine(CONTAINERS, since, what),),
        next=(step, "/queue"),
    )


def _fact(one: ContainerState) -> dict[str, object]:
    return {
        "container": one.container,
        "state": one.state,
        "started_at": one.started_at,
        "restarts": one.restarts,
        "exit_code": one.exit_code,
        "out_of_memory": one.out_of_memory,
    }


def _words(state: Mapping[str, Any] | None) -> str:
    if not state:
        return "no word of it"
    parts = [str(state["state"])]
    parts += ["out of memory"] if state["out_of_memory"] else []
    parts += [f"exit code {state['exit_code']}"] if state["exit_code"] is not None else []
    parts += [f"{state['restarts']} restarts"] if state["restarts"] else []
    return f"{state['container']}: {', '.join(parts)}"


def _service(container: str) -> str:
    return container.removeprefix("huleedu_")


def _closing(window: Window) -> dict[str, str]:
    names = {s for one in window.samples for s in one.data.get("states") or ()}
    names |= {_service(n) for one in window.samples for n in one.data.get("restarted") or ()}
    return dict.fromkeys(names, CLOSING)
