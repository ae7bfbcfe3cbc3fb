"""The settings of the official server as `awaken dev` and `awaken runtime` read them. Their own options come first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from awaken.cli.failures import UsageError
from awaken.cli.output import print_progress
from awaken.cli.settings import LogLevel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.runtime.settings import RuntimeSettings

__all__ = ["log_level_of", "read_runtime_settings", "read_server_settings", "wants_json"]

_LEVELS: Final = {
    "trace": LogLevel.DEBUG,
    "debug": LogLevel.DEBUG,
    "info": LogLevel.INFO,
    "warn": LogLevel.WARNING,
    "error": LogLevel.ERROR,
    "off": LogLevel.ERROR,
}
_FORMATS: Final = ("pretty", "compact", "json")


def read_server_settings() -> dict[str, str]:
    """Return the settings of this process by their names.

    Raises:
        UsageError: the file that RESTATE_CONFIG names cannot be read.
    """
    from awaken.runtime.server_settings import read_names

    try:
        return read_names(os.environ)
    except ValueError as error:
        raise UsageError(str(error)) from error


def read_runtime_settings() -> RuntimeSettings:
    """Return what they set of the runtime, and print which of them have no effect.

    Raises:
        UsageError: a value does not parse.
    """
    from awaken.runtime.server_settings import describe_unused, read_file
    from awaken.runtime.settings import RuntimeSettings

    names = read_server_settings()
    if unused := describe_unused(names, read_file(names)):
        print_progress(f"awaken: {unused}")
    try:
        return RuntimeSettings.from_environment(os.environ)
    except ValueError as error:
        raise UsageError(f"a setting in the environment is invalid: {error}") from error


def log_level_of(names: Mapping[str, str]) -> LogLevel:
    """Return the level that RESTATE_LOG_FILTER has for the server, else for everything; `info` if it has none."""
    levels = {}
    for directive in names.get("RESTATE_LOG_FILTER", "").lower().split(","):
        target, _, level = directive.strip().rpartition("=")
        levels[target] = _LEVELS.get(level)
    return levels.get("restate") or levels.get("") or LogLevel.INFO


def wants_json(names: Mapping[str, str]) -> bool:
    """Return whether RESTATE_LOG_FORMAT asks for JSON.

    Raises:
        UsageError: it is no format of the server.
    """
    given = names.get("RESTATE_LOG_FORMAT", _FORMATS[0])
    if given not in _FORMATS:
        raise UsageError(f"RESTATE_LOG_FORMAT: {given!r} is not one of {', '.join(_FORMATS)}")
    return given == "json"
