"""The tables of the bot's memory; every replica applies them at its start, in order, once.

A migration expands: it adds tables, columns with a default and indexes, so that replicas of the
version before go on beside it, and may be gone back to. What is no longer used is taken away one
release later, by a migration that also raises NEEDS: an older version then refuses to work.
"""

from dataclasses import dataclass
from enum import Enum

from bot.alerts.store.session import Session

SCHEMA = "batchbot"
MIGRATION_LOCK = 0x6261746368626F74


class Upkeep(Enum):
    """What opening the database may change: bring tables up to date, make them where none are."""

    UPGRADE = "upgrade"
    CREATE = "create"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """How many migrations were applied, and how many a bot must know to use the tables."""

    applied: int
    needs: int = 0


MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE alert (
        key text PRIMARY KEY,
        environment text NOT NULL,
        detector text NOT NULL,
        subject text NOT NULL,
        state text NOT NULL,
        severity text NOT NULL,
        title text NOT NULL,
        body jsonb NOT NULL,
        opened_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        resolved_at timestamptz,
        thread bigint,
        channel text NOT NULL DEFAULT '',
        thread_ts text NOT NULL DEFAULT '',
        acknowledged_by text NOT NULL DEFAULT '',
        acknowledged_at timestamptz
    );
    CREATE INDEX alert_open ON alert (environment, changed_at) WHERE state <> 'resolved';
    CREATE TABLE alert_event (
        id bigserial PRIMARY KEY,
        environment text NOT NULL,
        key text NOT NULL,
        at timestamptz NOT NULL,
        reason text NOT NULL,
        severity text NOT NULL,
        title text NOT NULL,
        note text NOT NULL DEFAULT ''
    );
    CREATE INDEX alert_event_newest ON alert_event (environment, at DESC);
    CREATE TABLE outbox (
        id bigserial PRIMARY KEY,
        environment text NOT NULL,
        key text NOT NULL,
        thread bigint NOT NULL,
        kind text NOT NULL,
        token uuid NOT NULL DEFAULT gen_random_uuid(),
        body jsonb NOT NULL,
        state text NOT NULL DEFAULT 'ready',
        attempts int NOT NULL DEFAULT 0,
        next_try timestamptz NOT NULL,
        owner text NOT NULL DEFAULT '',
        lease_until timestamptz,
        look_first boolean NOT NULL DEFAULT false,
        plain boolean NOT NULL DEFAULT false,
        problem text NOT NULL DEFAULT '',
        created_at timestamptz NOT NULL,
        sent_at timestamptz,
        channel text NOT NULL DEFAULT '',
        ts text NOT NULL DEFAULT ''
    );
    CREATE INDEX outbox_waiting ON outbox (environment, id) WHERE state IN ('ready', 'sending');
    CREATE INDEX outbox_thread ON outbox (thread, id);
    CREATE TABLE sample (
        environment text NOT NULL,
        detector text NOT NULL,
        at timestamptz NOT NULL,
        data jsonb NOT NULL,
        unreadable text NOT NULL DEFAULT '',
        PRIMARY KEY (environment, detector, at)
    );
    CREATE TABLE progress (
        environment text PRIMARY KEY,
        at timestamptz NOT NULL,
        body jsonb NOT NULL
    );
    CREATE TABLE mute (
        environment text NOT NULL,
        pattern text NOT NULL,
        until timestamptz NOT NULL,
        reason text NOT NULL DEFAULT '',
        by text NOT NULL DEFAULT '',
        at timestamptz NOT NULL,
        PRIMARY KEY (environment, pattern)
    );
    CREATE TABLE alias (
        label text PRIMARY KEY,
        ref text NOT NULL,
        by text NOT NULL,
        at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE audit (
        id bigserial PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT now(),
        who text NOT NULL,
        place text NOT NULL,
        what text NOT NULL,
        outcome text NOT NULL
    );
    """,
    """
    ALTER TABLE alert ADD COLUMN number int NOT NULL DEFAULT 0;
    UPDATE alert a SET number = n.number FROM (
        SELECT key, row_number() OVER (PARTITION BY environment ORDER BY opened_at, key) AS number
        FROM alert) n WHERE n.key = a.key;
    CREATE UNIQUE INDEX alert_number ON alert (environment, number);
    ALTER TABLE alert_event ADD COLUMN by text NOT NULL DEFAULT '';
    CREATE INDEX alert_event_of_key ON alert_event (environment, key, at DESC);
    ALTER TABLE mute DROP CONSTRAINT mute_pkey;
    ALTER TABLE mute ADD COLUMN id bigserial PRIMARY KEY,
        ADD COLUMN kind text NOT NULL DEFAULT 'mute',
        ADD COLUMN since timestamptz,
        ADD COLUMN ended_at timestamptz,
        ADD COLUMN ended_by text NOT NULL DEFAULT '',
        ALTER COLUMN until DROP NOT NULL;
    CREATE INDEX mute_holding ON mute (environment) WHERE ended_at IS NULL;
    """,
    """
    CREATE TABLE run_label (
        label text NOT NULL,
        bos_batch_id text NOT NULL,
        source text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (label, bos_batch_id)
    );
    """,
    """
    CREATE TABLE alert_note (
        id bigserial PRIMARY KEY,
        environment text NOT NULL,
        key text NOT NULL,
        at timestamptz NOT NULL,
        by text NOT NULL,
        text text NOT NULL
    );
    CREATE INDEX alert_note_of_key ON alert_note (environment, key, at DESC);
    """,
    """
    CREATE TABLE batch_watch (
        id serial PRIMARY KEY,
        environment text NOT NULL,
        batch_id int NOT NULL,
        channel text NOT NULL,
        thread_ts text NOT NULL DEFAULT '',
        asker text NOT NULL,
        token uuid NOT NULL DEFAULT gen_random_uuid(),
        ts text NOT NULL DEFAULT '',
        started_at timestamptz NOT NULL,
        ended_at timestamptz
    );
    CREATE UNIQUE INDEX batch_watch_open ON batch_watch (environment, batch_id, channel)
        WHERE ended_at IS NULL;
    """,
    """
    ALTER TABLE schema_version ADD COLUMN needs int NOT NULL DEFAULT 0;
    CREATE INDEX alert_ended ON alert (environment, resolved_at) WHERE state = 'resolved';
    CREATE INDEX outbox_created ON outbox (environment, created_at);
    CREATE INDEX audit_at ON audit (at);
    CREATE INDEX mute_ended ON mute (environment, (coalesce(ended_at, until)));
    CREATE INDEX run_label_at ON run_label (at);
    CREATE INDEX batch_watch_ended ON batch_watch (environment, ended_at);
    """,
    """
    CREATE TABLE change (
        id bigserial PRIMARY KEY,
        environment text NOT NULL,
        at timestamptz NOT NULL,
        body jsonb NOT NULL
    );
    CREATE INDEX change_newest ON change (environment, at DESC);
    """,
    """
    CREATE TABLE signed_request (
        signature text PRIMARY KEY,
        at timestamptz NOT NULL
    );
    CREATE INDEX signed_request_at ON signed_request (at);
    """,
    """
    CREATE INDEX alert_thread ON alert (thread) WHERE thread IS NOT NULL;
    CREATE INDEX alert_changed ON alert (environment, changed_at DESC);
    """,
    """
    CREATE INDEX alert_note_at ON alert_note (environment, at);
    CREATE INDEX alias_at ON alias (at);
    """,
)
# How many of them a bot must know to use the tables as the last one leaves them.
NEEDS = 2


async def may_migrate(session: Session) -> bool:
    """Say whether the role may make what a migration makes, without making anything."""
    found = await session.fetchval(
        "SELECT CASE WHEN to_regnamespace($1) IS NULL"
        " THEN has_database_privilege(current_database(), 'CREATE')"
        " ELSE has_schema_privilege($1, 'CREATE') END",
        SCHEMA,
    )
    return bool(found)


async def schema_version(connection: Session) -> SchemaVersion:
    """Return which tables are there; nothing is applied where there are none."""
    table = f"{SCHEMA}.schema_version"
    if await connection.fetchval("SELECT to_regclass($1) IS NULL", table):
        return SchemaVersion(0)
    row = await connection.fetchrow(
        "SELECT coalesce(max(version), 0) AS applied,"
        f" coalesce(max((to_jsonb(v) ->> 'needs')::int), 0) AS needs FROM {table} v"
    )
    return SchemaVersion(row["applied"], row["needs"]) if row else SchemaVersion(0)


def too_new(found: SchemaVersion, known: int) -> str:
    """Say why a bot that knows so many migrations may not use the tables; "" when it may. Pure."""
    if found.applied <= known or 0 < found.needs <= known:
        return ""
    return (
        f"the bot's own database is a newer batchbot's (schema {found.applied}, and this one knows "
        f"{known})"
    )


def outdated(found: SchemaVersion, known: int) -> str:
    """Say what is to be applied before the tables can be used; "" when nothing is. Pure."""
    if found.applied >= known:
        return ""
    if not found.applied:
        return "the bot's own database has no tables yet"
    return f"the bot's own database has schema {found.applied}, and this batchbot needs {known}"


async def migrate(connection: Session) -> None:
    """Bring the tables up to date, in the transaction of `connection`; replicas take turns."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version"
        " (version int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
    )
    done = await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_version")
    for version, statements in enumerate(MIGRATIONS[done:], start=done + 1):
        await connection.execute(statements)
        await connection.execute("INSERT INTO schema_version (version) VALUES ($1)", version)
    if len(MIGRATIONS) > done:
        await connection.execute("UPDATE schema_version SET needs = $1", NEEDS)
