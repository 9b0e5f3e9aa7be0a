"""The table of Redis' errors: what each means, what to do, and whether it passes by itself."""

import re
from dataclasses import dataclass

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from bot.border.outside import Outside
from bot.domain.evidence import QUEUE
from bot.drivers.network import network_trouble
from bot.errors import SourceError
from bot.sources.redis.address import SETTING, RedisAddress

CA = f"?ssl_ca_certs=/path/of/the/ca.pem in {SETTING}"

COMMANDS = frozenset(
    {"AUTH", "EVAL", "EXEC", "HGET", "HLEN", "HMGET", "HSCAN", "INFO", "MULTI", "PING", "SELECT",
     "ZCARD", "ZRANGE"}
)  # fmt: skip
_UNKNOWN = re.compile(r"(?i)unknown command\W{1,3}(\w{1,20})")
_OF_PIPELINES = re.compile(r"\ACommand # .* of pipeline caused error: ")


@dataclass(frozen=True, slots=True)
class _Row:
    """An error by a pattern of the server's words, the class's own code included."""

    pattern: str
    ours: str
    hint: str
    permanent: bool = False


_ROWS = (
    _Row(
        r"called without any password",
        "a password is given, and the server has none",
        f"Take the password out of {SETTING}, or set requirepass at the server.",
        True,
    ),
    _Row(
        r"WRONGPASS|invalid (?:username|password)",
        "the login of user {user} is refused",
        f"Correct user and password in {SETTING}; one without a user stands between : and @.",
        True,
    ),
    _Row(
        r"NOAUTH|Authentication required|HELLO must be called",
        "the server wants a password",
        f"Write user, colon, password and @ before the host in {SETTING}.",
        True,
    ),
    _Row(
        r"(?i)no permissions to run the '(?:eval|hset)\b",
        "the user {user} may not put an item back",
        "For QUEUE_REPAIR=on give the user +eval +hset: ACL SETUSER {user} +eval +hset ~{prefix}:*",
        True,
    ),
    _Row(
        r"(?i)NOPERM|no permissions",
        "the user {user} may not do it",
        "Give the user +@read +ping +select, +multi +exec and the queue's keys: ACL SETUSER {user} "
        "+@read +ping +select +multi +exec ~{prefix}:*",
        True,
    ),
    _Row(
        r"Protocol Error",
        "what answers is no Redis",
        f"Correct host and port in {SETTING}.",
        True,
    ),
    _Row(r"LOADING|loading the dataset", "Redis is still loading its data", "It passes: wait."),
    _Row(
        r"MASTERDOWN|Link with MASTER is down",
        "a replica that does not answer while its master is away",
        f"It passes once the master is back; or set the master's address in {SETTING}.",
    ),
    _Row(
        r"MOVED|ASK|\A\d+ \S+:\d+\Z",
        "it is one node of a cluster, and the queue lies on another",
        f"Set that node's address in {SETTING}; the queue's keys may lie on several nodes.",
        True,
    ),
    _Row(
        r"CROSSSLOT|same slot",
        "it is one node of a cluster, and the queue's keys lie on several",
        "A queue on several nodes cannot be read as one.",
        True,
    ),
    _Row(r"CLUSTERDOWN|slot not served", "the cluster does not serve the queue's keys now",
         "It passes once its nodes are back."),
    _Row(
        r"(?i)unknown command\W+eval\b",
        "the server runs no scripts, so no item can be put back by one",
        "Put it back by hand, as /queue says, or allow EVAL at the server.",
        True,
    ),
    _Row(
        r"(?i)unknown command\W+hello\b",
        "the server does not speak that protocol version",
        f"Write ?protocol=2 in {SETTING}.",
        True,
    ),
    _Row(
        r"unknown command",
        "the server does not know the command{command}",
        "Take its rename-command out of the server's settings. A Sentinel knows none of them: there"
        f" set the master's address in {SETTING}; SENTINEL get-master-addr-by-name says it.",
        True,
    ),
    _Row(r"max number of clients", "the server has no connection left",
         "It passes; CLIENT LIST shows who holds them, maxclients is the bound."),
    _Row(
        r"(?:DB|db) index",
        "there is no database of that number",
        f"Correct the number at the end of {SETTING}.",
        True,
    ),
    _Row(r"WRONGTYPE|wrong kind of value", "a key of the queue has another type: "
         "is LLM_QUEUE_PREFIX right", "Correct LLM_QUEUE_PREFIX.", True),
    _Row(r"BUSY|running a script", "the server is busy with a script", "It passes: wait."),
    _Row(r"DENIED|protected mode", "the server is in protected mode, for itself alone",
         "Set a password at the server, or bind it to this network.", True),
    _Row(r"NOPROTO|unsupported protocol", "the server does not speak that protocol version",
         f"Write ?protocol=2 in {SETTING}.", True),
    _Row(r"TRYAGAIN|rehashing of slot", "the cluster moves the queue's keys just now",
         "It passes: wait."),
    _Row(r"OOM|maxmemory", "the server's memory is full, so it takes no writes",
         "Free memory there, or raise maxmemory; services cannot queue anything meanwhile."),
    _Row(r"READONLY|read only replica", "it is a replica, which takes no writes",
         f"Set the master's address in {SETTING}."),
    _Row(r"MISCONF|persist to disk|Errors writing to the AOF", "the server cannot save its data, "
         "so it takes no writes", "See the server's log; is its disk full?"),
    _Row(r"NOREPLICAS|[Nn]ot enough good replicas", "the server takes no writes without its "
         "replicas", "It passes once they are back."),
    _Row(r"upstream failure|no upstream host", "a proxy before Redis gets no answer from it",
         "It passes once Redis is back."),
)  # fmt: skip


