"""What users serve: an endpoint, which answers discovery, health checks and invocations on any host.

`awaken serve` and the transports of this package take its `accept`; ASGI servers call it; AWS Lambda calls what its
`app()` returns there. Server adapters are imported only when used.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, Self, cast

from awaken import _core
from awaken.endpoint import reply
from awaken.endpoint.attempt_settings import AttemptSettings
from awaken.endpoint.services import check_service, services_of
from awaken.serde.codec_source import CodecSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

    from awaken.endpoint.attempt import Attempt
    from awaken.endpoint.direct import Direct
    from awaken.endpoint.discovery import Discovery, ProtocolMode
    from awaken.exchange import Exchange, Receiver
    from awaken.handler.handler import Handler
    from awaken.metrics.metrics import Metrics
    from awaken.serde.journal_codec import JournalValueCodec, JournalValueCodecProvider
    from awaken.service.definition import Definition
    from awaken.transports.hosted.asgi import AsgiServer
    from awaken.transports.hosted.aws_lambda import LambdaHandler

__all__ = ["Endpoint", "app"]

log = logging.getLogger("awaken")

#: How long live exchanges may take to end after an ASGI host announces its shutdown, as in `awaken serve`.
GRACE: Final = timedelta(seconds=10)

_LAMBDA: Final = "AWS_LAMBDA_FUNCTION_NAME"

#: Version and response headers by the content type of an invocation.
_VERSIONS = {headers[0][1]: (version, headers) for version, headers in reply.INVOKED.items()}


class Endpoint:
    """Serves the handlers of some services, over any transport.

    Args:
        services: what to serve.
        protocol: how runtimes talk to it; None follows the HTTP version of the discovery request.
        identity_keys: public keys of the runtimes that may invoke it; without keys, anyone may.
        journal_value_codec: changes every value's bytes on their way into the journal and back.
        strict: whether every value is checked against its annotation, in the handlers this endpoint runs; otherwise
            values under builtin annotations pass as they are, and results of finished work always do.

    Raises:
        ValueError: two services have the same name, the protocol is unknown, or a key is malformed.
        TypeError: the codec is not a codec, or `strict` is set and a handler has a type that cannot be read.
    """

    def __init__(
        self,
        services: Iterable[Definition] = (),
        protocol: ProtocolMode | None = None,
        identity_keys: list[str] | None = None,
        journal_value_codec: JournalValueCodec | JournalValueCodecProvider | None = None,
        *,
        strict: bool = False,
    ) -> None:
        if protocol not in (None, "bidi", "request_response"):
            raise ValueError(f'protocol {protocol!r} is not "bidi" or "request_response"')
        self.services: dict[str, Definition] = {}
        self.protocol: ProtocolMode | None = protocol
        self.identity_keys: list[str] = []
        self._identity: _core.IdentityKeys | None = None
        self.attempt_settings = AttemptSettings(strict)
        self.journal_value_codec: JournalValueCodec | JournalValueCodecProvider | None = None
        if journal_value_codec is not None:
            self.set_journal_value_codec(journal_value_codec)
        self._handlers: dict[str, Handler[Any, Any]] = {}
        self._attempt_type: type[Attempt] | None = None
        self._direct: Direct | None = None
        self._discovery: Discovery | None = None
        self._asgi: AsgiServer | None = None
        #: Returns why requests should go elsewhere, for `/ready`; None if they may come. `awaken serve` sets it.
        self.unready: Callable[[], str | None] = lambda: None
        #: How a host that puts whole responses into an envelope can compress them.
        self._lambda_compression: Literal["zstd"] | None = None
        for key in identity_keys or ():
            self.identity_key(key)
        self.bind(*services)

    @property
    def is_strict(self) -> bool:
        """Whether every value is checked against its annotation."""
        return self.attempt_settings.is_strict

    def bind(self, *services: Definition) -> Self:
        """Serve these services as well.

        Raises:
            ValueError: a name is taken.
            TypeError: one of them is not a service.
        """
        for service in map(check_service, services):
            if self.services.get(service.name) is service:
                raise ValueError(
                    f'two services are named "{service.name}": it is listed twice, leave one out'
                )
            if service.name in self.services:
                raise ValueError(f'two services are named "{service.name}"; rename one of them')
            self.services[service.name] = service
            for handler in service.handlers.values():
                if self.is_strict:
                    with suppress(NameError):  # of a type that is defined further down
                        handler.check_strictly()
                self._add_handler(handler)
        self._discovery = None
        return self

    def _add_handler(self, handler: Handler[Any, Any]) -> None:
        self._handlers[handler.target] = handler
        if self.attempt_settings.numbers is not None:
            self.attempt_settings.numbers.of(handler.target)
        if self._direct is not None and self._identity is None:
            self._direct.add(handler)

    def streaming_protocol(self) -> Self:
        """Have runtimes stream both ways at once."""
        self.protocol = "bidi"
        self._discovery = None
        return self

    def request_response_protocol(self) -> Self:
        """Have runtimes send the whole request first, for hosts that cannot stream both ways at once."""
        self.protocol = "request_response"
        self._discovery = None
        return self

    def identity_key(self, identity_key: str) -> Self:
        """Let runtimes with this public key invoke the endpoint; runtimes without any of its keys receive 401.

        Args:
            identity_key: `publickeyv1_...`, as the runtime logs it when it starts.

        Raises:
            ValueError: the key is malformed.
        """
        self._identity = _core.IdentityKeys([*self.identity_keys, identity_key])
        self.identity_keys.append(identity_key)
        if self._direct is not None:
            self._direct.clear()  # `accept` reads the signatures
        return self

    def set_journal_value_codec(
        self, codec_or_provider: JournalValueCodec | JournalValueCodecProvider
    ) -> Self:
        """Change every value's bytes on their way into the journal and back.

        Args:
            codec_or_provider: the codec, or an async function that returns it, which the first invocation awaits.

        Raises:
            TypeError: it is neither.
        """
        self.attempt_settings.codec = CodecSource(codec_or_provider)
        self.journal_value_codec = codec_or_provider
        return self

    def measure(self, metrics: Metrics) -> Metrics:
        """Count attempts and runs from now on, and return where they are counted.

        Args:
            metrics: where to count, unless this endpoint is measured already: it has one place for its numbers.
        """
        settings = self.attempt_settings
        if settings.numbers is None:
            from awaken.endpoint.attempt_numbers import EndpointNumbers

            settings.numbers = EndpointNumbers(metrics)
            for target in self._handlers:
                settings.numbers.of(target)
        return settings.numbers.metrics

    # ------------------------------------------------------------ hosts

    def app(self) -> Endpoint:
        """Return what a host calls: this endpoint, or a `LambdaHandler` when AWS_LAMBDA_FUNCTION_NAME is set."""
        # Declared as what it is everywhere but on Lambda, where only Lambda uses the result.
        return cast("Endpoint", self.lambda_handler()) if _LAMBDA in os.environ else self

    def lambda_handler(self) -> LambdaHandler:
        """Return a handler for AWS Lambda, `handler(event, context)`, and switch to request/response mode."""
        from awaken.transports.hosted.aws_lambda import LambdaHandler, is_zstd_installed

        self.protocol = "request_response"  # servers refuse another one there
        self._lambda_compression = "zstd" if is_zstd_installed() else None
        self._discovery = None
        self._load_attempts()
        return LambdaHandler(self.accept)

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Any]],  # Any: each host has its own types of messages
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Serve one ASGI scope: a request, or the lifespan of the host."""
        await self._host().serve(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self, app: Any = None) -> AsyncIterator[None]:
        """Drain on exit: the lifespan of an application that this one is mounted in.

        Frameworks do not pass their lifespan to mounted applications, so write `FastAPI(lifespan=durable.lifespan)`.

        Args:
            app: the outer application, which frameworks pass; unused.
        """
        try:
            yield
        finally:
            await self._host().drain()

    def _host(self) -> AsgiServer:
        if self._asgi is None:
            from awaken.transports.hosted.asgi import AsgiServer

            self._load_attempts()  # usually in the lifespan of the host, before its first request
            self._asgi = AsgiServer(self.accept, GRACE)
        return self._asgi

    # ------------------------------------------------------------ requests

    @property
    def direct(self) -> Direct | None:
        """The invocations that transports may read into machines; see `awaken.exchange.DirectInvocations`."""
        if type(self).accept is not Endpoint.accept:
            return None
        if self._direct is None:
            from awaken.endpoint.direct import Direct

            self._load_attempts()
            self._direct = Direct(self.attempt_settings)
            if self._identity is None:
                for handler in self._handlers.values():
                    self._direct.add(handler)
        return self._direct

    def _load_attempts(self) -> type[Attempt]:
        """Import what runs handlers. Processes that only declare, describe or call services do without it."""
        from awaken.endpoint.attempt import Attempt

        self._attempt_type = Attempt
        return Attempt

    def accept(self, exchange: Exchange) -> Receiver:
        """Answer one HTTP request; the path is read from its end, so any prefix works."""
        segments = exchange.path.split("/")
        if len(segments) >= 3 and segments[-3] == "invoke":
            if self._identity is not None and not self._is_known(exchange, self._identity):
                return reply.reject_stranger(exchange)
            return self._invoke(exchange, segments[-2], segments[-1])
        if segments[-1] == "discover":
            if self._identity is not None and not self._is_known(exchange, self._identity):
                return reply.reject_stranger(exchange)
            return self._discover(exchange)
        if segments[-1] in ("health", "ready"):
            return self._answer_probe(exchange, segments[-1])
        return reply.refuse(
            exchange,
            404,
            f"no route {exchange.path}: this endpoint has .../discover, .../health, .../ready and "
            ".../invoke/SERVICE/HANDLER",
        )

    def _answer_probe(self, exchange: Exchange, name: str) -> Receiver:
        if exchange.method not in ("GET", "HEAD"):
            return reply.refuse_method(exchange, "GET")
        # The package of numbers is imported for those who look.
        from awaken.metrics.probes import HEALTH, JSON, readiness

        status, body = (200, HEALTH) if name == "health" else readiness(self.unready())
        return reply.answer(exchange, status, body, JSON)

    def _is_known(self, exchange: Exchange, identity: _core.IdentityKeys) -> bool:
        headers = exchange.headers
        reason = identity.refusal(
            headers.get("x-restate-signature-scheme"),
            headers.get("x-restate-jwt-v1"),
            exchange.path,
            int(time.time()),
        )
        if reason is not None:
            log.warning("%s %s: 401, %s", exchange.method, exchange.path, reason)
        return reason is None

    def _invoke(self, exchange: Exchange, service: str, name: str) -> Receiver:
        if exchange.method != "POST":
            return reply.refuse_method(exchange, "POST")
        if "origin" in exchange.headers:
            # A page whose name was made to lead to this machine could otherwise run handlers with any journal.
            origin = exchange.headers["origin"][:100]
            return reply.refuse(
                exchange,
                403,
                f"runtimes invoke handlers, and a page of {origin!r} sent this request; call the ingress",
            )
        handler = self._handlers.get(f"{service}/{name}")
        if handler is None and (handler := self._declared_later(service, name)) is None:
            return reply.refuse(exchange, 404, self._explain_missing(service, name))
        content_type = exchange.headers.get("content-type", "")
        negotiated = _VERSIONS.get(content_type)
        if negotiated is None:
            return reply.refuse(
                exchange, 415, f"content-type {content_type!r} is not one of {', '.join(_VERSIONS)}"
            )
        version, headers = negotiated
        machine = _core.EndpointMachine(version)
        attempt = self._attempt_type or self._load_attempts()
        return attempt(exchange, machine, handler, version, headers, self.attempt_settings)

    def _declared_later(self, service: str, name: str) -> Handler[Any, Any] | None:
        """Return a handler that was declared below the line that bound its service."""
        known = self.services.get(service)
        handler = None if known is None else known.handlers.get(name)
        if handler is not None:
            self._add_handler(handler)
        return handler

    def _explain_missing(self, service: str, name: str) -> str:
        known = self.services.get(service)
        if known is None:
            return f'no service "{service}"; this endpoint serves {", ".join(self.services) or "nothing"}'
        return f'no handler "{name}" in service "{service}"; it has {", ".join(known.handlers) or "none"}'

    def _discover(self, exchange: Exchange) -> Receiver:
        if exchange.method != "GET":
            return reply.refuse_method(exchange, "GET")
        if self._discovery is None:
            from awaken.endpoint.discovery import Discovery  # only a registration needs it

            self._discovery = Discovery(
                self.services.values(),
                min_protocol_version=_core.MIN_PROTOCOL_VERSION,
                max_protocol_version=_core.MAX_PROTOCOL_VERSION,
                protocol_mode=self.protocol,
                lambda_compression=self._lambda_compression,
            )
        answer = self._discovery.answer(
            exchange.headers.get("accept"), is_bidirectional=exchange.is_bidirectional
        )
        return reply.answer(exchange, answer.status, answer.body, answer.content_type)


