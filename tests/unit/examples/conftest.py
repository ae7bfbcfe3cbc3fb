"""What tests of examples share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def links() -> Iterator[None]:
    """Give links an address, where nothing has to answer."""
    configure_callbacks(CallbackSettings("http://localhost/callbacks", LinkSigner({"test": b"k" * 32})))
    yield
    configure_callbacks(None)
