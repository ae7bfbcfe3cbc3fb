"""The serdes used when none is given."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from awaken.serde.base import Serde
from awaken.serde.reading import read_json, reader_for
from awaken.serde.writing import write_value

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DefaultSerde", "JsonSerde"]

T = TypeVar("T")


class JsonSerde(Serde[T]):
    """JSON without an annotation: writes everything `DefaultSerde` writes, reads plain JSON values."""

    def deserialize(self, buf: bytes) -> T | None:
        """Read dicts, lists, strings, numbers, booleans or None.

        Raises:
            SerdeError: the bytes are not JSON.
        """
        return cast("T | None", read_json(buf))

    def serialize(self, obj: T | None) -> bytes:
        """Write JSON.

        Raises:
            SerdeError: the value has no JSON form.
        """
        return write_value(obj)


class DefaultSerde(Serde[T]):
    """JSON by annotation; see the module for the rules.

    Args:
        type_hint: what to read; None reads plain JSON values.
    """

    __slots__ = ("_read", "_type_hint")

    def __init__(self, type_hint: type[T] | None = None) -> None:
        self._type_hint = type_hint
        self._read: Callable[[bytes], Any] = read_json if type_hint is None else self._resolve_and_read

    @property
    def type_hint(self) -> type[T] | None:
        """What this serde reads."""
        return self._type_hint

    def with_maybe_type(self, type_hint: type[T] | None = None) -> DefaultSerde[T]:
        """Return a serde for this type, unless there is none or this serde already has one."""
        if type_hint is None or self._type_hint is not None:
            return self
        annotation: Any = type_hint
        try:
            return cast("DefaultSerde[T]", _shared(annotation))
        except TypeError:  # an annotation that cannot be hashed
            return DefaultSerde(type_hint)

    def resolve(self) -> None:
        """Find out now, rather than at the first payload, whether the type can be read.

        Raises:
            TypeError: this type cannot be read from JSON.
            NameError: the type refers to a name that does not exist yet.
        """
        if self._type_hint is not None:
            self._read = reader_for(self._type_hint)

    def deserialize(self, buf: bytes) -> T | None:
        """Read a value of the type.

        Raises:
            SerdeError: the bytes are not JSON, or not of this type.
        """
        return cast("T | None", self._read(buf))

    def serialize(self, obj: T | None) -> bytes:
        """Write any supported value; what it is decides, not the annotation.

        Raises:
            SerdeError: the value has no JSON form.
        """
        return write_value(obj)

    def _resolve_and_read(self, buf: bytes) -> Any:
        self.resolve()
        return self._read(buf)


@lru_cache(maxsize=1024)
def _shared(type_hint: Any) -> DefaultSerde[Any]:
    """One serde per type, so that a type is resolved once."""
    return DefaultSerde(type_hint)
