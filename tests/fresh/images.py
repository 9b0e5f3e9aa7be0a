"""Stand-ins for images of a registry that cannot be reached, of this machine's own programs.

They keep to what compose.yaml uses of the images whose names they bear: haproxy reads
/usr/local/etc/haproxy/haproxy.cfg, and postgres takes POSTGRES_USER, POSTGRES_DB and
POSTGRES_PASSWORD. The PostgreSQL is Debian's, whatever the tag says.
"""

from pathlib import Path

from tests.image import base
from tests.image.root import PATH, Root
from tests.support.servers.engine import Engine

HAPROXY, POSTGRES = ("haproxy", "3.0-alpine"), ("postgres", "16")
REDIS, WRITER = ("redis", "stand-in"), ("writer", "stand-in")
DATABASE_OWNER = 999
DATABASE_USER = f"postgres:x:{DATABASE_OWNER}:{DATABASE_OWNER}::/var/lib/postgresql:/bin/sh\n"
START_POSTGRES = """#!/bin/sh
# What the image's own entrypoint does as its user: a cluster by POSTGRES_*, then the server.
set -e
data=/var/lib/postgresql/data
if [ ! -e $data/PG_VERSION ]; then
  [ -n "$POSTGRES_PASSWORD" ] || { echo "POSTGRES_PASSWORD is not set" >&2; exit 1; }
  printf '%s' "$POSTGRES_PASSWORD" > /tmp/password
  initdb -D $data -U $POSTGRES_USER --pwfile=/tmp/password \\
    --auth-local=trust --auth-host=scram-sha-256 --no-sync --no-locale -E UTF8 >/dev/null
  echo "host all all all scram-sha-256" >> $data/pg_hba.conf
  echo "CREATE DATABASE \\"${POSTGRES_DB:-$POSTGRES_USER}\\"" > /tmp/create.sql
  postgres --single -D $data template1 < /tmp/create.sql >/dev/null
  rm /tmp/password
fi
exec postgres -D $data -c listen_addresses='*'
"""


def programs() -> Path:
    """Return the folder of Debian's PostgreSQL, the newest one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))
    return found[-1]


def load(engine: Engine) -> list[str]:
    """Make every stand-in on an Engine; return the names of those that a registry is to hold."""
    base.load(engine)
    _import(engine, _haproxy(), HAPROXY,
            'CMD ["haproxy", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]')  # fmt: skip
    _import(engine, _postgres(), POSTGRES, 'ENTRYPOINT ["/usr/local/bin/start"]')
    _import(engine, _redis(), REDIS, 'CMD ["redis-server", "--protected-mode", "no"]')
    with Root() as plain:
        pass
    _import(engine, plain.packed(), WRITER)
    return [":".join(one) for one in ((base.NAME, base.TAG), HAPROXY, POSTGRES)]


def _import(engine: Engine, packed: bytes, name: tuple[str, str], *changes: str) -> None:
    path = f"ENV PATH={programs()}:{PATH}" if name == POSTGRES else f"ENV PATH={PATH}"
    engine.client.api.import_image_from_data(packed, *name, [path, *changes])


def _haproxy() -> bytes:
    with Root() as root:
        root.programs("/usr/sbin/haproxy")
    return root.packed()


def _postgres() -> bytes:
    home = programs().parent
    with Root(DATABASE_USER) as root:
        for place in ("var/lib/postgresql/data", "var/run/postgresql"):
            root.folder(place, owner=DATABASE_OWNER)
        names = ("postgres", "initdb", "psql", "pg_isready", "pg_dump", "pg_restore")
        root.programs(*(str(home / "bin" / one) for one in names))
        root.programs(*(str(one) for one in sorted((home / "lib").glob("*.so"))))
        for folder in (home / "lib", Path("/usr/share/postgresql") / home.name,
                       Path("/usr/share/zoneinfo")):  # fmt: skip
            root.add(folder)
        root.text("usr/local/bin/start", START_POSTGRES, 0o755)
    return root.packed()


def _redis() -> bytes:
    with Root() as root:
        root.programs("/usr/bin/redis-server", "/usr/bin/redis-cli")
    return root.packed()
