from __future__ import annotations

import pytest
from awaken.runtime.schema import RetryPolicy
from awaken.runtime.settings import RuntimeSettings


def test_nothing_set_is_the_default() -> None:
    assert RuntimeSettings.from_environment({"HOME": "/"}) == RuntimeSettings()


def test_settings_come_under_the_servers_names() -> None:
    settings = RuntimeSettings.from_environment(
        {
            "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s",
            "RESTATE_WORKER__INVOKER__ABORT_TIMEOUT": "1m 30s",
            "RESTATE_WORKER__INVOKER__CONCURRENT_INVOCATIONS_LIMIT": "7",
            "RESTATE_WORKER__CLEANUP_INTERVAL": "1s",
            "RESTATE_DEFAULT_JOURNAL_RETENTION": "2s",
            "RESTATE_DEFAULT_IDEMPOTENCY_RETENTION": "3s",
            "RESTATE_DEFAULT_WORKFLOW_COMPLETION_RETENTION": "4s",
            "RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL": "50ms",
            "RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS": "unlimited",
            "RESTATE_DEFAULT_RETRY_POLICY__ON_MAX_ATTEMPTS": "kill",
            "RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7": "true",
        }
    )

    assert settings == RuntimeSettings(
        inactivity_timeout_ms=0,
        abort_timeout_ms=90_000,
        max_open_attempts=7,
        cleanup_interval_ms=1000,
        journal_retention_ms=2000,
        idempotency_retention_ms=3000,
        workflow_retention_ms=4000,
        retry_policy=RetryPolicy(initial_interval_ms=50, max_attempts=None, on_max_attempts="kill"),
        max_protocol_version=7,
    )


@pytest.mark.parametrize(("text", "version"), [("true", 7), ("false", 6)])
def test_protocol_7_is_on_or_off_once_it_is_told(text: str, version: int) -> None:
    settings = RuntimeSettings.from_environment({"RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7": text})

    assert settings.max_protocol_version == version


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT", "10"),
        ("RESTATE_WORKER__INVOKER__CONCURRENT_INVOCATIONS_LIMIT", "0"),
        ("RESTATE_DEFAULT_RETRY_POLICY__ON_MAX_ATTEMPTS", "explode"),
        ("RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7", "perhaps"),
    ],
)
def test_wrong_value_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ValueError, match=variable):
        RuntimeSettings.from_environment({variable: text})
