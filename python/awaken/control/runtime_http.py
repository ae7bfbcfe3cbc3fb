"""The two HTTP interfaces of a runtime, its ingress and its admin API."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from awaken.client.credentials import authorization, read_token
from awaken.control.errors import UnexpectedAnswerError
from awaken.control.nodes import UNAVAILABLE, Clients, Interface, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import httpx

    from awaken.control.lanes import Kind
    from awaken.control.nodes import MakeClient

__all__ = ["RuntimeHttp", "connect_http"]

#: A header that every error of an ingress has, and none of an admin API.
_ERROR_SOURCE: Final = "x-restate-error-source"


def connect_http(
    ingress: str | Sequence[str] | None,
    admin: str | Sequence[str] | None,
    token: str | None = None,
    *,
    make: MakeClient | None = None,
) -> RuntimeHttp:
    """Return the interfaces at these URLs, one or several each; they connect with the first request.

    Args:
        ingress: of the ingress, or of each node's.
        admin: of the admin API, or of each node's.
        token: bearer token for all; see `awaken.client.credentials.read_token`.
        make: returns the client for a URL and a kind of request, instead of one for the network.

    Raises:
        ValueError: the token, or a file that the environment names for TLS, cannot be read.
    """
    urls = [[given] if isinstance(given, str) else list(given or ()) for given in (ingress, admin)]
    if make is None:
        make = Clients(authorization(read_token(token)), [url for listed in urls for url in listed])
    interfaces = [
        Interface(name, [Node(url, make) for url in listed]) if listed else None
        for name, listed in zip(("ingress", "admin API"), urls, strict=True)
    ]
    return RuntimeHttp(*interfaces)


class RuntimeHttp:
    """The HTTP interfaces of one runtime.

    Args:
        ingress: if it is known.
        admin: if it is known.
    """

    def __init__(self, ingress: Interface | None, admin: Interface | None) -> None:
        self._ingress = ingress
        self._admin = admin

    @property
    def has_admin(self) -> bool:
        """Whether the admin API is known."""
        return self._admin is not None

    def watch(self, note: Callable[[str, str, str, float | None], None]) -> None:
        """Call this with `ingress` or `admin`, and what `Interface.on_request` gets, after each request."""
        for name, interface in (("ingress", self._ingress), ("admin", self._admin)):
            if interface is not None:
                interface.on_request = partial(note, name)

    async def close(self) -> None:
        """Close all connections."""
        for interface in (self._ingress, self._admin):
            if interface is not None:
                await interface.close()

    async def enter(
        self,
        kind: Kind,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        may_repeat: bool = False,
    ) -> httpx.Response:
        """Send a request to the ingress and return its answer, whatever it says.

        Args:
            kind: of request; the answer to `Kind.WAIT` may take any time.
            method: of HTTP.
            path: with the query.
            body: raw bytes.
            headers: besides those of the client.
            may_repeat: whether it does no harm if a runtime receives it twice.

        Raises:
            ValueError: the address of the ingress is not known.
            UnreachableError: the ingress cannot be reached.
            UnavailableError: it closed the connection without an answer.
            NoAnswerError: it does not answer in time.
            NotAllowedError: it asks for a token, or for another one.
            OverloadedError: too many requests of this kind are open.
        """
        if self._ingress is None:
            raise ValueError("this needs the ingress; give its URL")
        return await self._ingress.send(
            kind, method, path, may_repeat=may_repeat, content=body, headers=dict(headers or {})
        )

    async def operate(
        self,
        kind: Kind,
        method: str,
        path: str,
        *,
        may_repeat: bool = False,
        elsewhere: Collection[int] = UNAVAILABLE,
        **arguments: Any,
    ) -> httpx.Response:
        """Send a request to the admin API and return its answer, whatever it says.

        Args:
            kind: of request.
            method: of HTTP.
            path: with the query.
            may_repeat: whether it does no harm if a runtime receives it twice.
            elsewhere: statuses of a node after which another one is asked, if there is one.
            arguments: of `httpx.AsyncClient.request`.

        Raises:
            ValueError: the address of the admin API is not known.
            UnreachableError: the admin API cannot be reached.
            UnavailableError: it closed the connection without an answer.
            NoAnswerError: it does not answer in time.
            NotAllowedError: it asks for a token, or for another one.
            OverloadedError: too many requests of this kind are open.
            UnexpectedAnswerError: it is an ingress.
        """
        if self._admin is None:
            raise ValueError("this needs the admin API; give its URL")
        answer = await self._admin.send(
            kind, method, path, may_repeat=may_repeat, elsewhere=elsewhere, **arguments
        )
        if _ERROR_SOURCE in answer.headers:
            url = answer.request.url
            raise UnexpectedAnswerError(
                f"{url.scheme}://{url.netloc.decode()} is an ingress; give the URL of the admin API"
            )
        return answer
