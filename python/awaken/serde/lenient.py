"""Lenient reading: builtin types are not validated, and results of finished work are never rejected.

JSON from other systems is rarely as exact as an annotation. An `int` may arrive as 2.0 and a `str` as a number, and
code that only passes the value on works with either. So values with builtin annotations pass unchanged, and values with
other annotations have to fit. In development mode, a warning names the place where a value does not fit.
"""

from __future__ import annotations

import collections
from collections import abc
from enum import IntEnum
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, LiteralString, get_args, get_origin

from awaken.diagnostics import development
from awaken.errors import SerdeError
from awaken.serde.annotations import is_union, is_untyped, named_type, type_name, with_parts
from awaken.serde.constraints import constraints_of
from awaken.serde.plain_json import read_json
from awaken.serde.reading import is_plain, lenient_reader_for

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LenientReader"]

_PLAIN_TYPES = (None, NoneType, str, int, float, bool, LiteralString)
_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
#: Types of Python and its `collections` that have no JSON form of their own.
_CONVERTED = (
    *(tuple, set, frozenset, abc.Set, abc.MutableSet, bytes, bytearray, memoryview),
    *(collections.deque, collections.Counter, collections.OrderedDict, collections.defaultdict),
)


class Fit(IntEnum):
    """How strictly values of an annotation are validated, unless the endpoint validates everything."""

    #: Builtins with a JSON form: every value passes unchanged.
    PLAIN = 0
    #: Other builtins, such as sets: a value that fits is converted, and any other passes unchanged.
    CONVERTED = 1
    #: The annotation contains a type of the author or of a library: a value that does not fit is rejected.
    CHECKED = 2


class LenientReader:
    """Reads values of a type, as strictly as `fit_of` the type says.

    Args:
        annotation: the type; None reads plain JSON values.

    Raises:
        TypeError: reading takes more than is written of the type.
        NameError: the type refers to a name that does not exist yet.
    """

    __slots__ = ("_annotation", "_check", "_fit", "_problem", "_read")

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation
        self._fit = Fit.PLAIN if annotation is None else fit_of(annotation)
        self._check, self._problem = lenient_reader_for(annotation)
        self._read = read_json if self._fit is Fit.PLAIN else self._check
        if self._fit is Fit.CONVERTED:
            self._read, _ = lenient_reader_for(widened(annotation))

    @property
    def read_plain(self) -> Callable[[bytes], Any] | None:
        """What reads every JSON value, if all are accepted as they are; else None."""
        return self._read if self._fit is Fit.PLAIN else None

    def read(self, data: bytes, place: Callable[[], str], *, is_result: bool) -> Any:
        """Read a value.

        Args:
            data: the bytes.
            place: describes the value, for warnings.
            is_result: whether the value is the result of finished work, which is never rejected.

        Raises:
            SerdeError: the bytes are not JSON, or do not fit a type that is validated.
        """
        try:
            value = self._read(data)
            if development.is_enabled():
                if self._fit is Fit.PLAIN:
                    self._check(data)
                if self._problem is not None and data:
                    development.warn(
                        f"{self._problem}. It passes as plain JSON; `awaken.app(..., strict=True)` refuses such types",
                        place=place(),
                    )
            return value
        except Exception as error:  # checks of a type may raise anything
            if self._fit is Fit.CHECKED and not is_result:
                raise
            misfit = error
        try:
            value = read_json(data)
        except SerdeError:
            if not is_result:
                raise
            # Bytes were returned, though the annotation says otherwise.
            development.warn(
                "the value is not JSON, and passes as bytes; annotate what returns it with `-> bytes`",
                place=place(),
            )
            return data
        if development.is_enabled():
            development.warn(self._explain(misfit), place=place())
        return value

    def _explain(self, error: Exception) -> str:
        path = getattr(error, "path", "")
        where = f" at {path}" if path not in ("", "$") else ""
        reason = error.reason if isinstance(error, SerdeError) else repr(error)
        return (
            f"the value is not of the annotated type {type_name(self._annotation)}{where}: {reason}. It passes as "
            "plain JSON; correct the annotation or the value, or reject such values with "
            "`awaken.app(..., strict=True)`"
        )


def fit_of(annotation: Any, seen: frozenset[int] = frozenset()) -> Fit:
    """Return how strictly values of an annotation are validated."""
    if id(annotation) in seen:
        return Fit.PLAIN
    seen |= {id(annotation)}
    annotation = named_type(annotation)
    origin, args = get_origin(annotation), get_args(annotation)
    kind = origin or annotation
    if is_untyped(annotation) or _is_one_of(kind, _PLAIN_TYPES):
        return Fit.PLAIN
    if origin is Annotated:
        return Fit.CHECKED if constraints_of(annotation) else fit_of(args[0], seen)
    of_parts = max((fit_of(part, seen) for part in args if part is not ...), default=Fit.PLAIN)
    if is_union(annotation) or _is_one_of(kind, _LISTS):
        return of_parts
    if _is_one_of(kind, _MAPPINGS):
        return of_parts if not args or named_type(args[0]) in (str, Any) else max(of_parts, Fit.CONVERTED)
    if _is_one_of(kind, _CONVERTED):
        return max(of_parts, Fit.CONVERTED)
    # Values that no library can read pass as plain JSON in any case.
    return Fit.CONVERTED if is_plain(annotation) else Fit.CHECKED


def widened(annotation: Any) -> Any:
    """Return the annotation with `int | float` for `float`, so that 2 stays 2, as in the JSON."""
    if annotation is float:
        return int | float
    return with_parts(annotation, widened) if get_origin(annotation) not in _MAPPINGS else annotation


def _is_one_of(kind: Any, types: tuple[Any, ...]) -> bool:
    return any(kind is each for each in types)
