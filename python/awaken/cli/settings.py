"""Options that several commands share, with their defaults and environment variables."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

__all__ = [
    "DEFAULT_ADMIN",
    "DEFAULT_BIND",
    "DEFAULT_GRPC",
    "DEFAULT_INGRESS",
    "AdminOption",
    "AdminsOption",
    "IngressOption",
    "IngressesOption",
    "JsonOutputOption",
    "LogLevel",
    "LogLevelOption",
    "MetricsOption",
    "OutcomeAdminOption",
    "RuntimeLogLevelOption",
    "ShowPayloadsOption",
]


class LogLevel(StrEnum):
    """Least severity of what is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


DEFAULT_INGRESS: Final = "http://127.0.0.1:8080"
DEFAULT_ADMIN: Final = "http://127.0.0.1:9070"
DEFAULT_BIND: Final = "127.0.0.1:9080"
DEFAULT_GRPC: Final = "127.0.0.1:9071"

_SEVERAL: Final = "Of a cluster, those of several nodes, with commas."
IngressOption = Annotated[
    str,
    typer.Option(
        "--ingress", metavar="URL", envvar="AWAKEN_INGRESS", help=f"Ingress of the runtime. {_SEVERAL}"
    ),
]
AdminOption = Annotated[
    str,
    typer.Option(
        "--admin", metavar="URL", envvar="AWAKEN_ADMIN", help=f"Admin API of the runtime. {_SEVERAL}"
    ),
]
_NODES: Final = "Of a cluster, that of each node: repeat it, or use commas."
#: As `IngressOption` and `AdminOption`, for commands that stand in front of a cluster.
IngressesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--ingress",
        metavar="URL",
        envvar="AWAKEN_INGRESS",
        help=f"Ingress of the runtime. {_NODES}",
        show_default=DEFAULT_INGRESS,
    ),
]
AdminsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--admin",
        metavar="URL",
        envvar="AWAKEN_ADMIN",
        help=f"Admin API of the runtime. {_NODES}",
        show_default=DEFAULT_ADMIN,
    ),
]
#: For commands that need the ingress, and ask the admin API what became of it where the ingress does not say.
OutcomeAdminOption = Annotated[
    str | None,
    typer.Option(
        "--admin",
        metavar="URL",
        envvar="AWAKEN_ADMIN",
        help="Admin API of the runtime, to learn from a Restate server what became of the result.",
    ),
]
JsonOutputOption = Annotated[
    bool, typer.Option("--json-output", envvar="AWAKEN_JSON_OUTPUT", help="Print JSON instead of text.")
]
LogLevelOption = Annotated[
    LogLevel,
    typer.Option(
        "--log-level",
        case_sensitive=False,
        envvar="AWAKEN_LOG_LEVEL",
        help="Least severity of what is logged.",
    ),
]
#: As `LogLevelOption`, for commands that also read RESTATE_LOG_FILTER.
RuntimeLogLevelOption = Annotated[
    LogLevel | None,
    typer.Option(
        "--log-level",
        case_sensitive=False,
        envvar="AWAKEN_LOG_LEVEL",
        help="Least severity of what is logged.  [default: info]",
    ),
]
MetricsOption = Annotated[
    str | None,
    typer.Option(
        "--metrics",
        metavar="HOST:PORT",
        envvar="AWAKEN_METRICS",
        help="Address for Prometheus: /metrics, and /health and /ready for probes. Whoever reaches it reads the names "
        "of services, handlers and runs.  [default: off]",
    ),
]
ShowPayloadsOption = Annotated[
    bool,
    typer.Option(
        "--show-payloads",
        envvar="AWAKEN_SHOW_PAYLOADS",
        help="Show in the lines of steps how the input of each invocation begins. It may be private.",
    ),
]
