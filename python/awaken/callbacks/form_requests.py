"""What browsers send: bodies within a limit, fields, and the proof that a form came from its own page."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["MAX_ANSWER_SIZE", "is_form_token", "make_form_token", "read_body", "read_fields"]

#: Largest accepted answer in bytes: people and webhooks send little. Send larger ones to the ingress, by id.
MAX_ANSWER_SIZE: Final = 1024 * 1024
_MOST_FIELDS: Final = 200


def make_form_token(secret: bytes, nonce: str) -> str:
    """Return what a form sends beside its cookie `nonce`: other sites can neither read the page nor set the cookie."""
    return hmac.new(secret, nonce.encode(), hashlib.sha256).hexdigest()


def is_form_token(secret: bytes, nonce: str, token: str) -> bool:
    """Return whether a form was sent from its own page."""
    return bool(nonce) and hmac.compare_digest(token.encode(), make_form_token(secret, nonce).encode())


async def read_body(request: Request) -> bytes | None:
    """Return the body of a request, or None if it is larger than `MAX_ANSWER_SIZE`."""
    size = 0
    chunks = []
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_ANSWER_SIZE:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def read_fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form, each with its last value. A body that is not a form has none."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}
