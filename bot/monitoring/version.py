"""Which version of the bot this is: for --version, the image's label, /healthz and /metrics."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """Return the installed version, "unknown" for a source tree that was not installed."""
    try:
        return installed("batchbot")
    except PackageNotFoundError:
        return "unknown"
