"""The endpoint: routes discovery, health and invocations."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, Self

from awaken import _core
from awaken.endpoint.attempt import Attempt
from awaken.endpoint.journal_codec import CodecSource
from awaken.endpoint.memory import AttemptMemory
from awaken.endpoint.reply import Reply
from awaken.endpoint.services import check_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from awaken.endpoint.discovery import Discovery, ProtocolMode
    from awaken.exchange import Exchange, Receiver
    from awaken.handler.handler import Handler
    from awaken.serde.journal_codec import JournalValueCodec, JournalValueCodecProvider
    from awaken.service.definition import Definition

__all__ = ["Endpoint"]

log = logging.getLogger("awaken")

_SERVER = ("x-restate-server", f"awaken/{_core.__version__}")

#: Version and response headers by the content type of an invocation, which the response repeats exactly.
_VERSIONS = {
    _core.content_type(version): (version, (("content-type", _core.content_type(version)), _SERVER))
    for version in range(_core.MIN_PROTOCOL_VERSION, _core.MAX_PROTOCOL_VERSION + 1)
}


class Endpoint:
    """Serves the handlers of some services, over any transport.

    Args:
        services: what to serve.
        protocol: how a runtime shall talk to it; None fits it to the HTTP version of discovery.
        identity_keys: public keys of the runtimes that may invoke it; everybody may when there are none.
        journal_value_codec: changes every value's bytes on their way into the journal and back.
        strict: whether every value is checked against its annotation, in the handlers this endpoint runs; otherwise
            values under builtin annotations pass as they are, and results of finished work always do.

    Raises:
        ValueError: two services have one name, the protocol is unknown, or a key is none.
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
        self.is_strict = strict
        self.identity_keys: list[str] = []
        self._identity: _core.IdentityKeys | None = None
        #: Makes the attempt of an invocation. Who watches attempts puts a subclass here; others pay nothing.
        self.start_attempt: Callable[..., Attempt] = Attempt
        self.journal_value_codec: JournalValueCodec | JournalValueCodecProvider | None = None
        self._codec: CodecSource | None = None
        self._memory = AttemptMemory()
        if journal_value_codec is not None:
            self.set_journal_value_codec(journal_value_codec)
        self._handlers: dict[str, Handler[Any, Any]] = {}
        self._discovery: Discovery | None = None
        #: What a host offers that puts whole responses into an envelope.
        self._lambda_compression: Literal["zstd"] | None = None
        for key in identity_keys or ():
            self.identity_key(key)
        self.bind(*services)

    def bind(self, *services: Definition) -> Self:
        """Serve these services, too.

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
                self._handlers[handler.target] = handler
        self._discovery = None
        return self

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
        """Let runtimes with this public key invoke it, too; those without one of the keys get 401.

        Args:
            identity_key: `publickeyv1_...`, as the runtime logs it when it starts.

        Raises:
            ValueError: it is no such key.
        """
        self._identity = _core.IdentityKeys([*self.identity_keys, identity_key])
        self.identity_keys.append(identity_key)
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
        self._codec = CodecSource(codec_or_provider)
        self.journal_value_codec = codec_or_provider
        return self

    def accept(self, exchange: Exchange) -> Receiver:
        """Answer one HTTP request; the path counts from its end, so any prefix works."""
        segments = exchange.path.split("/")
        if len(segments) >= 3 and segments[-3] == "invoke":
            if self._identity is not None and not self._is_known(exchange, self._identity):
                return _reject_stranger(exchange)
            return self._invoke(exchange, segments[-2], segments[-1])
        if segments[-1] == "discover":
            if self._identity is not None and not self._is_known(exchange, self._identity):
                return _reject_stranger(exchange)
            return self._discover(exchange)
        if segments[-1] == "health":
            if exchange.method not in ("GET", "HEAD"):
                return _refuse_method(exchange, "GET")
            return _reply(exchange, 200, b'{"status":"ok"}', "application/json")
        return _refuse(
            exchange,
            404,
            f"no route {exchange.path}: this endpoint has .../discover, .../health and .../invoke/SERVICE/HANDLER",
        )

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
            return _refuse_method(exchange, "POST")
        handler = self._handlers.get(f"{service}/{name}")
        if handler is None and (handler := self._declared_later(service, name)) is None:
            return _refuse(exchange, 404, self._explain_missing(service, name))
        content_type = exchange.headers.get("content-type", "")
        negotiated = _VERSIONS.get(content_type)
        if negotiated is None:
            return _refuse(
                exchange, 415, f"content-type {content_type!r} is not one of {', '.join(_VERSIONS)}"
            )
        version, headers = negotiated
        return self.start_attempt(
            exchange, handler, version, headers, self._codec, self.is_strict, self._memory
        )

    def _declared_later(self, service: str, name: str) -> Handler[Any, Any] | None:
        """Return a handler that was declared below the line that bound its service."""
        known = self.services.get(service)
        handler = None if known is None else known.handlers.get(name)
        if handler is not None:
            self._handlers[handler.target] = handler
        return handler

    def _explain_missing(self, service: str, name: str) -> str:
        known = self.services.get(service)
        if known is None:
            return f'no service "{service}"; this endpoint serves {", ".join(self.services) or "nothing"}'
        return f'no handler "{name}" in service "{service}"; it has {", ".join(known.handlers) or "none"}'

    def _discover(self, exchange: Exchange) -> Receiver:
        if exchange.method != "GET":
            return _refuse_method(exchange, "GET")
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
        return _reply(exchange, answer.status, answer.body, answer.content_type)


def _refuse(exchange: Exchange, status: int, reason: str) -> Receiver:
    log.info("%s %s: %d %s", exchange.method, exchange.path, status, reason)
    return _reply(exchange, status, reason.encode("utf-8", "backslashreplace"), "text/plain; charset=utf-8")


def _reject_stranger(exchange: Exchange) -> Receiver:
    # Why is for our log only: strangers are not helped.
    return Reply(exchange, 401, (_SERVER,), b"")


def _refuse_method(exchange: Exchange, allowed: str) -> Receiver:
    reason = f"method {exchange.method} is not possible here; use {allowed}"
    return Reply(
        exchange,
        405,
        (("content-type", "text/plain; charset=utf-8"), ("allow", allowed), _SERVER),
        reason.encode(),
    )


def _reply(exchange: Exchange, status: int, body: bytes, content_type: str) -> Receiver:
    return Reply(exchange, status, (("content-type", content_type), _SERVER), body)