def redis_error(error: RedisError, address: RedisAddress, prefix: str) -> SourceError:
    """Return what an error of the driver means; never a class's name."""
    text = _OF_PIPELINES.sub("", str(error)).strip("()',\"")
    for row in _ROWS:
        if re.search(row.pattern, text):
            ours = row.ours.format(user=address.user, command=_command(text))
            words = f"{ours}: {Outside(text.partition(', otherwise')[0])}"
            hint = row.hint.format(user=address.user, prefix=prefix)
            return SourceError(QUEUE, words, hint=hint, permanent=row.permanent)
    trouble = network_trouble(error, "Redis", where=address.where, ca=CA)
    if trouble is not None and trouble.timed_out:
        return trouble.error(QUEUE, hint=_in_time(address))
    if trouble is not None and "closed the connection" not in trouble.message:
        return trouble.error(QUEUE, hint=f"Check {SETTING}.")
    if isinstance(error, RedisTimeoutError):
        message = f"Redis at {address.where} did not answer in time"
        return SourceError(QUEUE, message, hint=_in_time(address), timed_out=True)
    if trouble is not None or isinstance(error, RedisConnectionError):
        other = "Does the port speak TLS? Then write rediss://" if not address.is_tls else ""
        return SourceError(
            QUEUE,
            f"Redis at {address.where} closed the connection without an answer",
            hint=f"{other} in {SETTING}." if other else "See the server's log.",
        )
    words = f": {Outside(text)}" if text else ", without a word why"
    return SourceError(QUEUE, f"Redis refuses the question{words}")


def _command(text: str) -> str:
    """Return a blank and the command that is not known, where it is one that is sent here."""
    found = _UNKNOWN.search(text)
    name = found[1].upper() if found else ""
    return f" {name}" if name in COMMANDS else ""


def _in_time(address: RedisAddress) -> str:
    """Return what to do about silence: a port without TLS waits for the rest of a handshake."""
    other = "Does the port speak TLS at all? If not, write redis:// there. "
    return f"{other * address.is_tls}Check {SETTING}."
