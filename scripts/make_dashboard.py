"""Makes `deploy/grafana/awaken.json`: `python -m scripts.make_dashboard`. A test holds that it is current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scripts.dashboard_panels import ROWS

if TYPE_CHECKING:
    from scripts.dashboard_panels import Panel

DASHBOARD: Final = Path(__file__).parent.parent / "deploy" / "grafana" / "awaken.json"
#: Grid units: a row of the dashboard is 24 wide.
_WIDTH: Final = 8
_HEIGHT: Final = 8
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


def make_dashboard() -> dict[str, Any]:
    """Return the dashboard, as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS.items():
        panels.append(_row(title, y, len(panels) + 1))
        y += 1
        for index, panel in enumerate(row):
            at = {
                "x": index * _WIDTH % 24,
                "y": y + index * _WIDTH // 24 * _HEIGHT,
                "w": _WIDTH,
                "h": _HEIGHT,
            }
            panels.append(_panel(panel, at, len(panels) + 1))
        y += (len(row) * _WIDTH + 23) // 24 * _HEIGHT
    return {
        "uid": "awaken",
        "title": "awaken",
        "tags": ["awaken"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [_source_variable(), _variable("job", ""), _variable("instance", '{job=~"$job"}')]
        },
        "annotations": {"list": []},
        "panels": panels,
    }


def _row(title: str, y: int, number: int) -> dict[str, Any]:
    at = {"x": 0, "y": y, "w": 24, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": at, "panels": []}


def _panel(panel: Panel, at: dict[str, int], number: int) -> dict[str, Any]:
    stacking = {"mode": "normal" if panel.is_stacked else "none", "group": "A"}
    custom = {"fillOpacity": 20 if panel.is_stacked else 0, "stacking": stacking, "showPoints": "never"}
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": at,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": custom}, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": _SOURCE, "expr": query, "legendFormat": legend}
            for index, (query, legend) in enumerate(panel.queries)
        ],
    }


def _source_variable() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _variable(name: str, selector: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": f"label_values(awaken_ready{selector}, {name})", "refId": "A"},
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def render() -> str:
    """Return the text of the file."""
    return json.dumps(make_dashboard(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DASHBOARD.write_text(render(), encoding="utf-8")
