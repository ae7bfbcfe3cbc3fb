"""Discovery: asks an endpoint for its manifest."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from awaken.runtime.deployments.errors import RegistrationError
from awaken.runtime.deployments.manifest import VERSIONS, media_type, read_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.exchange import Dialer
    from awaken.runtime.deployments.manifest import Manifest

__all__ = ["PATH", "PAUSES", "DialerFactory", "Discovered", "discover"]

#: The path of discovery, below the endpoint's prefix.
PATH: Final = "/discover"
#: The time limit of one try. Endpoints answer from memory.
_TIMEOUT_SECONDS: Final = 10.0
#: Seconds between tries, while the endpoint does not listen or is busy.
PAUSES: Final = (0.2, 0.4, 0.8)
_WORTH_ANOTHER_TRY: Final = frozenset((408, 429, 500, 502, 503, 504))
#: Largest manifest in bytes. A thousand handlers with large schemas take a tenth of it.
_MAX_SIZE: Final = 32 * 1024 * 1024
_ACCEPT: Final = ", ".join(media_type(version) for version in VERSIONS)


class DialerFactory(Protocol):
    """Creates dialers of endpoints."""

    def __call__(self, uri: str, *, use_http_11: bool) -> Dialer:
        """Create a dialer. Raises ValueError if the URL is not one it can reach."""
        ...


@dataclass(frozen=True, slots=True)
class Discovered:
    """The answer of an endpoint."""

    manifest: Manifest
    sdk_version: str | None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class _UnreachableError(Exception):
    """The endpoint did not answer; the text says why."""


class _SilentError(_UnreachableError):
    """The time of one try is over."""


async def discover(
    dial: DialerFactory,
    uri: str,
    *,
    use_http_11: bool,
    headers: Mapping[str, str],
    pauses: Sequence[float] = PAUSES,
) -> Discovered:
    """Ask an endpoint for its manifest.

    Args:
        dial: creates the dialer.
        uri: of the endpoint.
        use_http_11: speak HTTP/1.1 instead of HTTP/2.
        headers: to send.
        pauses: seconds between the tries.

    Raises:
        RegistrationError: it does not answer, or not as an endpoint does.
    """
    try:
        answer = await _ask_patiently(dial, uri, use_http_11, headers, pauses)
    except _UnreachableError as error:
        if not use_http_11 and await _speaks_http_11(dial, uri, headers):
            raise RegistrationError(
                500,
                f"error when calling '{uri}': {error}. The server possibly supports only HTTP1.1, consider "
                "discovery with --use-http1.1.",
                "META0014",
            ) from error
        raise RegistrationError(500, f"error when calling '{uri}': {error}", "META0003") from error
    if not 200 <= answer.status < 300:
        body = answer.body[:500].decode(errors="replace")
        raise RegistrationError(
            500,
            f"got status code '{answer.status}' from '{uri}'; is it an endpoint? "
            f"Response headers: {dict(answer.headers)}. Body: {body}",
            "META0003",
        )
    manifest = read_manifest(answer.body, answer.headers.get("content-type"))
    return Discovered(manifest, answer.headers.get("x-restate-server"))


async def _ask_patiently(
    dial: DialerFactory, uri: str, use_http_11: bool, headers: Mapping[str, str], pauses: Sequence[float]
) -> _Answer:
    for pause in pauses:
        try:
            answer = await _ask(dial, uri, use_http_11, headers)
            if answer.status not in _WORTH_ANOTHER_TRY:
                return answer
        except _SilentError:
            raise  # it had its time; only what is quick to say no is asked again
        except _UnreachableError:
            pass  # the error of the last try is raised
        await asyncio.sleep(pause)
    return await _ask(dial, uri, use_http_11, headers)


async def _speaks_http_11(dial: DialerFactory, uri: str, headers: Mapping[str, str]) -> bool:
    try:
        await _ask(dial, uri, use_http_11=True, headers=headers)
    except (_UnreachableError, RegistrationError):
        return False
    return True


async def _ask(dial: DialerFactory, uri: str, use_http_11: bool, headers: Mapping[str, str]) -> _Answer:
    try:
        dialer = dial(uri, use_http_11=use_http_11)
    except ValueError as error:
        raise RegistrationError(400, f"The request field 'uri' is invalid. Reason: {error}") from error
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return await _exchange(dialer, headers)
    except TimeoutError:
        raise _SilentError(
            f"no complete answer to GET {PATH} within {_TIMEOUT_SECONDS:g} s; see whether the endpoint is stuck, or "
            "busy, and register it again"
        ) from None
    finally:
        await dialer.close()


async def _exchange(dialer: Dialer, headers: Mapping[str, str]) -> _Answer:
    changed = asyncio.Event()
    request = dialer.open("GET", PATH, {**headers, "accept": _ACCEPT}, changed.set)
    request.end()
    body = bytearray()
    try:
        while True:
            # Read before checking for the end, because everything that came before the end is available then.
            is_ended = request.is_ended
            body += request.take()
            if request.is_reset:
                raise _UnreachableError(request.failure or "the exchange was reset")
            if is_ended and request.status is not None:
                return _Answer(request.status, dict(request.headers), bytes(body))
            if len(body) > _MAX_SIZE:
                raise RegistrationError(500, f"the endpoint's manifest is larger than {_MAX_SIZE} bytes")
            if not is_ended:
                await changed.wait()
            changed.clear()
    finally:
        if not request.is_ended:
            request.disconnect()
