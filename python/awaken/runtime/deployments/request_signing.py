"""Signs requests to endpoints, so that they can tell that this runtime sent them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from awaken import _core
from awaken.runtime.identity_key import read_private_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["RequestSigning"]

_SERVICE_KEY: Final = "x-restate-service-key"


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
