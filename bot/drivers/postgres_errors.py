"""The table of PostgreSQL's and its poolers' errors: what each means, and what to do."""

from dataclasses import dataclass

from bot.border.outside import Outside
from bot.drivers.network import Trouble, causes, network_trouble
from bot.drivers.postgres_address import PostgresAddress
from bot.drivers.postgres_connect import NO_POSTGRES, NO_VERSION


@dataclass(frozen=True, slots=True)
class _Row:
    """A server's error: `text` must be in its message when given; `ours` says it in our words.

    Versions of PgBouncer write spaces or underscores, so `text` has spaces.
    """

    state: str
    text: str
    ours: str
    hint: str = ""
    permanent: bool = False
    timed_out: bool = False


# The driver's own, for a session that was closed while it waited.
_BY_DRIVER = "08003"
# The first row that fits is taken: SQLSTATE (or its class), and a part of the message.
_ROWS = (
    _Row(
        "28P01",
        "",
        "the login of user {user} is refused",
        "Correct user and password in {setting}.",
        True,
    ),
    _Row(
        "28000", "no encryption", "the server wants TLS", "Add ?sslmode=require to {setting}.", True
    ),
    _Row("28000", "SSL off", "the server wants TLS", "Add ?sslmode=require to {setting}.", True),
    _Row(
        "28000",
        "client certificate",
        "the server wants a client certificate",
        "Write sslcert= and sslkey=, the files of the client, in {setting}.",
        True,
    ),
    _Row(
        "28000",
        "",
        "the login of user {user} is refused",
        "Correct {setting}, or pg_hba.conf at the server.",
        True,
    ),
    _Row(
        "3D000", "", "there is no such database", "Correct the name at the end of {setting}.", True
    ),
    _Row(
        "53300",
        "",
        "the server has no connection left",
        "It passes; pg_stat_activity shows who holds them, max_connections is the bound.",
    ),
    _Row("53100", "", "the server's disk is full", "Free space where the database writes."),
    _Row("53200", "", "the server is out of memory"),
    _Row(
        "57P03", "", "the server is starting up or shutting down", "It passes; it is tried again."
    ),
    _Row("57P01", "", "the server ended the session", "It passes; it is tried again."),
    _Row("57P02", "", "the server broke down and recovers", "It passes; it is tried again."),
    _Row("57P04", "", "the database was dropped", "Is {setting} the right database?", True),
    _Row("57P05", "", "the server ended an idle session", "It passes; it is tried again."),
    _Row("25P03", "", "the server ended an idle transaction", "It passes; it is tried again."),
    _Row("25P04", "", "the server ended a long transaction", "It passes; it is tried again."),
    _Row(
        "57014",
        "",
        "the query took too long and was cancelled",
        "It passes where the server is busy or somebody holds a lock; pg_stat_activity shows who.",
        timed_out=True,
    ),
    _Row(
        "40001",
        "recovery",
        "a replica cancelled the query for its primary",
        "Use the primary's address in {setting}, or hot_standby_feedback.",
    ),
    _Row("40P01", "", "the query was cancelled to end a deadlock"),
    _Row("55P03", "", "a lock was not given in time", timed_out=True),
    _Row(
        "25006",
        "",
        "the server takes no writes: it is a replica or read only",
        "Use the primary's address in {setting}.",
        True,
    ),
    _Row(
        "42501",
        "for database",
        "the role may not connect to that database",
        "GRANT CONNECT ON the DATABASE to the role; deploy/readonly_role.sql does.",
        True,
    ),
    _Row(
        "42501",
        "",
        "the role may not read what is needed",
        "GRANT SELECT on it to the role; deploy/readonly_role.sql does.",
        True,
    ),
    _Row(
        "42P01",
        "",
        "a needed table is missing",
        "Is {setting} the right database? One that is newer than batchbot needs a newer batchbot.",
        True,
    ),
    _Row(
        "42703",
        "",
        "a needed column is missing",
        "Is {setting} the right database? One that is newer than batchbot needs a newer batchbot.",
        True,
    ),
    _Row(
        "42883",
        "",
        "a needed function is missing",
        "The server is too old, or its role may not.",
        True,
    ),
    _Row("3F000", "", "a needed schema is missing", "Is {setting} the right database?", True),
    _Row(
        "08P01",
        "no such database",
        "the pooler does not list that database",
        "Correct the name at the end of {setting}, or the pooler's [databases].",
        True,
    ),
    _Row(
        "08P01",
        "no more connections",
        "the pooler has no place left",
        "It passes; max_client_conn is the bound.",
    ),
    _Row(
        "08P01",
        "query wait timeout",
        "the pooler has no session of the server free",
        "It passes once one is given back (default_pool_size is the bound) or the server is back.",
    ),
    _Row(
        "08P01",
        "query timeout",
        "the pooler ended a query that took too long",
        "It passes where the server is only busy; query_timeout of the pooler is the bound.",
        timed_out=True,
    ),
    _Row(
        "08P01",
        "server conn crashed",
        "the pooler lost the server behind it",
        "It passes once the server is back.",
    ),
    _Row(
        "08P01",
        "password authentication failed",
        "the pooler refuses the login of user {user}",
        "Correct user and password in {setting}, or the pooler's auth_file.",
        True,
    ),
    _Row(
        "08P01",
        "uth failed",
        "the pooler refuses the login of user {user}",
        "Correct user and password in {setting}, or the pooler's auth_file.",
        True,
    ),
    _Row(
        "08P01",
        "no such user",
        "the pooler does not know the user {user}",
        "Correct the user in {setting}, or the pooler's auth_file.",
        True,
    ),
    _Row(
        "08P01",
        "SSL required",
        "the pooler wants TLS",
        "Add ?sslmode=require to {setting}.",
        True,
    ),
    _Row(
        "08P01",
        "is disabled",
        "the pooler's administrator disabled the database",
        "It passes once it is enabled: ENABLE at the pooler's own console.",
    ),
    _Row(
        "08P01",
        "cannot connect to server",
        "the pooler cannot reach the server behind it",
        "It passes once the server is back.",
    ),
    _Row(
        "08P01",
        "server login",
        "the pooler cannot log in to the server behind it",
        "See the pooler's log; it passes once the server is back.",
    ),
    _Row(
        "08P01",
        "startup parameter",
        "the pooler refuses a start-up parameter",
        "Use the server's own address in {setting}, or ignore_startup_parameters.",
        True,
    ),
    _Row("08P01", "config error", "the pooler is set up wrongly", "See the pooler's log.", True),
    _Row("08P01", "", "the pooler or server refuses the connection"),
    _Row(
        "42704",
        "",
        "the address holds a parameter that the server does not know",
        "Take it out of {setting}.",
        True,
    ),
    _Row(
        "26000",
        "",
        "a prepared statement is gone: a pooler is in between",
        "Add ?statement_cache_size=0 to {setting}.",
    ),
    _Row(
        "42P05",
        "",
        "a prepared statement exists already: a pooler is in between",
        "Add ?statement_cache_size=0 to {setting}.",
    ),
    _Row("0A000", "cached statement", "the tables have changed", "It passes; it is tried again."),
    _Row("58P01", "", "the server misses a file of its own", "See the server's log."),
    _Row("58", "", "the server's system fails", "See the server's log; is its disk full?"),
    _Row("53", "", "the server lacks resources", "See the server's log."),
    _Row("08", "", "the connection broke", "It passes; it is tried again."),
    _Row("22", "", "the server cannot read a value"),
)


