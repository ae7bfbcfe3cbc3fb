from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.runtime.schema import RetryPolicy
from awaken.runtime.settings import RuntimeSettings

if TYPE_CHECKING:
    from pathlib import Path


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
            "RESTATE_WORKER__INVOKER__MESSAGE_SIZE_LIMIT": "10 MiB",
            "RESTATE_WORKER__INVOKER__EAGER_STATE_SIZE_LIMIT": "0",
            "RESTATE_INGRESS__REQUEST_SIZE_LIMIT": "1 TiB",
            "RESTATE_MAX_JOURNAL_RETENTION": "5s",
            "RESTATE_MAX_IDEMPOTENCY_RETENTION": "6s",
            "RESTATE_MAX_WORKFLOW_COMPLETION_RETENTION": "7s",
            "RESTATE_MAX_RETRY_POLICY_MAX_ATTEMPTS": "9",
            "RESTATE_INGRESS__ADVERTISED_ADDRESS": "https://calls.example/",
            "RESTATE_INGRESS__ADVERTISED_INGRESS_ENDPOINT": "https://old.example/",
            "RESTATE_ADVERTISED_HOST": "example",
            "RESTATE_ADMIN__DISABLE_WEB_UI": "true",
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
        max_message_size=10 * 2**20,
        max_eager_state_size=0,
        max_request_size=32 * 2**20,
        max_journal_retention_ms=5000,
        max_idempotency_retention_ms=6000,
        max_workflow_retention_ms=7000,
        max_attempts_limit=9,
        advertised_url="https://calls.example/",
        advertised_host="example",
        serves_inbox=False,
    )


@pytest.mark.parametrize(
    "name", ["restate_worker__invoker__abort_timeout", "RESTATE_WORKER__INVOKER__ABORT-TIMEOUT"]
)
def test_names_are_read_in_every_spelling(name: str) -> None:
    assert RuntimeSettings.from_environment({name: "1s"}).abort_timeout_ms == 1000
    usual = {"RESTATE_WORKER__INVOKER__ABORT_TIMEOUT": "2s"}
    assert RuntimeSettings.from_environment({name: "1s", **usual}).abort_timeout_ms == 2000
    assert RuntimeSettings.from_environment({**usual, name: "1s"}).abort_timeout_ms == 2000


def test_settings_come_from_a_file_and_variables_win(tmp_path: Path) -> None:
    (tmp_path / "restate.toml").write_text(
        """
        default-journal-retention = "1h"
        cluster-name = "here"
        [default-retry-policy]
        max-attempts = 3
        exponentiation-factor = 1.5
        [worker.invoker]
        inactivity-timeout = "2s"
        abort-timeout = "3s"
        """
    )

    settings = RuntimeSettings.from_environment(
        {"RESTATE_CONFIG": str(tmp_path / "restate.toml"), "RESTATE_WORKER__INVOKER__ABORT_TIMEOUT": "4s"}
    )

    assert settings == RuntimeSettings(
        journal_retention_ms=3_600_000,
        retry_policy=RetryPolicy(max_attempts=3, exponentiation_factor=1.5),
        inactivity_timeout_ms=2000,
        abort_timeout_ms=4000,
        cluster_name="here",
    )


@pytest.mark.parametrize("content", [None, "a = ", b"\xff"])
def test_file_that_cannot_be_read_is_named(tmp_path: Path, content: str | bytes | None) -> None:
    file = tmp_path / "restate.toml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(ValueError, match=r"RESTATE_CONFIG: .*restate\.toml"):
        RuntimeSettings.from_environment({"RESTATE_CONFIG": str(file)})


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
        ("RESTATE_INGRESS__REQUEST_SIZE_LIMIT", "0"),
        ("RESTATE_WORKER__INVOKER__MESSAGE_SIZE_LIMIT", "much"),
        ("RESTATE_MAX_RETRY_POLICY_MAX_ATTEMPTS", "unlimited"),
        ("RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS", "few"),
        ("RESTATE_DEFAULT_RETRY_POLICY__EXPONENTIATION_FACTOR", "nan"),
        ("RESTATE_DEFAULT_RETRY_POLICY__EXPONENTIATION_FACTOR", "-2"),
        ("RESTATE_WORKER__CLEANUP_INTERVAL", "0s"),
        ("RESTATE_INGRESS__ADVERTISED_ADDRESS", "http://[::1"),
        ("RESTATE_INGRESS__ADVERTISED_INGRESS_ENDPOINT", "the ingress"),
        ("RESTATE_CLUSTER_NAME", "one\nx-another: header"),
    ],
)
def test_wrong_value_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ValueError, match=variable):
        RuntimeSettings.from_environment({variable: text})
