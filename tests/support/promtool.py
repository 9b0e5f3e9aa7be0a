"""Prometheus' own checker, where it is installed."""

import os
import shutil
import subprocess

import pytest


def promtool(*words: str, given: str | None = None) -> str:
    """Return what promtool says; fail when it refuses. Skip without it, but fail when CI=true."""
    if shutil.which("promtool") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs promtool (Debian package prometheus)")
        pytest.skip("no promtool on this machine")
    done = subprocess.run(
        ["promtool", *words], input=given, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
