"""Causes for which a comparison fails, gets no answer, or gets more than one."""

from bot.catalogue.entry import CauseEntry

ENTRIES = (
    CauseEntry(
        rule="provider-failures",
        means="The model's provider failed: too many requests, overload, lost connections.",
        proved="Failed rows with the http status and type that error_details holds, or the LLM "
        "provider's lines. A warning from 5 % of the comparisons, an error from 20 %.",
        unseen="Rows of 2025-11 hold no reason: without the log of that time it is unrecorded. "
        "The provider's own state now is not asked.",
        do="Wait until it is over, then ask for the failed ones again; with a rate limit, slower.",
        since="Every revision; reasons in the rows since December 2025.",
        alerts=("provider_errors",),
    ),
    CauseEntry(
        rule="bundle-collateral",
        means="Comparisons failed only because another of their bundle did.",
        proved="Rows: failed pairs whose error_correlation_id is another pair's: one failure with "
        "all of its bundle.",
        unseen="Answers of that bundle that were paid for and thrown away are nowhere stored.",
        do="Ask for the failed ones again with per_request, or in smaller bundles.",
        since="serial_bundle at every revision.",
    ),
    CauseEntry(
        rule="lost-callbacks",
        means="Comparisons were sent long ago and no answer came.",
        proved="Rows pending for more than 15 minutes in an open batch, which are not in the "
        "queue; where each trail ends comes from the logs.",
        unseen="With neither Redis nor the logs, waiting and lost look the same: then it says so "
        "with low confidence.",
        do="A lost answer never comes: ask for them again, or let CJ's monitor end the batch.",
        since="Every revision.",
        alerts=("lost_callbacks", "callbacks_unpublished"),
    ),
    CauseEntry(
        rule="callbacks-not-stored",
        means="CJ took answers, acknowledged them, and could not store them.",
        proved="CJ's lines 'Error in callback processing' on ids of pending comparisons; that its "
        "database was away, by the error that they name.",
        unseen="What Kafka kept for later is taken when CJ works again, and is not meant.",
        do="Bring CJ's database back, then ask for these comparisons again.",
        since="Every revision: a callback is acknowledged whatever becomes of it.",
        alerts=("callbacks_not_stored",),
    ),
    CauseEntry(
        rule="submission-lost",
        means="CJ could not hand comparisons to the LLM provider.",
        proved="CJ's lines 'Unexpected error processing task', joined to pending rows by their "
        "essays.",
        unseen="It needs CJ's log; by rows alone they count as lost after 15 minutes.",
        do="Bring Kafka or the LLM provider back, then ask for the batch again.",
        since="Every revision; with Kafka away the provider refuses before it queues.",
        alerts=("submissions_lost",),
    ),
    CauseEntry(
        rule="callbacks-unpublished",
        means="Answers were made, and Kafka did not take their callbacks.",
        proved="The LLM provider's lines of refused, queued and dropped messages. 'Published "
        "success' alone proves nothing: it is also logged when Kafka refused.",
        unseen="What waits stands in the provider's memory alone, so its number is what the lines "
        "name.",
        do="Do not restart the LLM provider. Bring Kafka back, then let one new request through.",
        since="HuleEdu since December 2025; earlier a refused callback is lost at once.",
        alerts=("callbacks_unpublished",),
    ),
    CauseEntry(
        rule="consumer-silent",
        means="Kafka took answers, and CJ takes none of them.",
        proved="Published callbacks without CJ's line that took them for 90 s, or the consumer "
        "group's lag where Kafka is configured.",
        unseen="One or two that are left are of low confidence; without both logs nothing is said.",
        do="Look whether CJ runs; start or restart it, and what waits on the topic is taken.",
        since="Every revision.",
        alerts=("consumer_silent",),
    ),
    CauseEntry(
        rule="foreign-callback",
        means="A callback was rejected, and no batch here owns it.",
        proved="The rejecting line's correlation id, which no pair of the database carries.",
        unseen="Whose it was. Joined to a batch by its time alone, it is of low confidence.",
        do="Judge the run that broke off by its own batch; a newer runner skips such callbacks.",
        since="Runners before 2025-11-30, which read the shared topic from its beginning.",
        alerts=("rejected_callbacks",),
    ),
    CauseEntry(
        rule="callback-metadata-lost",
        means="A comparison came back without the ids that identify it.",
        proved="The rejecting line's correlation id, which a pair of this batch carries.",
        unseen="Where on its way the metadata was lost.",
        do="Trace it, and read the LLM provider's lines around it.",
        since="HuleEdu's LLM provider before 2025-11-13, which kept none of it; today by a fault.",
    ),
    CauseEntry(
        rule="callback-rejected",
        means="Callbacks were rejected, and whose they are is not known, or they are ours.",
        proved="Lines of rejected callbacks by field and way; their owners are looked up in the "
        "database where it can be read.",
        unseen="Without the database, whose they are.",
        do="Trace the first one: a rejected callback is lost, its comparison stays unanswered.",
        since="Every revision.",
        alerts=("rejected_callbacks",),
    ),
    CauseEntry(
        rule="duplicate-callbacks",
        means="The same comparison was answered more than once.",
        proved="CJ's lines 'already has result' for its ids. A warning where winners differ, or "
        "where the provider repeated more than two and 1 %.",
        unseen="A repeat that CJ's own filter dropped leaves no such line.",
        do="The first answer stands. Where winners differ, trace one of them.",
        since="Every revision: a bundle that fails half-way is handled again as a whole.",
    ),
    CauseEntry(
        rule="left-unanswered",
        means="Requests left the LLM queue without an answer, a return or an expiry.",
        proved="Items by id: they were in Redis, are gone at two looks, and no line of a log "
        "without a gap says how they ended.",
        unseen="Who removed them: a flush, an eviction and a removal by hand look alike.",
        do="Ask for their batch again: they get no callback.",
        since="Every revision; the bot follows the first 300 items of a queue.",
        alerts=("queue_unanswered",),
    ),
    CauseEntry(
        rule="not-accounted-for",
        means="Requests are gone from the LLM queue, and the logs of that time have a gap.",
        proved="As left-unanswered, but a log that may hold their end could not be read.",
        unseen="Whether they were answered in the gap.",
        do="Look at their batch: what was answered is in its rows.",
        since="Every revision; information only.",
        alerts=("queue_unanswered",),
    ),
)
