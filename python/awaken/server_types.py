"""What hosts and applications call each other's types, under the name that the official SDK gives this module."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypedDict

__all__ = [
    "ASGIApp",
    "Receive",
    "RestateAppT",
    "RestateLambdaHandler",
    "RestateLambdaRequest",
    "RestateLambdaResponse",
    "Scope",
    "Send",
]

#: An ASGI connection's scope.
Scope = MutableMapping[str, Any]
#: Gives an ASGI application its next event.
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
#: Takes an event of an ASGI application.
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
#: An ASGI application.
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class RestateLambdaRequest(TypedDict):
    """The event that a runtime invokes an AWS Lambda function with."""

    path: str
    httpMethod: str
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool


class RestateLambdaResponse(TypedDict):
    """What the function answers."""

    statusCode: int
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool


#: An AWS Lambda handler function.
RestateLambdaHandler = Callable[[RestateLambdaRequest, Any], RestateLambdaResponse]
#: What `app(...)` returns.
RestateAppT = Any
