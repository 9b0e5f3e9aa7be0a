"""Whether the Engine's folder of logs can be read directly, and what lets it be read."""

import os
from collections.abc import Iterable
from pathlib import Path

from bot.cli.doctor.examined import CheckState, Examined

SETTING = "DOCKER_LOG_DIR"
# What Docker and Podman leave in each container.
MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
IN_A_CONTAINER = (
    "It is root's: on the host run `sudo deploy/direct-logs.sh grant`, and start with "
    "`-f deploy/compose.direct-logs.yaml`, too."
)
NOT_THERE = (
    "`docker info --format '{{.DockerRootDir}}'` says where the Engine keeps its data; the logs "
    "are in containers/ there. A container needs them mounted: deploy/compose.direct-logs.yaml."
)


def examine_log_folder(folder: Path | None) -> Iterable[Examined]:
    """Yield a line when the setting is used. A folder that cannot be listed is as good."""
    if folder is None:
        return
    closed = next((one for one in _way_to(folder) if not os.access(one, os.X_OK)), None)
    if closed is None:
        yield Examined(SETTING, CheckState.OK, str(folder))
    elif closed.exists():
        contained = any(mark.exists() for mark in MARKS)
        fix = IN_A_CONTAINER if contained else commands_for(folder, closed, os.getgid())
        yield Examined(SETTING, CheckState.WARNING, f"{folder} cannot be read", fix)
    else:
        yield Examined(SETTING, CheckState.WARNING, f"there is no {folder}", NOT_THERE)


def commands_for(folder: Path, closed: Path, group: int) -> str:
    """Return what lets a group of this machine read the logs; `closed` is where it ends. Pure."""
    typed = [f"sudo DOCKER_LOG_GID={group} deploy/direct-logs.sh grant {folder}"]
    if closed != folder:
        typed.append(f"sudo setfacl -m g:{group}:x {closed}")
    return f"It is root's; your group is let in by: {' && '.join(typed)}"


def _way_to(folder: Path) -> Iterable[Path]:
    whole = folder.absolute()
    return (*reversed(whole.parents), whole)
