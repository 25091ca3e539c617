"""Prometheus's rules and Grafana's dashboard: sound, of metrics that there are, firing when they should."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from telemetry.meters import METRICS

HOME = Path(__file__).resolve().parent.parent.parent
DEPLOY = HOME / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
BOARD = json.loads((DEPLOY / "grafana/dashboards/switchyard.json").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
TRIALS = sorted(Path(__file__).parent.glob("*.test.yaml"))
TRIED = [test for file in TRIALS for test in yaml.safe_load(file.read_text())["tests"]]

LABELS = {metric.name: {*metric.labels, "instance", "job", "le"} for metric in METRICS}
TYPES = {metric.name: metric.type for metric in METRICS}
EXPRESSIONS = [
    *((rule["alert"], rule["expr"]) for rule in ALERTS),
    *((panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]),
    *((variable["name"], variable["query"]) for variable in BOARD["templating"]["list"] if variable["type"] == "query"),
    *((note["name"], note["expr"]) for note in BOARD["annotations"]["list"]),
]


def promtool(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False)


def metric_of(name: str) -> str:
    """The metric that a series called *name* is part of."""
    stem = re.sub(r"_(?:bucket|sum|count)$", "", name)
    return stem if TYPES.get(stem) == "histogram" else name


def named(expression: str) -> list[str]:
    return re.findall(r"\b(?:switchyard|process)_[a-z_]+", expression)


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_an_expression_speaks_of_metrics_that_there_are(where, expression):
    unknown = [name for name in named(expression) if metric_of(name) not in TYPES]

    assert [] == unknown
    assert named(expression) or "up{" in expression


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_an_expression_asks_for_labels_that_its_metrics_have(where, expression):
    filtered = re.findall(r"\b((?:switchyard|process)_[a-z_]+)\{([^}]*)\}", expression)
    grouped = {label.strip() for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in group.split(",")}

    for name, inside in filtered:
        assert set(re.findall(r"(\w+)\s*[=!]", inside)) <= LABELS[metric_of(name)]
    assert grouped <= set().union(*(LABELS[metric_of(name)] for name in named(expression)))


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_only_counters_and_histograms_have_rates(where, expression):
    rated = re.findall(r"\b(?:rate|increase)\(((?:switchyard|process)_[a-z_]+)", expression)

    assert {"counter", "histogram"} >= {TYPES[metric_of(name)] for name in rated}


def test_promtool_takes_the_rules():
    done = promtool("check", "rules", str(DEPLOY / "prometheus/alerts.yaml"))

    assert (0, f"{len(ALERTS)} rules found") == (done.returncode, done.stdout.strip().rpartition("SUCCESS: ")[2])


def test_promtool_takes_the_configuration(tmp_path):
    done = promtool("check", "config", "--syntax-only", str(DEPLOY / "prometheus/prometheus.yaml"))

    assert 0 == done.returncode, done.stdout + done.stderr


def test_every_alert_fires_where_it_should_and_not_where_it_should_not():
    done = promtool("test", "rules", *map(str, TRIALS))

    assert 0 == done.returncode, done.stdout + done.stderr


def test_every_alert_is_tried_both_ways():
    names = {rule["alert"] for rule in ALERTS}
    fired = {one["alertname"] for test in TRIED for one in test["alert_rule_test"] if one["exp_alerts"]}
    quiet = {one["alertname"] for test in TRIED for one in test["alert_rule_test"] if not one["exp_alerts"]}

    assert names == fired == quiet


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_and_what_to_do(rule):
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert {"summary", "description"} == set(rule["annotations"])


def test_the_dashboard_s_panels_have_their_places():
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"], panel["id"]) for panel in BOARD["panels"]]

    assert len({(x, y) for x, y, _ in places}) == len(places) == len({id for *_, id in places})
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in BOARD["panels"])
    assert "switchyard" == BOARD["uid"]


def test_what_grafana_is_told_fits_what_it_is_given():
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())
    boards = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/switchyard.yaml").read_text())
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    folders = {volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]}

    (prometheus,) = source["datasources"]
    chosen = next(each for each in BOARD["templating"]["list"] if each["name"] == "source")
    assert ("http://prometheus:9090", prometheus["uid"]) == (prometheus["url"], chosen["current"]["value"])
    assert boards["providers"][0]["options"]["path"] in folders
