"""One interface of a runtime at one address or, on a cluster, at several that answer alike.

Requests go to the address that answered last. To the next one goes

- a request that was not sent, because there was no connection;
- a request that may be repeated, if the connection broke, no answer came, or the node answered 503.

A request that may not be repeated, and may have been received, is reported as it is: repeating it could do the work
twice. Once each address was tried, what a node has answered counts, and else the last error.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx

from awaken.client.async_connections import AsyncConnections
from awaken.client.credentials import ADVICE, is_refused, make_tls_context
from awaken.control.errors import (
    InvalidRequestError,
    NoAnswerError,
    NotAllowedError,
    UnavailableError,
    UnreachableError,
)
from awaken.control.http2_transport import Http2Transport
from awaken.control.http_answers import explain
from awaken.control.lanes import LIMITS, Kind, Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

__all__ = ["UNAVAILABLE", "Clients", "Interface", "MakeClient", "Node"]

#: Seconds until a connection is open.
_CONNECT_SECONDS: Final = 5.0
#: Seconds for an answer, and for one that may come from another address as well.
_ANSWER_SECONDS: Final = 60.0
_DOUBT_SECONDS: Final = 10.0
#: Statuses of a node that may be gone soon.
UNAVAILABLE: Final = (503,)
_SERVER_ERROR: Final = 500


class MakeClient(Protocol):
    """Makes clients."""

    def __call__(self, url: str, kind: Kind, /) -> httpx.AsyncClient:
        """Return a client for requests of one kind to one address."""
        ...


class Clients:
    """Makes clients for the network; they connect with the first request.

    Args:
        headers: of every request.
        urls: the addresses that there are.

    Raises:
        ValueError: a file that the environment names for TLS cannot be read.
    """

    def __init__(self, headers: Mapping[str, str], urls: Sequence[str]) -> None:
        self._headers = headers
        # Cleartext needs no authorities, which take long to load. Redirects, which might lead to TLS, are not followed.
        self._tls = make_tls_context() if any(url.startswith("https:") for url in urls) else None

    def __call__(self, url: str, kind: Kind, /) -> httpx.AsyncClient:
        """Return a client for requests of one kind to one address."""
        verify: ssl.SSLContext | bool = False if self._tls is None else self._tls
        if kind is Kind.WAIT:
            transport: httpx.AsyncBaseTransport = Http2Transport(url, verify=verify)
        else:  # has no bound of its own, because the lane of the kind has one
            transport = AsyncConnections(verify, http2=False, keep=LIMITS[kind].active)
        return httpx.AsyncClient(base_url=url, headers=self._headers, transport=transport, trust_env=False)


def describe_break(error: httpx.HTTPError, url: str) -> str:
    """Return how a connection ended before an answer, and what may be wrong with the URL."""
    text = str(error).rstrip(".") or f"the connection was closed ({type(error).__name__})"
    if url.startswith("http:") and isinstance(error, (httpx.ReadError, httpx.RemoteProtocolError)):
        return f"{text}; if TLS is spoken there, write https:// in the URL"
    return text


class Node:
    """One address, with connections for each kind of request.

    Args:
        url: of the interface.
        make: returns a client for a kind.
    """

    def __init__(self, url: str, make: MakeClient) -> None:
        self.url = url.rstrip("/")
        self._make = make
        self._clients: dict[Kind, httpx.AsyncClient] = {}

    def client(self, kind: Kind) -> httpx.AsyncClient:
        """Return the client for a kind of request."""
        if kind not in self._clients:
            self._clients[kind] = self._make(self.url, kind)
        return self._clients[kind]

    async def close(self) -> None:
        """Close all clients."""
        for client in self._clients.values():
            await client.aclose()


class Interface:
    """An ingress or an admin API.

    Args:
        name: for texts, `ingress` or `admin API`.
        nodes: at least one.
    """

    def __init__(self, name: str, nodes: Sequence[Node]) -> None:
        self._name = name
        self._nodes = nodes
        #: Where the next request begins.
        self._first = 0
        #: Called with the node, the outcome and the seconds of each request; None notes nothing. The seconds are None
        #: for requests that wait for results. Outcomes: answered, refused, error, unreachable, broken, no_answer.
        self.on_request: Callable[[str, str, float | None], None] | None = None
        self._lanes = {kind: Lane(kind, limits) for kind, limits in LIMITS.items()}

    async def close(self) -> None:
        """Close the connections."""
        for node in self._nodes:
            await node.close()

    async def send(
        self,
        kind: Kind,
        method: str,
        path: str,
        *,
        may_repeat: bool,
        elsewhere: Collection[int] = UNAVAILABLE,
        **arguments: Any,
    ) -> httpx.Response:
        """Send a request and return the answer, whatever it says.

        Args:
            kind: of request.
            method: of HTTP.
            path: with the query.
            may_repeat: whether it does no harm if a runtime receives it twice.
            elsewhere: statuses after which another address is asked, if the request may be repeated.
            arguments: of `httpx.AsyncClient.request`.

        Raises:
            UnreachableError: no address can be reached.
            UnavailableError: the connection broke before an answer.
            NoAnswerError: no answer came in time.
            NotAllowedError: it asks for a token, or for another one.
            OverloadedError: too many requests of this kind are open; nothing was sent.
        """
        async with self._lanes[kind].place():
            return await self._try_each(kind, method, path, may_repeat, elsewhere, arguments)

    async def _try_each(
        self,
        kind: Kind,
        method: str,
        path: str,
        may_repeat: bool,
        elsewhere: Collection[int],
        arguments: dict[str, Any],
    ) -> httpx.Response:
        position = self._first
        left = len(self._nodes)
        unable: httpx.Response | None = None
        while True:
            left -= 1
            patience = _DOUBT_SECONDS if may_repeat and left else _ANSWER_SECONDS
            try:
                answer = await self._ask(self._nodes[position], kind, method, path, patience, arguments)
            except (UnavailableError, NoAnswerError) as error:
                self._leave(position)
                if not left and unable is not None:
                    return unable  # says more about the runtime than an address where nothing answers
                if not left:
                    raise self._last(error) from error
                if not (may_repeat or isinstance(error, UnreachableError)):
                    raise
            else:
                if answer.status_code not in elsewhere:
                    self._first = position
                    return answer
                self._leave(position)
                if not left or not may_repeat:
                    return answer
                unable = answer
            position = (position + 1) % len(self._nodes)

    def _leave(self, position: int) -> None:
        """Begin with another address from now on, if requests begin with this one."""
        if self._first == position:
            self._first = (position + 1) % len(self._nodes)

    def _last(self, error: UnavailableError | NoAnswerError) -> UnavailableError | NoAnswerError:
        """Return the error of the last address, which names all of them if none can be reached."""
        if isinstance(error, UnreachableError) and len(self._nodes) > 1:
            urls = ", ".join(node.url for node in self._nodes)
            return UnreachableError(error.interface, urls, f"{error.url}: {error.reason}")
        return error

    async def _ask(
        self, node: Node, kind: Kind, method: str, path: str, patience: float, arguments: dict[str, Any]
    ) -> httpx.Response:
        note = self.on_request
        if note is None:
            return await self._request(node, kind, method, path, patience, arguments)
        began = time.perf_counter()
        outcome = "broken"
        try:
            answer = await self._request(node, kind, method, path, patience, arguments)
            outcome = "error" if answer.status_code >= _SERVER_ERROR else "answered"
        except NotAllowedError:
            outcome = "refused"
            raise
        except UnreachableError:
            outcome = "unreachable"
            raise
        except NoAnswerError:
            outcome = "no_answer"
            raise
        except asyncio.CancelledError:
            note = None  # nobody waits for it any more
            raise
        finally:
            if note is not None:
                note(node.url, outcome, None if kind is Kind.WAIT else time.perf_counter() - began)
        return answer

    async def _request(
        self, node: Node, kind: Kind, method: str, path: str, patience: float, arguments: dict[str, Any]
    ) -> httpx.Response:
        name, url = self._name, node.url
        read = None if kind is Kind.WAIT else patience
        timeout = httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS, read=read)
        try:
            answer = await node.client(kind).request(method, path, timeout=timeout, **arguments)
        except httpx.ConnectTimeout as error:
            raise UnreachableError(name, url, f"no connection within {_CONNECT_SECONDS:g} s") from error
        except httpx.TimeoutException as error:
            raise NoAnswerError(f"the {name} at {url} gave no answer within {patience:g} s") from error
        except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise UnreachableError(name, url, _reason(error)) from error
        except httpx.LocalProtocolError as error:
            raise InvalidRequestError(f"the request cannot be sent to the {name}: {error}") from error
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"the {name} at {url} gave no answer: {describe_break(error, url)}"
            ) from error
        if is_refused(answer.status_code, answer.headers):
            raise NotAllowedError(
                f"the {name} at {url} refuses this with status {answer.status_code} ({explain(answer)}); {ADVICE}"
            )
        return answer


def _reason(error: Exception) -> str:
    """Return what the operating system says, which httpx wraps in errors that say less."""
    reason = str(error) or type(error).__name__
    cause = error.__cause__ or error.__context__
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{cause.verify_message}; SSL_CERT_FILE names a file with the authorities to trust"
        if isinstance(cause, OSError) and cause.errno is not None:
            reason = str(cause)
        cause = cause.__cause__ or cause.__context__
    return reason
