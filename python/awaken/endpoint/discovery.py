"""Services to the endpoint manifest, which a runtime asks for when a deployment is registered.

The runtime lists the manifest versions it reads; we answer with the highest one both know. Version 1 is never
written. A caller that accepts any JSON, such as curl or a browser, gets the newest version that released
servers read; a newer one is only written for clients that ask for it by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from awaken.endpoint.manifest import ManifestError, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awaken.service.definition import Definition

__all__ = ["Discovery", "DiscoveryAnswer", "ProtocolMode"]

#: `bidi` streams both ways at once; `request_response` reads the whole request first.
ProtocolMode = Literal["bidi", "request_response"]

_VERSIONS = (5, 4, 3, 2)
_DEFAULT_VERSION = 4
_GENERIC_TYPES = frozenset(("*/*", "application/*", "application/json"))


@dataclass(frozen=True, slots=True)
class DiscoveryAnswer:
    """What to answer to `GET .../discover`."""

    status: int
    content_type: str
    body: bytes


class Discovery:
    """Answers discovery requests; each manifest is built once.

    Args:
        services: what the endpoint serves.
        min_protocol_version: oldest version of the invocation protocol the endpoint speaks.
        max_protocol_version: newest one.
        protocol_mode: how it speaks; None follows from the exchange that asks.
        lambda_compression: how a Lambda endpoint compresses large responses.
    """

    def __init__(
        self,
        services: Iterable[Definition],
        *,
        min_protocol_version: int,
        max_protocol_version: int,
        protocol_mode: ProtocolMode | None = None,
        lambda_compression: Literal["zstd"] | None = None,
    ) -> None:
        self._services = tuple(services)
        self._min_protocol_version = min_protocol_version
        self._max_protocol_version = max_protocol_version
        self._protocol_mode: ProtocolMode | None = protocol_mode
        self._lambda_compression = lambda_compression
        self._manifests: dict[tuple[int, ProtocolMode], bytes] = {}

    def answer(self, accept: str | None, *, is_bidirectional: bool) -> DiscoveryAnswer:
        """Answer one discovery request.

        Args:
            accept: the request's `accept` header.
            is_bidirectional: whether its exchange can carry both directions at once.
        """
        version = negotiate(accept)
        if version is None:
            known = ", ".join(str(v) for v in sorted(_VERSIONS))
            return _text(415, f"this endpoint writes manifest versions {known}, and none is in {accept!r}")
        own_mode: ProtocolMode = "bidi" if is_bidirectional else "request_response"
        mode = self._protocol_mode or own_mode
        try:
            body = self.manifest(version, mode)
        except (ManifestError, NameError, TypeError, ValueError) as error:
            return _text(500, f"cannot describe this endpoint: {error}")
        return DiscoveryAnswer(200, content_type(version), body)

    def manifest(self, version: int, mode: ProtocolMode) -> bytes:
        """Return the manifest in this version.

        Raises:
            ManifestError: an option or a service cannot be described in this version.
            NameError: an annotation names something that does not exist.
            TypeError: the default serde cannot read a type.
        """
        body = self._manifests.get((version, mode))
        if body is None:
            body = self._manifests[version, mode] = write_manifest(
                self._services,
                version=version,
                protocol_mode="BIDI_STREAM" if mode == "bidi" else "REQUEST_RESPONSE",
                min_protocol_version=self._min_protocol_version,
                max_protocol_version=self._max_protocol_version,
                lambda_compression=self._lambda_compression,
            )
        return body


def content_type(version: int) -> str:
    """Return the media type of a manifest version. Runtimes compare it exactly, so it takes no parameters."""
    return f"application/vnd.restate.endpointmanifest.v{version}+json"


def negotiate(accept: str | None) -> int | None:
    """Return the manifest version to answer with, or None when nothing acceptable is known."""
    accepted = {_media_type(part) for part in (accept or "*/*").split(",")}
    for version in _VERSIONS:
        if content_type(version) in accepted:
            return version
    return None if accepted.isdisjoint(_GENERIC_TYPES) else _DEFAULT_VERSION


def _media_type(part: str) -> str:
    media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
    is_refused = any(parameter.replace(" ", "") in ("q=0", "q=0.0") for parameter in parameters)
    return "" if is_refused else media_type


def _text(status: int, message: str) -> DiscoveryAnswer:
    return DiscoveryAnswer(status, "text/plain; charset=utf-8", message.encode())
