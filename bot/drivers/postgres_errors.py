"""What an error of a PostgreSQL driver means, and what to do."""

from bot.border.outside import Outside
from bot.drivers.network import Trouble, causes, network_trouble
from bot.drivers.postgres_address import PostgresAddress
from bot.drivers.postgres_connect import NO_POSTGRES, NO_VERSION
from bot.drivers.postgres_error_table import ROWS, Row

# The driver's own, for a session that was closed while it waited.
_BY_DRIVER = "08003"


def postgres_trouble(error: BaseException, setting: str, address: PostgresAddress) -> Trouble:
    """Return what an error of a PostgreSQL driver means; never a class's name."""
    told = _told(error)
    state = str(getattr(told, "sqlstate", None) or "")
    said = str(getattr(told, "message", None) or "")
    if hung_up(told):
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


def hung_up(error: BaseException) -> bool:
    """Say whether the driver lost the server in mid-answer, who said nothing of it."""
    state = getattr(error, "sqlstate", None)
    return state == _BY_DRIVER and not getattr(error, "severity", None)


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
        (row for row in ROWS if state.startswith(row.state) and row.text in said.replace("_", " ")),
        Row("", "", "the server refuses the query"),
    )
    ours = row.ours.format(user=address.user or "?", setting=setting)
    words = f"{ours}: {Outside(said)} ({state})" if said else f"{ours} ({state})"
    return Trouble(words, row.hint.format(setting=setting), row.permanent, row.timed_out)
