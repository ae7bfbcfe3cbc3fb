"""Certificates and keys in files: what is wrong with them is said at the start, rather than to each client."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Final

from awaken.cli.failures import CommandError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_pair", "load_tls", "require_pair"]

#: OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which `ssl` has no name for: dates are checked here, to name them.
_NO_CHECK_TIME: Final = 0x200000
_EXCHANGES: Final = 10


def require_pair(certificate: Path | None, key: Path | None) -> None:
    """Check that both files are given, or none.

    Raises:
        UsageError: one is missing.
    """
    if (certificate is None) is not (key is None):
        given, missing = ("--tls-cert", "--tls-key") if key is None else ("--tls-key", "--tls-cert")
        raise UsageError(f"{given} is given without {missing}; TLS needs a certificate and its key")


def load_tls(certificate: Path, key: Path, roots: Path | None) -> ssl.SSLContext:
    """Return a context for servers of HTTP/2 and HTTP/1.1. Checks that clients will accept what is in the files.

    Args:
        certificate: PEM file with the certificate chain.
        key: PEM file with its private key.
        roots: PEM file with certificates of authorities; clients must present a certificate that one of them signed.

    Raises:
        CommandError: a file cannot be read, is malformed, or does not fit the others; or the certificate is not valid
            now.
    """
    context = check_pair(certificate, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if roots is not None:
        _read_pem(roots, "CERTIFICATE", "--tls-client-ca")
        try:
            context.load_verify_locations(roots)
        except ssl.SSLError as error:
            raise CommandError(f"--tls-client-ca: {roots} has no certificate that can be read") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def check_pair(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a context with a certificate and its key.

    Raises:
        CommandError: a file cannot be read or is malformed, the key is not that of the certificate, or the certificate
            is not valid now.
    """
    _read_pem(certificate, "CERTIFICATE", "--tls-cert")
    text = _read_pem(key, "PRIVATE KEY", "--tls-key")
    if b"ENCRYPTED" in text:
        raise CommandError(f"--tls-key: {key} is encrypted; decrypt it, for example with `openssl pkey`")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise CommandError(_explain(error, certificate, key)) from error
    _check_dates(context, certificate)
    return context


def _read_pem(path: Path, what: str, option: str) -> bytes:
    """Return the bytes of a PEM file.

    Args:
        path: the file.
        what: the end of the label that one of its blocks must have, such as `CERTIFICATE`.
        option: by which it was given, for the message.

    Raises:
        CommandError: the file cannot be read, or has no such block.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{option}: cannot read {path}: {error.strerror}") from error
    if b"-----BEGIN " not in text or f"{what}-----".encode() not in text:
        raise CommandError(
            f"{option}: {path} is not a PEM file with a {what.lower()}; it has to contain a line "
            f"-----BEGIN {what}----- or similar"
        )
    return text


def _explain(error: ssl.SSLError, certificate: Path, key: Path) -> str:
    # OpenSSL ignores a key of another algorithm, and then has no pair.
    if error.reason in ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"):
        return (
            f"the key in {key} is not the key of the certificate in {certificate}; give the two files that were "
            "made together"
        )
    try:
        ssl.create_default_context(cafile=str(certificate))
    except ssl.SSLError:
        return f"--tls-cert: {certificate} has a certificate that cannot be read; is the file complete?"
    return f"--tls-key: {key} has a key that cannot be read; is the file complete?"


def _check_dates(context: ssl.SSLContext, path: Path) -> None:
    certificate = _shown_by(context, path)
    dates = [str(certificate.get(name, "")) for name in ("notBefore", "notAfter")]
    begin, end = (ssl.cert_time_to_seconds(date) for date in dates)
    if time.time() > end:
        raise CommandError(f"--tls-cert: the certificate in {path} expired on {dates[1]}; renew it")
    if time.time() < begin:
        raise CommandError(
            f"--tls-cert: the certificate in {path} is not valid before {dates[0]}; is the clock of this machine right?"
        )


def _shown_by(context: ssl.SSLContext, path: Path) -> dict[str, object]:
    """Return what clients learn about the certificate, by a handshake in memory: `ssl` reads it nowhere else."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.load_verify_locations(path)
    trusting.verify_flags |= ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(_EXCHANGES):
        are_done = True
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                are_done = False
            except ssl.SSLError as error:
                reason = getattr(error, "verify_message", None) or error.reason or error
                raise CommandError(
                    f"--tls-cert: clients would not accept the certificate in {path}: {reason}"
                ) from error
        if are_done:
            break
    return dict(client.getpeercert() or {})
