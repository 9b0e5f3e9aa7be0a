"""How a broker is logged in to: the settings of a client, as the client takes them."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import SourceError

CA = "KAFKA_SSL_CAFILE"
CERT = "KAFKA_SSL_CERTFILE"
KEY = "KAFKA_SSL_KEYFILE"


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """The usual settings of a client; the password is never shown, and read at each login."""

    protocol: str = "PLAINTEXT"
    mechanism: str = "PLAIN"
    username: str = ""
    password: Callable[[], str] | str = field(default="", repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def options(self, source: str) -> Mapping[str, Any]:
        """Return the client's arguments. Raises SourceError where the CA's file is not there."""
        found: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.startswith("SASL"):
            found |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password()
                if callable(self.password)
                else self.password,
            }
        if self.protocol.endswith("SSL"):
            found["ssl_context"] = self._context(source)
        return found

    def _context(self, source: str) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise _no_file(source, CA, self.ca_file, "certificate") from error
        if self.cert_file is None:
            return context
        try:
            context.load_cert_chain(self.cert_file, self.key_file, password="")
        except (OSError, ValueError) as error:
            if self.key_file is not None and not self.key_file.is_file():
                raise _no_file(source, KEY, self.key_file, "key") from error
            raise _no_file(
                source, CERT, self.cert_file, f"certificate with the key of {KEY}"
            ) from error
        return context


def _no_file(source: str, setting: str, path: Path | None, what: str) -> SourceError:
    return SourceError(
        source,
        f"the file of {setting}, {path}, is not there, or is no {what}",
        hint=f"Correct {setting}.",
        permanent=True,
    )
