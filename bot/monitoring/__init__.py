"""The bot's own state: health, metrics and the timing of sources.

`vitals` holds the readiness checks and the heartbeat, `state` what ticks and the poster report,
`metrics` the counters, `http` serves both, `source_calls` measures each call of a source. May
import: bot.domain, text, ports. To add a metric, add it to Metrics, or to Vitals when it is read
from the state of ticks or posts; to add a readiness check, extend Vitals.checks.
"""
