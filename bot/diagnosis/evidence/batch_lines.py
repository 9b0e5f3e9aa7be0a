"""Which log lines are a batch's own: by its number or uuid, and not its twin's; pure."""

from datetime import timedelta

from bot.border.outside import raw
from bot.domain.batch import BatchHeader, Twin
from bot.domain.log import LogEvent, kept_on

# From the first line on a request until its batch has a row.
REQUEST_READ = timedelta(seconds=1)


def names_batch(event: LogEvent, header: BatchHeader) -> bool:
    """Say whether a log event is about this batch, by number or by uuid."""
    said, whole = raw(event.event), raw(event.text)
    for id in (header.bos_batch_id, header.event_correlation_id):
        if id in whole or id in said:
            return True
    if f"atch {header.batch_id} " in said:
        return True
    ids = (str(header.batch_id), header.bos_batch_id)
    return any(named in ids for named in _named_batches(event))


@kept_on("_named_batches")
def _named_batches(event: LogEvent) -> tuple[str, ...]:
    """Return what a line's fields name as its batch; a list asks it for each of its batches."""
    told = (str(event.fields.get(key, "")) for key in ("batch_id", "cj_batch_id"))
    return tuple(filter(None, told))


def is_of_twin(event: LogEvent, header: BatchHeader, twins: tuple[Twin, ...]) -> bool:
    """Say whether a line is another batch's of the same request: by its number, or by its time."""
    asked = [one for one in twins if one.same_request]
    if not asked:
        return False
    named = _named_batches(event)
    said = f"{raw(event.event)} "
    if str(header.batch_id) in named or f"atch {header.batch_id} " in said:
        return False
    if any(str(one.batch_id) in named for one in asked):
        return True
    if event.at is None:
        return False
    ended = header.completed_at if header.ended else None
    begun = [one.created_at for one in asked if one.created_at]
    after = (at for at in begun if ended and at >= ended)
    before = any(at < header.created_at for at in begun)
    if before and event.at < header.created_at - REQUEST_READ:
        return True
    return any(event.at >= at for at in after)
