"""Reads the private key with which a runtime signs its requests to endpoints."""

from __future__ import annotations

import base64
import binascii
from typing import Final

__all__ = ["read_private_key"]

_BEGIN: Final = "-----BEGIN PRIVATE KEY-----"
_END: Final = "-----END PRIVATE KEY-----"
#: The beginning of PKCS#8 for Ed25519 (RFC 8410), up to the secret; the lengths of its two sequences vary.
_ALGORITHM: Final = bytes.fromhex("300506032b6570")
_SECRET: Final = bytes.fromhex("04220420")
_SECRET_SIZE: Final = 32


def read_private_key(pem: str) -> bytes:
    """Return the 32 secret bytes of an Ed25519 key in PKCS#8, the format that the server takes.

    Raises:
        ValueError: it is another kind of file or key.
    """
    _, begin, rest = pem.partition(_BEGIN)
    body, end, others = rest.partition(_END)
    if not begin or not end or _BEGIN in others:
        raise ValueError("a request identity key is a PEM file with exactly one PRIVATE KEY")
    try:
        document = base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"the request identity key is not valid PEM: {error}") from error
    _, is_ed25519, rest_of_key = document.partition(_ALGORITHM)
    _, has_secret, secret = rest_of_key.partition(_SECRET)
    if not (is_ed25519 and has_secret) or len(secret) < _SECRET_SIZE:
        raise ValueError("the request identity key is not an Ed25519 key in PKCS#8")
    return secret[:_SECRET_SIZE]
