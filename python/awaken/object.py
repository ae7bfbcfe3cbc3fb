"""The official SDK's name for `awaken.service.virtual_object`."""

from awaken.service.virtual_object import VirtualObject

__all__ = ["VirtualObject"]