def app(
    services: Iterable[Definition],
    protocol: ProtocolMode | None = None,
    identity_keys: list[str] | None = None,
    journal_value_codec: JournalValueCodec | JournalValueCodecProvider | None = None,
    *,
    strict: bool = False,
) -> Endpoint:
    """Return an endpoint for these services: an ASGI application that `awaken serve MODULE:NAME` serves as well.

    Where AWS_LAMBDA_FUNCTION_NAME is set, return a `LambdaHandler` instead, although type checkers see an `Endpoint`.

    Args:
        services: what to serve.
        protocol: "bidi" or "request_response"; None follows the HTTP version of the discovery request.
        identity_keys: public keys of the runtimes that may invoke it; without keys, anyone may.
        journal_value_codec: changes every value's bytes on their way into the journal and back; the codec, or an
            async function that returns it.
        strict: whether every value is checked against its annotation. Otherwise JSON values pass builtin
            annotations unchecked, so `int` receives 2.5 if a caller sends it, and results of finished work are never
            refused.

    Raises:
        ValueError: there are no services, two have the same name, the protocol is unknown, or a key is malformed.
        TypeError: `services` is not a list of services, the codec is not a codec, or `strict` is set and a handler
            has a type that cannot be read.
    """
    return Endpoint(services_of(services), protocol, identity_keys, journal_value_codec, strict=strict).app()
