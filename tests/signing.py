"""Signs requests as the runtime does, with a key made for the test."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Signer:
    """A runtime's private key."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    @property
    def public_key(self) -> str:
        """The key's public half, as the runtime logs it."""
        return f"publickeyv1_{_base58(self._key.public_key().public_bytes_raw())}"

    def headers(
        self, audience: str, *, not_before: float = -60, expires: float = 60, issued: float | None = 0
    ) -> dict[str, str]:
        """Sign a request for a route, valid between two times given in seconds from now.

        Args:
            audience: the route.
            not_before: when it becomes valid.
            expires: when it ceases to be.
            issued: when it claims to be made; None leaves that out.
        """
        now = int(time.time())
        header = {"typ": "JWT", "alg": "EdDSA", "kid": self.public_key}
        claims = {"aud": audience, "exp": now + expires, "nbf": now + not_before}
        claims |= {} if issued is None else {"iat": now + issued}
        signed = f"{_encode(header)}.{_encode(claims)}"
        token = f"{signed}.{_base64url(self._key.sign(signed.encode()))}"
        return {"x-restate-signature-scheme": "v1", "x-restate-jwt-v1": token}

    def write(self, path: Path) -> None:
        """Write the private key in the format that the server reads."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        path.write_bytes(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _encode(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _base58(data: bytes) -> str:
    number = int.from_bytes(data)
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits
