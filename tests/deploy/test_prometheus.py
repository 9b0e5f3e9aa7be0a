"""Scrape job, rules and dashboard: checked by promtool, and on metrics that the bot exposes."""

import json
import re
import shutil
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.exposition import exposed_by_all
from tests.support.paths import ROOT
from tests.support.promtool import promtool

DEPLOY = ROOT / "deploy"
SCRAPE = DEPLOY / "prometheus" / "batchbot-scrape.yml"
RULES = DEPLOY / "prometheus" / "batchbot-alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "HuleEdu_Batchbot.json"
HULEEDU = Path(__file__).parent / "huleedu" / "prometheus.yml"
TESTED = Path(__file__).with_name("batchbot-alerts-test.yml")
OURS = re.compile(r"\b(?:batchbot|process|python)_[a-z_]+\b")
# What Prometheus and the scrape job add to each series, and buckets have.
ADDED = {"job", "instance", "environment", "le"}


def rules() -> list[dict[str, Any]]:
    """Return the alerting rules."""
    (group,) = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return list(group["rules"])


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    loaded: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return loaded


def queries() -> dict[str, str]:
    """Return each PromQL query of the dashboard, by panel and letter."""
    return {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in dashboard()["panels"]
        if panel["datasource"]["type"] == "prometheus"
        for target in panel["targets"]
    }


def written() -> dict[str, str]:
    """Return every query of rules and dashboard, by the name of who asks it."""
    variables = [one for one in dashboard()["templating"]["list"] if one["type"] == "query"]
    return {
        **{one["alert"]: one["expr"] for one in rules()},
        **queries(),
        **{one["name"]: one["query"]["query"] for one in variables},
    }


async def labels_of_series() -> dict[str, set[str]]:
    """Return the labels of each series that the bot exposes."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(await exposed_by_all()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


async def test_every_metric_that_rules_and_dashboard_name_is_one_that_the_bot_exposes() -> None:
    known = await labels_of_series()
    unknown = {
        who: names
        for who, query in written().items()
        if (names := set(OURS.findall(re.sub(r'"[^"]*"', "", query))) - set(known))
    }
    assert not unknown
    assert all(OURS.search(query) or "up{" in query for query in written().values())


async def test_every_label_that_they_name_is_one_of_the_metrics_beside_it() -> None:
    known = await labels_of_series()
    for who, query in written().items():
        labels = ADDED.union(*(known.get(name, set()) for name in OURS.findall(query)))
        asked = re.findall(r"(?:by|on) \(([^)]*)\)", query)
        asked += [
            ", ".join(re.findall(r"(\w+)(?:=|!)", one)) for one in re.findall("{(.*?)}", query)
        ]
        assert {one for some in asked for one in some.split(", ") if one} <= labels, who


def test_the_scrape_job_and_the_rules_fit_into_huleedus_prometheus(tmp_path: Path) -> None:
    whole = yaml.safe_load(HULEEDU.read_text("utf-8"))
    whole["scrape_configs"] += yaml.safe_load(SCRAPE.read_text("utf-8"))["scrape_configs"]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(whole), "utf-8")
    (tmp_path / "rules").mkdir()
    shutil.copy(RULES, tmp_path / "rules")
    said = promtool("check", "config", str(tmp_path / "prometheus.yml"))
    assert f"{len(rules())} rules found" in said


def test_the_scrape_job_asks_where_compose_has_the_bot() -> None:
    bot = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["batchbot"]
    (job,) = yaml.safe_load(SCRAPE.read_text("utf-8"))["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert (job["job_name"], found["names"]) == ("batchbot", ["batchbot"])
    assert str(found["port"]) == bot["environment"]["HTTP_PORT"]
    assert "huleedu" in bot["networks"]


def test_each_rule_fires_when_it_is_to_and_at_no_other_time() -> None:
    assert "SUCCESS" in promtool("test", "rules", str(TESTED))
    text = TESTED.read_text("utf-8")
    assert [one["alert"] for one in rules() if one["alert"] not in text] == []


def test_each_rule_has_a_severity_words_and_what_to_do() -> None:
    page = (DEPLOY / "prometheus" / "README.md").read_text("utf-8")
    for one in rules():
        assert one["labels"]["severity"] in ("critical", "warning")
        assert {"summary", "description", "dashboard_url"} <= set(one["annotations"])
        assert one["annotations"]["dashboard_url"].endswith(dashboard()["uid"])
        assert f"| `{one['alert']}` |" in page


def test_prometheus_can_read_every_query_of_the_dashboard(tmp_path: Path) -> None:
    as_rules = [
        {
            "record": "x:y",
            "expr": re.sub(r"\$\w+", "5m", query.replace("$environment", ".*")),
            "labels": {"panel": panel},
        }
        for panel, query in queries().items()
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": as_rules}]}), "utf-8")
    assert f"{len(as_rules)} rules found" in promtool("check", "rules", str(file))


def test_the_dashboard_has_what_huleedus_provisioning_asks_for() -> None:
    board = dashboard()
    assert (board["uid"], board["id"]) == ("huleedu-batchbot", None)
    assert "huleedu" in board["tags"]
    # As in its other dashboards: a variable chooses the data source, none is named by its uid.
    sources = {one["name"] for one in board["templating"]["list"] if one["type"] == "datasource"}
    assert sources == {"DS_PROMETHEUS", "DS_LOKI"}
    used = {panel["datasource"]["uid"] for panel in board["panels"]}
    assert used == {f"${{{name}}}" for name in sources}


def test_no_two_panels_of_the_dashboard_lie_over_each_other() -> None:
    panels = dashboard()["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    places = [
        {(at["x"] + right, at["y"] + down) for right in range(at["w"]) for down in range(at["h"])}
        for at in (one["gridPos"] for one in panels)
    ]
    assert not any(one & other for one, other in combinations(places, 2))
    assert max(x for place in places for x, _ in place) < 24


@pytest.mark.parametrize("path", [RULES, SCRAPE, DASHBOARD])
def test_the_page_says_where_each_file_goes(path: Path) -> None:
    assert path.name in (DEPLOY / "prometheus" / "README.md").read_text("utf-8")
