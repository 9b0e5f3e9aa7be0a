"""A real Engine with containers whose json-file logs are as big as a benchmark wants them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.logs import CONTAINERS, write_log
from tests.support.servers.engine import Engine, running_engine


class Fleet:
    """The containers of a running Engine; `names` and `files` are theirs, in the same order."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.names = [f"bench_service_{n}" for n in range(CONTAINERS)]
        self.ids = [self._made(name) for name in self.names]

    @property
    def folder(self) -> Path:
        return self.engine.data / "containers"

    @property
    def files(self) -> list[Path]:
        return [self.folder / id / f"{id}-json.log" for id in self.ids]

    def fill(self, size: int) -> int:
        """Give the stopped containers logs of `size` bytes together; return their true size."""
        for number, path in enumerate(self.files):
            write_log(path, size // CONTAINERS, number)
        return sum(path.stat().st_size for path in self.files)

    def _made(self, name: str) -> str:
        container = self.engine.run(name, "true")
        container.wait()
        return str(container.id)


@contextmanager
def fleet() -> Iterator[Fleet]:
    """Start an Engine with stopped containers; everything goes at the end."""
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-bench-"))) as engine:
        yield Fleet(engine)
