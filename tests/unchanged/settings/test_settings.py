"""Settings of the official server: which there are, how their values are read, and what they do."""

from __future__ import annotations

import os
import subprocess
import tomllib
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from awaken.runtime.server_settings import TAKEN, describe_unused, read_names
from awaken.runtime.settings import RuntimeSettings

from scripts.install_tools import install_server
from tests.e2e.ingress import Client
from tests.unchanged.entry_points.programs import Program
from tests.unchanged.entry_points.running import Running
from tests.unchanged.runtimes import KINDS, open_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.runtime import Runtime

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

#: What it shows without settings lacks some that are taken, and all of these have a value when they are set.
SHOWN_IF_SET: Final = {
    "RESTATE_BIND_IP": "127.0.0.1",
    "RESTATE_USE_RANDOM_PORTS": "true",
    "RESTATE_BASE_DIR": "data",
    "RESTATE_INGRESS__BIND_ADDRESS": "127.0.0.1:1",
    "RESTATE_INGRESS__BIND_IP": "127.0.0.1",
    "RESTATE_INGRESS__BIND_PORT": "1",
    "RESTATE_INGRESS__USE_RANDOM_PORTS": "true",
    "RESTATE_ADMIN__BIND_ADDRESS": "127.0.0.1:2",
    "RESTATE_ADMIN__BIND_IP": "127.0.0.1",
    "RESTATE_ADMIN__BIND_PORT": "2",
    "RESTATE_ADMIN__USE_RANDOM_PORTS": "true",
    "RESTATE_ADVERTISED_HOST": "here",
    "RESTATE_INGRESS__ADVERTISED_ADDRESS": "http://here:1/",
    "RESTATE_INGRESS__ADVERTISED_HOST": "here",
    "RESTATE_INGRESS__ADVERTISED_INGRESS_ENDPOINT": "http://here:1/",
    "RESTATE_MAX_JOURNAL_RETENTION": "1h",
    "RESTATE_MAX_IDEMPOTENCY_RETENTION": "1h",
    "RESTATE_MAX_WORKFLOW_COMPLETION_RETENTION": "1h",
    "RESTATE_MAX_RETRY_POLICY_MAX_ATTEMPTS": "3",
    "RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE": "key.pem",
}
#: Taken, and not shown: a preview, the old name of the key, and what older servers had.
NEVER_SHOWN: Final = {
    "RESTATE_CONFIG",
    "RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7",
    "RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE",
    *(
        setting.name
        for setting in TAKEN
        if setting.name.startswith("RESTATE_WORKER__INVOKER__RETRY_POLICY__")
    ),
}
CONFIG: Final = """
default-idempotency-retention = "2h"
max-journal-retention = "90m"
max-retry-policy-max-attempts = 2
cluster-name = "ours"
[default-retry-policy]
initial-interval = "10ms"
[ingress]
request-size-limit = "1 KiB"
advertised-address = "https://calls.example:8443"
[admin]
disable-web-ui = true
"""
FAILING: Final = Program(
    ("awaken", "serve", "failing:app", "--bind", "127.0.0.1:{port}"),
    {
        "failing.py": """
import awaken

service = awaken.Service("Failing")


@service.handler()
async def fail(ctx: awaken.Context, text: str) -> None:
    name = ctx.request().attempt_headers.get("x-restate-cluster-name")
    print(f"attempt of {name}", flush=True)
    raise ValueError("again")


app = awaken.app([service])
"""
    },
)


