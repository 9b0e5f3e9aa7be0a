"""Puts an orphaned item back in the queue: one script, on the server, that changes one word.

The stored JSON is not decoded and written again, which would change numbers and empty lists: the
script finds the item's own `status` (of its first level, outside every text) and replaces that
value alone. It answers with one word; nothing of the item leaves the server.
"""

from datetime import datetime
from typing import Any

import orjson

from bot.domain.queue import Requeued

# KEYS: data, order. ARGV: queue id, the start of the work as stored, "run" or "try".
SCRIPT = r"""
local raw = redis.call('HGET', KEYS[1], ARGV[1])
if not raw or not redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 'gone' end
local function text_end(from)
  local at = from
  while true do
    local found = string.find(raw, '["\\]', at)
    if not found then return nil end
    if string.sub(raw, found, found) == '"' then return found end
    at = found + 2
  end
end
local depth, at, values = 0, 1, {}
while true do
  local found = string.find(raw, '["{}%[%]]', at)
  if not found then break end
  local char = string.sub(raw, found, found)
  at = found + 1
  if char == '{' or char == '[' then depth = depth + 1
  elseif char == '}' or char == ']' then depth = depth - 1
  else
    local last = text_end(found + 1)
    if not last then return 'changed' end
    local key = string.sub(raw, found + 1, last - 1)
    at = last + 1
    local _, open = string.find(raw, '^%s*:%s*"', at)
    if open and depth == 1 then
      local close = text_end(open + 1)
      if not close then return 'changed' end
      if values[key] then return 'changed' end
      values[key] = {open + 1, close - 1}
      at = close + 1
    end
  end
end
local status, started = values['status'], values['processing_started_at']
if not status or not started then return 'changed' end
if string.sub(raw, status[1], status[2]) ~= 'processing' then return 'changed' end
if string.sub(raw, started[1], started[2]) ~= ARGV[2] then return 'changed' end
if ARGV[3] == 'run' then
  redis.call('HSET', KEYS[1], ARGV[1],
             string.sub(raw, 1, status[1] - 1) .. 'queued' .. string.sub(raw, status[2] + 1))
  return 'done'
end
return 'would'
"""


async def requeue(
    redis: Any, prefix: str, queue_id: str, started: str, *, dry_run: bool
) -> Requeued:
    """Run the script; `started` is the item's processing_started_at as it is stored."""
    answer = await redis.eval(
        SCRIPT,
        2,
        *(f"{prefix}:data", f"{prefix}:requests"),
        *(queue_id, started, "try" if dry_run else "run"),
    )
    return Requeued(answer.decode() if isinstance(answer, bytes) else str(answer))


def started_as_stored(value: bytes | str | None, at: datetime | None) -> str:
    """Return when work began as the item has it written, "" if that is not `at`."""
    try:
        stored = orjson.loads(value or b"")
        written = str(stored["processing_started_at"])
        return written if datetime.fromisoformat(written) == at else ""
    except (ValueError, TypeError, KeyError):
        return ""
