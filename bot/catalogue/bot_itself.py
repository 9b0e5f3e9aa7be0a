"""Alerts of the bot about itself: what it could not see or say."""

from bot.catalogue.entry import CauseEntry

ENTRIES = (
    CauseEntry(
        rule="source-unreadable",
        means="A source cannot be read: alerts that rest on it neither open nor resolve.",
        proved="The source refused, timed out or is away when a detector reads it.",
        unseen="Everything that only this source shows; the alert names who is blind.",
        do="Run batchbot doctor: it says what is wrong, and how to mend it.",
        since="Every version of the bot.",
        alerts=("unreadable_source",),
    ),
    CauseEntry(
        rule="failed-detector",
        means="A detector fails: what it watches is not watched.",
        proved="It raised an error; it is tried again at growing intervals.",
        unseen="What it would have found.",
        do="Read the traceback in the bot's log, and report it.",
        since="Every version of the bot.",
        alerts=("failed_detector",),
    ),
    CauseEntry(
        rule="missed-ticks",
        means="The bot watched nothing for a while.",
        proved="Two ticks lie further apart than they should, by a steady clock or over a restart.",
        unseen="The queue and the database of that time; logs of it are read afterwards.",
        do="Look in the bot's log, and at its machine, for why it stood still.",
        since="Every version of the bot.",
        alerts=("missed_ticks",),
    ),
    CauseEntry(
        rule="late-messages",
        means="Slack did not take messages: they come late, and some may be over by now.",
        proved="Slack refused a kept message for longer than it should.",
        unseen="Whether people saw Slack meanwhile.",
        do="See the open alerts by /alerts list: they are as of now.",
        since="Every version of the bot.",
        alerts=("late_messages",),
    ),
    CauseEntry(
        rule="alert-storm",
        means="Many alerts of one kind opened at once, and all but the first share this one.",
        proved="More of one detector than are shown one by one opened within a minute.",
        unseen="The one cause that is likely behind them.",
        do="List them by /alerts list and the detector's name, and look for what they share.",
        since="Every version of the bot.",
        alerts=("storm",),
    ),
)
