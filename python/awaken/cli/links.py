"""Where the links of a process lead and which keys sign them: by the environment, by the application, or by default."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from awaken.cli.addresses import parse_url
from awaken.cli.failures import CommandError
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks, configured_settings, read_keys

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KEYS", "prepare_links", "public_url", "read_signer"]

KEYS: Final = "AWAKEN_CALLBACK_KEYS"
_URL: Final = "AWAKEN_CALLBACK_URL"
_FILE: Final = "callback.key"
_SIZE: Final = 32


def prepare_links(directory: str) -> Callable[[str], None]:
    """Return what makes the links of this process lead to a URL; call it again when the URL has changed.

    `AWAKEN_CALLBACK_URL` and `AWAKEN_CALLBACK_KEYS` come first, each by itself. An application that called
    `configure_callbacks` keeps its settings. Otherwise links lead to the URL, signed with a key that is made once.

    Args:
        directory: the data directory, where that key is stored: links outlive the process.

    Raises:
        CommandError: the environment's keys or its URL are malformed, or the stored key cannot be used.
    """
    if configured_settings() is not None:
        return lambda _: None
    public = public_url()
    signer = read_signer() or LinkSigner({"local": _stored_key(Path(directory) / _FILE)})
    return lambda url: configure_callbacks(CallbackSettings(public or url, signer))


def public_url() -> str | None:
    """Return where the environment says that links lead; None if it does not.

    Raises:
        CommandError: it is not a URL.
    """
    url = os.environ.get(_URL)
    return parse_url(url, f"the callback route ({_URL})") if url else None


def read_signer() -> LinkSigner | None:
    """Return what signs with the environment's keys; None if there are none.

    Raises:
        CommandError: they are malformed.
    """
    keys = os.environ.get(KEYS)
    try:
        return LinkSigner(read_keys(keys)) if keys else None
    except ValueError as error:
        raise CommandError(f"{KEYS}: {error}") from error


def _stored_key(path: Path) -> bytes:
    try:
        key = path.read_bytes() if path.exists() else _make_key(path)
    except OSError as error:
        raise CommandError(
            f"cannot read or write {path}, which signs links: {error.strerror or error}"
        ) from error
    if len(key) != _SIZE:
        raise CommandError(
            f"{path} has {len(key)} bytes and is not a key; restore it, or remove it to make a new one, which "
            "invalidates all links signed so far"
        )
    return key


def _make_key(path: Path) -> bytes:
    key = secrets.token_bytes(_SIZE)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
    return key
