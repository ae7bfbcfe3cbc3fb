"""Signs links without any configuration: a key in the data directory, made once."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from awaken.links import CallbackSettings, LinkSigner, configure_callbacks

__all__ = ["set_up_links"]

_FILE: Final = "callback.key"
_SIZE: Final = 32


def set_up_links(directory: str, url: str) -> None:
    """Make the links of this process lead to an address, unless the environment configures them.

    Args:
        directory: the data directory, where the key is stored: links outlive the process.
        url: where the callback route is.

    Raises:
        OSError: the key cannot be read or written, or the stored one is malformed.
    """
    if os.environ.get("AWAKEN_CALLBACK_KEYS"):
        return
    path = Path(directory) / _FILE
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = secrets.token_bytes(_SIZE)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
    if len(key) != _SIZE:
        raise OSError(
            f"{path} has {len(key)} bytes and is not a key; remove it to make a new one, which invalidates all links "
            "signed so far"
        )
    configure_callbacks(
        CallbackSettings(os.environ.get("AWAKEN_CALLBACK_URL") or url, LinkSigner({"local": key}))
    )
