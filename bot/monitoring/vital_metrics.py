"""The bot's health as metrics, made at every scrape from what Vitals knows.

What only a leader knows (firing alerts, failing detectors, unreadable sources) is shown by the
leader alone: a process that leads no longer has an old answer, and zero would be a lie.
"""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from bot.domain.report import Severity
from bot.monitoring import catalogue
from bot.monitoring.version import version
from bot.monitoring.vitals import Vitals
from bot.text.redaction import presented

SOURCE_CHARS = 100


class VitalMetrics(Collector):
    """The metrics of one bot's vitals."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; the Prometheus client calls this at every scrape."""
        now = self._vitals.now()
        yield catalogue.BUILD.family([((version(),), 1.0)])
        yield from self._ticks(now)
        yield from self._outbox(now)
        if self._vitals.ticks.leading:
            yield from self._leaders()

    def _ticks(self, now: datetime) -> Iterator[Metric]:
        vitals, ticks = self._vitals, self._vitals.ticks
        age = (now - ticks.last_at).total_seconds() if ticks.last_at else -1.0
        yield catalogue.LEADING.family(ticks.leading)
        yield catalogue.ON_TIME.family(not vitals.lateness(now))
        yield catalogue.TICKS.family(ticks.ticks)
        yield catalogue.TICK_AGE.family(age)
        yield catalogue.TICK_SECONDS.family(ticks.seconds)
        yield catalogue.LOOP_LAG.family(vitals.loop_lag)
        yield catalogue.LINES_LOST.family(ticks.lost_lines)
        yield catalogue.LINES_UNREADABLE.family(ticks.unreadable_lines)
        unread = ticks.unreadable.items()
        yield catalogue.SAMPLES_UNREADABLE.family(((name,), number) for name, number in unread)

    def _outbox(self, now: datetime) -> Iterator[Metric]:
        vitals, posts = self._vitals, self._vitals.posts
        waiting = (now - vitals.oldest).total_seconds() if vitals.oldest else 0.0
        yield catalogue.OUTBOX_DEPTH.family(vitals.depth)
        yield catalogue.OUTBOX_OLDEST.family(max(0.0, waiting))
        if vitals.sockets is not None:
            yield catalogue.SOCKETS.family(vitals.connected)
        if posts is not None:
            results = {"sent": posts.sent, "adopted": posts.adopted, **posts.failures}
            yield catalogue.POSTS.family(((one,), number) for one, number in results.items())

    def _leaders(self) -> Iterator[Metric]:
        ticks = self._vitals.ticks
        none = {(name, one.value): 0 for name in ticks.detectors for one in Severity}
        working = dict.fromkeys(ticks.detectors, 0) | dict.fromkeys(ticks.failing, 1)
        yield catalogue.FIRING.family((none | ticks.firing).items())
        yield catalogue.DETECTOR_FAILING.family(((name,), one) for name, one in working.items())
        names = sorted({presented(name, SOURCE_CHARS) for name in ticks.unread})
        yield catalogue.SOURCE_UNREADABLE.family(((name,), 1) for name in names)
