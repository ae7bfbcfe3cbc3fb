"""Where the links of a process lead and which keys sign them: by the environment, by the application, or by default."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from awaken.cli.failures import CommandError
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks, configured_settings
from awaken.links.settings import signer_from_environment, url_from_environment
from awaken.runtime.store.directory import LINK_KEY, LINK_KEY_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["check_pages", "check_settings", "prepare_links", "public_url", "require_signer"]


def prepare_links(directory: str) -> Callable[[str], None]:
    """Return what makes the links of this process lead to a URL; call it again when the URL has changed.

    `AWAKEN_CALLBACK_URL` and `AWAKEN_CALLBACK_KEYS` come first, each by itself. An application that called
    `configure_callbacks` keeps its settings. Otherwise links lead to the URL, signed with a key that is made once.

    Args:
        directory: the data directory, where that key is stored: links outlive the process.

    Raises:
        CommandError: the environment's keys or its URL are malformed, the stored key cannot be used, or what it says
            about Slack is incomplete.
    """
    _check_slack()
    if configured_settings() is not None:
        return lambda _: None
    public = public_url()
    signer = _read_signer() or LinkSigner({"local": _stored_key(Path(directory) / LINK_KEY)})
    return lambda url: configure_callbacks(CallbackSettings(public or url, signer))


def public_url() -> str | None:
    """Return where the environment says that links lead; None if it does not.

    Raises:
        CommandError: it is not a URL to which links can lead.
    """
    try:
        return url_from_environment()
    except ValueError as error:
        raise CommandError(str(error)) from error


def require_signer() -> LinkSigner:
    """Return what verifies links that other processes sign, with the keys of the environment.

    Raises:
        CommandError: there are no keys, they are malformed, or what the environment says about Slack is incomplete.
    """
    _check_slack()
    signer = _read_signer()
    if signer is None:
        raise CommandError(
            "--callbacks needs the keys of links that handlers make in other processes; set AWAKEN_CALLBACK_KEYS to "
            "ID:BASE64 (a key from `openssl rand -base64 32`) here and there, and AWAKEN_CALLBACK_URL there to where "
            "the links lead"
        )
    return signer


def check_settings() -> None:
    """Check what the environment says about links, so that no handler is the first to meet a mistake in it.

    Raises:
        CommandError: a variable is malformed.
    """
    public_url()
    _read_signer()


def _check_slack() -> None:
    """Check what the environment says about Slack, whose clicks the route of links receives."""
    from awaken.notify.slack import slack_from_environment  # it needs templates

    try:
        slack_from_environment()
    except (ValueError, ImportError) as error:
        raise CommandError(str(error)) from error


def check_pages() -> None:
    """Check what the environment says about the looks of pages, before one is served.

    Raises:
        CommandError: a variable is malformed, or the logo cannot be read.
    """
    from awaken.pages import branding_from_environment  # it needs templates

    try:
        branding_from_environment()
    except ValueError as error:
        raise CommandError(str(error)) from error


def _read_signer() -> LinkSigner | None:
    """Return what signs with the environment's keys; None if there are none.

    Raises:
        CommandError: they are malformed.
    """
    try:
        return signer_from_environment()
    except ValueError as error:
        raise CommandError(str(error)) from error


def _stored_key(path: Path) -> bytes:
    try:
        key = path.read_bytes() if path.exists() else _make_key(path)
    except OSError as error:
        raise CommandError(
            f"cannot read or write {path}, which signs links: {error.strerror or error}; make it readable for this "
            "user, or free space"
        ) from error
    if len(key) != LINK_KEY_SIZE:
        raise CommandError(
            f"{path} has {len(key)} bytes and is not a key; restore it, or remove it to make a new one, which "
            "invalidates all links signed so far"
        )
    return key


def _make_key(path: Path) -> bytes:
    key = secrets.token_bytes(LINK_KEY_SIZE)
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    unfinished.replace(path)  # a crash or a full disk does not leave half of a key
    return key
