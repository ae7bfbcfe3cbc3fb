"""The interface every serde has, and the serde that changes nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

__all__ = ["BytesSerde", "Serde"]

T = TypeVar("T")


class Serde(ABC, Generic[T]):
    """Turns values of one type into bytes and back."""

    @abstractmethod
    def deserialize(self, buf: bytes) -> T | None:
        """Read a value; an empty buffer usually means None."""

    @abstractmethod
    def serialize(self, obj: T | None) -> bytes:
        """Write a value."""


class BytesSerde(Serde[bytes]):
    """Bytes as they are. None is written as no bytes, and no bytes are read as `b""`."""

    def deserialize(self, buf: bytes) -> bytes:
        """Return the bytes."""
        return buf

    def serialize(self, obj: bytes | None) -> bytes:
        """Return the bytes."""
        return b"" if obj is None else bytes(obj)