def postgres_trouble(error: BaseException, setting: str, address: PostgresAddress) -> Trouble:
    """Return what an error of a PostgreSQL driver means; never a class's name."""
    told = _told(error)
    state = str(getattr(told, "sqlstate", None) or "")
    said = str(getattr(told, "message", None) or "")
    if state == _BY_DRIVER and not getattr(told, "severity", None):
        message = "the connection broke: the server hung up in the middle of its answer"
        return Trouble(message, "It passes; it is tried again.")
    if state:
        return _of_server(state, said, setting, address)
    if (found := _of_client(str(error), setting, address)) is not None:
        return found
    ca = f"sslrootcert in {setting}"
    found = network_trouble(error, "the server", where=address.where, ca=ca)
    if found is not None:
        return found
    if isinstance(error, ValueError | TypeError):
        return Trouble(
            f"{setting} is malformed",
            f"Write {setting}=postgresql://host:5432/database.",
            True,
        )
    if isinstance(error, OSError):
        return Trouble(f"the server at {address.where} cannot be reached")
    return Trouble("the connection broke", "It passes; it is tried again.")


def _of_client(text: str, setting: str, address: PostgresAddress) -> Trouble | None:
    """Return what the driver's own words mean, None where they tell nothing."""
    if NO_POSTGRES in text:
        return Trouble(
            f"no PostgreSQL answers at {address.where}: the port speaks something else",
            f"Correct host and port in {setting}; PostgreSQL's own is 5432.",
            permanent=True,
        )
    if "rejected SSL upgrade" in text:
        return Trouble(
            "the server does not speak TLS: rejected SSL upgrade",
            f"Switch TLS on at the server, or write sslmode=prefer in {setting}.",
            permanent=True,
        )
    if "target attribute requirement" in text:
        return Trouble(
            f"no server at {address.where} is such as target_session_attrs asks for",
            f"Correct target_session_attrs in {setting}, or name a primary's and replicas' hosts.",
        )
    if NO_VERSION in text:
        return Trouble(
            f"what answers is no PostgreSQL that this client speaks to: {text}",
            f"Use the server's own address in {setting}, or a pooler that passes it on.",
            permanent=True,
        )
    if "root certificate file" in text or "root.crt" in text:
        return Trouble(
            "the server's certificate is to be verified, and no CA's file is given",
            f"Write sslrootcert=/path/of/the/ca.pem beside sslmode in {setting}.",
            permanent=True,
        )
    return None


def _told(error: BaseException) -> BaseException:
    """Return the server's own error: one that ends a session is the cause of the driver's."""
    states = {id(one): str(getattr(one, "sqlstate", None) or "") for one in causes(error)}
    own = (one for one in causes(error) if states[id(one)] and states[id(one)] != _BY_DRIVER)
    return next(own, error)


def _of_server(state: str, said: str, setting: str, address: PostgresAddress) -> Trouble:
    row = next(
        (
            row
            for row in _ROWS
            if state.startswith(row.state) and row.text in said.replace("_", " ")
        ),
        _Row("", "", "the server refuses the query"),
    )
    ours = row.ours.format(user=address.user or "?", setting=setting)
    words = f"{ours}: {Outside(said)} ({state})" if said else f"{ours} ({state})"
    return Trouble(words, row.hint.format(setting=setting), row.permanent, row.timed_out)