def shown_by_server(directory: Path, settings: dict[str, str]) -> dict[str, Any] | None:
    """Return the configuration that the server would start with; None if it refuses to."""
    ended = subprocess.run(
        [install_server(), "--dump-config"],
        cwd=directory,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    return tomllib.loads(ended.stdout) if ended.returncode == 0 and ended.stdout else None


def names_in(document: dict[str, Any], prefix: str = "RESTATE_") -> set[str]:
    names: set[str] = set()
    for key, value in document.items():
        name = f"{prefix}{key.upper().replace('-', '_')}"
        names |= names_in(value, f"{name}__") if isinstance(value, dict) else {name}
    return names


def test_every_setting_of_the_server_is_taken_or_named_without_a_guess(tmp_path: Path) -> None:
    document = shown_by_server(tmp_path, SHOWN_IF_SET)
    assert document is not None
    names = names_in(document)
    taken = {setting.name for setting in TAKEN}

    assert len(names) > 200
    assert taken - NEVER_SHOWN <= names
    said = describe_unused(dict.fromkeys(names, "x"))
    assert "did you mean" not in said
    met = {"RESTATE_DISABLE_PROMETHEUS", "RESTATE_DISABLE_TELEMETRY", "RESTATE_LOG_DISABLE_ANSI_CODES"}
    assert set(said.partition(": ")[2].split(", ")) == names - taken - met


@pytest.mark.parametrize(
    "text", ["90s", "1m 30s", "PT90S", "1h", "2 days", "1.5h", "90", "soon", "-1s", "1 month"]
)
def test_durations_are_read_as_the_server_reads_them(text: str, tmp_path: Path) -> None:
    name = "RESTATE_WORKER__INVOKER__ABORT_TIMEOUT"
    shown = shown_by_server(tmp_path, {name: text})

    if shown is None:
        with pytest.raises(ValueError, match=name):
            RuntimeSettings.from_environment({name: text})
        return
    normalized = shown["worker"]["invoker"]["abort-timeout"]
    assert RuntimeSettings.from_environment({name: text}) == RuntimeSettings.from_environment(
        {name: normalized}
    )


@pytest.mark.parametrize(
    "text",
    ["1024", "1 KiB", "1kb", "1.5 MiB", " 5 MB ", "2M", "1 TiB", "0", "-1", "1e6", "1,5 MiB", "32 bytes"],
)
def test_sizes_are_read_as_the_server_reads_them(text: str, tmp_path: Path) -> None:
    name = "RESTATE_INGRESS__REQUEST_SIZE_LIMIT"
    shown = shown_by_server(tmp_path, {name: text})

    if shown is None:
        with pytest.raises(ValueError, match=name):
            RuntimeSettings.from_environment({name: text})
        return
    # The server rounds what it shows.
    shown_size = RuntimeSettings.from_environment(
        {name: shown["ingress"]["request-size-limit"]}
    ).max_request_size
    size = RuntimeSettings.from_environment({name: text}).max_request_size
    assert abs(size - shown_size) <= size * 0.05


@pytest.mark.parametrize(
    "name",
    [
        "restate_default_journal_retention",
        "Restate_Default_Journal_Retention",
        "RESTATE_DEFAULT-JOURNAL-RETENTION",
        "RESTATE_DEFAULT_JOURNAL__RETENTION",
        "AWAKEN_DEFAULT_JOURNAL_RETENTION",
    ],
)
def test_names_are_read_in_the_spellings_that_the_server_reads(name: str, tmp_path: Path) -> None:
    shown = shown_by_server(tmp_path, {name: "3h"})
    assert shown is not None

    is_taken = read_names({name: "3h"}).get("RESTATE_DEFAULT_JOURNAL_RETENTION") == "3h"
    assert is_taken == (shown["default-journal-retention"] == "3h")


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Runtime]]:
    """Both runtimes with one file, and a setting of it changed by a variable; ours has further variables."""
    directory = tmp_path_factory.mktemp("settings")
    (directory / "restate.toml").write_text(CONFIG)
    settings = {
        "RESTATE_CONFIG": str(directory / "restate.toml"),
        "RESTATE_INGRESS__REQUEST_SIZE_LIMIT": "2 KiB",
    }
    own = {
        "RESTATE_INGRESS__BIND_PORT": "1",
        "RESTATE_BASE_DIR": "/nowhere",
        "RESTATE_ROLES": "[worker]",
        "RESTATE_LOG_FORMAT": "json",
    }
    with ExitStack() as stack:
        runtimes = {}
        for kind in KINDS:
            home = directory / kind
            home.mkdir()
            runtimes[kind] = stack.enter_context(
                open_runtime(kind, home, settings | (own if kind == "embedded" else {}))
            )
        yield runtimes


def test_file_and_variables_do_the_same_on_both(configured: dict[str, Runtime], tmp_path: Path) -> None:
    run = Running(FAILING, "awaken", tmp_path)
    run.start()
    observed: dict[str, list[Any]] = {}
    try:
        run.wait_until_ready()
        for kind, runtime in configured.items():
            with Client(runtime.ingress_url, runtime.admin_url) as client:
                client.register(run.url, use_http_11=False)
                service = client.admin.get("/services/Failing").json()
                attempts = run.log.splitlines().count("attempt of ours")
                invocation = client.send("Failing/fail", "x" * 1500)
                client.wait_for_status(invocation, ["paused"])
                observed[kind] = [
                    [
                        service[name]
                        for name in ("idempotency_retention", "journal_retention", "retry_policy")
                    ],
                    run.log.splitlines().count("attempt of ours") - attempts,
                    client.ingress.post("/Failing/fail/send", json="x" * 2500).status_code,
                    client.admin.get("/version").json()["ingress_endpoint"],
                    client.admin.get("/cluster-health").json()["cluster_name"],
                    [client.admin.get(path).status_code for path in ("/", "/ui/")],
                ]
    finally:
        run.kill()

    assert observed["embedded"] == observed["server"]
    assert observed["server"][1:4] == [2, 413, "https://calls.example:8443/"]


def test_options_come_before_variables(configured: dict[str, Runtime]) -> None:
    """The runtime of the tests is started with options for its addresses and data."""
    runtime = configured["embedded"]

    assert httpx.get(f"{runtime.ingress_url}/restate/health").is_success


def test_log_has_the_format_and_names_what_has_no_effect(configured: dict[str, Runtime]) -> None:
    log = configured["embedded"].log

    assert "awaken: these settings have no effect here: RESTATE_ROLES\n" in log
    assert '"admin":' in log  # the announcement, as JSON
