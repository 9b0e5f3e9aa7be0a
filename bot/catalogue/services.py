"""Causes that lie with the database, a container or a runner."""

from bot.catalogue.entry import CauseEntry

ENTRIES = (
    CauseEntry(
        rule="database-blocked",
        means="A session of the CJ database waits for a lock that another one holds.",
        proved="pg_stat_activity and pg_blocking_pids: a wait of more than a minute, with the pid "
        "at its root.",
        unseen="It tells of now, not of a past night; the query's text is never read.",
        do="Find who owns that pid, and let that person end it; it rolls back.",
        since="Every revision.",
        alerts=("database_blocked",),
    ),
    CauseEntry(
        rule="integrity-error",
        means="A service violated a constraint of its database.",
        proved="A log line with IntegrityError and, where named, the constraint.",
        unseen="The values: they are never shown. Whether anything was lost.",
        do="Look at the batch that its lines name.",
        since="Every revision.",
        alerts=("database_errors",),
    ),
    CauseEntry(
        rule="pending-rollback",
        means="A service went on with a database session that an earlier error had broken.",
        proved="A log line with PendingRollbackError, and no other database error beside it.",
        unseen="The error that came first, where its line was not read.",
        do="Look for the first error of that time in the service's log.",
        since="Seen on 2025-11-19; every revision may. One that keeps an answer out is told by "
        "callbacks-not-stored.",
        alerts=("database_errors",),
    ),
    CauseEntry(
        rule="start-failed",
        means="A service cannot start.",
        proved="Its own line that it failed to start or to initialise, or its server's "
        "LifespanFailureError, with the class of the error.",
        unseen="A service that dies before it logs, as of a setting of another form.",
        do="Mend what is named, then start it; it is over when it says that it runs.",
        since="Every revision.",
        alerts=("start_failed",),
    ),
    CauseEntry(
        rule="container-gone",
        means="A service's container ended, or there is none of it any more.",
        proved="The Docker Engine's list, or its event, with the exit code and whether memory ran "
        "out.",
        unseen="Without the Engine nothing; why it ended stands in its log.",
        do="Read the end of its log, then start it; see which batches waited for it.",
        since="Every version of the bot.",
        alerts=("container_gone",),
    ),
    CauseEntry(
        rule="container-restarted",
        means="A service's container started again.",
        proved="The Engine's list shows a newer start, or the log's follower saw it start again.",
        unseen="Whether it was a deployment. What the LLM provider held is lost by it.",
        do="See whether it holds; after a restart of the LLM provider look at /queue.",
        since="Every version of the bot.",
        alerts=("container_gone",),
    ),
    CauseEntry(
        rule="runner-schema-missing",
        means="A runner cannot find its schema file and never reaches a service.",
        proved="Its log: FileNotFoundError beside a schema.",
        unseen="Its run label, where it had not come so far.",
        do="Look that docs/reference/schemas/eng5_np is there, and mounted in its container.",
        since="Checkouts of about 2025-11-18, when the schemas moved.",
    ),
    CauseEntry(
        rule="runner-waiting",
        means="A runner waits for results, and nothing has come for longer than is usual.",
        proved="Its container runs, its last line says that it waits, and it is silent for ten "
        "minutes or three times its longest pause.",
        unseen="The cause, which lies with the batch or the queue.",
        do="Look at its batch and at /queue.",
        since="Every revision.",
    ),
)
