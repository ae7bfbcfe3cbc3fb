"""The official SDK's name for `awaken.context.extensions`."""

from awaken.context.extensions import (
    clear_extension_data,
    current_context,
    get_extension_data,
    set_extension_data,
)
from awaken.errors import DisconnectedException

__all__ = [
    "DisconnectedException",
    "clear_extension_data",
    "current_context",
    "get_extension_data",
    "set_extension_data",
]
