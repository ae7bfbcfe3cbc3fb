"""Who may call what: bearer tokens, and the group that each request needs. gRPC and HTTP ask the same functions."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "METHODS",
    "Group",
    "Refusal",
    "Tokens",
    "group_of_admin",
    "group_of_inbox",
    "group_of_ingress",
    "group_of_method",
    "parse_tokens",
]

#: Services of gRPC that anyone may call: they tell nothing about invocations.
_OPEN: Final = ("/grpc.health.v1.Health/", "/grpc.reflection.")
_AWAKEABLES: Final = "/awaken.control.v1.Awakeables/"
_INVOCATIONS: Final = "/awaken.control.v1.Invocations/"
_HEALTH: Final = ("/health", "/cluster-health")
_ADMIN_VERSIONS: Final = ("/v2", "/v3", "/v4")
#: Methods of HTTP that change nothing, on any path of ours.
_READING: Final = ("GET", "HEAD", "OPTIONS")


class Group(StrEnum):
    """What a token allows."""

    #: Resolve and reject awakeables.
    COMPLETE = "complete"
    #: Look at awakeables, invocations, journals, state and services.
    READ = "read"
    #: Call handlers, and fetch results.
    INVOKE = "invoke"
    #: Change invocations, state, services and deployments.
    OPERATE = "operate"
    #: Everything.
    ALL = "all"


#: The group of each method of gRPC.
METHODS: Final = {
    **dict.fromkeys((f"{_AWAKEABLES}Resolve", f"{_AWAKEABLES}Reject"), Group.COMPLETE),
    **{
        f"{service}{method}": Group.READ
        for service in (_AWAKEABLES, _INVOCATIONS)
        for method in ("Get", "List", "Watch")
    },
    **{f"{_INVOCATIONS}{method}": Group.INVOKE for method in ("Invoke", "Send", "Attach", "GetOutput")},
    **{f"{_INVOCATIONS}{method}": Group.OPERATE for method in ("Cancel", "Kill")},
}


def group_of_method(method: str) -> Group | None:
    """Return the group that a method of gRPC needs; None if it is open to all."""
    return None if method.startswith(_OPEN) else METHODS.get(method, Group.ALL)


def group_of_admin(method: str, path: str) -> Group | None:
    """Return the group that a request to the admin API needs; None if it is open to all.

    Args:
        method: of HTTP.
        path: decoded.
    """
    for prefix in _ADMIN_VERSIONS:
        if path.startswith(f"{prefix}/"):
            path = path.removeprefix(prefix)
            break
    if method in _READING:
        # The root leads browsers to the inbox.
        return None if path in _HEALTH or path == "/" else Group.READ
    return Group.READ if path == "/query" else Group.OPERATE


def group_of_ingress(method: str, segments: Sequence[str]) -> Group | None:
    """Return the group that a request to the ingress needs; None if it is open to all.

    Args:
        method: of HTTP.
        segments: of the path, as the ingress splits it.
    """
    # Browsers ask before they send a token.
    if method == "OPTIONS" or (method == "GET" and list(segments) == ["restate", "health"]):
        return None
    is_completion = list(segments[:2]) in (["restate", "awakeables"], ["restate", "a"])
    return Group.COMPLETE if is_completion else Group.INVOKE


def group_of_inbox(method: str, path: str) -> Group:
    """Return the group that a request to the inbox needs.

    Args:
        method: of HTTP.
        path: decoded, below the inbox.
    """
    if method in _READING:
        return Group.READ
    if path.startswith("/services/"):
        return Group.INVOKE  # as at the ingress
    is_answer = path == "/awakeables" or path.startswith("/awakeables/")
    return Group.COMPLETE if is_answer else Group.OPERATE


def parse_tokens(texts: Sequence[str]) -> dict[str, set[Group]]:
    """Read `GROUP:TOKEN` pairs; a token may be in several.

    Raises:
        ValueError: a text does not have this form, or its group does not exist. The text names no token.
    """
    tokens: dict[str, set[Group]] = {}
    for text in texts:
        name, separator, token = text.partition(":")
        if not separator or not token:
            raise ValueError("a token is given as GROUP:TOKEN, for example read:0f6c2a")
        try:
            group = Group(name)
        except ValueError:
            # Without what was written, which may be the token, if the two parts were swapped.
            raise ValueError(
                f"there is no group of this name in GROUP:TOKEN; it is one of {', '.join(Group)}"
            ) from None
        if not all("!" <= character <= "~" for character in token):
            raise ValueError(
                f"a token of the group {name} has a character that no header can carry; use letters and digits"
            )
        if any(f",{other}:" in token for other in Group):
            raise ValueError(f"a comma follows a token of the group {name}; separate tokens by spaces")
        tokens.setdefault(token, set()).add(group)
    return tokens


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused."""

    #: Whether the token is known: then it allows something else.
    is_known: bool
    message: str


class Tokens:
    """The tokens of a process.

    Args:
        tokens: what each token allows.
    """

    def __init__(self, tokens: Mapping[str, set[Group]]) -> None:
        # Digests have one length, so that comparing them takes the same time for every token.
        self._known = [(_digest(token.encode()), frozenset(groups)) for token, groups in tokens.items()]

    def check(
        self, authorizations: Sequence[bytes], needed: Group | None, *, takes_basic: bool = False
    ) -> Refusal | None:
        """Return why a request is refused, or None.

        Args:
            authorizations: each `authorization` header of the request.
            needed: the group that it needs; None if it is open to all.
            takes_basic: accept a token as the password of Basic as well, as browsers send it.
        """
        if needed is None:
            return None
        if len(authorizations) > 1:
            return Refusal(False, f"{len(authorizations)} `authorization` headers were sent; send one")
        allowed = self._allowed(authorizations[0], takes_basic) if authorizations else None
        if allowed is None:
            return Refusal(False, "send `authorization: Bearer TOKEN` with a token that this server knows")
        if needed in allowed or Group.ALL in allowed:
            return None
        return Refusal(True, f"this token allows {', '.join(sorted(allowed))}, and this needs {needed}")

    def _allowed(self, authorization: bytes, takes_basic: bool) -> frozenset[Group] | None:
        digest = _digest(_token_in(authorization, takes_basic))
        found: frozenset[Group] | None = None
        for known, groups in self._known:  # all of them, so that timing reveals nothing
            if hmac.compare_digest(digest, known):
                found = groups
        return found


def _token_in(authorization: bytes, takes_basic: bool) -> bytes:
    """Return the token of a header; empty, which no token is, if it has none."""
    scheme, _, given = authorization.partition(b" ")
    given = given.strip()
    match scheme.lower():
        case b"bearer":
            return given
        case b"basic" if takes_basic:
            try:
                return base64.b64decode(given, validate=True).partition(b":")[2]
            except binascii.Error:
                return b""
        case _:
            return b""


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
