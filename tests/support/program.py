"""batchbot as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.paths import ROOT


def batchbot(
    *words: str, cwd: Path, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line in an empty folder, without this machine's settings."""
    clean = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=cwd,
        env={**clean, "PYTHONPATH": str(ROOT), **(settings or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
