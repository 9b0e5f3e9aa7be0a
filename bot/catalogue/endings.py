"""Causes for which a batch stands still, or ends without what was asked."""

from bot.catalogue.entry import CauseEntry

ENTRIES = (
    CauseEntry(
        rule="batch-failed",
        means="The batch ended without a result.",
        proved="Rows: state FAILED or an ERROR status. CJ's lines say whether the success rate was "
        "too low, a finalisation failed, or its monitor gave up.",
        unseen="CJ stores no reason in the rows: without its log the share of valid answers is all "
        "that tells.",
        do="Remove the cause that is named beside it, then run the batch again.",
        since="Every revision. The alert holds since the bot's first start.",
        alerts=("batch_failed", "short_time_outs"),
    ),
    CauseEntry(
        rule="batch-cancelled",
        means="The batch was cancelled.",
        proved="Rows: state CANCELLED.",
        unseen="Who did it: no service writes that state, and no line says so.",
        do="Ask who cancelled it before running it again.",
        since="Every revision.",
    ),
    CauseEntry(
        rule="answers-missing",
        means="The batch ended while comparisons that were sent had no answer.",
        proved="Rows: it has ended and rows are pending. Information where it stopped because "
        "scores were stable, or was forced.",
        unseen="Where each answer was lost is only known where the provider's log is read.",
        do="Ask whether the missing ones matter before the grades are used.",
        since="Every revision; forced endings since 2025-12-08.",
    ),
    CauseEntry(
        rule="asked-twice",
        means="Another batch is of the same request: its essays were judged, and paid for, twice.",
        proved="Rows: two batches have the same uuid. A warning where both went out as results.",
        unseen="Who asked again, and which of the results is used.",
        do="Ask which of the results is used, and why it was asked again.",
        since="Every revision: CJ tells requests apart by the event's id alone.",
    ),
    CauseEntry(
        rule="essays-moved",
        means="Another batch named some of its essays while it ran: its result lacks them.",
        proved="Rows: essays that its comparisons hold are another batch's, which was begun before "
        "this one ended. CJ's line on the publication says of how many essays it was.",
        unseen="Why they were sent twice, and which of the two batches was meant.",
        do="Do not use its ranking for the whole class: run it again with all its essays.",
        since="Every revision: an essay's row is of the batch that named it last.",
    ),
    CauseEntry(
        rule="passed",
        means="Something went wrong while the batch ran, and passed: its result is whole.",
        proved="Rows: every comparison that was sent is valid. Lines: a finalisation that failed, "
        "Kafka away, an event that was refused, or callbacks that waited 5 minutes for CJ, before "
        "it went well.",
        unseen="What passed without a line.",
        do="Nothing.",
        since="Every revision.",
    ),
    CauseEntry(
        rule="ended-as-planned",
        means="The batch ended before its budget was used, or with too few essays, and is fine.",
        proved="Rows: every comparison that was sent has a result, or fewer than two essays came.",
        unseen="Nothing is wrong: it is information for who expected more comparisons.",
        do="Nothing.",
        since="Every revision.",
    ),
    CauseEntry(
        rule="finalisation-stuck",
        means="The batch's finalisation failed, or it stays in scoring: it has no result.",
        proved="CJ's own line that a finalisation failed, at once; without it state SCORING for "
        "10 minutes without activity.",
        unseen="Without CJ's log, why; and whether a long scoring is merely slow.",
        do="Remove what its line names, then have CJ finalise it again: its answers are stored.",
        since="Every revision: no sweep of CJ reads that state.",
        alerts=("finalisation_stuck",),
    ),
    CauseEntry(
        rule="waiting-on-monitor",
        means="Every answer is in, and the batch waits for CJ's monitor to go on with it.",
        proved="Rows: it waits for callbacks, none is pending, and nothing happened for a minute.",
        unseen="Whether the monitor runs.",
        do="Wait one sweep of five minutes; if it still rests, restart CJ.",
        since="Small batches until 2025-11-21; today only when a continuation was lost.",
        alerts=("batch_idle",),
    ),
    CauseEntry(
        rule="batch-idle",
        means="An open batch rests, and no comparison was asked for.",
        proved="Rows: no pair, not ended, and no activity for 15 minutes.",
        unseen="Whether its essays are still to come.",
        do="Look into CJ's log of its beginning, then send the request again.",
        since="Every revision: no sweep looks for it.",
        alerts=("batch_idle",),
    ),
    CauseEntry(
        rule="request-refused",
        means="CJ refused the request, so there is no batch of it.",
        proved="CJ's line 'CJ assessment workflow failed' with the request's correlation id, or a "
        "validation error at which it let a request go.",
        unseen="It needs CJ's log of that time: the rows were undone. Of a request that CJ could "
        "not read, no line holds the uuid.",
        do="Register the assignment's instructions in CJ, then send the request again.",
        since="Every revision.",
        alerts=("requests_refused",),
    ),
    CauseEntry(
        rule="outbox-unpublished",
        means="An event of CJ waits in its outbox: a finished batch is told to nobody.",
        proved="Rows: an event is unpublished for 5 minutes, or used up its tries. Lines: behind "
        "Kafka's open breaker CJ's publisher kept it, and the relay called it published.",
        unseen="Whether Kafka or the relay is at fault.",
        do="Look at Kafka and at the relay's lines in CJ's log. Restart CJ only where its memory "
        "holds no event: that would be lost.",
        since="Every revision. Today a failed event is fetched again at once, for ever.",
        alerts=("outbox_unpublished",),
    ),
)
