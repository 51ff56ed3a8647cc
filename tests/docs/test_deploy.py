"""The dashboard and the alert rules ask for metrics that there are, with labels that they have."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from prometheus_client.process_collector import ProcessCollector

from app.metrics import Metrics
from app.resident_metrics import ResidentsCollector
from tests.docs.documents import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "freya.json"
PROMETHEUS = ROOT / "deploy" / "prometheus"
_METRIC = re.compile(r"\b((?:freya|process)_\w+|up)\b")
_SELECTED = re.compile(r"\b((?:freya|process)_\w+|up)\{([^}]*)\}")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"")
_GROUPED = re.compile(r"by \(([^)]*)\)")
_ADDED = {"job", "instance", "le"}
"""By Prometheus itself, and of buckets."""


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """The labels of each metric as it can be asked for."""
    metrics, process = Metrics(), ProcessCollector(registry=None)
    found: dict[str, set[str]] = {"up": set()}
    for collector, names in metrics._registry._collector_to_names.items():
        labels = set(getattr(collector, "_labelnames", ()))
        found |= dict.fromkeys(names, labels)
    found |= {
        f"{family.name}_total" if family.type == "counter" else family.name: set()
        for family in process.collect()
    }
    text = (ROOT / "app" / "resident_metrics.py").read_text(encoding="utf-8")
    made = re.findall(r"(Gauge|Counter)MetricFamily\(\s*\"(\w+)\".*?labels=\[([^\]]*)\]", text, re.DOTALL)
    for kind, name, labels in made:
        found[f"{name}_total" if kind == "Counter" else name] = set(re.findall(r"\w+", labels))
    assert {name.removesuffix("_total") for name in found} >= {
        family.name for family in ResidentsCollector(list).collect()
    }
    return found


def expressions() -> Iterator[tuple[str, str]]:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for variable in board["templating"]["list"]:
        if "definition" in variable:
            yield variable["name"], variable["definition"]
    for rule in rules():
        yield rule["alert"], rule["expr"]


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_what_is_asked_for_exists(known, where, expression):
    named = _METRIC.findall(expression)
    assert named, where
    assert [name for name in named if name not in known] == []
    for name, selected in _SELECTED.findall(expression):
        assert set(_LABEL.findall(selected)) <= known[name] | _ADDED, name
    for grouped in _GROUPED.findall(expression):
        labels = {label.strip() for label in grouped.split(",")}
        assert labels <= set().union(*(known[name] for name in named)) | _ADDED
    assert expression.count("(") == expression.count(")")


def test_every_metric_of_ours_is_on_the_dashboard_or_in_a_rule(known):
    asked = {name for _, expression in expressions() for name in _METRIC.findall(expression)}
    unseen = {
        name
        for name in known
        if name.startswith("freya_")
        and not name.endswith(("_created", "_sum", "_count"))
        and name.removesuffix("_total").removesuffix("_bucket")
        not in {each.removesuffix("_total").removesuffix("_bucket") for each in asked}
    }
    assert unseen == {"freya_resident_ended_total", "freya_resident_seconds_total", "freya_resident_loaded"}


def test_every_rule_says_what_is_wrong_and_where_to_look():
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert re.fullmatch(r"\d+m", rule["for"])
    assert len({rule["alert"] for rule in rules()}) == len(rules()) > 8


def test_panels_lie_beside_each_other_and_have_ids_of_their_own():
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_scraping_needs_a_key_for_metrics_alone():
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    assert job["job_name"] == "freya"
    assert "credentials_file" in job["authorization"]
    assert "--scope metrics" in (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
