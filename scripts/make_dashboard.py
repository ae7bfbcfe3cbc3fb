"""Makes `deploy/grafana/awaken.json`: `python -m scripts.make_dashboard`. A test holds that it is current."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DASHBOARD: Final = Path(__file__).parent.parent / "deploy" / "grafana" / "awaken.json"
#: Of one process, or of all of a job.
WHICH: Final = 'job=~"$job", instance=~"$instance"'
#: Grid units: a row of the dashboard is 24 wide.
_WIDTH: Final = 8
_HEIGHT: Final = 8
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True)
class Panel:
    """One graph; each query has a legend."""

    title: str
    about: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    is_stacked: bool = False


def select(name: str, labels: str = "") -> str:
    """Return the series of a number, of the chosen processes."""
    return f"{name}{{{WHICH}{', ' if labels else ''}{labels}}}"


def rate(name: str, by: str, labels: str = "") -> str:
    """Return how fast a counter grows, by some labels."""
    return f"sum by ({by}) (rate({select(name, labels)}[$__rate_interval]))"


def quantile(share: float, name: str, by: str = "") -> str:
    """Return a quantile of a histogram, by some labels."""
    grouped = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({grouped}) (rate({select(f'{name}_bucket')}[$__rate_interval])))"


def total(name: str, by: str, labels: str = "") -> str:
    """Return the sum of a gauge over the chosen processes."""
    return f"sum by ({by}) ({select(name, labels)})"


def largest(name: str, by: str, labels: str = "") -> str:
    """Return the largest value of a gauge."""
    return f"max by ({by}) ({select(name, labels)})"


HANDLER: Final = "{{service}}/{{handler}}"
ROWS: Final[dict[str, tuple[Panel, ...]]] = {
    "Waits for people": (
        Panel(
            "Open waits",
            "What handlers wait for from outside. With more than 2,000, names are not read.",
            ((total("awaken_open_waits", "service, handler"), HANDLER),),
            is_stacked=True,
        ),
        Panel(
            "Open waits by age",
            "Each under the smallest age it fits in.",
            ((total("awaken_open_waits", "age"), "{{age}}"),),
            is_stacked=True,
        ),
        Panel(
            "Oldest wait",
            "Since the handler asked.",
            ((largest("awaken_oldest_wait_age_seconds", "service, handler"), HANDLER),),
            "s",
        ),
        Panel(
            "Overdue waits",
            "Expired, and the handler has not gone on. More than a few seconds of this is trouble.",
            ((total("awaken_overdue_waits", "service, handler, name"), f"{HANDLER} {{{{name}}}}"),),
        ),
        Panel(
            "Answers by door",
            "Per second; expiry is nobody.",
            ((rate("awaken_completions_total", "door"), "{{door}}"),),
            "cps",
            is_stacked=True,
        ),
        Panel(
            "Answers by outcome",
            "Per second; all but resolved, rejected and expired changed nothing.",
            ((rate("awaken_completions_total", "outcome"), "{{outcome}}"),),
            "cps",
            is_stacked=True,
        ),
        Panel(
            "Waits behind a gateway",
            "At most 1,000 are counted.",
            ((largest("awaken_counted_waits", "instance"), "{{instance}}"),),
        ),
    ),
    "Handlers": (
        Panel(
            "Attempts by outcome",
            "As endpoints see them.",
            ((rate("awaken_attempts_total", "outcome"), "{{outcome}}"),),
            "cps",
            is_stacked=True,
        ),
        Panel(
            "Attempts that are retried",
            "Failed, or on a journal that does not match the code.",
            ((rate("awaken_attempts_total", "service, handler", 'outcome=~"retried|mismatch"'), HANDLER),),
            "cps",
        ),
        Panel(
            "Time of attempts, slowest 5 %",
            "Including what they waited with an open stream.",
            ((quantile(0.95, "awaken_attempt_duration_seconds", "service, handler"), HANDLER),),
            "s",
        ),
        Panel(
            "Runs by outcome",
            "Executions; replayed results do not count.",
            ((rate("awaken_runs_total", "outcome"), "{{outcome}}"),),
            "cps",
            is_stacked=True,
        ),
        Panel(
            "Time of runs, slowest 5 %",
            "What other systems took.",
            (
                (
                    quantile(0.95, "awaken_run_duration_seconds", "service, handler, run"),
                    f"{HANDLER} {{{{run}}}}",
                ),
            ),
            "s",
        ),
        Panel(
            "Journal that attempts begin with",
            "Entries. Long ones cost time at each attempt.",
            (
                (quantile(0.5, "awaken_replay_entries"), "half"),
                (quantile(0.99, "awaken_replay_entries"), "longest 1 %"),
            ),
        ),
        Panel(
            "Open attempts",
            "Running or waiting with an open stream.",
            ((total("awaken_open_attempts", "service, handler"), HANDLER),),
            is_stacked=True,
        ),
    ),
    "Runtime": (
        Panel(
            "Invocations by status",
            "Completed ones are kept by their retention, and are left out.",
            ((total("awaken_stored_invocations", "status", 'status!="completed"'), "{{status}}"),),
            is_stacked=True,
        ),
        Panel(
            "Invocations that begin and end",
            "Per second.",
            (
                (rate("awaken_accepted_invocations_total", "job"), "accepted"),
                (rate("awaken_ended_invocations_total", "outcome"), "{{outcome}}"),
            ),
            "cps",
        ),
        Panel(
            "From request to result",
            "Including what handlers waited.",
            (
                (quantile(0.5, "awaken_invocation_duration_seconds"), "half"),
                (quantile(0.95, "awaken_invocation_duration_seconds"), "slowest 5 %"),
            ),
            "s",
        ),
        Panel(
            "Queues",
            "What waits for its turn, or for its time.",
            ((total("awaken_queue_length", "queue"), "{{queue}}"),),
        ),
        Panel(
            "Behind",
            "The first invocation without an attempt, the first timer that is due.",
            (
                (largest("awaken_oldest_ready_age_seconds", "instance"), "{{instance}} ready"),
                (largest("awaken_overdue_timer_age_seconds", "instance"), "{{instance}} timer"),
                (quantile(0.99, "awaken_scheduler_lag_seconds"), "timers, latest 1 %"),
            ),
            "s",
        ),
        Panel(
            "Failed attempts by reason",
            "RT0010 is a stream that broke, RT0007 an error of the handler, RT0016 a changed handler.",
            ((rate("awaken_dispatched_attempt_failures_total", "reason"), "{{reason}}"),),
            "cps",
        ),
        Panel(
            "Deployments out of reach",
            "1 for each whose last attempt was not answered.",
            ((f"1 - {largest('awaken_deployment_reachable', 'deployment')}", "{{deployment}}"),),
        ),
        Panel(
            "Answers over HTTP",
            "401 and 403 are refusals, 413 is too large, 503 is a disk that refuses, or a stop.",
            ((rate("awaken_http_requests_total", "port, code"), "{{port}} {{code}}"),),
            "cps",
        ),
        Panel(
            "Requests to nodes, of gateways",
            "By what came of them.",
            ((rate("awaken_node_requests_total", "node, outcome"), "{{node}} {{outcome}}"),),
            "cps",
        ),
        Panel(
            "Time of nodes, slowest 5 %",
            "As gateways see them.",
            ((quantile(0.95, "awaken_node_duration_seconds", "node, interface"), "{{node}} {{interface}}"),),
            "s",
        ),
    ),
    "Storage": (
        Panel(
            "Slowest 1 %",
            "A commit takes the event loop, a sync and a checkpoint take a thread.",
            (
                (quantile(0.99, "awaken_commit_duration_seconds"), "commit"),
                (quantile(0.99, "awaken_sync_duration_seconds"), "sync"),
                (quantile(0.99, "awaken_checkpoint_duration_seconds"), "checkpoint"),
            ),
            "s",
        ),
        Panel(
            "Written",
            "Bytes of the log per second.",
            ((rate("awaken_commit_size_bytes_sum", "instance"), "{{instance}}"),),
            "Bps",
        ),
        Panel(
            "Commits",
            "Per second, and rows in each.",
            (
                (rate("awaken_commit_size_bytes_count", "instance"), "{{instance}} commits"),
                (quantile(0.5, "awaken_commit_statements"), "rows, half"),
            ),
        ),
        Panel(
            "Files",
            "The log is part of no backup made by copying the database alone.",
            ((total("awaken_store_size_bytes", "instance, file"), "{{instance}} {{file}}"),),
            "bytes",
        ),
        Panel(
            "Free disk",
            "Where the data directory is.",
            ((largest("awaken_disk_free_bytes", "instance"), "{{instance}}"),),
            "bytes",
        ),
        Panel(
            "Refused by the disk",
            "Groups of transactions.",
            ((rate("awaken_lost_commits_total", "instance"), "{{instance}}"),),
            "cps",
        ),
        Panel(
            "Counting",
            "How old the numbers of waits and stored invocations are, and how long counting took.",
            (
                (largest("awaken_standing_age_seconds", "instance"), "{{instance}} age"),
                (largest("awaken_standing_duration_seconds", "instance"), "{{instance}} took"),
            ),
            "s",
        ),
    ),
    "Process": (
        Panel(
            "Ready",
            "0 is not ready; it drains where the other line is 1.",
            (
                (largest("awaken_ready", "instance"), "{{instance}} ready"),
                (largest("awaken_draining", "instance"), "{{instance}} drains"),
            ),
        ),
        Panel(
            "Event loop lag, slowest 1 %",
            "A handler that blocks holds up all others.",
            ((quantile(0.99, "awaken_event_loop_lag_seconds", "instance"), "{{instance}}"),),
            "s",
        ),
        Panel(
            "Processors",
            "1 is one processor.",
            ((rate("process_cpu_seconds_total", "instance"), "{{instance}}"),),
        ),
        Panel(
            "Memory",
            "Resident, and journals on their way.",
            (
                (total("process_resident_memory_bytes", "instance"), "{{instance}}"),
                (total("awaken_journal_memory_bytes", "instance"), "{{instance}} journals"),
            ),
            "bytes",
        ),
        Panel(
            "Connections",
            "By what is served and the version of HTTP.",
            ((total("awaken_open_connections", "port, http_version"), "{{port}} HTTP/{{http_version}}"),),
        ),
        Panel(
            "Open requests",
            "By what is served.",
            ((total("awaken_open_requests", "port"), "{{port}}"),),
        ),
        Panel(
            "Open files",
            "Connections and files.",
            (
                (total("process_open_fds", "instance"), "{{instance}}"),
                (total("process_max_fds", "instance"), "{{instance}} limit"),
            ),
        ),
    ),
}


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
