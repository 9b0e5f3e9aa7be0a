"""What goes wrong between here and a server: names, ports, TLS, time; the same for every driver."""

import errno
import os
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from bot.border.outside import Outside
from bot.border.passing import ELLIPSIS
from bot.errors import SourceError

_ERRNO = re.compile(r"\[Errno (-?\d+)\]")
_PASSING_NAMES = frozenset({socket.EAI_AGAIN})
# The kernel's own timer of a socket ends a read by the first of them.
_WAITED = (errno.EAGAIN, errno.ETIMEDOUT)
# What HTTP clients, which are not imported here, call an answer that ended before its length.
_CUT_SHORT = frozenset(
    {"ChunkedEncodingError", "ClientPayloadError", "ContentLengthError", "IncompleteRead"}
)
# Hosts, ports, networks' scopes, and the paths of sockets.
_PLACE = re.compile(r"[\w.:,%/~@+ \[\]-]{1,300}")
# From 65,536 on.
_ABOVE = re.compile(
    r"0{0,9}(?:[1-9]\d{5,9}|[7-9]\d{4}|6[6-9]\d{3}|65[6-9]\d{2}|655[4-9]\d|6553[6-9])", re.ASCII
)
PORT_ABOVE = "has a port above 65535"
WHICH_PORTS = "Write a port from 1 to 65535."
CERTIFICATE_HINT = "Give the CA's file; verification stays on."


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a server gave no answer: a sentence, what to do, and whether it passes by itself."""

    message: str
    hint: str = ""
    permanent: bool = False
    timed_out: bool = False

    def error(self, source: str, *, hint: str = "") -> SourceError:
        """Return it as the error of a source; `hint` is said where there is none."""
        return SourceError(
            source,
            self.message,
            hint=self.hint or hint,
            permanent=self.permanent,
            timed_out=self.timed_out,
        )


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from or wraps; the outermost first."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        grouped = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        wrapped = (getattr(one, name, None) for name in ("reason", "os_error"))
        waiting += [*one.args, *grouped, *wrapped, one.__cause__, one.__context__]


def has_port_above(address: str) -> bool:
    """Say whether an address, of one host or several, names a port that is too high to be one.

    With an `@` behind it, it may be part of a password that was not encoded.
    """
    host, *rest = re.split(r"[/?#]", address.partition("://")[2] or address)
    ports = (one.rpartition("]")[2].rpartition(":")[2] for one in _hosts(host))
    return "@" not in "".join(rest) and any(_ABOVE.fullmatch(one) for one in ports)


def _hosts(netloc: str) -> list[str]:
    return [one for one in netloc.rpartition("@")[2].split(",") if ":" in one.rpartition("]")[2]]


def place_shown(place: str) -> str:
    """Return a server's place as it may be shown; what no host or path holds may be a value.

    Where a line break is lost in a file of settings, the next line stands behind a host's name.
    """
    return place if not place or _PLACE.fullmatch(place) else ELLIPSIS


def network_trouble(
    error: BaseException, what: str, *, where: str = "", ca: str = ""
) -> Trouble | None:
    """Return what a failed connection means, None when it is no matter of the network.

    `what` names the server, `where` its host and port, `ca` the setting that names a CA's file.
    """
    for one in causes(error):
        if found := _trouble(one, what, f" at {place_shown(where)}" if where else "", ca):
            return found
    return None


def _trouble(error: BaseException, what: str, at: str, ca: str) -> Trouble | None:
    if type(error).__name__ in _CUT_SHORT or getattr(error, "partial", None):
        return cut_short(what, at)
    if isinstance(error, ssl.SSLError):
        return tls_trouble(error, what, ca) if _says_why(error) else None
    # Some clients keep the number of a name that was not found and not the error's own type.
    if isinstance(error, socket.gaierror) or _number(error) < 0:
        return Trouble(
            f"the host name{at} is not known here: {_name_words(_number(error))}",
            "Check the name; a container's name is known only inside its Docker network.",
        )
    if isinstance(error, TimeoutError):
        return Trouble(f"{what}{at} did not answer in time", timed_out=True)
    if isinstance(error, OSError) and (number := _number(error)):
        at = at or (f" at {error.filename}" if error.filename else "")
        return _system_trouble(number, what, at)
    if isinstance(error, EOFError | ConnectionResetError | BrokenPipeError):
        return closed(what, at)
    return None


def _system_trouble(number: int, what: str, at: str) -> Trouble | None:
    said = os.strerror(number).lower()
    if number in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
        return closed(what, at)
    if number in _WAITED:
        return Trouble(f"{what}{at} did not answer in time", timed_out=True)
    if number == errno.ECONNREFUSED:
        return Trouble(f"nobody listens{at}: {said}", "Start it, or correct host and port.")
    if number in (errno.EACCES, errno.EPERM):
        return Trouble(f"this user may not use {what}{at}: {said}", permanent=True)
    if number == errno.ENOENT:
        return Trouble(f"{what} is not there{at}: {said}")
    return Trouble(f"{what}{at} cannot be reached: {said}")


def closed(what: str, at: str = "") -> Trouble:
    """Return the trouble of a server that hung up without an answer."""
    return Trouble(f"{what}{at} closed the connection without an answer")


def _says_why(error: ssl.SSLError) -> bool:
    """Say whether it is the handshake's own error; a client's stand-in for one has no message."""
    return not isinstance(error, ssl.SSLCertVerificationError) or hasattr(error, "verify_message")


def cut_short(what: str, at: str = "") -> Trouble:
    """Return the trouble of a server that hung up in the middle of its answer."""
    return Trouble(f"{what}{at} hung up in the middle of its answer", "It passes, or see its log.")


def tls_trouble(error: ssl.SSLError, what: str, ca: str = "") -> Trouble:
    """Return what a failed TLS handshake means; verification is never advised away."""
    text = str(error).lower()
    if isinstance(error, ssl.SSLCertVerificationError):
        said = Outside(error.verify_message or "certificate verify failed")
        if "not valid for" in error.verify_message or "mismatch" in error.verify_message.lower():
            hint = "Use a host name that stands in the certificate."
            return Trouble(f"the certificate of {what} names another host: {said}", hint, True)
        if "expired" in error.verify_message or "not yet valid" in error.verify_message:
            hint = "Renew the server's certificate, and check the clocks."
            return Trouble(f"the certificate of {what} is out of its time: {said}", hint, True)
        hint = f"Give the file of its CA by {ca}; verification stays on." if ca else ""
        words = "certificate verify failed, signed by a CA that is not known here"
        kind = "self-signed certificate, " if "self-signed" in error.verify_message else ""
        return Trouble(f"{what}: {kind}{words}", hint or CERTIFICATE_HINT, True)
    if "certificate required" in text or ("handshake failure" in text and "sslv3" in text):
        return Trouble(
            f"{what} wants a client certificate (TLS alert: certificate required)",
            "Give the client's certificate and key.",
            True,
        )
    if "wrong version number" in text or "record layer failure" in text or "unexpected eof" in text:
        return Trouble(
            f"the port of {what} does not speak TLS", "Use the address without TLS.", True
        )
    return Trouble(f"the TLS handshake with {what} failed: {_reason(error)}", permanent=True)


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "no reason was given").replace("_", " ").lower()


def _name_words(number: int) -> str:
    again = number in _PASSING_NAMES
    return "the name server does not answer" if again else "name or service not known"


def _number(error: BaseException) -> int:
    """Return the errno; asyncio writes those of several addresses into one text. 0 for none."""
    if not isinstance(error, OSError):
        return 0
    if error.errno:
        return error.errno
    found = _ERRNO.search(str(error))
    return int(found.group(1)) if found else 0
