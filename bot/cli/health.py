"""Asks the bot that runs here whether it is ready: the container's health check."""

import http.client
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping

from bot.cli.formats import Exit
from bot.errors import SettingsError

SECONDS = 2.5
MOST_BYTES = 1 << 16
NOT_READY = "Look into the bot's log, and ask `batchbot doctor` with its settings."
NO_ANSWER = "Start it with `batchbot run`, or correct HTTP_HOST and HTTP_PORT to those of the bot."
NOT_OURS = "Another service is on HTTP_PORT: set it to the bot's, or give the bot another."
# Where a bot that listens everywhere is reached from the machine itself.
OWN = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - not bound to


def address(host: str, port: int) -> str:
    """Return where /readyz of the bot with these settings is; pure.

    Raises SettingsError where the port is not known.
    """
    if port == 0:
        raise SettingsError(
            "HTTP_PORT=0 lets the system choose a port, so that the bot cannot be asked.",
            hint="Set HTTP_PORT to a number from 1 to 65535, and start the bot again.",
        )
    own = OWN.get(host, host)
    return f"http://{f'[{own}]' if ':' in own else own}:{port}/readyz"


def show(url: str, *, seconds: float = SECONDS) -> Exit:
    """Print what the bot says of itself; return 0 when it is ready."""
    # The bot is on this machine: no proxy of the environment stands between.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=seconds) as answer:
            body = answer.read(MOST_BYTES)
    except urllib.error.HTTPError as error:
        body = error.read(MOST_BYTES)
        said = checks_in(body)
        if said is None:
            return _not_ours(url)
        return _refused(f"not ready: {said or error.reason}", NOT_READY)
    except OSError as error:
        return _refused(f"no answer from {url}: {_why(error)}", NO_ANSWER)
    except (http.client.InvalidURL, UnicodeError):
        return _refused(f"{url} is no address", NO_ANSWER)
    except http.client.HTTPException:
        return _not_ours(url)
    told = checks_in(body)
    if told is None:
        return _not_ours(url)
    sys.stdout.write(f"ready: {told}\n")
    return Exit.FINE


def _why(error: OSError) -> str:
    """Return the system's words of what went wrong, without its number."""
    reason = getattr(error, "reason", error)
    said = reason.strerror if isinstance(reason, OSError) else None
    return str(said or reason).lower()


def _not_ours(url: str) -> Exit:
    return _refused(f"what answers at {url} is not the bot", NOT_OURS)


def _refused(what: str, fix: str) -> Exit:
    sys.stdout.write(f"{what}\n{fix}\n")
    return Exit.ERROR


def checks_in(body: bytes) -> str | None:
    """Return what /readyz says of each check, in one line; None when it is another's answer."""
    try:
        said = json.loads(body)
    except ValueError:
        return None
    checks = said.get("checks") if isinstance(said, Mapping) else None
    if not isinstance(checks, Mapping):
        return None
    return "; ".join(f"{name} {detail}" for name, detail in checks.items())
