"""The default serdes. What reads and writes is imported with the first value: declaring handlers does not need it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from awaken.diagnostics import development
from awaken.errors import SerdeError
from awaken.serde.annotations import type_name
from awaken.serde.base import Serde

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVar as TypeVarWithDefault

    from awaken.serde.lenient import LenientReader

    #: The type of a value. It is Any if neither a serde nor a type hint determines it.
    T = TypeVarWithDefault("T", default=Any)
else:
    T = TypeVar("T")

__all__ = ["DefaultSerde", "JsonSerde", "typed_serde"]


class JsonSerde(Serde[T]):
    """JSON without an annotation. It writes everything that `DefaultSerde` writes, and reads plain JSON values."""

    def deserialize(self, buf: bytes) -> T | None:
        """Read plain JSON values: dicts, lists, strings, numbers, booleans or None.

        Raises:
            SerdeError: the bytes are not JSON.
        """
        from awaken.serde.plain_json import read_json

        return cast("T | None", read_json(buf))

    def serialize(self, obj: T | None) -> bytes:
        """Write JSON.

        Raises:
            SerdeError: the value has no JSON form.
        """
        return _write(obj)


class DefaultSerde(Serde[T]):
    """JSON that follows an annotation; `awaken.serde` describes the rules.

    If you create one for a type, it validates every value. If the SDK creates one for an annotation or a type hint, the
    endpoint decides how much is validated; see `read`.

    Args:
        type_hint: the type to read; None reads plain JSON values.
    """

    __slots__ = ("_check", "_is_inferred", "_lenient", "_read_plain", "_type_hint")

    def __init__(self, type_hint: type[T] | None = None) -> None:
        self._type_hint = type_hint
        self._is_inferred = type_hint is None
        self._check: Callable[[bytes], Any] | None = None
        self._lenient: LenientReader | None = None
        #: Reads the values of a type that accepts all JSON, once that is known.
        self._read_plain: Callable[[bytes], Any] | None = None

    @property
    def type_hint(self) -> type[T] | None:
        """The type that this serde reads."""
        return self._type_hint

    def with_maybe_type(self, type_hint: type[T] | None = None) -> DefaultSerde[T]:
        """Return a serde for this type. Return this one if it already has a type, or if the type is None."""
        if type_hint is None or self._type_hint is not None:
            return self
        annotation: Any = type_hint
        try:
            return cast("DefaultSerde[T]", _shared(annotation))
        except TypeError:  # the annotation is not hashable
            return _inferred(annotation)

    def resolve(self, *, is_strict: bool = False) -> None:
        """Find out now, rather than at the first payload, whether the type can be read.

        Args:
            is_strict: whether to raise if values of the type would pass as plain JSON.

        Raises:
            TypeError: the type cannot be read from JSON.
            NameError: the type refers to a name that does not exist yet.
        """
        if self._is_inferred and not is_strict:
            from awaken.serde.lenient import LenientReader

            self._lenient = LenientReader(self._type_hint)
            self._read_plain = self._lenient.read_plain
        else:
            from awaken.serde.reading import reader_for

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
        """Read a value on its way to a handler or a caller.

        Args:
            buf: the bytes.
            place: describes the value, as in `state "cart" of Shop/add`, for warnings in development mode.
            is_strict: whether the endpoint validates every value, as a serde does that you create for a type.
            is_result: whether the value is the result of a run or a handler. Such a value is never rejected: if it does
                not fit its annotation, it passes as plain JSON.

        Raises:
            SerdeError: the bytes are not JSON, or not of this type.
        """
        if self._read_plain is not None and not is_strict and not development.is_enabled():
            try:
                return self._read_plain(buf)  # type: ignore[no-any-return]  # JSON
            except SerdeError:
                pass  # what is not JSON passes as the result of a run
        if is_strict or not self._is_inferred:
            if self._check is None:
                from awaken.serde.reading import reader_for

                self._check = reader_for(self._type_hint)
            return self._check(buf)  # type: ignore[no-any-return]  # of the type
        lenient = self._lenient
        if lenient is None:
            from awaken.serde.lenient import LenientReader

            try:
                lenient = self._lenient = LenientReader(self._type_hint)
            except (TypeError, NameError):  # a result passes even if its type cannot be read, or not yet
                if not is_result:
                    raise
                lenient = LenientReader(None)
            else:
                self._read_plain = lenient.read_plain
        return lenient.read(buf, place, is_result=is_result)  # type: ignore[no-any-return]

    def serialize(self, obj: T | None) -> bytes:
        """Write any supported value. Its own type decides how, not the annotation.

        Raises:
            SerdeError: the value has no JSON form.
        """
        return _write(obj)

    def _describe(self) -> str:
        return f"a value for {type_name(self._type_hint)}"


def _write_first(value: Any) -> bytes:
    global _write
    from awaken.serde.writing import write_value

    _write = write_value
    return write_value(value)


#: `write_value`, from the first value on.
_write: Callable[[Any], bytes] = _write_first


def typed_serde(serde: Serde[T], type_hint: type[T] | None) -> Serde[T]:
    """Return the serde for a value: a default serde is narrowed to the type, any other is returned as it is."""
    return serde.with_maybe_type(type_hint) if isinstance(serde, DefaultSerde) else serde


def _inferred(type_hint: Any) -> DefaultSerde[Any]:
    serde: DefaultSerde[Any] = DefaultSerde(type_hint)
    serde._is_inferred = True
    return serde


#: One serde per type, so that each type is resolved only once.
_shared = lru_cache(maxsize=1024)(_inferred)
