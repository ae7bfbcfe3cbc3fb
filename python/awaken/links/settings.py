"""Where links lead, and the keys that sign them: set once per process, or by environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from awaken.links.limits import LONGEST_URL, describe_text
from awaken.links.signing import LinkSigner, read_keys

if TYPE_CHECKING:
    from awaken.links.link import Link

__all__ = [
    "CallbackSettings",
    "configure_callbacks",
    "configured_settings",
    "current_settings",
    "signer_from_environment",
    "url_from_environment",
]

_URL: Final = "AWAKEN_CALLBACK_URL"
_KEYS: Final = "AWAKEN_CALLBACK_KEYS"


@dataclass(frozen=True, slots=True)
class CallbackSettings:
    """Settings for all links of this process.

    Raises:
        ValueError: the URL is not an http or https URL of at most 600 characters, without query and fragment.
    """

    #: Public URL of the callback route, such as `https://example.org/callbacks`.
    url: str
    #: Signs and verifies links.
    signer: LinkSigner

    def __post_init__(self) -> None:
        if problem := _problem_of_url(self.url):
            raise ValueError(f"the URL of callbacks {problem}")

    def url_of(self, link: Link) -> str:
        """Return the address that completes a link's awakeable."""
        return f"{self.url.rstrip('/')}/{self.signer.sign(link)}"


_current: CallbackSettings | None = None


def configure_callbacks(settings: CallbackSettings | None) -> None:
    """Set the process's settings; None reads them from the environment."""
    global _current  # all links of a process lead to one place
    _current = settings


def configured_settings() -> CallbackSettings | None:
    """Return the settings that this process was given; None if it would read them from the environment."""
    return _current


def current_settings() -> CallbackSettings:
    """Return the process's settings.

    Raises:
        RuntimeError: callbacks are not configured.
        ValueError: an environment variable is malformed.
    """
    if _current is not None:
        return _current
    signer, url = signer_from_environment(), url_from_environment()
    if signer is None or url is None:
        raise RuntimeError(
            f"callbacks need an address and a key: set {_URL} to where the callback route is mounted and {_KEYS} to "
            "ID:BASE64 (a key from `openssl rand -base64 32`), or call awaken.configure_callbacks(...)"
        )
    configure_callbacks(CallbackSettings(url, signer))
    return current_settings()


def signer_from_environment() -> LinkSigner | None:
    """Return what signs links, from AWAKEN_CALLBACK_KEYS; None if it is not set.

    Raises:
        ValueError: it is malformed; the text names the variable, and shows no key.
    """
    keys = os.environ.get(_KEYS)
    if not keys:
        return None
    try:
        return LinkSigner(read_keys(keys))
    except ValueError as error:
        raise ValueError(f"{_KEYS}: {error}") from error


def url_from_environment() -> str | None:
    """Return where links lead, from AWAKEN_CALLBACK_URL; None if it is not set.

    Raises:
        ValueError: it is malformed; the text names the variable.
    """
    url = os.environ.get(_URL)
    if url and (problem := _problem_of_url(url)):
        raise ValueError(f"{_URL} {problem}")
    return url.rstrip("/") if url else None


def _problem_of_url(url: str) -> str | None:
    if problem := describe_text(url, LONGEST_URL):
        return problem
    example = "write it as in https://example.org/callbacks"
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- parses it
    except ValueError as error:
        return f"is {url!r}, which is not a URL ({error}); {example}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"is {url!r}, which is not an http or https URL; {example}"
    if "?" in url or "#" in url or not url.isprintable() or " " in url:
        return f"is {url!r}; links put a token behind it, so leave out query, fragment and spaces: {example}"
    return None
