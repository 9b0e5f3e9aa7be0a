"""What a start costs at a terminal, in the process's own processor time.

Modules are read as compiled, as an installation has them, also where the environment that
measures keeps Python from writing them.
"""

import os
import sys
import tempfile
from collections.abc import Iterator

from tests.benchmarks.figure import Row, Scale

RUN = 'import sys; sys.argv[0] = "batchbot"; from bot.__main__ import main; main()'
COMPLETING = {
    "_BATCHBOT_COMPLETE": "complete_bash",
    "COMP_WORDS": "batchbot ask /ba",
    "COMP_CWORD": "2",
}
STARTS: dict[str, tuple[tuple[str, ...], dict[str, str], float]] = {
    "batchbot --help": (("--help",), {}, 0.25),
    "completion": ((), COMPLETING, 0.25),
    "batchbot ask /help": (("ask", "/help"), {}, 0.35),
}
REPEATS = 5


def run(scale: Scale) -> list[Row]:
    """Start each several times; the least counts, since what disturbs only ever adds."""
    with tempfile.TemporaryDirectory(prefix="bench-") as compiled:
        return list(_rows(compiled))


def _rows(compiled: str) -> Iterator[Row]:
    bare = _least(("-c", "import asyncio, pydantic_settings, rich.console"), {}, compiled)
    yield Row("start: asyncio, pydantic-settings and rich alone", bare, "CPU s")
    for name, (words, environment, most) in STARTS.items():
        cost = _least(("-c", RUN, *words), environment, compiled)
        yield Row(
            f"start: {name}", cost, "CPU s", cost / bare, "those alone",
            f"≤ {most:g} s on an idle machine", cost <= most,
        )  # fmt: skip


def _least(words: tuple[str, ...], environment: dict[str, str], compiled: str) -> float:
    around = {**os.environ, **environment, "PYTHONPYCACHEPREFIX": compiled}
    around.pop("PYTHONDONTWRITEBYTECODE", None)
    return min(_started(words, around) for _ in range(REPEATS))


def _started(words: tuple[str, ...], environment: dict[str, str]) -> float:
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
    argv = [sys.executable, *words]
    child = os.posix_spawn(sys.executable, argv, environment, file_actions=actions)
    _, _, used = os.wait4(child, 0)
    os.close(null)
    return used.ru_utime + used.ru_stime
