"""The quick conditions of real installations are seen as they must be."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from bot.service.embedded_postgres import EmbeddedPostgres
from tests.installs import (
    docker,
    docker_logs,
    env,
    kafka,
    log_files,
    loki,
    matrix,
    matrix_folder,
    matrix_own,
    postgres,
    redis,
    slack,
)
from tests.installs.pgbouncer import has_pgbouncer
from tests.installs.table import printed
from tests.support.servers.engine import running_engine

pytestmark = pytest.mark.marathon


def needs(package: str, is_there: bool) -> None:
    """Skip without a part, but fail in the gate."""
    if not is_there:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no {package} here")


async def test_postgres_and_pgbouncer(tmp_path: Path, postgres_server: EmbeddedPostgres) -> None:
    needs("pgbouncer", has_pgbouncer())
    found = [one async for one in postgres.rows(tmp_path, postgres_server, quick=True)]
    assert not any(one.wrong for one in found), printed(found)


@pytest.mark.redis_server
async def test_redis(tmp_path: Path) -> None:
    needs("redis-server", shutil.which("redis-server") is not None)
    found = [one async for one in redis.rows(tmp_path, quick=True)]
    assert not any(one.wrong for one in found), printed(found)


@pytest.mark.engine
async def test_docker(tmp_path: Path) -> None:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-engine-"))) as engine:
        found = [one async for one in docker.rows(tmp_path, engine, quick=True)]
        found += [one async for one in docker_logs.rows(tmp_path, engine, quick=True)]
    assert not any(one.wrong for one in found), printed(found)


@pytest.mark.parametrize("system", [slack, log_files])
async def test_slack_and_log_files(system: Any, tmp_path: Path) -> None:
    found = [one async for one in system.rows(tmp_path, quick=True)]
    assert not any(one.wrong for one in found), printed(found)


async def test_env_files(tmp_path: Path) -> None:
    found = [one async for one in env.rows(tmp_path, quick=True)]
    assert not any(one.wrong for one in found), printed(found)


async def test_loki_and_kafka(tmp_path: Path) -> None:
    needs("nginx", shutil.which("nginx") is not None)
    found = [one async for one in loki.rows(tmp_path, quick=True)]
    found += [one async for one in kafka.rows(tmp_path, quick=True)]
    assert not any(one.wrong for one in found), printed(found)


async def test_every_source_under_every_quick_condition(tmp_path: Path, database_url: str) -> None:
    """No class name, no "Something broke", no ✅ over what was not read, in any cell."""
    found = [one async for one in matrix.cells(tmp_path, database_url, matrix.QUICK)]
    folder_conditions = ("unreachable", "slow", "empty")
    found += [one async for one in matrix_folder.cells(tmp_path, database_url, folder_conditions)]
    assert len(found) >= 18
    assert not any(one.wrong for one in found), printed(found)


async def test_slack_and_the_bots_database_under_quick_conditions(
    tmp_path: Path, postgres_server: EmbeddedPostgres
) -> None:
    conditions = ("refused", "wrong credential", "rights too small", "half an answer")
    cells = matrix_own.cells(tmp_path, postgres_server, conditions, running=False)
    found = [one async for one in cells]
    assert len(found) == 8
    assert not any(one.wrong for one in found), printed(found)
