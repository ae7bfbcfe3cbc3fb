"""What browsers send: bodies within a limit, fields, and the proof that a form came from its own page.

A page with a form sets a cookie, and its form sends a token that fits to it. Other sites can neither read the page nor
set the cookie. Each page has a cookie of its own, by name and by path, so that pages that are open at once do not touch
each other, in any order. Cookies are `SameSite=Lax`: one that is `Strict` is not sent when a link is opened from web
mail, so the page would set another one, and the form that is open already would no longer fit. A form that another site
sends has no cookie either way.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["BodyError", "FormProof", "proof_of_link", "proof_of_page", "read_body", "read_fields"]

#: Largest accepted answer in bytes: people and webhooks send little. Send larger ones to the ingress, by id.
MAX_ANSWER_SIZE: Final = 1024 * 1024
#: Seconds that a body may take. Whoever has a link could otherwise open connections that stay; nginx waits as long.
_PATIENCE_SECONDS: Final = 60.0
#: Fields of one form; PHP and Django stop at 1,000 as well.
_MOST_FIELDS: Final = 1000
_NONCE: Final = re.compile(r"[\w-]{20,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FormProof:
    """The cookie of a page, and the token that its form sends beside it."""

    cookie: str
    value: str
    token: str

    def is_in(self, request: Request, form_token: str) -> bool:
        """Return whether a form was sent from its own page."""
        pairs = ((request.cookies.get(self.cookie, ""), self.value), (form_token, self.token))
        return all(hmac.compare_digest(sent.encode(), right.encode()) for sent, right in pairs)

    def remember(self, response: Response, paths: Iterable[str], *, is_https: bool) -> None:
        """Set the cookie for the paths under which browsers may know the page."""
        for path in dict.fromkeys(paths):
            response.set_cookie(
                self.cookie, self.value, path=path, httponly=True, samesite="lax", secure=is_https
            )


def proof_of_link(token: str) -> FormProof:
    """Return the proof of the page of a link. It is computed from the link, which is a secret: nothing is kept."""
    value = _mac(token.encode(), "cookie")
    return FormProof(_name("awaken_form", token), value, _mac(token.encode(), value))


def proof_of_page(secret: bytes, request: Request) -> FormProof:
    """Return the proof of a page whose address is no secret: the cookie is random, one for each browser and page.

    Args:
        secret: of this process.
        request: for the page or with its form.
    """
    path = request.url.path
    name = _name("awaken_inbox", path)
    nonce = request.cookies.get(name, "")
    if not _NONCE.fullmatch(nonce):
        nonce = secrets.token_urlsafe(24)
    return FormProof(name, nonce, _mac(secret, f"{path} {nonce}"))


class BodyError(Exception):
    """A body is not accepted; the text says why.

    Attributes:
        status: of HTTP.
        title: of a page about it.
    """

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.title = title


async def read_body(request: Request) -> bytes:
    """Return the body of a request.

    Raises:
        BodyError: it is larger than `MAX_ANSWER_SIZE`, or takes too long.
        starlette.requests.ClientDisconnect: the client disconnected while sending.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_ANSWER_SIZE:
                    text = (
                        f"what was sent is larger than {MAX_ANSWER_SIZE >> 20} MB, the most that is accepted"
                    )
                    raise BodyError(413, "This is too large", text)
    except TimeoutError as error:
        text = f"{len(body)} bytes of the answer arrived within {_PATIENCE_SECONDS:g} s; send it again"
        raise BodyError(408, "This took too long", text) from error
    return bytes(body)


def read_fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form.

    Raises:
        ValueError: the body is not a form in UTF-8, has too many fields, or has one of them twice.
    """
    pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("it has a field more than once")
    return fields


def _name(prefix: str, of: str) -> str:
    return f"{prefix}_{hashlib.sha256(of.encode()).hexdigest()[:16]}"


def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
