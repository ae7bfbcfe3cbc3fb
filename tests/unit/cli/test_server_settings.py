"""Settings of the server that commands read themselves, and what they say of those that have no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.cli.failures import UsageError
from awaken.cli.server_settings import log_level_of, read_runtime_settings, read_server_settings, wants_json
from awaken.cli.settings import LogLevel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("debug", LogLevel.DEBUG),
        ("WARN", LogLevel.WARNING),
        ("off", LogLevel.ERROR),
        ("warn,restate=info", LogLevel.INFO),
        ("restate=trace, warn", LogLevel.DEBUG),
        ("error,hyper=debug,restate_worker=trace", LogLevel.ERROR),
        ("hyper=debug", LogLevel.INFO),
        ("nonsense=", LogLevel.INFO),
        ("", LogLevel.INFO),
    ],
)
def test_level_is_that_of_the_runtime_in_the_servers_filter(text: str, level: LogLevel) -> None:
    assert log_level_of({"RESTATE_LOG_FILTER": text}) is level


def test_format_is_the_servers() -> None:
    assert wants_json({"RESTATE_LOG_FORMAT": "json"})
    assert not wants_json({"RESTATE_LOG_FORMAT": "compact"})
    assert not wants_json({})
    with pytest.raises(UsageError, match="RESTATE_LOG_FORMAT: 'JSON' is not one of pretty, compact, json"):
        wants_json({"RESTATE_LOG_FORMAT": "JSON"})


def test_settings_without_effect_are_named_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "restate.toml").write_text('roles = ["worker"]\n[worker]\ncleanup-interval = "2s"\n')
    monkeypatch.setenv("RESTATE_CONFIG", str(tmp_path / "restate.toml"))
    monkeypatch.setenv("RESTATE_WORKER__CLEANUP_INTERVALL", "1s")

    settings = read_runtime_settings()

    assert settings.cleanup_interval_ms == 2000
    assert capsys.readouterr().err == (
        "awaken: these settings have no effect here: RESTATE_ROLES; RESTATE_WORKER__CLEANUP_INTERVALL: did you mean "
        "RESTATE_WORKER__CLEANUP_INTERVAL?\n"
    )


def test_missing_file_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTATE_CONFIG", "nowhere.toml")

    with pytest.raises(UsageError, match=r"RESTATE_CONFIG: cannot read nowhere\.toml: No such file"):
        read_server_settings()
