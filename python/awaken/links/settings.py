"""Where links lead, and the keys that sign them: set once per process, or by environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.links.signing import LinkSigner, read_keys

if TYPE_CHECKING:
    from awaken.links.link import Link

__all__ = ["CallbackSettings", "configure_callbacks", "configured_settings", "current_settings"]

_URL: Final = "AWAKEN_CALLBACK_URL"
_KEYS: Final = "AWAKEN_CALLBACK_KEYS"


@dataclass(frozen=True, slots=True)
class CallbackSettings:
    """Settings for all links of this process."""

    #: Public URL of the callback route, such as `https://example.org/callbacks`.
    url: str
    #: Signs and verifies links.
    signer: LinkSigner

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
    url, keys = os.environ.get(_URL), os.environ.get(_KEYS)
    if not url or not keys:
        raise RuntimeError(
            f"callbacks need an address and a key: set {_URL} to where the callback route is mounted and {_KEYS} to "
            "ID:BASE64 (a key from `openssl rand -base64 32`), or call awaken.configure_callbacks(...)"
        )
    configure_callbacks(CallbackSettings(url, LinkSigner(read_keys(keys))))
    return current_settings()
