"""What users serve: an endpoint with a door for every kind of host.

`awaken serve` and other transports of ours take its `accept`; ASGI servers call it; AWS Lambda calls what `app`
returns there. No host is loaded before it knocks.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from awaken.endpoint import endpoint
from awaken.endpoint.services import services_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping

    from awaken.endpoint.discovery import ProtocolMode
    from awaken.serde.journal_codec import JournalValueCodec, JournalValueCodecProvider
    from awaken.service.definition import Definition
    from awaken.transports.hosted.asgi import AsgiServer
    from awaken.transports.hosted.aws_lambda import LambdaHandler

__all__ = ["Endpoint", "app"]

#: Time for live exchanges to wind up when an ASGI host announces its shutdown, as in `awaken serve`.
GRACE: Final = timedelta(seconds=10)

_LAMBDA: Final = "AWS_LAMBDA_FUNCTION_NAME"


class Endpoint(endpoint.Endpoint):
    """Serves the handlers of some services. It is an ASGI application, and `awaken serve MODULE:NAME` serves it."""

    _asgi: AsgiServer | None = None

    def app(self) -> Endpoint:
        """Return what a host calls: this endpoint, or a `LambdaHandler` when AWS_LAMBDA_FUNCTION_NAME is set."""
        # Declared as what it is everywhere but in a function, where only Lambda uses it.
        return cast("Endpoint", self.lambda_handler()) if _LAMBDA in os.environ else self

    def lambda_handler(self) -> LambdaHandler:
        """Return a handler for AWS Lambda: `handler(event, context)`. The endpoint is then of request/response mode."""
        from awaken.transports.hosted.aws_lambda import LambdaHandler, is_zstd_installed

        self.protocol = "request_response"  # servers refuse another one there
        self._lambda_compression = "zstd" if is_zstd_installed() else None
        self._discovery = None
        return LambdaHandler(self.accept)

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        """Serve one ASGI scope: a request, or the lifespan of the host."""
        await self._host().serve(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self, app: Any = None) -> AsyncIterator[None]:
        """Wind up on exit what runs: the lifespan for an application that this one is mounted in.

        Frameworks do not pass the lifespan on to what is mounted: `FastAPI(lifespan=durable.lifespan)`.

        Args:
            app: the outer application; frameworks give it, and nothing is done with it.
        """
        try:
            yield
        finally:
            await self._host().drain()

    def _host(self) -> AsgiServer:
        if self._asgi is None:
            from awaken.transports.hosted.asgi import AsgiServer

            self._asgi = AsgiServer(self.accept, GRACE)
        return self._asgi


def app(
    services: Iterable[Definition],
    protocol: ProtocolMode | None = None,
    identity_keys: list[str] | None = None,
    journal_value_codec: JournalValueCodec | JournalValueCodecProvider | None = None,
    *,
    strict: bool = False,
) -> Endpoint:
    """Return an endpoint for these services: an ASGI application that `awaken serve MODULE:NAME` serves as well.

    Where AWS_LAMBDA_FUNCTION_NAME is set, return a `LambdaHandler` instead, whatever checkers think.

    Args:
        services: what to serve.
        protocol: "bidi" or "request_response"; None fits it to the HTTP version of discovery.
        identity_keys: public keys of the runtimes that may invoke it; everybody may when there are none.
        journal_value_codec: changes every value's bytes on their way into the journal and back; the codec, or an
            async function that returns it.
        strict: whether every value is checked against its annotation. Otherwise JSON passes builtin annotations as it
            is, so that `int` is given 2.5 when a caller sends it, and results of finished work are never refused.

    Raises:
        ValueError: there are no services, two have one name, the protocol is unknown, or a key is malformed.
        TypeError: `services` is not a list of services, the codec is not a codec, or `strict` is set and a handler
            has a type that cannot be read.
    """
    return Endpoint(services_of(services), protocol, identity_keys, journal_value_codec, strict=strict).app()
