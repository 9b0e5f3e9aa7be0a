"""Runs detectors over recorded logs and samples, on the clock of the recording.

`files` finds what a folder holds, `logs` and `samples` read it, `recorded_watch` gives detectors
what they read, `ordering` puts events in time order, `run` judges tick by tick. May import:
bot.border, domain, errors, text, ports, settings, registry, diagnosis, and as the one exception
bot.alerts.policy, bot.alerts.self_monitoring and bot.sources.log_format. To replay a further kind
of reading, add it to `samples` and return it from RecordedWatch.
"""
