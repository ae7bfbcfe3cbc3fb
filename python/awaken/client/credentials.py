"""What clients show to a runtime: a token, and a certificate of their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

__all__ = ["ADVICE", "authorization", "is_refused", "make_tls_context", "read_token"]

_CERTIFICATE: Final = "AWAKEN_CLIENT_CERT"
_KEY: Final = "AWAKEN_CLIENT_KEY"
_FROM_HANDLER: Final = "invocation"

#: What to do when a runtime refuses a request for want of a token.
ADVICE: Final = "set AWAKEN_TOKEN, or AWAKEN_TOKEN_FILE, to a token that allows this"


def read_token(given: str | None = None) -> str | None:
    """Return the token given, that of `AWAKEN_TOKEN`, or that in the file `AWAKEN_TOKEN_FILE`; None without any.

    An empty text means none, whatever the environment says.

    Raises:
        ValueError: the file cannot be read, or the token has characters that no header can carry.
    """
    token, source = given, "the token"
    if token is None and os.environ.get("AWAKEN_TOKEN"):
        token, source = os.environ["AWAKEN_TOKEN"], "AWAKEN_TOKEN"
    elif token is None and os.environ.get("AWAKEN_TOKEN_FILE"):
        path = os.environ["AWAKEN_TOKEN_FILE"]
        source = f"AWAKEN_TOKEN_FILE: {path}"
        try:
            token = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise ValueError(f"AWAKEN_TOKEN_FILE: cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ValueError(f"{source} is not a text") from error
        if not token.strip():
            raise ValueError(f"{source} has no token")
    token = (token or "").strip()
    if not all("!" <= character <= "~" for character in token):
        raise ValueError(
            f"{source} has a space, or another character that no header can carry; give one token"
        )
    return token or None


def authorization(token: str | None) -> dict[str, str]:
    """Return the header that carries a token."""
    return {} if token is None else {"authorization": f"Bearer {token}"}


def is_refused(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether a runtime, or a proxy in front of it, asks for a token or for another one.

    Handlers may fail with the same codes; then the header says so.
    """
    if headers.get("x-restate-error-source") == _FROM_HANDLER:
        return False
    return status == 401 or (status == 403 and "www-authenticate" in headers)


def make_tls_context() -> ssl.SSLContext:
    """Return a context that trusts the authorities in `SSL_CERT_FILE`, or the usual ones.

    It shows the certificate `AWAKEN_CLIENT_CERT` with the key `AWAKEN_CLIENT_KEY`, if they are set.

    Raises:
        ValueError: a file that the environment names cannot be read.
    """
    import httpx

    try:
        context = httpx.create_ssl_context()
    except OSError as error:
        path = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
        raise ValueError(f"SSL_CERT_FILE or SSL_CERT_DIR: {path} cannot be read as certificates") from error
    certificate, key = os.environ.get(_CERTIFICATE), os.environ.get(_KEY)
    if certificate:
        try:
            context.load_cert_chain(certificate, key or None)
        except OSError as error:
            raise ValueError(
                f"{_CERTIFICATE} and {_KEY}: {certificate} and {key or certificate} cannot be read as a certificate "
                f"and its key: {error.strerror or error}"
            ) from error
    return context
