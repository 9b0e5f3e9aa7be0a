"""What must outlive a sliding window, handed on from one look at a queue to the next; pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.diagnosis.queue.log_events import LoopSign, Snapshot
from bot.diagnosis.queue.losses import Loss, broken_off, expired, remembered
from bot.diagnosis.queue.timeline import Observation

# After a longer pause between two looks nothing may be concluded from silence before it.
LONGEST_GAP = timedelta(minutes=5)


def carry(previous: Observation | None, new: Observation) -> Observation:
    """Return `new` with what must outlive a sliding window: the last sign of each kind, the last
    snapshot, the first one of the run of snapshots that shows something stuck, since when the
    logs were followed without a gap, and which items were lost.
    """
    if previous is None:
        return replace(new, losses=remembered((), broken_off(new.signs), new.signs, new.at))
    signs = {sign.kind: sign for sign in previous.signs}
    snapshots = _run_ends((*previous.snapshots, *new.snapshots))
    old = tuple(sorted(signs.values(), key=lambda sign: sign.at))
    goes_on = previous.logs_readable and timedelta(0) <= new.at - previous.at <= LONGEST_GAP
    watched = (previous.logs_from or previous.at) if goes_on else new.at
    return replace(
        new,
        snapshots=snapshots,
        signs=(*old, *new.signs),
        logs_from=new.logs_from or watched,
        losses=_losses(previous, new, (*old, *new.signs)),
    )


def _losses(
    previous: Observation, new: Observation, signs: tuple[LoopSign, ...]
) -> tuple[Loss, ...]:
    found = [*broken_off(signs), *expired(previous.reading, new.reading)]
    return remembered(previous.losses, found, signs, new.at)


def _run_ends(snapshots: Sequence[Snapshot]) -> tuple[Snapshot, ...]:
    """Keep the newest snapshots, and the first of the run in which something is not queued.

    Where some of that has no answer, its run is kept: what was answered is no trouble.
    """
    waits = bool(snapshots) and snapshots[-1].without_worker > 0
    run: list[Snapshot] = []
    for snapshot in reversed(snapshots):
        stuck = snapshot.without_worker if waits else snapshot.not_queued
        if run and not stuck:
            break
        run.append(snapshot)
        if not stuck:
            break
    run.reverse()
    return tuple(run) if len(run) <= 6 else (run[0], *run[-5:])
