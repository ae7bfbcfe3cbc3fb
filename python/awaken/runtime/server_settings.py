"""The settings of the official server that are taken here, under its names; this is the only list of them.

The server reads a setting from an environment variable, in any case, or from the file that RESTATE_CONFIG names:
`inactivity-timeout` in its table `[worker.invoker]` is RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT. Variables win.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from awaken.runtime.durations import parse_duration
from awaken.runtime.identity_key import read_private_key
from awaken.runtime.sizes import parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

__all__ = ["TAKEN", "ServerSetting", "describe_unused", "read_file", "read_names"]

_PREFIX: Final = "RESTATE_"
_FILE: Final = "RESTATE_CONFIG"


@dataclass(frozen=True, slots=True)
class ServerSetting:
    """A setting that is taken.

    Args:
        name: as an environment variable.
        about: what it sets here, for the documentation.
        field: the field of `RuntimeSettings`, or `retry_policy.` and a field of `RetryPolicy`; empty if commands read
            it. If several settings of one field are given, the first one counts.
        parse: reads the text; its ValueErrors do not have to name the setting.
    """

    name: str
    about: str
    field: str = ""
    parse: Callable[[str], Any] = str


def read_names(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the server's settings by their names, from variables and from the file that they name.

    Raises:
        ValueError: the file cannot be read; the text names it.
    """
    given = {name: text for name, text in environment.items() if _spelled(name).startswith(_PREFIX)}
    # The usual spelling counts most.
    names = {_spelled(name): text for name, text in given.items()} | {
        name: text for name, text in given.items() if name == _spelled(name)
    }
    return {**read_file(names), **names}


