"""Certificates of an own CA, made by openssl for one run."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files of a CA, of a server called `name`, and of a client."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def certificates(folder: Path, name: str = "IP:127.0.0.1", *, days: int = 2) -> Certificates:
    """Make a CA, a server's certificate for `name` (`IP:…` or `DNS:…`) and a client's.

    They are good for so many days; a number below zero makes expired ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ca, ca_key = folder / "ca.pem", folder / "ca-key.pem"
    _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
             "/CN=test CA", "-addext", "basicConstraints=critical,CA:TRUE",
             "-keyout", ca_key, "-out", ca)  # fmt: skip
    made = []
    for who, names in (("server", name), ("client", "DNS:client")):
        key, request, cert = (folder / f"{who}{end}" for end in ("-key.pem", ".csr", "-cert.pem"))
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={who}", "-addext",
                 f"subjectAltName={names}", "-keyout", key, "-out", request)  # fmt: skip
        _openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
                 "-days", str(days), "-copy_extensions", "copy", "-out", cert)  # fmt: skip
        made += [cert, key]
    for path in folder.iterdir():
        path.chmod(0o644)
    return Certificates(ca, *made)


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
