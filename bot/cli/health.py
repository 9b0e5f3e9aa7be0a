"""Asks the bot that runs here whether it is ready: the container's health check."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping

from bot.cli.formats import Exit

SECONDS = 2.5
MOST_BYTES = 1 << 16
# Where a bot that listens everywhere is reached from the machine itself.
OWN = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - not bound to


def address(host: str, port: int) -> str:
    """Return where /readyz of the bot with these settings is. Pure."""
    own = OWN.get(host, host)
    return f"http://{f'[{own}]' if ':' in own else own}:{port}/readyz"


def show(url: str, *, seconds: float = SECONDS) -> Exit:
    """Print what the bot says of itself; return 0 when it is ready."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:  # noqa: S310 - our own http
            body = answer.read(MOST_BYTES)
    except urllib.error.HTTPError as error:
        body = error.read(MOST_BYTES)
        sys.stdout.write(f"not ready: {checks_in(body) or error.reason}\n")
        return Exit.ERROR
    except OSError as error:
        reason = getattr(error, "reason", error)
        sys.stdout.write(f"no answer from {url}: {reason}\n")
        return Exit.ERROR
    told = checks_in(body)
    if told is None:
        sys.stdout.write(f"{url} is not the bot's: is another service on HTTP_PORT?\n")
        return Exit.ERROR
    sys.stdout.write(f"ready: {told}\n")
    return Exit.FINE


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
