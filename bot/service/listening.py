"""Why the bot cannot listen where its settings say, and what that means to who starts it."""

import errno
import socket

from bot.errors import AwayError, BatchbotError, SettingsError

TAKEN = frozenset({errno.EADDRINUSE})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
# Python gives no number where none of a host's addresses is one of this machine.
NOT_OURS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, None})
FIRST_OF_ALL = 1_024


def cannot_listen(error: OSError | UnicodeError, host: str, port: int) -> BatchbotError:
    """Return the error of a start that cannot listen, by what is at fault; pure.

    A port that another holds may be free later, and so is no wrong setting.
    """
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, socket.gaierror | UnicodeError) or number in NOT_OURS:
        return SettingsError(
            f"HTTP_HOST={host} is no address or name of this machine.",
            hint="Set HTTP_HOST to 127.0.0.1 (this machine alone) or 0.0.0.0 (every network).",
        )
    if number in TAKEN:
        return AwayError(
            f"Port {port} of {host} is taken by another program.",
            hint="Stop it (another bot may be running here), or choose another HTTP_PORT.",
        )
    if number in FORBIDDEN and port < FIRST_OF_ALL:
        return SettingsError(
            f"HTTP_PORT={port} may not be used by this user.",
            hint=f"Choose an HTTP_PORT from {FIRST_OF_ALL} on.",
        )
    return SettingsError(
        f"The bot cannot listen on HTTP_HOST={host} and HTTP_PORT={port}: {error}.",
        hint="Correct HTTP_HOST or HTTP_PORT.",
    )
