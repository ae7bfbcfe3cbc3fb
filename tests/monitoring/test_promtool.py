"""What Prometheus itself says of the queries: `make test-monitoring`; needs its `promtool`."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.monitoring.processes import ANYWHERE, Command
from tests.monitoring.queries import ALERTS, ALERTS_TEST, dashboard_queries

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.prometheus


def promtool(*arguments: str | Path, stdin: str | None = None) -> str:
    done = subprocess.run(["promtool", *arguments], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def test_alert_rules_are_valid() -> None:
    assert "5 rules found" in promtool("check", "rules", ALERTS)


def test_alerts_fire_when_they_should_and_only_then() -> None:
    assert "SUCCESS" in promtool("test", "rules", ALERTS_TEST)


def test_queries_of_the_dashboard_parse(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{index}", "expr": query.plain()} for index, query in enumerate(dashboard_queries())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))

    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("serve", ("tests.e2e.services.metered:app", "--bind", ANYWHERE)),
        ("serve", ("tests.e2e.services.metered:app", "--bind", ANYWHERE, "--workers", "2")),
        ("runtime", ("--ingress", ANYWHERE, "--admin", ANYWHERE, "--grpc", ANYWHERE)),
    ],
    ids=["serve", "workers", "runtime"],
)
def test_numbers_are_named_and_written_as_prometheus_wants_them(
    tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    command = Command(tmp_path, name, *options, environment={"AWAKEN_DATA_DIR": str(tmp_path / "data")})
    try:
        command.start()
        command.await_number("awaken_ready", 1)

        assert promtool("check", "metrics", stdin=command.text()) == ""
    finally:
        command.kill()
