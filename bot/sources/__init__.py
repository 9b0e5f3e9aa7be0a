"""Drivers of outside systems; one file or folder a system, each implements a port.

May import: bot.border, deferred, domain, errors, drivers, text, ports, and other files of
bot.sources; never alerts, detectors or slack. A driver wraps its library's errors in SourceError
and returns facts of bot.domain. To add a source: write its port in bot/ports/sources.py, implement
it here with `name` and `check()`, build it in bot/service/sources.py, and list its library in
DRIVERS of tests/test_architecture.py. A further source of logs needs no port: it implements
LogSource, is a member of LogStore in bot/domain/evidence.py, and passes
tests/scenarios/test_log_sources_alike.py.
.github/CONTRIBUTING.md lists every place.
"""
