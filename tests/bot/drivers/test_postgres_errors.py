"""Every error that PostgreSQL knows is told in words: what the server said, and what to do."""

import asyncio
import re
import ssl
from typing import Any
from urllib.parse import quote_plus

import asyncpg
import pytest

from bot.drivers.postgres_address import postgres_address
from bot.drivers.postgres_connect import spoken_to
from bot.drivers.postgres_errors import postgres_trouble
from bot.errors import SettingsError
from tests.installs.peers import peer, speaks
from tests.installs.table import NEVER

SETTING = "CJ_DATABASE_URL"
STATES = sorted(
    {
        state
        for one in vars(asyncpg.exceptions).values()
        if isinstance((state := getattr(one, "sqlstate", None)), str) and len(state) == 5
    }
)
RAISE = "DO $$ BEGIN RAISE EXCEPTION 'limit exceeded' USING ERRCODE = '{}'; END $$"


async def test_every_error_of_a_real_server_is_told_in_words(database_url: str) -> None:
    address = postgres_address(database_url, SETTING)
    session = await asyncpg.connect(database_url)
    told = {}
    for state in STATES:
        if state[:2] in ("00", "01", "02"):  # no errors: RAISE refuses them
            continue
        with pytest.raises(asyncpg.PostgresError) as raised:
            await session.execute(RAISE.format(state))
        trouble = postgres_trouble(raised.value, SETTING, address)
        told[state] = f"{trouble.message} {trouble.hint}"
    await session.close()
    assert len(told) > 200
    assert not [state for state, text in told.items() if "limit exceeded" not in text]
    assert not [text for text in told.values() if any(re.search(one, text) for one in NEVER)]


@pytest.mark.parametrize(
    ("state", "is_permanent"),
    [("28P01", True), ("3D000", True), ("42501", True), ("53300", False), ("57P03", False)],
)
async def test_what_passes_and_what_does_not(
    database_url: str, state: str, is_permanent: bool
) -> None:
    session = await asyncpg.connect(database_url)
    with pytest.raises(asyncpg.PostgresError) as raised:
        await session.execute(RAISE.format(state))
    await session.close()
    address = postgres_address(database_url, SETTING)
    trouble = postgres_trouble(raised.value, SETTING, address)
    assert trouble.permanent is is_permanent
    assert bool(trouble.hint)


async def test_a_server_that_ends_a_session_is_quoted(database_url: str) -> None:
    """The driver's own error says only that the connection was closed."""
    session, owner = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    asleep = asyncio.create_task(session.fetch("SELECT pg_sleep(60)"))
    pid = session.get_server_pid()
    works = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'"
    while not await owner.fetch(works, pid):
        pass
    await owner.fetch("SELECT pg_terminate_backend($1)", pid)
    await owner.close()
    with pytest.raises(asyncpg.PostgresError) as raised:
        await asleep
    trouble = postgres_trouble(raised.value, SETTING, postgres_address(database_url, SETTING))
    assert str(trouble.message).startswith("the server ended the session: terminating connection")
    assert not trouble.permanent


@pytest.mark.parametrize("mode", ["", "?sslmode=disable", "?sslmode=require"])
@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"-ERR\r\n"]
)
async def test_a_port_of_another_protocol_is_no_postgres(mode: str, answer: bytes) -> None:
    async with peer(speaks(answer)) as port:
        url = f"postgresql://bot:x@127.0.0.1:{port}/cj{mode}"
        with pytest.raises(ConnectionError) as raised:
            await spoken_to(asyncpg.connect, asyncpg.PostgresConnectionError)(url)
        trouble = postgres_trouble(raised.value, SETTING, postgres_address(url, SETTING))
    assert str(trouble.message).startswith(f"no PostgreSQL answers at 127.0.0.1:{port}")
    assert trouble.permanent


async def test_a_server_that_hangs_up_is_not_called_another() -> None:
    async with peer(speaks(b"")) as port:
        url = f"postgresql://bot:x@127.0.0.1:{port}/cj?sslmode=disable"
        with pytest.raises(asyncpg.PostgresError) as raised:
            await spoken_to(asyncpg.connect, asyncpg.PostgresConnectionError)(url)
        trouble = postgres_trouble(raised.value, SETTING, postgres_address(url, SETTING))
    assert "the connection broke" in str(trouble.message)
    assert not trouble.permanent


@pytest.mark.parametrize(
    ("state", "said", "told", "hint"),
    [
        ("28000", 'no pg_hba.conf entry for host "::1", no encryption', "refused by pg_hba.conf",
         "where the server speaks TLS; else pg_hba.conf"),
        ("28000", 'pg_hba.conf rejects connection for host "::1", no encryption',
         "refused by pg_hba.conf", "else pg_hba.conf needs an entry"),
        ("28000", 'role "bot" is not permitted to log in', "role bot may not log in", "LOGIN"),
        ("55000", 'database "d" is not currently accepting connections', "takes no connections",
         "ALLOW_CONNECTIONS"),
        ("57P03", "the database system is not accepting connections", "takes no questions",
         "primary's address"),
        ("57P03", "the database system is not yet accepting connections", "starting up", "passes"),
    ],
)  # fmt: skip
def test_a_refusal_accuses_of_no_more_than_the_server_said(
    state: str, said: str, told: str, hint: str
) -> None:
    address = postgres_address("postgresql://bot@host/d", SETTING)
    error = asyncpg.PostgresError.new({"C": state, "M": said, "S": "FATAL"})
    trouble = postgres_trouble(error, SETTING, address)
    assert told in trouble.message
    assert hint in trouble.hint


def test_the_systems_own_authorities_are_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "postgresql://host/d?sslmode=verify-full&sslrootcert=system"
    paths = ssl.get_default_verify_paths()
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths._replace(cafile=__file__))
    assert f"sslrootcert={quote_plus(__file__)}" in postgres_address(text, SETTING).url
    none: Any = {"cafile": None}
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths._replace(**none))
    with pytest.raises(SettingsError, match="system's CAs"):
        postgres_address(text, SETTING)
