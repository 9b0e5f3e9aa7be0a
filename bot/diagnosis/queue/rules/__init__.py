"""One rule for each way in which the LLM provider's queue gets stuck; RULES holds them by weight.

May import what bot.diagnosis.queue may. To add one, write a function of the timeline that returns a
QueueVerdict or None, and name it in RULES at the place of its weight.
"""

from bot.diagnosis.queue.rules.broken_items import leaked_item, poison_item
from bot.diagnosis.queue.rules.idle_worker import idle_worker
from bot.diagnosis.queue.rules.orphan import orphaned_item
from bot.diagnosis.queue.rules.standstill import (
    head_of_line_blocked,
    queue_frozen,
    queue_not_draining,
    worker_hung,
)

RULES = (
    head_of_line_blocked,
    orphaned_item,
    worker_hung,
    leaked_item,
    poison_item,
    queue_frozen,
    queue_not_draining,
    idle_worker,
)
