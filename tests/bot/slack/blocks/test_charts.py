"""A chart is drawn by Slack where it can, and says the same in text where it cannot."""

from dataclasses import replace
from typing import Any

from bot.domain.chart import Series
from bot.slack.blocks.charts import as_text, chart_blocks, visualization
from bot.slack.blocks.limits import violations
from tests.support.charts import FUNNEL, LATENCY, QUEUE


def _text(block: dict[str, Any]) -> list[str]:
    return str(block["elements"][0]["elements"][0]["text"]).split("\n")


def test_a_long_line_is_thinned_to_what_slack_takes_and_its_window_is_a_series() -> None:
    block = visualization(QUEUE)
    assert block is not None
    assert violations([block], "x") == []
    categories = block["chart"]["axis_config"]["categories"]
    assert len(categories) == 19  # three minutes each; one of the twenty was not measured
    series = {one["name"]: [p["value"] for p in one["data"]] for one in block["chart"]["series"]}
    assert list(series) == ["size", "dispatched", "in alert"]
    assert sum(series["dispatched"]) == 10
    assert series["size"][-1] == 1
    assert series["in alert"][-1] == 9
    assert series["in alert"][0] == 0


def test_what_nobody_measured_is_left_out_not_drawn_as_nothing() -> None:
    holes = replace(FUNNEL, series=(Series("comparisons", (1.0, None, 2.0, None, None, None)),))
    block = visualization(holes)
    assert block is not None
    assert block["chart"]["axis_config"]["categories"] == ["budget", "submitted"]
    assert visualization(replace(FUNNEL, series=(Series("n", (None,) * 6),))) is None


def test_the_alt_text_stands_under_the_chart() -> None:
    _, told = chart_blocks(FUNNEL)
    assert told["elements"][0]["text"].startswith("Comparisons by stage: budget 100")


def test_bars_in_text_fit_a_phone() -> None:
    block = visualization(LATENCY)
    assert block is not None
    lines = _text(as_text(block))
    assert lines == [
        "Response time by mode",
        "per_request   █ 2.1 median",
        "serial_bundle ████ 14.25 median",
        "per_request   ██ 5.5 p95",
        "serial_bundle ████████████ 41 p95",
    ]
    assert max(len(line) for line in lines) <= 40


def test_a_line_in_text_is_a_row_of_marks() -> None:
    block = visualization(QUEUE)
    assert block is not None
    lines = _text(as_text(block))
    assert lines[1].startswith("size       ▁▁▁█▂")
    assert lines[1].endswith("most 9, last 1")
    assert lines[-1] == "from 59 min ago to 2 min ago"
