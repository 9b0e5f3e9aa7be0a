"""Fixtures that every test may ask for."""

from hypothesis import HealthCheck, settings

pytest_plugins = (
    "tests.support.slack.rendered",
    "tests.support.servers.postgres",
    "tests.support.servers.redis",
    "tests.support.slack.bot",
)

# How fast a machine is decides no test; time is measured in tests/benchmarks.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
