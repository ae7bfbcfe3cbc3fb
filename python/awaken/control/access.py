"""Who may call what: bearer tokens by group of methods."""

from __future__ import annotations

import hmac
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import grpc

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

__all__ = ["Access", "Group", "parse_tokens"]

_OPEN: Final = ("/grpc.health.v1.Health/", "/grpc.reflection.")
_AWAKEABLES: Final = "/awaken.control.v1.Awakeables/"
_INVOCATIONS: Final = "/awaken.control.v1.Invocations/"


class Group(StrEnum):
    """What a token allows."""

    #: Resolve and Reject.
    COMPLETE = "complete"
    #: Get, List and Watch of both services.
    READ = "read"
    #: Invoke, Send, Attach and GetOutput.
    INVOKE = "invoke"
    #: Cancel and Kill.
    OPERATE = "operate"
    #: Everything.
    ALL = "all"


_GROUPS: Final = {
    **dict.fromkeys((f"{_AWAKEABLES}Resolve", f"{_AWAKEABLES}Reject"), Group.COMPLETE),
    **{
        f"{service}{method}": Group.READ
        for service in (_AWAKEABLES, _INVOCATIONS)
        for method in ("Get", "List", "Watch")
    },
    **{f"{_INVOCATIONS}{method}": Group.INVOKE for method in ("Invoke", "Send", "Attach", "GetOutput")},
    **{f"{_INVOCATIONS}{method}": Group.OPERATE for method in ("Cancel", "Kill")},
}


def parse_tokens(texts: Sequence[str]) -> dict[str, set[Group]]:
    """Read `GROUP:TOKEN` pairs; a token may be in several.

    Raises:
        ValueError: a text does not have this form, or its group does not exist.
    """
    tokens: dict[str, set[Group]] = {}
    for text in texts:
        name, separator, token = text.partition(":")
        if not separator or not token:
            raise ValueError("a token is given as GROUP:TOKEN, for example read:0f6c2a")
        try:
            group = Group(name)
        except ValueError:
            raise ValueError(f"there is no group {name!r}; it is one of {', '.join(Group)}") from None
        tokens.setdefault(token, set()).add(group)
    return tokens


class Access(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in its stubs only
    """Refuses calls without a token that allows them; health and reflection are open to all.

    Args:
        tokens: what each token allows.
    """

    def __init__(self, tokens: Mapping[str, set[Group]]) -> None:
        self._tokens = [(token.encode(), frozenset(groups)) for token, groups in tokens.items()]

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Let a call through, or answer it with UNAUTHENTICATED or PERMISSION_DENIED."""
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None or method.startswith(_OPEN):
            return handler
        allowed = self._allowed(dict(handler_call_details.invocation_metadata or ()))
        if allowed is None:
            return _refusing(
                handler,
                grpc.StatusCode.UNAUTHENTICATED,
                "send metadata `authorization: Bearer TOKEN` with a token that this server knows",
            )
        group = _GROUPS.get(method)
        if Group.ALL in allowed or group in allowed:
            return handler
        return _refusing(
            handler,
            grpc.StatusCode.PERMISSION_DENIED,
            f"this token allows {', '.join(sorted(allowed))}, and {method} needs {group or Group.ALL}",
        )

    def _allowed(self, metadata: Mapping[str, Any]) -> frozenset[Group] | None:
        scheme, _, given = str(metadata.get("authorization", "")).partition(" ")
        found: frozenset[Group] | None = None
        for token, groups in self._tokens:  # all of them, so that timing reveals nothing
            if hmac.compare_digest(given.encode(), token) and scheme.lower() == "bearer":
                found = groups
        return found


def _refusing(handler: Any, code: grpc.StatusCode, message: str) -> Any:
    async def refuse(_request: Any, context: Any) -> None:
        await context.abort(code, message)

    async def refuse_stream(_request: Any, context: Any) -> Any:
        await context.abort(code, message)
        yield  # never reached, but it makes this a stream

    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler(
            refuse_stream, handler.request_deserializer, handler.response_serializer
        )
    return grpc.unary_unary_rpc_method_handler(
        refuse, handler.request_deserializer, handler.response_serializer
    )
