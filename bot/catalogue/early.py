"""What is reported before it breaks: forecasts, which are over once the fault itself is alerted."""

from bot.catalogue.entry import CauseEntry

ENTRIES = (
    CauseEntry(
        rule="retries-rising",
        means="Requests fail again and are given back; after their last try they are given up.",
        proved="The LLM provider's log: three failures within 10 minutes that give back a tenth of "
        "the requests, or two that give back nearly all, while one that failed twice still waits.",
        unseen="Whether the next try succeeds. Tries that follow within seconds leave no time to "
        "warn.",
        do="See what the model's provider answers, and wait with new batches.",
        since="Every revision; the queue gives a request three more tries.",
        alerts=("retries_rising",),
    ),
    CauseEntry(
        rule="batch-slowing",
        means="A batch got less than half as fast, and its answers would come too late.",
        proved="Its rows: the pace of the last 20 minutes against the one before, and what waits "
        "against the four hours that a request may wait.",
        unseen="Why it is slow, and a time-out that is set otherwise (timeout_hours).",
        do="Look at the queue and at the provider: something holds it up.",
        since="Every revision.",
        alerts=("batch_slowing",),
    ),
    CauseEntry(
        rule="queue-expiring",
        means="The front of the LLM queue waits longer and longer, and would expire.",
        proved="Redis: how long the oldest request has waited, ten minutes ago and now, against "
        "its time to live.",
        unseen="What is not in Redis. A queue that moves again at once.",
        do="Find what holds the queue up while there is time: what expires gets no answer.",
        since="Every revision; the time to live is four hours.",
        alerts=("queue_expiring",),
    ),
    CauseEntry(
        rule="budget-unreachable",
        means="So much of a batch has failed that it cannot reach the share that must succeed.",
        proved="Its rows: the failed comparisons against its budget, while it is under way.",
        unseen="A batch whose budget is not recorded; a share that is set otherwise "
        "(success_rate).",
        do="See why they fail before it ends, and keep the next batch back.",
        since="Since December 2025 CJ ends such a batch as failed; before, its grades are poor.",
        alerts=("budget_unreachable",),
    ),
    CauseEntry(
        rule="outbox-growing",
        means="Events of CJ wait in its outbox, and its relay does not send them.",
        proved="Its rows: an event unsent for two minutes, or for one while more and more are.",
        unseen="Why the relay does not send.",
        do="Look at Kafka and at CJ's relay before the events use up their tries.",
        since="Every revision; the relay looks every five seconds.",
        alerts=("outbox_growing",),
    ),
)
