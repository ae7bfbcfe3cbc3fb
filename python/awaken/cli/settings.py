"""Options that several commands share, with their defaults and environment variables."""

from __future__ import annotations

from typing import Annotated, Final

import typer

__all__ = [
    "DEFAULT_ADMIN",
    "DEFAULT_BIND",
    "DEFAULT_GRPC",
    "DEFAULT_INGRESS",
    "AdminOption",
    "IngressOption",
    "JsonOutputOption",
]

DEFAULT_INGRESS: Final = "http://127.0.0.1:8080"
DEFAULT_ADMIN: Final = "http://127.0.0.1:9070"
DEFAULT_BIND: Final = "127.0.0.1:9080"
DEFAULT_GRPC: Final = "127.0.0.1:9071"

IngressOption = Annotated[
    str,
    typer.Option("--ingress", metavar="URL", envvar="AWAKEN_INGRESS", help="Ingress of the runtime."),
]
AdminOption = Annotated[
    str, typer.Option("--admin", metavar="URL", envvar="AWAKEN_ADMIN", help="Admin API of the runtime.")
]
JsonOutputOption = Annotated[
    bool, typer.Option("--json-output", envvar="AWAKEN_JSON_OUTPUT", help="Print JSON instead of text.")
]
