"""Options that say who may enter: TLS and tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from awaken.cli.failures import CommandError

if TYPE_CHECKING:
    from awaken.control.access import Group
    from awaken.control.server import Tls

__all__ = ["TlsCertOption", "TlsClientCaOption", "TlsKeyOption", "TokenOption", "read_tls", "read_tokens"]

TlsCertOption = Annotated[
    Path | None,
    typer.Option("--tls-cert", metavar="FILE", envvar="AWAKEN_GRPC_TLS_CERT", help="PEM certificate chain."),
]
TlsKeyOption = Annotated[
    Path | None,
    typer.Option("--tls-key", metavar="FILE", envvar="AWAKEN_GRPC_TLS_KEY", help="PEM private key."),
]
TlsClientCaOption = Annotated[
    Path | None,
    typer.Option(
        "--tls-client-ca",
        metavar="FILE",
        envvar="AWAKEN_GRPC_TLS_CLIENT_CA",
        help="PEM certificates of authorities; clients must present a certificate that one of them signed.",
    ),
]
TokenOption = Annotated[
    list[str] | None,
    typer.Option(
        "--token",
        metavar="GROUP:TOKEN",
        envvar="AWAKEN_GRPC_TOKENS",
        help="A bearer token and what it allows: complete, read, invoke, operate or all. May be repeated.",
    ),
]


def read_tokens(texts: list[str] | None) -> dict[str, set[Group]]:
    """Return what each token allows.

    Raises:
        CommandError: a text is not GROUP:TOKEN.
    """
    from awaken.control.access import parse_tokens

    try:
        return parse_tokens(texts or [])
    except ValueError as error:
        raise CommandError(f"--token: {error}") from error


def read_tls(certificate: Path | None, key: Path | None, roots: Path | None) -> Tls | None:
    """Return what the files contain; None if TLS is not asked for.

    Raises:
        CommandError: a file is missing or cannot be read.
    """
    if certificate is None and key is None:
        if roots is not None:
            raise CommandError("--tls-client-ca needs --tls-cert and --tls-key")
        return None
    if certificate is None or key is None:
        raise CommandError("give --tls-cert and --tls-key together")
    from awaken.control.server import Tls

    try:
        return Tls(certificate.read_bytes(), key.read_bytes(), None if roots is None else roots.read_bytes())
    except OSError as error:
        raise CommandError(f"cannot read {error.filename}: {error.strerror}") from error