def read_file(names: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the file that RESTATE_CONFIG names, by their names; none if it names no file.

    Raises:
        ValueError: the file cannot be read; the text names it.
    """
    if not names.get(_FILE):
        return {}
    path = Path(names[_FILE])
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{_FILE}: cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{_FILE}: {path} is not a file in TOML: {error}") from error
    return dict(_flatten(document, _PREFIX))


def describe_unused(names: Mapping[str, str], in_file: Collection[str] = ()) -> str:
    """Say in one line which settings have no effect here; an empty text if there are none.

    Variables without a table that nothing here resembles, such as RESTATE_INGRESS_URL, belong to clients and
    applications.

    Args:
        names: all settings that are given.
        in_file: the names of those in the file, which is for the server alone.
    """
    known = [setting.name for setting in TAKEN]
    without_effect = []
    mistaken = []
    for name in sorted(names.keys() - set(known)):
        if name in _FULFILLED and _FULFILLED[name] in (None, names[name]):
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=_LIKENESS)
        if near:
            mistaken.append(f"{name}: did you mean {near[0]}?")
        elif name.startswith(_WITHOUT_MEANING) or "__" in name or name in in_file:
            without_effect.append(name)
    said = [f"these settings have no effect here: {', '.join(without_effect)}"] if without_effect else []
    return "; ".join(said + mistaken)


def _spelled(name: str) -> str:
    return name.upper().replace("-", "_")


def _flatten(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        name = f"{prefix}{_spelled(key)}"
        if isinstance(value, dict):
            yield from _flatten(value, f"{name}__")
        elif isinstance(value, bool):
            yield name, str(value).lower()
        else:
            yield name, str(value)


def _milliseconds(text: str) -> int:
    return round(parse_duration(text).total_seconds() * 1000)


def _flag(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered not in ("true", "false", "1", "0"):
        raise ValueError(f"{text!r} is not true or false")
    return lowered in ("true", "1")


def _not(text: str) -> bool:
    return not _flag(text)


def _version(text: str) -> int:
    return 7 if _flag(text) else 6


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a whole number") from None


def _positive(text: str) -> int:
    number = _number(text)
    if number < 1:
        raise ValueError(f"{number} is below 1")
    return number


def _interval(text: str) -> int:
    interval_ms = _milliseconds(text)
    if interval_ms < 1:
        raise ValueError(f"{text!r} is below 1 ms")
    return interval_ms


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0 <= factor < math.inf:  # also true of no number
        raise ValueError(f"{text[:40]!r} is not a number from 0 on")
    return factor


def _address(text: str) -> str:
    """Return an address for callers, which is shown to them as it is. The server takes one without a scheme, too."""
    try:
        is_readable = (
            bool(text) and text.isascii() and text.isprintable() and " " not in text and urlsplit(text)
        )
    except ValueError:
        is_readable = False
    if not is_readable:
        raise ValueError(f"{text[:100]!r} is not a URL; write one as http://HOST:PORT/")
    return text


def _header(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError(f"{text[:100]!r} has characters that no header can carry; use letters and digits")
    return text


def _message_size(text: str) -> int:
    """Return a size of at most 32 MiB: larger messages travel to no endpoint, and the server's limit is clamped too."""
    size = parse_size(text)
    if size < 1:
        raise ValueError(f"{text!r} is below 1 byte")
    return min(size, _MAX_MESSAGE_SIZE)


def _attempts(text: str) -> int | None:
    return None if text.strip().lower() in ("unlimited", "infinite") else max(1, _number(text))


def _on_max_attempts(text: str) -> str:
    lowered = text.strip().lower()
    if lowered not in ("pause", "kill"):
        raise ValueError(f"{text!r} is not pause or kill")
    return lowered


def _key_file(text: str) -> str:
    try:
        pem = Path(text).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ValueError(f"cannot read {text or 'a file without a name'}: {error.strerror}") from error
    try:
        read_private_key(pem)
    except ValueError as error:
        raise ValueError(f"{text}: {error}; `openssl genpkey -algorithm ed25519` makes one") from error
    return pem


def _retry_policy(prefix: str, note: str = "") -> tuple[ServerSetting, ...]:
    return tuple(
        ServerSetting(f"{prefix}__{name}", f"{about}{note}", f"retry_policy.{field}", parse)
        for name, about, field, parse in (
            ("INITIAL_INTERVAL", "wait before the first retry", "initial_interval_ms", _milliseconds),
            ("EXPONENTIATION_FACTOR", "by what it grows", "exponentiation_factor", _factor),
            ("MAX_INTERVAL", "longest wait before a retry", "max_interval_ms", _milliseconds),
            ("MAX_ATTEMPTS", "how many attempts, or `unlimited`", "max_attempts", _attempts),
            ("ON_MAX_ATTEMPTS", "`pause` or `kill` after the last one", "on_max_attempts", _on_max_attempts),
        )
    )


_MAX_MESSAGE_SIZE: Final = 32 * 1024 * 1024
_INVOKER: Final = "RESTATE_WORKER__INVOKER__"
_KEY_FILE: Final = "REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE"

TAKEN: Final[tuple[ServerSetting, ...]] = (
    ServerSetting(_FILE, "a file in TOML with any of these settings"),
    ServerSetting("RESTATE_BASE_DIR", "where the data is stored, like `--data-dir`"),
    ServerSetting("RESTATE_BIND_IP", "the address on which ingress and admin API listen"),
    ServerSetting("RESTATE_USE_RANDOM_PORTS", "`true` picks free ports for both"),
    *(
        ServerSetting(f"RESTATE_{interface}__{name}", about.format(option=f"`--{interface.lower()}`"))
        for interface in ("INGRESS", "ADMIN")
        for name, about in (
            ("BIND_ADDRESS", "address and port, like {option}"),
            ("BIND_IP", "the address in it"),
            ("BIND_PORT", "the port in it"),
            ("USE_RANDOM_PORTS", "`true` picks a free port"),
        )
    ),
    ServerSetting(
        "RESTATE_INGRESS__ADVERTISED_ADDRESS",
        "the URL at which callers reach the ingress, for the admin API",
        "advertised_url",
        _address,
    ),
    ServerSetting(
        "RESTATE_INGRESS__ADVERTISED_INGRESS_ENDPOINT", "its older name", "advertised_url", _address
    ),
    ServerSetting("RESTATE_INGRESS__ADVERTISED_HOST", "the host in that URL", "advertised_host"),
    ServerSetting("RESTATE_ADVERTISED_HOST", "the same", "advertised_host"),
    ServerSetting("RESTATE_ADMIN__DISABLE_WEB_UI", "`true` serves no inbox", "serves_inbox", _not),
    ServerSetting(
        "RESTATE_CLUSTER_NAME", "what endpoints and operators are told it is", "cluster_name", _header
    ),
    ServerSetting(
        "RESTATE_LOG_FILTER", "the level of `restate` in it, or else that of everything, is `--log-level`"
    ),
    ServerSetting("RESTATE_LOG_FORMAT", "`json` is `--json-output`"),
    ServerSetting(
        f"{_INVOKER}INACTIVITY_TIMEOUT",
        "how long an attempt may be silent before it is asked to suspend",
        "inactivity_timeout_ms",
        _milliseconds,
    ),
    ServerSetting(
        f"{_INVOKER}ABORT_TIMEOUT", "how long it may take to suspend", "abort_timeout_ms", _milliseconds
    ),
    ServerSetting(
        f"{_INVOKER}CONCURRENT_INVOCATIONS_LIMIT", "attempts at a time", "max_open_attempts", _positive
    ),
    ServerSetting(
        f"{_INVOKER}MESSAGE_SIZE_LIMIT",
        "the largest message of an endpoint, at most 32 MiB",
        "max_message_size",
        _message_size,
    ),
    ServerSetting(
        f"{_INVOKER}EAGER_STATE_SIZE_LIMIT",
        "how much state is sent with the input; handlers read the rest when they need it",
        "max_eager_state_size",
        parse_size,
    ),
    # The server calls the first of them deprecated, and prefers it all the same.
    ServerSetting(
        f"{_PREFIX}{_KEY_FILE}", "the key that signs requests to endpoints", "identity_key_pem", _key_file
    ),
    ServerSetting(f"{_INVOKER}{_KEY_FILE}", "the same", "identity_key_pem", _key_file),
    ServerSetting(
        "RESTATE_INGRESS__REQUEST_SIZE_LIMIT",
        "the largest body that the ingress accepts, at most 32 MiB",
        "max_request_size",
        _message_size,
    ),
    ServerSetting(
        "RESTATE_WORKER__CLEANUP_INTERVAL",
        "how often what has expired is deleted",
        "cleanup_interval_ms",
        _interval,
    ),
    *(
        ServerSetting(
            f"RESTATE_{level.upper()}_{name}", f"{about} {what} kept", f"{prefix}{field}", _milliseconds
        )
        for level, prefix, about in (("default", "", "how long"), ("max", "max_", "the longest that"))
        for name, field, what in (
            ("JOURNAL_RETENTION", "journal_retention_ms", "journals are"),
            ("IDEMPOTENCY_RETENTION", "idempotency_retention_ms", "results of calls are"),
            ("WORKFLOW_COMPLETION_RETENTION", "workflow_retention_ms", "results of workflows are"),
        )
    ),
    *_retry_policy("RESTATE_DEFAULT_RETRY_POLICY"),
    *_retry_policy("RESTATE_WORKER__INVOKER__RETRY_POLICY", ": its name on older servers"),
    ServerSetting(
        "RESTATE_MAX_RETRY_POLICY_MAX_ATTEMPTS",
        "the most attempts of any handler",
        "max_attempts_limit",
        _positive,
    ),
    ServerSetting(
        "RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7",
        "`true` speaks version 7 with all endpoints, `false` with none; by default, with those of awaken",
        "max_protocol_version",
        _version,
    ),
)

#: Settings whose purpose is met without them, with the value that meets it if not every one does.
_FULFILLED: Final[Mapping[str, str | None]] = {
    "RESTATE_DISABLE_PROMETHEUS": None,
    "RESTATE_DISABLE_TELEMETRY": None,
    "RESTATE_LISTEN_MODE": "tcp",
    "RESTATE_LOG_DISABLE_ANSI_CODES": None,
}
#: What names of the server begin with that have no table, and no meaning in one process.
_WITHOUT_MEANING: Final = tuple(
    f"{_PREFIX}{name}"
    for name in (
        *("ADVERTISED_", "AUTO_PROVISION", "BIND_", "DEFAULT_", "DISABLE_", "EXPERIMENTAL_"),
        *("FORCE_NODE_ID", "GOSSIP_", "HLC_", "INITIALIZATION_", "LISTEN_MODE", "LOCATION", "LOG_", "MAX_"),
        *(
            "METADATA_",
            "NODE_NAME",
            "ROCKSDB_",
            "ROLES",
            "SHUTDOWN_TIMEOUT",
            "STORAGE_",
            "TOKIO_",
            "TRACING_",
        ),
    )
)
#: How alike two names are, from 0 to 1, of which one is a mistake for the other. No two names of the server are.
_LIKENESS: Final = 0.9
