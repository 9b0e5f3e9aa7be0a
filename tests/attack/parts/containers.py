"""Containers of a real Engine with a plant in each place that a container leaves to data."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.attack.parts.lines import CJ, LPS, RUNNER
from tests.attack.parts.plants import Planter
from tests.support.servers.engine import IMAGE, Engine, running_engine

PROJECT = "huledu-reboot"
WAITS = "while :; do sleep 1; done"


@contextmanager
def planted_engine(folder: Path, plant: Planter) -> Iterator[Engine]:
    """Run an Engine with two services and a runner; their labels and environments are plants."""
    folder.mkdir(parents=True)
    with running_engine(folder) as engine:
        for name in (CJ, LPS):
            _start(engine, plant, name, name.removeprefix("huleedu_"), ())
        arguments = ("eng5_np_runner", "--mode", plant("runner's mode", 60),
                     "--assignment-id", plant("runner's argument", 100))  # fmt: skip
        _start(engine, plant, RUNNER, "eng5_np_runner", arguments)
        yield engine


def _start(
    engine: Engine, plant: Planter, name: str, service: str, arguments: tuple[str, ...]
) -> None:
    labels = {
        "com.docker.compose.project": PROJECT, "com.docker.compose.service": service,
        "com.docker.compose.oneoff": str(bool(arguments)),
        "org.opencontainers.image.version": plant("container's version label"),
        plant("container's label (key)", 60): plant("container's label"),
    }  # fmt: skip
    mode = plant("container's mode in its environment", 60)
    engine.client.containers.run(
        IMAGE, ["/bin/sh", "-c", WAITS, *arguments], name=name, detach=True, network_mode="none",
        labels=labels, hostname="h", environment={
            "PATH": "/bin", "DB_PASS": plant("container's environment"),
            "LLM_BATCHING_MODE": mode, "QUEUE_PROCESSING_MODE": mode,
        },
    )  # fmt: skip
