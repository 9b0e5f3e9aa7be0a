"""The bot's own state: health, metrics and the timing of sources.

`vitals` holds the readiness checks and the heartbeat, `state` what ticks and the poster report,
`metrics` the counters, `vital_metrics` the metrics of vitals, `catalogue` the name and meaning of
every metric, `http` serves all, `source_calls` measures each call of a source. May import:
bot.domain, errors, text, ports. To add a metric, describe it in the catalogue and give it its value
in Metrics, or in VitalMetrics when it is read from the state of ticks or posts (`make docs` lists
it in README.md); to add a readiness check, extend Vitals.checks.
"""
