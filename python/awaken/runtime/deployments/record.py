"""A deployment as it is stored: one JSON document with everything known about it."""

from __future__ import annotations

import os
import string
from typing import Final
from urllib.parse import urlsplit

import msgspec

from awaken.runtime.deployments.errors import RegistrationError
from awaken.runtime.deployments.manifest import Manifest  # noqa: TC001 - msgspec reads the annotation

__all__ = ["Overrides", "Record", "new_deployment_id", "normalize_uri"]

_BASE62: Final = string.digits + string.ascii_lowercase + string.ascii_uppercase


class Overrides(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The settings of a service that an operator has changed after registration; durations in milliseconds."""

    public: bool | None = None
    idempotency_retention_ms: int | None = None
    workflow_completion_retention_ms: int | None = None
    journal_retention_ms: int | None = None
    inactivity_timeout_ms: int | None = None
    abort_timeout_ms: int | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One registered version of an endpoint."""

    deployment_id: str
    #: Absolute and normalized.
    uri: str
    use_http_11: bool = False
    created_at_ms: int
    manifest: Manifest
    #: By the name of the service.
    revisions: dict[str, int]
    overrides: dict[str, Overrides] = {}
    additional_headers: dict[str, str] = {}
    metadata: dict[str, str] = {}
    sdk_version: str | None = None

    @property
    def is_bidirectional(self) -> bool:
        """Whether requests stay open during the response. Over HTTP/1.1 they do not."""
        return self.manifest.protocol_mode == "BIDI_STREAM" and not self.use_http_11

    @property
    def http_version(self) -> str:
        """Return the HTTP version to speak with it, as the admin API writes it."""
        return "HTTP/1.1" if self.use_http_11 else "HTTP/2.0"

    def encode(self) -> str:
        """Return the document."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def decode(cls, document: str) -> Record:
        """Read a document that `encode` wrote. Raises msgspec.DecodeError for any other."""
        return msgspec.json.decode(document, type=cls)


def new_deployment_id(now_ms: int) -> str:
    """Create an id: the time followed by random bits, so that ids sort by age."""
    number = (now_ms & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    digits = ""
    for _ in range(22):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return f"dp_1{digits}"


def normalize_uri(uri: str) -> str:
    """Return a URI in the form in which it is stored and compared.

    Raises:
        RegistrationError: it is not absolute, or not one of HTTP.
    """
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise _invalid(f"The provided uri {uri} is not valid: {error}") from error
    if parts.scheme == "memory" and parts.path:
        return uri  # an endpoint in this process, by its name
    if parts.scheme and parts.netloc and parts.scheme not in ("http", "https"):
        raise _invalid(f"The provided uri {uri} has scheme {parts.scheme}; endpoints speak http or https.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _invalid(f"The provided uri {uri} is not absolute, only absolute URIs can be used.")
    user, at, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user}{at}{host.lower()}{parts.path or '/'}"


def _invalid(reason: str) -> RegistrationError:
    return RegistrationError(400, f"The request field 'uri' is invalid. Reason: {reason}")
