"""The queries of the dashboard and of the alerts, and what they name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from awaken.metrics.instrument_kinds import Kind
from awaken.metrics.instruments import INSTRUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
DASHBOARD = DEPLOY / "grafana" / "awaken.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
RUNBOOKS = DEPLOY.parent / "docs" / "production" / "monitoring.md"
ALERTS_TEST = DEPLOY / "prometheus" / "alerts_test.yml"

#: Labels that Prometheus or a rule adds.
ADDED = {"job", "instance", "le", "what"}
#: Numbers that are not in the table: of Prometheus itself, and of the collector of processes.
OTHERS = ("up", "process_")

_STRINGS = re.compile(r'"[^"]*"')
_SELECTOR = re.compile(r"\b(up|(?:awaken|process)_\w+)\b(?:\{([^}]*)\})?")
_GROUPING = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")


class Query(NamedTuple):
    """One expression, and where it is."""

    where: str
    text: str

    def plain(self) -> str:
        """Return it as Grafana sends it: with the variables filled in."""
        return self.text.replace("$__rate_interval", "5m").replace("$job", ".*").replace("$instance", ".*")

    def names(self) -> set[str]:
        """Return the numbers that it names."""
        return {match[1] for match in _SELECTOR.finditer(_STRINGS.sub('""', self.text))}

    def problems(self) -> list[str]:
        """Return what it names that does not exist."""
        text = _STRINGS.sub('""', self.text)
        found = []
        labels_of_all = set(ADDED)
        for name, labels in _SELECTOR.findall(text):
            known = series().get(name)
            if known is None and not name.startswith(OTHERS):
                found.append(f"{self.where}: there is no {name}")
                continue
            labels_of_all |= known or set()
            wanted = re.findall(r"(\w+)\s*(?:=|!=|=~|!~)", labels)
            strange = [label for label in wanted if label not in (known or set()) | ADDED]
            found += [f"{self.where}: {name} has no label {label}" for label in strange]
        for group in _GROUPING.findall(text):
            strange = [one.strip() for one in group.split(",") if one.strip() not in labels_of_all]
            found += [f"{self.where}: nothing in it has the label {label}" for label in strange]
        return found


def series() -> dict[str, set[str]]:
    """Return the labels of each series of the table of instruments."""
    found: dict[str, set[str]] = {}
    for instrument in INSTRUMENTS:
        labels = set(instrument.label_names)
        if instrument.kind is Kind.HISTOGRAM:
            for suffix in ("bucket", "sum", "count"):
                found[f"{instrument.prometheus_name}_{suffix}"] = labels
        else:
            found[instrument.prometheus_name] = labels
    return found


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    document: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return document


def dashboard_queries() -> Iterator[Query]:
    """Yield every query of the dashboard."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield Query(f"panel {panel['title']!r}, {target['refId']}", target["expr"])


def rules() -> list[dict[str, Any]]:
    """Return the alert rules."""
    found: list[dict[str, Any]] = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"][0]["rules"]
    return found


def alert_queries() -> Iterator[Query]:
    """Yield every query of the alerts."""
    for rule in rules():
        yield Query(f"alert {rule['alert']}", rule["expr"])
