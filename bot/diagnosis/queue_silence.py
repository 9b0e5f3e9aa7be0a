"""Requests that come in while the loop gives no sign: what logs alone can tell of a dead worker."""

from bot.diagnosis.queue_scene import PROVIDER_LIMIT, QueueVerdict, Scene
from bot.diagnosis.queue_signs import SignKind
from bot.diagnosis.queue_words import LOGS, counted, log_lines
from bot.diagnosis.span import clock
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Severity


def taken_by_nobody(scene: Scene) -> QueueVerdict | None:
    """Requests were queued since the loop's last sign, and nobody took one for five minutes."""
    if scene.reading is not None or not scene.logs_readable or scene.unfinished:
        return None
    last = scene.last_sign
    come = [
        sign
        for sign in scene.signs
        if sign.kind is SignKind.QUEUED and (last is None or sign.at > last)
    ]
    if not come or scene.now - come[0].at < scene.opens_after:
        return None
    since, count = come[0].at, sum(sign.count for sign in come)
    sure = scene.now - since >= PROVIDER_LIMIT * 2
    seen = f"gave its last sign at {clock(last)}" if last else "gave no sign"
    return QueueVerdict(
        rule="queue-frozen",
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM if sure else Confidence.LOW,
        since=since,
        what=f"Requests are queued and the loop, which {seen}, takes none.",
        why="An idle loop takes a request within a second of its coming: the worker is dead, or "
        "blocked.",
        evidence=(
            EvidenceLine(LOGS, since, f"first of {counted(count)} queued since"),
            *log_lines(scene),
        ),
        next=("Look whether the service runs: docker ps --filter name=llm_provider_service",),
    )
