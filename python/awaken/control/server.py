"""The gRPC server: both services, health and reflection, on a port."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer  # pyright: ignore[reportMissingImports]  # not in its stubs
from grpc_reflection.v1alpha import reflection

from awaken.control.access_grpc import Access
from awaken.control.call_counts import CallCounts
from awaken.control.decoding import Decoding
from awaken.control.lanes import LIMITS, Kind, Lane
from awaken.control.services import AwakeablesService, InvocationsService
from awaken.control.turns import Turns
from awaken.control.v1 import (
    awakeables_pb2,
    awakeables_pb2_grpc,
    invocations_pb2,
    invocations_pb2_grpc,
)
from awaken.transports import limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.access import Group
    from awaken.control.operations import Operations
    from awaken.metrics.metrics import Metrics

__all__ = ["ControlServer", "Tls", "start_control_server"]

#: Largest message in bytes: the largest body that an ingress accepts, with room for the rest of the message.
MAX_MESSAGE_SIZE: Final = 33 * 1024 * 1024

#: How long a connection may be silent before it is asked whether its peer is there, and for the answer: as Restate's
#: servers ask.
KEEPALIVE_SECONDS: Final = 40
KEEPALIVE_TIMEOUT_SECONDS: Final = 20

_NAMES: Final = tuple(
    file.services_by_name[name].full_name
    for file, name in (
        (awakeables_pb2.DESCRIPTOR, "Awakeables"),
        (invocations_pb2.DESCRIPTOR, "Invocations"),
    )
)


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM texts. With `client_roots`, clients must present a certificate signed by one of them."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_roots: bytes | None = None


class ControlServer:
    """A running server."""

    def __init__(self, server: grpc.aio.Server, health_service: HealthServicer, port: int) -> None:
        self._server = server
        self._health = health_service
        #: The port it listens on; the one found if 0 was asked for.
        self.port = port

    async def close(self, grace_seconds: float = 5.0) -> None:
        """Accept no new calls, give open calls `grace_seconds` to end, and stop."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)


async def start_control_server(
    operations: Operations,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: Tls | None = None,
    tokens: Mapping[str, set[Group]] | None = None,
    metrics: Metrics | None = None,
) -> ControlServer:
    """Serve the control plane of a runtime.

    Args:
        operations: the runtime.
        host: where to listen.
        port: where to listen; 0 finds a free one.
        tls: serve TLS with these.
        tokens: what each bearer token allows; without any, anyone may do everything.
        metrics: counts calls; None counts none.

    Raises:
        OSError: the address is in use, or not one of this machine.
        ValueError: the certificate and key do not belong together.
    """
    server = grpc.aio.server(
        interceptors=[
            *([] if metrics is None else [CallCounts(metrics)]),
            *([Access(tokens)] if tokens else []),
            Decoding(),
        ],
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
            ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
            # Otherwise two servers could share one port, and calls would reach either of them.
            ("grpc.so_reuseport", 0),
            # Peers that do not even begin to speak HTTP/2; the library waits for two minutes.
            ("grpc.server_handshake_timeout_ms", int(limits.OPENING_TIMEOUT * 1000)),
            # Whoever has vanished without a word is found out, and leaves what it holds.
            ("grpc.keepalive_time_ms", KEEPALIVE_SECONDS * 1000),
            ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_SECONDS * 1000),
        ],
    )
    watching, turns = Lane(Kind.WATCH, LIMITS[Kind.WATCH]), Turns()
    awakeables_pb2_grpc.add_AwakeablesServicer_to_server(
        AwakeablesService(operations, watching, turns), server
    )  # type: ignore[no-untyped-call]
    invocations_pb2_grpc.add_InvocationsServicer_to_server(
        InvocationsService(operations, watching, turns), server
    )  # type: ignore[no-untyped-call]
    health_service = HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_service, server)
    reflection.enable_server_reflection((*_NAMES, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        if tls is None:
            bound = server.add_insecure_port(address)
        else:
            bound = server.add_secure_port(address, _credentials(tls))
    except RuntimeError as error:
        raise OSError(f"cannot serve gRPC on {address}: {error}") from error
    await server.start()
    for name in ("", *_NAMES):
        await health_service.set(name, health_pb2.HealthCheckResponse.SERVING)
    return ControlServer(server, health_service, bound)


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(tls.key, tls.certificate)],
        root_certificates=tls.client_roots,
        require_client_auth=tls.client_roots is not None,
    )
