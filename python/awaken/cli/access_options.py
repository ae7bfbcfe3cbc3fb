"""Options that say who may enter: TLS and tokens, and the refusal to be open to a network without either."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from awaken.cli.addresses import is_loopback
from awaken.cli.failures import CommandError, UsageError
from awaken.cli.output import print_progress
from awaken.hosting.urls import host_and_port

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from awaken.control.access import Group, Tokens
    from awaken.control.server import Tls

__all__ = [
    "Access",
    "InsecureOption",
    "TlsCertOption",
    "TlsClientCaOption",
    "TlsKeyOption",
    "TokenFileOption",
    "TokenOption",
    "read_access",
]

#: Shorter tokens are said to be too short, once others can reach an address: 16 hexadecimal digits are 64 bits, which
#: nobody guesses over a network.
_SAFE_LENGTH: Final = 16

TlsCertOption = Annotated[
    Path | None,
    typer.Option(
        "--tls-cert",
        metavar="FILE",
        envvar=["AWAKEN_TLS_CERT", "AWAKEN_GRPC_TLS_CERT"],
        help="PEM certificate chain; serves TLS on every address of this command.",
    ),
]
TlsKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--tls-key",
        metavar="FILE",
        envvar=["AWAKEN_TLS_KEY", "AWAKEN_GRPC_TLS_KEY"],
        help="PEM private key of the certificate.",
    ),
]
TlsClientCaOption = Annotated[
    Path | None,
    typer.Option(
        "--tls-client-ca",
        metavar="FILE",
        envvar=["AWAKEN_TLS_CLIENT_CA", "AWAKEN_GRPC_TLS_CLIENT_CA"],
        help="PEM certificates of authorities; clients must present a certificate that one of them signed.",
    ),
]
TokenOption = Annotated[
    list[str] | None,
    typer.Option(
        "--token",
        metavar="GROUP:TOKEN",
        envvar=["AWAKEN_TOKENS", "AWAKEN_GRPC_TOKENS"],
        help="A bearer token and what it allows: complete, read, invoke, operate or all. May be repeated; in the "
        "variable, separate them by spaces. Every address of this command then asks for a token.",
    ),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        envvar="AWAKEN_TOKENS_FILE",
        help="A file with more of them, one a line: options are visible to other users of this machine.",
    ),
]
InsecureOption = Annotated[
    bool,
    typer.Option(
        "--insecure",
        envvar="AWAKEN_INSECURE",
        help="Listen on addresses that others can reach without asking them for a token.",
    ),
]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may enter."""

    #: What each token allows; empty asks for none.
    tokens: dict[str, set[Group]] = field(default_factory=dict, repr=False)
    #: For gRPC; None serves cleartext.
    tls: Tls | None = field(default=None, repr=False)
    #: The same for HTTP.
    http_tls: ssl.SSLContext | None = None
    #: For links, which strangers open: no certificate is asked for.
    links_tls: ssl.SSLContext | None = None
    is_insecure: bool = False

    @property
    def guard(self) -> Tokens | None:
        """The tokens to ask for over HTTP; None asks for none."""
        from awaken.control.access import Tokens

        return Tokens(self.tokens) if self.tokens else None

    def check_exposure(self, addresses: Mapping[str, tuple[str, int] | None]) -> None:
        """Check that no address can be reached by others who are asked for nothing.

        Args:
            addresses: host and port by the option that chooses them; None is not served.

        Raises:
            UsageError: an address can be.
            CommandError: the host of an address is not known.
        """
        wide = {
            option: host_and_port(*address)
            for option, address in addresses.items()
            if address is not None and not is_loopback(address[0])
        }
        if not wide or (self.tls is not None and self.tls.client_roots is not None):
            return
        if self.tokens:
            shortest = min(map(len, self.tokens))
            if shortest < _SAFE_LENGTH:
                print_progress(
                    f"awaken: a token of {shortest} characters can be guessed; `openssl rand -hex 16` makes a long one"
                )
            return
        named = " and ".join(f"{option} {address}" for option, address in wide.items())
        if self.is_insecure:
            print_progress(f"awaken: {named}: anyone who reaches this may do everything (--insecure)")
            return
        raise UsageError(
            f"{named} would be open to everyone who can reach this machine, and whoever reaches a runtime may call "
            "handlers, resolve awakeables, kill invocations, edit state and read everything; listen on 127.0.0.1 and "
            "put a proxy in front that knows its users, or ask for tokens with --token or AWAKEN_TOKENS, or say that "
            "only friends are on this network with --insecure or AWAKEN_INSECURE=true"
        )


def read_access(
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_client_ca: Path | None,
    token: list[str] | None,
    token_file: Path | None,
    *,
    insecure: bool,
) -> Access:
    """Return what the options say, after checking the files.

    Raises:
        UsageError: a token is malformed, or an option is given without the one that it needs.
        CommandError: a file is missing, unreadable or malformed, or a certificate and its key do not belong together.
    """
    from awaken.cli.tls_files import load_tls, require_pair

    tokens = _read_tokens(token or [], "--token")
    if token_file is not None:
        for text, groups in _read_tokens(_lines(token_file), f"--token-file {token_file}").items():
            tokens.setdefault(text, set()).update(groups)
        if not tokens:
            raise CommandError(f"--token-file: {token_file} has no token; write GROUP:TOKEN, one a line")
    require_pair(tls_cert, tls_key)
    if tls_cert is None or tls_key is None:
        if tls_client_ca is not None:
            raise UsageError("--tls-client-ca needs --tls-cert and --tls-key")
        return Access(tokens, is_insecure=insecure)
    from awaken.control.server import Tls

    http_tls = load_tls(tls_cert, tls_key, tls_client_ca)
    links_tls = load_tls(tls_cert, tls_key, None)
    roots = None if tls_client_ca is None else tls_client_ca.read_bytes()
    return Access(
        tokens, Tls(tls_cert.read_bytes(), tls_key.read_bytes(), roots), http_tls, links_tls, insecure
    )


def _read_tokens(texts: list[str], option: str) -> dict[str, set[Group]]:
    from awaken.control.access import parse_tokens

    try:
        return parse_tokens(texts)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--token-file: cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"--token-file: {path} is not a text") from error
    return re.findall(r"\S+", text)
