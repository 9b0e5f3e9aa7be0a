"""The log folder as compose.direct-logs.yaml mounts it: what of it can be read, and what cannot."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.types import LogConfig

from tests.rights import container
from tests.rights.attempt import wrong
from tests.support.servers.engine import Engine, running_engine

# The docker SDK leaves the sockets of ended streams to the garbage collector.
pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    if shutil.which("setfacl") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs setfacl (Debian package acl)")
        pytest.skip("no setfacl on this machine")
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-eng-"))) as running:
        yield running


def test_the_bots_container_reads_logs_and_no_configuration_and_no_file_of_root(
    engine: Engine,
) -> None:
    attempts = container.tried(engine)
    assert container.SECRET in container.configuration(engine, "after")
    assert wrong(attempts) == []


def test_what_was_shipped_before_opened_any_file_of_the_host(engine: Engine) -> None:
    """The attempt by handle proves something: with the capability it works."""
    with container.planted(engine) as (_, handle):
        assert container.opens(engine, handle, cap_add=["DAC_READ_SEARCH"], user="0:0")
        assert not container.opens(engine, handle)


def test_what_else_can_be_read_is_what_the_script_names(engine: Engine) -> None:
    container.direct_logs("grant", engine)
    made = engine.run("beside", container.SPEAKS)
    made.wait()
    beside = container.readable_beside_logs(engine, str(made.id))
    assert "hosts" in beside
    head = container.SCRIPT.read_text(encoding="utf-8").split("set -eu")[0]
    assert [one for one in beside if f"{one}," not in head.replace("\n# ", " ")] == []


def test_rotated_files_are_found_in_a_folder_that_may_not_be_listed(engine: Engine) -> None:
    container.direct_logs("grant", engine)
    options = {"max-size": "1k", "max-file": "4", "compress": "true"}
    log = LogConfig(type="json-file", config=options)
    many = "i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); done"
    made = engine.run("rotated", many, log_config=log)
    made.wait()
    assert container.rotated_parts(engine, str(made.id)) == 4


def test_revoking_leaves_the_folder_as_it_was(engine: Engine) -> None:
    container.direct_logs("grant", engine)
    container.direct_logs("revoke", engine)
    attempts = container.readable_logs(engine)
    assert not any(one.worked for one in attempts)
