"""Turns links into tokens and back: JSON Web Tokens with HMAC-SHA-256, whose header names the signing key.

The first key signs; all keys are accepted. To replace a key, put its successor in front, and remove the old one when
its last link has expired.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.errors import InvalidIdError
from awaken.links.limits import LONGEST_TOKEN
from awaken.links.link import BadLinkError, Link

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LinkSigner", "read_keys"]

_ALGORITHM: Final = "HS256"
#: As long as the hash's output (RFC 7518, section 3.2).
_SHORTEST_KEY: Final = 32
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


def read_keys(text: str) -> dict[str, bytes]:
    """Read keys as `ID:BASE64,ID:BASE64`, the signing one first.

    Raises:
        ValueError: the text is not of this form, or two keys have one id. The error shows no key.
    """
    keys: dict[str, bytes] = {}
    for number, part in enumerate(text.split(","), 1):
        key_id, separator, encoded = part.strip().partition(":")
        if not separator or not _KEY_ID.fullmatch(key_id):
            # What stands in front of the colon may be the key.
            raise ValueError(
                f"key {number} is not written as ID:BASE64, for example 2026a:c2VjcmV0...; the id has up to 32 "
                "letters, digits, `-` and `_`, and commas separate keys"
            )
        if key_id in keys:
            raise ValueError(f"two keys have the id {key_id!r}; give each its own")
        try:
            keys[key_id] = base64.b64decode(encoded.encode(), validate=True)
        except ValueError as error:
            raise ValueError(
                f"key {key_id!r} is not base64 ({error}); make one with `openssl rand -base64 32`"
            ) from error
    return keys


class LinkSigner:
    """Signs and verifies links.

    Args:
        keys: secret keys by id, at least 32 random bytes each; the first one signs.

    Raises:
        ValueError: there is no key, a key is too short, or an id does not consist of letters, digits, `-` and `_`.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ValueError("a signer needs at least one key")
        for key_id, key in keys.items():
            if not _KEY_ID.fullmatch(key_id):
                raise ValueError(f"{key_id!r} is not a key id: use up to 32 letters, digits, `-` and `_`")
            if len(key) < _SHORTEST_KEY:
                raise ValueError(
                    f"key {key_id!r} has {len(key)} bytes; use at least {_SHORTEST_KEY} random ones, for example from "
                    "`openssl rand -base64 32`"
                )
        self._keys = dict(keys)
        self._key_id = next(iter(keys))

    def sign(self, link: Link) -> str:
        """Return the token of a link; it needs no escaping in a URL."""
        import jwt

        claims: dict[str, str | int | bool] = {
            "sub": link.awakeable_id,
            "name": link.name,
            "type": link.type_name,
            "exp_ms": link.expires_at_ms,
        }
        if link.is_encoded:
            claims["enc"] = True
        if link.is_approval:
            claims["apv"] = True
        if link.person:
            claims["by"] = link.person
        # As UTF-8: `jwt.encode` would write six bytes for each character beyond ASCII, and links have to be short.
        payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
        key = self._keys[self._key_id]
        return jwt.api_jws.encode(payload, key, algorithm=_ALGORITHM, headers={"kid": self._key_id})

    def verify(self, token: str) -> Link:
        """Return the link of a token. The caller, which has a clock, must check whether it has expired.

        Raises:
            BadLinkError: the token was not signed with one of the keys, or is not a link.
        """
        import jwt

        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise BadLinkError("this is not a link")
        try:
            key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise BadLinkError("the link is signed with a key that is not accepted (any more)")
            claims = jwt.decode(token, key, algorithms=[_ALGORITHM], options={"verify_exp": False})
            return _read(claims)
        except jwt.InvalidTokenError as error:
            raise BadLinkError(f"the link is damaged or forged: {error}") from error


def _read(claims: Mapping[str, Any]) -> Link:
    awakeable_id, name = claims.get("sub"), claims.get("name")
    type_name, expires_at_ms = claims.get("type"), claims.get("exp_ms")
    person = claims.get("by", "")
    if not (
        isinstance(awakeable_id, str)
        and isinstance(name, str)
        and isinstance(type_name, str)
        and isinstance(expires_at_ms, int)
        and isinstance(person, str)
    ):
        raise BadLinkError("the token is signed, but not a link")
    try:
        _core.parse_awakeable_id(awakeable_id)
    except InvalidIdError as error:
        raise BadLinkError("the token is signed, but names no awakeable") from error
    return Link(
        awakeable_id,
        name,
        type_name,
        expires_at_ms,
        is_encoded=claims.get("enc") is True,
        is_approval=claims.get("apv") is True,
        person=person,
    )
