"""Which settings of the server have an effect here, and what is said of the others."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from awaken.runtime.schema import RetryPolicy
from awaken.runtime.server_settings import TAKEN, describe_unused, read_file, read_names
from awaken.runtime.settings import RuntimeSettings

if TYPE_CHECKING:
    from pathlib import Path


def test_every_name_is_there_once() -> None:
    names = [setting.name for setting in TAKEN]

    assert len(set(names)) == len(names)


def test_fields_exist() -> None:
    known = {each.name for each in fields(RuntimeSettings)} - {"retry_policy"}
    known |= {f"retry_policy.{each.name}" for each in fields(RetryPolicy)}

    assert {setting.field for setting in TAKEN} - {""} == known


def test_nothing_is_said_of_settings_that_have_an_effect() -> None:
    assert describe_unused({setting.name: "" for setting in TAKEN}) == ""


def test_settings_without_meaning_are_named_in_one_line() -> None:
    said = describe_unused(
        {
            "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "1s",
            "RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE": "1 GiB",
            "RESTATE_BIND_PORT": "5122",
            "RESTATE_LISTEN_MODE": "unix",
        }
    )

    assert said == (
        "these settings have no effect here: RESTATE_BIND_PORT, RESTATE_LISTEN_MODE, RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE"
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("RESTATE_WORKER__INVOKER__INACTIVITY_TIMOUT", "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT"),
        ("RESTATE_WORKER_INVOKER_INACTIVITY_TIMEOUT", "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT"),
        ("RESTATE_DEFAULT_JOURNAL__RETENTION", "RESTATE_DEFAULT_JOURNAL_RETENTION"),
        ("RESTATE_INGRESS_BIND_ADDRESS", "RESTATE_INGRESS__BIND_ADDRESS"),
        ("RESTATE_BASEDIR", "RESTATE_BASE_DIR"),
    ],
)
def test_mistyped_names_are_recognized(name: str, meant: str) -> None:
    assert describe_unused({name: "x"}) == f"{name}: did you mean {meant}?"


def test_any_name_in_the_file_is_the_servers(tmp_path: Path) -> None:
    file = tmp_path / "restate.toml"
    file.write_text('inactivity-timeout = "5s"\nadmin-url = "x"\n')
    names = read_names({"RESTATE_CONFIG": str(file), "RESTATE_AUTH_TOKEN": "t"})

    said = describe_unused(names, read_file(names))

    assert said == "these settings have no effect here: RESTATE_ADMIN_URL, RESTATE_INACTIVITY_TIMEOUT"


def test_both_kinds_share_the_line() -> None:
    said = describe_unused({"RESTATE_ROLES": "[worker]", "RESTATE_BASEDIR": "x"})

    assert said == (
        "these settings have no effect here: RESTATE_ROLES; RESTATE_BASEDIR: did you mean RESTATE_BASE_DIR?"
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "RESTATE_INGRESS_URL",
            "RESTATE_ADMIN_URL",
            "RESTATE_HOST",
            "RESTATE_AUTH_TOKEN",
            "RESTATE_INGRESS_KEY",
        ),
        *(
            "RESTATE_CONNECT_KEY",
            "RESTATE_LOGGING",
            "RESTATE_ENVIRONMENT",
            "RESTATE_SERVER_URL",
            "RESTATE_API_KEY",
        ),
    ],
)
def test_names_of_clients_and_applications_are_none_of_our_business(name: str) -> None:
    assert describe_unused({name: "x"}) == ""


def test_settings_that_are_met_anyway_are_not_named() -> None:
    assert describe_unused({"RESTATE_DISABLE_TELEMETRY": "true", "RESTATE_LISTEN_MODE": "tcp"}) == ""
