"""The service side: from an exchange to a handler and back."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awaken.endpoint.application import Endpoint as Endpoint
    from awaken.endpoint.application import app as app

__all__ = ["Endpoint", "app"]


def __getattr__(name: str) -> Any:
    # Applications look for them here; they join endpoints to their hosts, which this layer does not know.
    if name in __all__:
        return getattr(importlib.import_module("awaken.endpoint.application"), name)
    raise AttributeError(f"module 'awaken.endpoint' has no attribute {name!r}")
