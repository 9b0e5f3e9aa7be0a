"""Fixtures that every test may ask for."""

import gc
import os
import sys

from hypothesis import HealthCheck, settings

# Workers and the programs that tests start read what one of them compiled. Where the environment
# forbids to keep it, compiling takes a good part of the suite's time, each process anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest_plugins = (
    "tests.support.canaries",
    "tests.support.leads",
    "tests.support.slack.rendered",
    "tests.support.laws",
    "tests.support.typed_text",
    "tests.support.servers.postgres",
    "tests.support.servers.redis",
    "tests.support.slack.bot",
    "tests.support.slack.people",
    "tests.support.slack.unseen",
)

# How fast a machine is decides no test; time is measured in tests/benchmarks. The gate draws the
# same examples each time, so that a failure belongs to the commit; other runs look for new ones.
settings.register_profile(
    "untimed",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """Spare the collector what all tests share: a walk over it cost a tenth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
