"""The serdes used when none is given."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from awaken.serde.annotations import type_name
from awaken.serde.base import Serde
from awaken.serde.lenient import LenientReader
from awaken.serde.plain_json import read_json
from awaken.serde.reading import reader_for
from awaken.serde.writing import write_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVar as TypeVarWithDefault

    #: The type of a value; Any where neither a serde nor a hint says.
    T = TypeVarWithDefault("T", default=Any)
else:
    T = TypeVar("T")

__all__ = ["DefaultSerde", "JsonSerde", "typed_serde"]


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

    Made by hand for a type, it checks every value. Where the SDK makes one for an annotation or a hint, the endpoint
    decides how much is checked; see `read`.

    Args:
        type_hint: what to read; None reads plain JSON values.
    """

    __slots__ = ("_check", "_is_inferred", "_lenient", "_type_hint")

    def __init__(self, type_hint: type[T] | None = None) -> None:
        self._type_hint = type_hint
        self._is_inferred = type_hint is None
        self._check: Callable[[bytes], Any] | None = read_json if type_hint is None else None
        self._lenient: LenientReader | None = None

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
            return _inferred(annotation)

    def resolve(self, *, is_strict: bool = False) -> None:
        """Find out now, rather than at the first payload, whether the type can be read.

        Args:
            is_strict: whether plain JSON will not do for a type that nothing can read.

        Raises:
            TypeError: this type cannot be read from JSON.
            NameError: the type refers to a name that does not exist yet.
        """
        if self._is_inferred and not is_strict:
            self._lenient = LenientReader(self._type_hint)
        else:
            self._check = reader_for(self._type_hint)

    def deserialize(self, buf: bytes) -> T | None:
        """Read a value of the type.

        Raises:
            SerdeError: the bytes are not JSON, or not of this type.
        """
        return self.read(buf, self._describe)

    def read(
        self, buf: bytes, place: Callable[[], str], *, is_strict: bool = False, is_result: bool = False
    ) -> T | None:
        """Read a value where it crosses.

        Args:
            buf: the bytes.
            place: names where it crosses, such as `state "cart" of Shop/add`, for a warning in development mode.
            is_strict: whether the endpoint checks every value, as a serde made by hand does.
            is_result: whether the value is the result of a run or a handler: finished work is never refused, and what
                does not fit its annotation passes as plain JSON.

        Raises:
            SerdeError: the bytes are not JSON, or not of this type.
        """
        if is_strict or not self._is_inferred:
            if self._check is None:
                self._check = reader_for(self._type_hint)
            return self._check(buf)  # type: ignore[no-any-return]  # of the type
        lenient = self._lenient
        if lenient is None:
            try:
                lenient = self._lenient = LenientReader(self._type_hint)
            except (TypeError, NameError):  # a result is kept though its type cannot be read, or not yet
                if not is_result:
                    raise
                lenient = LenientReader(None)
        return lenient.read(buf, place, is_result=is_result)  # type: ignore[no-any-return]

    def serialize(self, obj: T | None) -> bytes:
        """Write any supported value; what it is decides, not the annotation.

        Raises:
            SerdeError: the value has no JSON form.
        """
        return write_value(obj)

    def _describe(self) -> str:
        return f"a value for {type_name(self._type_hint)}"


def typed_serde(serde: Serde[T], type_hint: type[T] | None) -> Serde[T]:
    """Return the serde for a value: the given one, or the default one for the type."""
    return serde.with_maybe_type(type_hint) if isinstance(serde, DefaultSerde) else serde


def _inferred(type_hint: Any) -> DefaultSerde[Any]:
    serde: DefaultSerde[Any] = DefaultSerde(type_hint)
    serde._is_inferred = True
    return serde


#: One serde per type, so that a type is resolved once.
_shared = lru_cache(maxsize=1024)(_inferred)
