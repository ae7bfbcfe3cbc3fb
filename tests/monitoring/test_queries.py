"""Dashboard and alerts name numbers and labels that exist, and say what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.make_dashboard import DASHBOARD, render
from tests.monitoring.queries import (
    RUNBOOKS,
    Query,
    alert_queries,
    dashboard,
    dashboard_queries,
    rules,
    series,
)

ROOT = Path(__file__).parents[2]
#: Names in pages that begin as those of numbers do.
NO_NUMBERS: frozenset[str] = frozenset(("awaken_app", "awaken_env"))


def test_dashboard_is_current() -> None:
    assert DASHBOARD.read_text(encoding="utf-8") == render(), "run python -m scripts.make_dashboard"


def test_queries_name_only_what_exists() -> None:
    problems = [problem for query in (*dashboard_queries(), *alert_queries()) for problem in query.problems()]

    assert problems == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sum(awaken_atempts_total)", "there is no awaken_atempts_total"),
        ('sum(awaken_open_waits{title="x"})', "awaken_open_waits has no label title"),
        ("sum by (outcome) (awaken_open_waits)", "nothing in it has the label outcome"),
        ("rate(awaken_commit_duration_seconds[5m])", "there is no awaken_commit_duration_seconds"),
    ],
)
def test_queries_that_name_something_else_are_noticed(text: str, problem: str) -> None:
    assert Query("here", text).problems() == [f"here: {problem}"]


def test_pages_name_only_what_exists() -> None:
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in series()}
    named = {
        (page.name, name)
        for page in (ROOT / "docs").rglob("*.md")
        for name in re.findall(r"\bawaken_[a-z_]+[a-z]\b(?!\()", page.read_text(encoding="utf-8"))
    }
    numbers = {
        (page, re.sub("_(bucket|sum|count)$", "", name)) for page, name in named if name not in NO_NUMBERS
    }

    assert len(numbers) > 20
    assert {(page, name) for page, name in numbers if name not in families} == set()


def test_dashboard_shows_most_of_what_there_is() -> None:
    shown = {name for query in dashboard_queries() for name in query.names()}
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in series()}
    missing = {name for name in families if not any(one.startswith(name) for one in shown)}

    assert missing == {
        "awaken_counted_wait_age_seconds",
        "awaken_dispatched_attempt_duration_seconds",
        "awaken_dispatched_attempt_entries",
        "awaken_dispatched_attempts_total",
        "awaken_grpc_duration_seconds",
        "awaken_grpc_requests_total",
        "awaken_open_dispatched_attempts",
        "awaken_worker_restarts_total",
        "awaken_workers",
    }


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    taken = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24


def test_alerts_say_what_happened_with_values_and_where_to_read_on() -> None:
    for rule in rules():
        notes = rule["annotations"]
        assert re.search(r"\{\{ \$labels\.\w+ \}\}", notes["summary"]), rule["alert"]
        assert "$value" in notes["description"], rule["alert"]
        assert notes["runbook"] == f"docs/production/monitoring.md#{rule['alert'].lower()}"
        assert f"\n### {rule['alert']}\n" in RUNBOOKS.read_text(encoding="utf-8")
        assert rule["labels"]["severity"] in ("warning", "critical")
    assert len(rules()) == 5
