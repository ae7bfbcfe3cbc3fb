"""An application for third-party servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def echo(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answers with the request's body, piece by piece as it comes."""
    if scope["type"] != "http":
        return
    headers = [(b"x-version", str(scope["http_version"]).encode()), (b"x-path", scope["path"].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    more = True
    while more:
        event = await receive()
        more = event.get("more_body", False)
        await send(
            {"type": "http.response.body", "body": event.get("body", b""), "more_body": more},
        )
