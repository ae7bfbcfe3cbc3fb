"""Where mail is handed in: `smtp://user:password@host:587?starttls=required`, or `smtps://...`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["SmtpServer", "StartTls", "read_smtp_url"]

_EXAMPLE: Final = "write it as in smtp://user:password@mail.example.com:587"
_SUBMISSION: Final = 587
_RELAY: Final = 25
_IMPLICIT_TLS: Final = 465


class StartTls(StrEnum):
    """Whether a connection that begins in the clear is encrypted before anything is sent over it."""

    REQUIRED = "required"
    #: If the server offers it.
    OPTIONAL = "optional"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A server, and how to enter. `str()` shows no password."""

    host: str
    port: int
    #: Whether the connection is encrypted from its first byte on.
    is_tls: bool
    starttls: StartTls
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        return f"{'smtps' if self.is_tls else 'smtp'}://{user}{host}:{self.port}"


def read_smtp_url(url: str) -> SmtpServer:
    """Read a URL.

    Without `starttls`, a server that gets a password has to encrypt, unless it is on this machine; others encrypt if
    they can.

    Raises:
        ValueError: it is malformed; the text shows no password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # The text of the error may have the password: `port` is what follows the last colon.
        raise ValueError(f"the SMTP URL is malformed; {_EXAMPLE}") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError(f"the SMTP URL is not one of smtp:// or smtps:// with a host; {_EXAMPLE}")
    if parts.path not in ("", "/") or parts.fragment:
        raise ValueError(
            "the SMTP URL has a path or a fragment; write special characters of a password as %2F, %23, %3F and %40"
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError(f"the SMTP URL has only one of user and password; {_EXAMPLE}")
    if not (user + password).isascii() or not (user + password + parts.hostname).isprintable():
        raise ValueError(
            "the SMTP URL has characters that no user, password or host may have; use printable ASCII"
        )
    is_tls = parts.scheme == "smtps"
    starttls = _read_starttls(parts.query, parts.hostname, is_tls=is_tls, has_login=bool(user))
    usual = _IMPLICIT_TLS if is_tls else _SUBMISSION if user else _RELAY
    return SmtpServer(parts.hostname, usual if port is None else port, is_tls, starttls, user, password)


def _read_starttls(query: str, host: str, *, is_tls: bool, has_login: bool) -> StartTls:
    options = dict(parse_qsl(query, keep_blank_values=True))
    given = options.pop("starttls", None)
    if options:
        raise ValueError(f"the SMTP URL has unknown options: {', '.join(options)}; there is only starttls")
    if given is None:
        return StartTls.REQUIRED if has_login and not _is_local(host) else StartTls.OPTIONAL
    if is_tls:
        raise ValueError("smtps:// is encrypted from its first byte on; leave starttls out, or write smtp://")
    try:
        return StartTls(given)
    except ValueError:
        raise ValueError(f"starttls={given[:40]} is not one of {', '.join(StartTls)}") from None


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
