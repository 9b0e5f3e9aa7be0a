"""The body of one request to a Docker Engine, as it comes, in big chunks.

The Engine flushes each log line, which makes each an HTTP chunk of its own, and taking those
apart costs more than everything else. HTTP/1.0 has no chunks: the Engine then sends the plain
stream and closes it.
"""

import http.client
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from bot.sources.docker.errors import BODY_BYTES, StatusError

READ_BYTES = 256 << 10
GATHER_SECONDS = 0.02
DEFAULT_SOCKET = "/var/run/docker.sock"


class Body:
    """An open answer; `chunks` reads it, `end` may be called from another thread."""

    def __init__(self, channel: socket.socket, target: str) -> None:
        """Send the request. Raises StatusError and OSError."""
        self._socket = channel
        self._is_endless = False
        self._answer = http.client.HTTPResponse(channel, method="GET")
        try:
            channel.sendall(f"GET {target} HTTP/1.0\r\nHost: docker\r\n\r\n".encode("ascii"))
            self._answer.begin()
            if self._answer.status != http.client.OK:
                raise StatusError(self._answer.status, self._answer.read(BODY_BYTES))
        except http.client.HTTPException as exc:
            self.close()
            raise ConnectionError("no HTTP answer") from exc
        except OSError:
            self.close()
            raise

    def chunks(self) -> Iterator[bytes]:
        """Yield what comes, until the Engine or `end` ends it. Raises OSError."""
        chunk = self._answer.read1(READ_BYTES)  # what came with the head
        if not self._is_endless:
            self._wait_in_kernel()
        flags = 0 if self._is_endless else socket.MSG_WAITALL
        while chunk:
            yield self._gathered(chunk) if self._is_endless else chunk
            chunk = self._socket.recv(READ_BYTES, flags)

    def _gathered(self, chunk: bytes) -> bytes:
        """Add what comes within moments: the Engine sends line by line, and each chunk costs."""
        time.sleep(GATHER_SECONDS)
        with suppress(BlockingIOError):
            return chunk + self._socket.recv(READ_BYTES, socket.MSG_DONTWAIT)
        return chunk

    def _wait_in_kernel(self) -> None:
        """Let the kernel gather what the Engine writes line by line; its own timeout guards it."""
        seconds = int(self._socket.gettimeout() or 0)
        self._socket.settimeout(None)
        self._socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0)
        )

    def wait_for_ever(self) -> None:
        """Let a followed log be quiet, and hand on each line as it comes."""
        self._is_endless = True
        self._socket.settimeout(None)

    def end(self) -> None:
        """End the answer; a thread that waits for it wakes up."""
        with suppress(OSError):  # the Engine was quicker
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the answer and free what it holds; for the thread that reads."""
        self.end()
        self._answer.close()
        self._socket.close()


def connect(address: str, timeout: float) -> socket.socket | None:
    """Connect to an Engine by unix socket or plain TCP; None for what needs the SDK's transports.

    Raises OSError.
    """
    url = urlsplit(address or f"unix://{DEFAULT_SOCKET}")
    if url.scheme == "unix":
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        channel.settimeout(timeout)
        try:
            channel.connect(url.netloc + url.path)
        except OSError as error:
            channel.close()
            error.filename = url.netloc + url.path
            raise
        return channel
    if url.scheme in ("tcp", "http") and url.hostname:
        return socket.create_connection((url.hostname, url.port or 2375), timeout)
    return None
