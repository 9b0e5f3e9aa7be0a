"""Causes for which a result is not to be trusted, or the numbers that describe it."""

from bot.catalogue.entry import CauseEntry

ENTRIES = (
    CauseEntry(
        rule="errors-counted-as-done",
        means="The batch was finalised although most of what it needed had failed.",
        proved="Rows: it is finalised, holds failed comparisons, and fewer than 80 % of the least "
        "of its budget, its possible pairs and its rows are valid.",
        unseen="Whether the grades happen to be right all the same. A batch that is not finalised "
        "is told by what it fails of.",
        do="Do not use the grades. Mend what made comparisons fail, then run the batch again.",
        since="HuleEdu before 2025-11-19 counted every row with a winner, and an error has one; "
        "later revisions only by another fault.",
    ),
    CauseEntry(
        rule="early-finalisation",
        means="The result was published before enough comparisons were answered.",
        proved="Rows: at the first publication fewer were answered than the completion threshold "
        "(95 %) of all that the batch ever sent. Where CJ's lines on the decision are read, by the "
        "numbers that they name, whatever the clocks say.",
        unseen="A stop because scores were stable is no fault and is left out; without the logs, "
        "why it was early is the likeliest reason for the schema's revision.",
        do="Have the batch scored again from all its answers before grades are used.",
        since="Until 2025-11-19 by a budget that counted what was sent; today by the monitor's "
        "sweep between two waves.",
        alerts=("finalised_early",),
    ),
    CauseEntry(
        rule="repeated-finalisation",
        means="The batch was finalised more than once.",
        proved="More than one completion event in the outbox, or IntegrityError (gkpj) on "
        "grade_projections with its number; before 2025-11-19 also state SCORING with a COMPLETE "
        "status.",
        unseen="Outbox rows that were deleted. Today's monitor leaves SCORING behind as well, so "
        "there that state alone proves nothing.",
        do="The first result stands. Look whether that one was early before it is trusted.",
        since="HuleEdu until 2025-11-21, when a guard was added; a race may still do it.",
        alerts=("database_errors",),
    ),
    CauseEntry(
        rule="degenerate-scores",
        means="The scores of most pairs of essays cannot be told apart.",
        proved="Rows: the share of pairs of essays whose scores lie nearer than their errors. A "
        "warning above 85 %, 97 % where all was answered, or where an essay took part in nothing; "
        "else information where a quarter of the errors is at the cap.",
        unseen="Whether the essays really are alike. Errors at the cap are common where essays are "
        "few, and are no fault by themselves.",
        do="Treat the ranking as undecided, and ask for more comparisons.",
        since="Every revision: it follows from too few valid comparisons.",
    ),
    CauseEntry(
        rule="clock-ahead",
        means="The LLM provider's clock is ahead of CJ's: its answers are dated too late.",
        proved="Rows: an answer is dated more than a minute after the batch's last activity, which "
        "CJ notes by its own clock with each answer that it stores.",
        unseen="A clock that is behind, or ahead by less than the batch went on for.",
        do="Set the clock of the provider's host; read its log lines by that difference.",
        since="Every revision: an answer is dated by the provider.",
    ),
    CauseEntry(
        rule="position-bias",
        means="Anchors stand in slot A far more, or less, often than half the time.",
        proved="Rows: of at least 30 pairs of an anchor and a student's essay the share with the "
        "anchor first is off one half by more than 0.15; how sure says the odds by chance.",
        unseen="Whether the model really prefers a slot, which needs runs with both orders.",
        do="Compare with a run whose slots are shuffled before the ranking is trusted.",
        since="HuleEdu before 2025-11-19 did not shuffle; balanced on purpose since 2025-12-06.",
    ),
    CauseEntry(
        rule="completion-overcounted",
        means="More comparisons were counted as done than were asked for.",
        proved="A logged completion_rate above 1, or counters above both the budget and the rows; "
        "above the last wave's size alone it is information.",
        unseen="What CJ would have decided with right numbers.",
        do="Trust the pair rows, not the counters.",
        since="HuleEdu before 2025-11-19 divided by the last wave's size.",
    ),
    CauseEntry(
        rule="counters-overwritten",
        means="The counter of submitted comparisons differs from the rows.",
        proved="Rows: submitted_comparisons is not the number of pair rows, two minutes after the "
        "last activity. A warning only where a decision was misled.",
        unseen="Which of the two is right where rows were written and never sent.",
        do="Count the rows, not the counters, when judging this batch.",
        since="Until 2025-11-19 every wave overwrote the counters; later a mismatch means rows "
        "that were written and not sent.",
    ),
    CauseEntry(
        rule="small-net-finalised",
        means="A small batch was finalised once each pair had one answer, its budget unspent.",
        proved="The decision's log line: callbacks reached the cap, the budget was not exhausted, "
        "and scores were not stable.",
        unseen="It needs CJ's log of that time; rows alone do not show why it stopped.",
        do="Ask whether the budget was meant to be spent on repeats.",
        since="HuleEdu from 2025-11-21 to 2025-12-07.",
    ),
    CauseEntry(
        rule="content-missing",
        means="Essays were left out, or compared without their prompt: its text was not fetched.",
        proved="Rows: fewer essays take part than were expected; CJ's lines 'Failed to prepare "
        "essay' add the content service's answer. An error where fewer than 80 % remain. That a "
        "prompt or an anchor lacks is said by CJ's lines alone.",
        unseen="Why the content service failed: its own log is not read.",
        do="Mend the content service, then run the batch again with all its content.",
        since="Every revision.",
        alerts=("content_missing",),
    ),
    CauseEntry(
        rule="models-mixed",
        means="The batch's comparisons were judged by several models.",
        proved="Rows: the answers name more than one model.",
        unseen="Whether that was meant: a request may ask for it.",
        do="Ask whether the models were meant to be mixed before the grades are used.",
        since="Every revision: CJ's default model counts at the moment of sending.",
    ),
    CauseEntry(
        rule="answers-alike",
        means="The answers choose one side whatever the essays are: nothing was judged.",
        proved="Rows: of ten or more valid answers 95 % choose essay A with one confidence, or of "
        "30 or more 95 % one slot. A warning where a part is so by less than 1 in 100,000.",
        unseen="What the model said: the LLM provider does not log it. Without the right to read "
        "the confidence of pairs nothing is said.",
        do="Do not use the result. Read what the model answers, then run the batch again.",
        since="Every revision.",
    ),
    CauseEntry(
        rule="no-grades",
        means="A batch of an assignment was ranked, and no grade was set.",
        proved="Rows: it is of an assignment, ended complete and has no grade projection. Where "
        "CJ's line says that its anchors lacked, content-missing tells it.",
        unseen="Whether the anchors were never registered or are lost, where no line says so.",
        do="Use the ranking alone; register or mend the anchors, then run the batch again.",
        since="Every revision.",
    ),
    CauseEntry(
        rule="mock-mode",
        means="The LLM provider service answered by a mock: no model judged the essays.",
        proved="Answers in under 5 ms, under whatever name; rows of a provider named mock, which "
        "a request asked for; or the service's health, which says mock_mode.",
        unseen="Health tells of now: for an older batch it is only information.",
        do="Do not use those answers; turn mock mode off, or leave out the override that asks for "
        "a mock, then run the batch again.",
        since="Every revision.",
        alerts=("mock_answers",),
    ),
    CauseEntry(
        rule="set-by-hand",
        means="Comparisons bear an answer or an error that no model and no service gave.",
        proved="Error rows that bear no service's name; answers in under 5 ms that cost nothing.",
        unseen="Who did it, and whether a script or a person: no row says so.",
        do="Ask who set them before the result is used; a judgement needs another run.",
        since="Every revision.",
    ),
    CauseEntry(
        rule="mode-mismatch",
        means="CJ and the LLM provider are set to different batching modes.",
        proved="The two settings of the running containers, or else what each service logs.",
        unseen="Without the Engine or lines that name a mode nothing is said.",
        do="Read the batch by the LLM provider's mode, or set both services alike.",
        since="Every revision; information only, CJ's mode is a label.",
    ),
)
