"""The table of PostgreSQL's and its poolers' errors: what each means, and what to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A server's error: `text` must be in its message when given; `ours` says it in our words.

    Versions of PgBouncer write spaces or underscores, so `text` has spaces.
    """

    state: str
    text: str
    ours: str
    hint: str = ""
    permanent: bool = False
    timed_out: bool = False


_NO_ENTRY = "the login of user {user} without TLS is refused by pg_hba.conf"
_TLS_OR_ENTRY = (
    "Add ?sslmode=require to {setting} where the server speaks TLS; else pg_hba.conf needs an "
    "entry for the user, the database and this host."
)
# The first row that fits is taken: SQLSTATE (or its class), and a part of the message.
ROWS = (
    Row(
        "28P01",
        "",
        "the login of user {user} is refused",
        "Correct user and password in {setting}.",
        True,
    ),
    # Said of every session without TLS, whether or not TLS would have been let in.
    Row("28000", "no encryption", _NO_ENTRY, _TLS_OR_ENTRY, True),
    Row("28000", "SSL off", _NO_ENTRY, _TLS_OR_ENTRY, True),
    Row(
        "28000",
        "not permitted to log in",
        "the role {user} may not log in",
        "ALTER ROLE it LOGIN, or correct the user in {setting}.",
        True,
    ),
    Row(
        "55000",
        "not currently accepting connections",
        "the database takes no connections",
        "ALTER DATABASE it ALLOW_CONNECTIONS true, or correct the name at the end of {setting}.",
        True,
    ),
    Row(
        "57P03",
        "not accepting connections",
        "it is a standby that takes no questions",
        "Set hot_standby=on there, or the primary's address in {setting}.",
    ),
    Row(
        "28000",
        "client certificate",
        "the server wants a client certificate",
        "Write sslcert= and sslkey=, the files of the client, in {setting}.",
        True,
    ),
    Row(
        "28000",
        "",
        "the login of user {user} is refused",
        "Correct {setting}, or pg_hba.conf at the server.",
        True,
    ),
    Row(
        "3D000", "", "there is no such database", "Correct the name at the end of {setting}.", True
    ),
    Row(
        "53300",
        "",
        "the server has no connection left",
        "It passes; pg_stat_activity shows who holds them, max_connections is the bound.",
    ),
    Row("53100", "", "the server's disk is full", "Free space where the database writes."),
    Row("53200", "", "the server is out of memory"),
    Row("57P03", "", "the server is starting up or shutting down", "It passes; it is tried again."),
    Row("57P01", "", "the server ended the session", "It passes; it is tried again."),
    Row("57P02", "", "the server broke down and recovers", "It passes; it is tried again."),
    Row("57P04", "", "the database was dropped", "Is {setting} the right database?", True),
    Row("57P05", "", "the server ended an idle session", "It passes; it is tried again."),
    Row("25P03", "", "the server ended an idle transaction", "It passes; it is tried again."),
    Row("25P04", "", "the server ended a long transaction", "It passes; it is tried again."),
    Row(
        "57014",
        "",
        "the query took too long and was cancelled",
        "It passes where the server is busy or somebody holds a lock; pg_stat_activity shows who.",
        timed_out=True,
    ),
    Row(
        "40001",
        "recovery",
        "a replica cancelled the query for its primary",
        "Use the primary's address in {setting}, or hot_standby_feedback.",
    ),
    Row("40P01", "", "the query was cancelled to end a deadlock"),
    Row("55P03", "", "a lock was not given in time", timed_out=True),
    Row(
        "25006",
        "",
        "the server takes no writes: it is a replica or read only",
        "Use the primary's address in {setting}.",
        True,
    ),
    Row(
        "42501",
        "for database",
        "the role may not connect to that database",
        "GRANT CONNECT ON the DATABASE to the role; deploy/readonly_role.sql does.",
        True,
    ),
    Row(
        "42501",
        "",
        "the role may not read what is needed",
        "GRANT SELECT on it to the role; deploy/readonly_role.sql does.",
        True,
    ),
    Row(
        "42P01",
        "",
        "a needed table is missing",
        "Is {setting} the right database? One that is newer than batchbot needs a newer batchbot.",
        True,
    ),
    Row(
        "42703",
        "",
        "a needed column is missing",
        "Is {setting} the right database? One that is newer than batchbot needs a newer batchbot.",
        True,
    ),
    Row(
        "42883",
        "",
        "a needed function is missing",
        "The server is too old, or its role may not.",
        True,
    ),
    Row("3F000", "", "a needed schema is missing", "Is {setting} the right database?", True),
    Row(
        "08P01",
        "no such database",
        "the pooler does not list that database",
        "Correct the name at the end of {setting}, or the pooler's [databases].",
        True,
    ),
    Row(
        "08P01",
        "no more connections",
        "the pooler has no place left",
        "It passes; max_client_conn is the bound.",
    ),
    Row(
        "08P01",
        "query wait timeout",
        "the pooler has no session of the server free",
        "It passes once one is given back (default_pool_size is the bound) or the server is back.",
    ),
    Row(
        "08P01",
        "query timeout",
        "the pooler ended a query that took too long",
        "It passes where the server is only busy; query_timeout of the pooler is the bound.",
        timed_out=True,
    ),
    Row(
        "08P01",
        "server conn crashed",
        "the pooler lost the server behind it",
        "It passes once the server is back.",
    ),
    Row(
        "08P01",
        "password authentication failed",
        "the pooler refuses the login of user {user}",
        "Correct user and password in {setting}, or the pooler's auth_file.",
        True,
    ),
    Row(
        "08P01",
        "uth failed",
        "the pooler refuses the login of user {user}",
        "Correct user and password in {setting}, or the pooler's auth_file.",
        True,
    ),
    Row(
        "08P01",
        "no such user",
        "the pooler does not know the user {user}",
        "Correct the user in {setting}, or the pooler's auth_file.",
        True,
    ),
    Row(
        "08P01",
        "SSL required",
        "the pooler wants TLS",
        "Add ?sslmode=require to {setting}.",
        True,
    ),
    Row(
        "08P01",
        "is disabled",
        "the pooler's administrator disabled the database",
        "It passes once it is enabled: ENABLE at the pooler's own console.",
    ),
    Row(
        "08P01",
        "cannot connect to server",
        "the pooler cannot reach the server behind it",
        "It passes once the server is back.",
    ),
    Row(
        "08P01",
        "server login",
        "the pooler cannot log in to the server behind it",
        "See the pooler's log; it passes once the server is back.",
    ),
    Row(
        "08P01",
        "startup parameter",
        "the pooler refuses a start-up parameter",
        "Use the server's own address in {setting}, or ignore_startup_parameters.",
        True,
    ),
    Row("08P01", "config error", "the pooler is set up wrongly", "See the pooler's log.", True),
    Row("08P01", "", "the pooler or server refuses the connection"),
    Row(
        "42704",
        "",
        "the address holds a parameter that the server does not know",
        "Take it out of {setting}.",
        True,
    ),
    Row(
        "26000",
        "",
        "a prepared statement is gone: a pooler is in between",
        "Add ?statement_cache_size=0 to {setting}.",
    ),
    Row(
        "42P05",
        "",
        "a prepared statement exists already: a pooler is in between",
        "Add ?statement_cache_size=0 to {setting}.",
    ),
    Row("0A000", "cached statement", "the tables have changed", "It passes; it is tried again."),
    Row("58P01", "", "the server misses a file of its own", "See the server's log."),
    Row("58", "", "the server's system fails", "See the server's log; is its disk full?"),
    Row("53", "", "the server lacks resources", "See the server's log."),
    Row("08", "", "the connection broke", "It passes; it is tried again."),
    Row("22", "", "the server cannot read a value"),
)
