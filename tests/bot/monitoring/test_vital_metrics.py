"""What Prometheus reads of the bot: every metric as it is described, and nothing stale."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.monitoring.catalogue import CATALOGUE, Described
from bot.monitoring.state import PosterState, TickState
from tests.support.exposition import START, busy_ticks, exposed, exposed_by_all
from tests.support.promtool import promtool

# What the client adds by itself: when a counter began.
CREATED = "_created"
OF_HISTOGRAMS = {"le"}


async def test_every_metric_is_exposed_as_it_is_described_and_no_other() -> None:
    found: dict[str, tuple[str, str, set[str]]] = {}
    for family in text_string_to_metric_families(await exposed_by_all()):
        for sample in family.samples:
            labels = set(sample.labels) - OF_HISTOGRAMS
            found[sample.name] = (family.type, family.documentation, labels)
    described = {
        series: (one.kind.value, one.text, set(one.labels))
        for one in CATALOGUE
        for series in one.series
    }
    assert {name: one for name, one in found.items() if not name.endswith(CREATED)} == described


async def test_the_metrics_show_ticks_outbox_posts_and_what_fires() -> None:
    text = await exposed_by_all()
    for line in (
        "batchbot_leading 1.0",
        "batchbot_ticks_on_time 1.0",
        "batchbot_tick_age_seconds 7.0",
        "batchbot_outbox_depth 2.0",
        "batchbot_outbox_oldest_seconds 37.0",
        'batchbot_posts_total{result="sent"} 5.0',
        'batchbot_posts_total{result="limited"} 3.0',
        'batchbot_samples_unreadable_total{detector="stuck_queue"} 4.0',
        "batchbot_log_lines_lost_total 9.0",
        "batchbot_slack_sockets 2.0",
        'batchbot_alerts_firing{detector="stuck_queue",severity="error"} 2.0',
        'batchbot_alerts_firing{detector="stuck_queue",severity="warn"} 0.0',
        'batchbot_alerts_firing{detector="unreadable_source",severity="warn"} 1.0',
        'batchbot_detector_failing{detector="lost_callbacks"} 1.0',
        'batchbot_detector_failing{detector="stuck_queue"} 0.0',
        'batchbot_source_unreadable{source="llm_queue"} 1.0',
    ):
        assert line in text
    assert "hunter22" not in text


async def test_who_leads_no_longer_shows_nothing_of_what_it_knew_as_leader() -> None:
    ticks = busy_ticks()
    ticks.leading, ticks.stood_by_at = False, START
    text = await exposed(ticks, PosterState())
    assert "batchbot_leading 0.0" in text
    assert not [one.name for one in CATALOGUE if one.leads and one.name in text]


async def test_in_http_mode_no_sockets_are_told() -> None:
    text = await exposed(busy_ticks(), PosterState(), socket_mode=False)
    assert "batchbot_slack_sockets" not in text


@pytest.mark.parametrize("ticks", [TickState(), busy_ticks()])
async def test_prometheus_finds_nothing_to_complain_of(ticks: TickState) -> None:
    assert promtool("check", "metrics", given=await exposed(ticks, PosterState())) == ""


def test_no_metric_is_described_twice() -> None:
    names = [one.name for one in CATALOGUE]
    assert len(names) == len(set(names))
    assert all(isinstance(one, Described) and one.text for one in CATALOGUE)
