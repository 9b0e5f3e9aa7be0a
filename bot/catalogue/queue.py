"""Causes for which the LLM provider's queue stands still or only grows."""

from bot.catalogue.entry import CauseEntry

ENTRIES = (
    CauseEntry(
        rule="orphaned-item",
        means="An item is marked as being worked on, and no worker holds it.",
        proved="Redis: processing, while the loop that took it went on or restarted; by logs alone "
        "three equal snapshots with nothing queued for 5 minutes.",
        unseen="By logs alone, which item it is and of which batch.",
        do="Put it back with /queue requeue, or remove it and ask for the comparison again; by "
        "itself it expires after 4 hours.",
        since="Every revision: nothing hands a held item back after a restart.",
        alerts=("stuck_queue",),
    ),
    CauseEntry(
        rule="local-queue",
        means="The LLM provider kept requests in its own memory because Redis failed.",
        proved="The provider's lines 'Using local queue for request'; that they are lost, by its "
        "next start without an answer to them.",
        unseen="Why Redis failed: its own log is not read.",
        do="Bring Redis back and do not restart the LLM provider before they are worked off; what "
        "a restart lost has to be asked for again.",
        since="Every revision.",
        alerts=("local_queue",),
    ),
    CauseEntry(
        rule="expired-unanswered",
        means="Comparisons waited in the LLM queue beyond their time to live and were dropped.",
        proved="The line that queued them names the time to live; it was over before an answer, or "
        "a line says that they expired.",
        unseen="Why nothing took them: the worker's lines of that time tell it.",
        do="Find why the queue stood still, then ask for these comparisons again.",
        since="Every revision; four hours where nothing else is set.",
        alerts=("queue_expired", "local_queue"),
    ),
    CauseEntry(
        rule="worker-hung",
        means="The worker took items and has not come back.",
        proved="A dispatch without an end, and silence for 5 minutes or three times the usual; "
        "high confidence once longer than the provider's time-out of 300 s an item.",
        unseen="Before that limit a slow call and a hung one look the same.",
        do="Look whether the model's provider answers, restart the LLM provider, then put back "
        "or remove what it held.",
        since="Every revision.",
        alerts=("stuck_queue",),
    ),
    CauseEntry(
        rule="head-of-line-blocked",
        means="Ten dead items stand in front of the queue, and nothing behind them is taken.",
        proved="Redis: none of the first ten entries is waiting, others wait, and the loop is "
        "alive and dispatches nothing.",
        unseen="By logs alone, which items they are.",
        do="Remove the dead entries; the commands stand in the answer.",
        since="Every revision: the service looks at the first ten entries only.",
        alerts=("stuck_queue",),
    ),
    CauseEntry(
        rule="leaked-item",
        means="An entry counts in the queue's size and will never be taken.",
        proved="Redis: its status is failed, completed or expired, or its data is gone.",
        unseen="It needs Redis.",
        do="Remove the entry; where its data is gone the request is lost, so ask for it again.",
        since="Every revision; where its data is gone, the provider drops it once it comes to it; "
        "else its TTL of 4 hours removes it.",
        alerts=("stuck_queue",),
    ),
    CauseEntry(
        rule="poison-item",
        means="The same item fails, goes back into the queue and fails again.",
        proved="Redis: a retry count of two or more, held for a while, and others are answered.",
        unseen="In a bundle, which of its requests is the one that fails.",
        do="Trace it and read its error lines; after three tries the service drops it.",
        since="Every revision.",
        alerts=("stuck_queue",),
    ),
    CauseEntry(
        rule="queue-frozen",
        means="Nothing moves in the queue, and what can be read does not show why.",
        proved="Items in it, and no sign of work for longer than a bundle usually takes.",
        unseen="The cause: an orphan and a hung worker look alike where logs or Redis are missing.",
        do="Look whether the service runs, then for an open circuit breaker.",
        since="Every revision.",
        alerts=("stuck_queue", "further_queues"),
    ),
    CauseEntry(
        rule="queue-not-draining",
        means="Items are worked off, and yet the queue only grows.",
        proved="Its lows and its highs both rise over three thirds of at least 15 minutes.",
        unseen="Whether a batch that has just come is the last one.",
        do="See which batches wait, and hold new ones back until it is shorter.",
        since="Every revision.",
        alerts=("stuck_queue",),
    ),
    CauseEntry(
        rule="queue-unreadable",
        means="The queue in Redis cannot be read, which is neither empty nor healthy.",
        proved="Redis is configured and refused, timed out, or answered something else.",
        unseen="What is in the queue; what is said beside it comes from the logs.",
        do="Run batchbot doctor: it says what is wrong with the address or the login.",
        since="Every version of the bot.",
        alerts=("stuck_queue",),
    ),
)
