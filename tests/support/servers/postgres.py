"""A real PostgreSQL for tests: one embedded server a test process, a fresh database a test."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from bot.service import embedded_postgres
from bot.service.embedded_postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """The embedded server of this test process."""
    folder = Path(tempfile.mkdtemp(prefix="bb-pg-"))
    folder.chmod(0o711)  # as root the server runs as another user, who has to pass through
    server = asyncio.run(embedded_postgres.start(folder, durable=False))
    try:
        yield server
    finally:
        asyncio.run(server.stop(remove=True))
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_database(postgres_server: EmbeddedPostgres) -> Iterator[Callable[..., str]]:
    """Return a function that makes an empty database, or a copy of a template, and its address."""
    made: list[str] = []

    def make(template: str = "template1") -> str:
        made.append(f"test_{uuid4().hex[:12]}")
        return asyncio.run(postgres_server.create_database(made[-1], template=template))

    yield make
    for name in made:
        asyncio.run(postgres_server.drop_database(name))


@pytest.fixture
def database_url(new_database: Callable[..., str]) -> str:
    """The address of a fresh, empty database."""
    return new_database()
