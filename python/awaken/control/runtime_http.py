"""The two HTTP interfaces of a runtime, its ingress and its admin API: requests, and errors by their status."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Final

import httpx

from awaken.client.credentials import ADVICE, authorization, is_refused, make_tls_context, read_token
from awaken.control.errors import (
    NoAnswerError,
    NotAllowedError,
    OperationError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
    refusal_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RuntimeHttp", "connect_http", "explain", "refused"]

_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
#: For requests that wait for the result of an invocation: as long as their caller does.
_NO_TIMEOUT: Final = httpx.Timeout(None, connect=5.0)
#: A header that every error of an ingress has, and none of an admin API.
_ERROR_SOURCE: Final = "x-restate-error-source"


def connect_http(ingress: str | None, admin: str | None, token: str | None = None) -> RuntimeHttp:
    """Return the interfaces at these URLs; they connect with the first request.

    Raises:
        ValueError: the token, or a file that the environment names for TLS, cannot be read.
    """
    headers = authorization(read_token(token))
    return RuntimeHttp(
        None if ingress is None else _client(ingress, headers),
        None if admin is None else _client(admin, headers),
    )


def _client(url: str, headers: Mapping[str, str]) -> httpx.AsyncClient:
    # Cleartext needs no authorities, which take long to load. Redirects, which might lead to TLS, are not followed.
    verify = make_tls_context() if url.startswith("https:") else False
    return httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, verify=verify)


class RuntimeHttp:
    """The HTTP interfaces of one runtime.

    Args:
        ingress: a client whose base URL is the ingress, if it is known.
        admin: a client whose base URL is the admin API, if it is known.
    """

    def __init__(self, ingress: httpx.AsyncClient | None, admin: httpx.AsyncClient | None) -> None:
        self._ingress = ingress
        self._admin = admin

    @property
    def has_admin(self) -> bool:
        """Whether the admin API is known."""
        return self._admin is not None

    async def close(self) -> None:
        """Close both clients."""
        for client in (self._ingress, self._admin):
            if client is not None:
                await client.aclose()

    async def enter(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        is_waiting: bool = False,
    ) -> httpx.Response:
        """Send a request to the ingress and return its answer, whatever it says.

        Args:
            method: of HTTP.
            path: with the query.
            body: raw bytes.
            headers: besides those of the client.
            is_waiting: whether the answer is the result of an invocation, which may take any time.

        Raises:
            ValueError: the address of the ingress is not known.
            UnreachableError: the ingress cannot be reached.
            UnavailableError: it closed the connection without an answer.
            NoAnswerError: it does not answer in time.
            NotAllowedError: it asks for a token, or for another one.
        """
        if self._ingress is None:
            raise ValueError("this needs the ingress; give its URL")
        patience = _NO_TIMEOUT if is_waiting else _TIMEOUT
        return await _send(
            self._ingress, "ingress", method, path, patience, content=body, headers=dict(headers or {})
        )

    async def operate(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Send a request to the admin API and return its answer, whatever it says.

        Raises:
            ValueError: the address of the admin API is not known.
            UnreachableError: the admin API cannot be reached.
            UnavailableError: it closed the connection without an answer.
            NoAnswerError: it does not answer in time.
            NotAllowedError: it asks for a token, or for another one.
            UnexpectedAnswerError: it is an ingress.
        """
        if self._admin is None:
            raise ValueError("this needs the admin API; give its URL")
        answer = await _send(self._admin, "admin API", method, path, _TIMEOUT, **arguments)
        if _ERROR_SOURCE in answer.headers:
            raise UnexpectedAnswerError(f"{_url(self._admin)} is an ingress; give the URL of the admin API")
        return answer


async def _send(
    client: httpx.AsyncClient, name: str, method: str, path: str, patience: httpx.Timeout, **arguments: Any
) -> httpx.Response:
    try:
        answer = await client.request(method, path, timeout=patience, **arguments)
    except httpx.ConnectTimeout as error:
        raise UnreachableError(name, _url(client), "no connection in time") from error
    except httpx.TimeoutException as error:
        raise NoAnswerError(f"the {name} at {_url(client)} gave no answer in time") from error
    except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise UnreachableError(name, _url(client), _reason(error)) from error
    except httpx.HTTPError as error:
        raise UnavailableError(
            f"the {name} at {_url(client)} gave no answer: {error or type(error).__name__}"
        ) from error
    if is_refused(answer.status_code, answer.headers):
        raise NotAllowedError(
            f"the {name} at {_url(client)} refuses this with status {answer.status_code} ({explain(answer)}); {ADVICE}"
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


def _url(client: httpx.AsyncClient) -> str:
    return str(client.base_url).rstrip("/")


def refused(answer: httpx.Response) -> OperationError:
    """Return the error that an answer stands for."""
    if answer.status_code in (404, 405) and _message(answer) is None:
        return UnexpectedAnswerError(
            f"{answer.request.url} answered {answer.status_code}, but not as a runtime does; is this the URL of an "
            "ingress where an admin API belongs, or the other way round?"
        )
    return refusal_of(answer.status_code, explain(answer))


def explain(answer: httpx.Response) -> str:
    """Return the message of an error answer."""
    return " ".join(str(_message(answer) or answer.text or answer.reason_phrase).split())


def _message(answer: httpx.Response) -> Any:
    try:
        facts: Any = answer.json()
    except ValueError:
        return None
    return facts.get("message") if isinstance(facts, dict) else None
