"""Fixtures that every test may ask for."""

pytest_plugins = ("tests.rendered", "tests.postgres", "tests.redis_server", "tests.slack_bot")
