"""Signs requests to endpoints, so that they can tell that this runtime sent them."""

from __future__ import annotations

import base64
import binascii
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from awaken import _core

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["RequestSigning", "read_private_key"]

_BEGIN: Final = "-----BEGIN PRIVATE KEY-----"
_END: Final = "-----END PRIVATE KEY-----"
#: The beginning of PKCS#8 for Ed25519 (RFC 8410), up to the secret; the lengths of its two sequences vary.
_ALGORITHM: Final = bytes.fromhex("300506032b6570")
_SECRET: Final = bytes.fromhex("04220420")
_SECRET_SIZE: Final = 32
_SERVICE_KEY: Final = "x-restate-service-key"


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


class RequestSigning:
    """Creates the headers that identify this runtime.

    Args:
        pem: its private key.
        now_s: returns the time in seconds, on the clock of endpoints.

    Raises:
        ValueError: the key cannot be read.
    """

    def __init__(self, pem: str, now_s: Callable[[], float] = time.time) -> None:
        self._signer = _core.RequestSigner(read_private_key(pem))
        self._now_s = now_s

    @property
    def public_key(self) -> str:
        """The public key, in the form in which endpoints are configured with it."""
        return self._signer.public_key

    def headers(self, path: str, headers: Mapping[str, str]) -> dict[str, str]:
        """Sign a request for a path below the endpoint's prefix, with these headers."""
        key = headers.get(_SERVICE_KEY)
        subject = None if key is None else unquote(key)
        token = self._signer.sign(path.partition("?")[0], subject, int(self._now_s()))
        return {"x-restate-signature-scheme": "v1", "x-restate-jwt-v1": token}
