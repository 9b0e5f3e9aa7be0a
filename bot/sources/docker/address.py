"""Where an Engine is, and by which certificates, as Docker's own client reads it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.drivers.network import PORT_ABOVE, WHICH_PORTS, has_port_above
from bot.errors import SourceError

CERT_FILES = ("ca.pem", "cert.pem", "key.pem")
SCHEMES = ("unix", "tcp", "http", "https", "ssh", "npipe")


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """An Engine's address, "" for Docker's own default; `cert_folder` is set where TLS is used.

    With `project`, what belongs to another compose project is not there.
    """

    host: str
    cert_folder: Path | None = None
    verifies: bool = True
    project: str = ""

    @property
    def where(self) -> str:
        """Host and port of an Engine that is reached by TCP, "" of any other."""
        is_by_tcp = _scheme(self.host) in ("tcp", "http", "https")
        return urlsplit(self.host).netloc.rpartition("@")[2] if is_by_tcp else ""

    @property
    def is_tls(self) -> bool:
        """Whether this Engine is spoken to by TLS."""
        return self.cert_folder is not None and _scheme(self.host) in ("tcp", "https")

    def tls_options(self, source: str) -> Any:
        """Return the SDK's TLS settings. Raises SourceError that names the file that is lacking."""
        import docker

        folder = self.cert_folder
        if not self.is_tls or folder is None:
            return False
        for name in CERT_FILES:
            if not os.access(folder / name, os.R_OK):
                raise SourceError(
                    source,
                    f"{folder / name} is not there or cannot be read, and DOCKER_TLS_VERIFY asks "
                    "for it",
                    hint="Set DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem; an "
                    "empty DOCKER_TLS_VERIFY switches TLS off.",
                    permanent=True,
                )
        ca, cert, key = (str(folder / name) for name in CERT_FILES)
        return docker.tls.TLSConfig(
            client_cert=(cert, key), ca_cert=ca if self.verifies else None, verify=self.verifies
        )

    def check(self, source: str) -> None:
        """Raise SourceError for an address that is none."""
        if has_port_above(self.host):
            raise SourceError(source, f"DOCKER_HOST {PORT_ABOVE}", hint=WHICH_PORTS, permanent=True)
        if self.host and _scheme(self.host) not in SCHEMES:
            raise SourceError(
                source,
                "DOCKER_HOST is no address of a Docker Engine",
                hint="Write unix:///var/run/docker.sock, tcp://host:2376 or ssh://host.",
                permanent=True,
            )


def _scheme(host: str) -> str:
    """Return how an address is spoken to; "" for what is no address at all."""
    try:
        parts = urlsplit(host)
        is_whole = parts.port is None or parts.port > 0
    except ValueError:
        return ""
    if parts.scheme in ("tcp", "http", "https", "ssh"):
        is_whole = is_whole and bool(parts.netloc.rpartition("@")[2])
    elif parts.scheme == "unix":
        is_whole = bool(parts.netloc + parts.path)
    return parts.scheme if is_whole else ""


def addresses(hosts: Sequence["str | EngineAddress"]) -> tuple[EngineAddress, ...]:
    """Return hosts as addresses, each once."""
    found = (one if isinstance(one, EngineAddress) else EngineAddress(one) for one in hosts)
    return tuple(dict.fromkeys(found))
