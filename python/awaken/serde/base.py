"""The interface of serdes, and the serde that passes bytes unchanged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

__all__ = ["BytesSerde", "Serde"]

T = TypeVar("T")


class Serde(ABC, Generic[T]):
    """Serializes values of one type, and deserializes them."""

    @abstractmethod
    def deserialize(self, buf: bytes) -> T | None:
        """Return the value of some bytes. An empty buffer usually means None."""

    @abstractmethod
    def serialize(self, obj: T | None) -> bytes:
        """Return the bytes of a value."""


class BytesSerde(Serde[bytes]):
    """Passes bytes unchanged. It writes None as no bytes, and reads no bytes as `b""`."""

    def deserialize(self, buf: bytes) -> bytes:
        """Return the bytes."""
        return buf

    def serialize(self, obj: bytes | None) -> bytes:
        """Return the bytes."""
        return b"" if obj is None else bytes(obj)
