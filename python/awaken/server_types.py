"""Types of ASGI and AWS Lambda applications, under the official SDK's name for this module."""

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
#: Returns the next event for an ASGI application.
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
#: Takes an event of an ASGI application.
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
#: An ASGI application.
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class RestateLambdaRequest(TypedDict):
    """The event with which a runtime invokes an AWS Lambda function."""

    path: str
    httpMethod: str
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool


class RestateLambdaResponse(TypedDict):
    """The response of an AWS Lambda function."""

    statusCode: int
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool


#: An AWS Lambda handler function.
RestateLambdaHandler = Callable[[RestateLambdaRequest, Any], RestateLambdaResponse]
#: What `app(...)` returns.
RestateAppT = Any
