"""Reading as most applications need it: what Python has built in is not checked, and what is finished not refused.

JSON from elsewhere is rarely as exact as an annotation. `int` is given 2.0, `str` a number, and code that only passes
the value on works with either. So values under builtin annotations pass as they are, and values under other
annotations have to fit. In development mode, a warning names the place where an annotation and its values part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken import development
from awaken.errors import SerdeError
from awaken.serde.annotations import Fit, fit_of, type_name, widened
from awaken.serde.reading import read_json, reader_for

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LenientReader"]


class LenientReader:
    """Reads values of a type, and lets pass what nothing has to be converted for.

    Args:
        annotation: the type; None reads plain JSON values.

    Raises:
        TypeError: this type cannot be read from JSON.
        NameError: the type refers to a name that does not exist yet.
    """

    __slots__ = ("_annotation", "_check", "_convert", "_fit")

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation
        self._fit = Fit.PLAIN if annotation is None else fit_of(annotation)
        self._check = read_json if annotation is None else reader_for(annotation)
        is_loose = self._fit is Fit.CONVERTED
        self._convert = reader_for(widened(annotation)) if is_loose else self._check

    def read(self, data: bytes, place: Callable[[], str], *, is_result: bool) -> Any:
        """Read a value.

        Args:
            data: the bytes.
            place: names where the value crosses, for a warning.
            is_result: whether the value is what work has ended with, which is never refused.

        Raises:
            SerdeError: the bytes are not JSON, or do not fit a type that is checked.
        """
        is_development = development.is_enabled()
        try:
            if self._fit is not Fit.PLAIN:
                return self._convert(data)
            if is_development:
                self._check(data)
        except Exception as error:  # a type's own checks raise what they like
            if self._fit is Fit.CHECKED and not is_result:
                raise
            if is_development:
                self._warn(place(), error)
        try:
            return read_json(data)
        except SerdeError:
            if is_result:  # bytes, returned where the annotation tells of something else
                return data
            raise

    def _warn(self, place: str, error: Exception) -> None:
        path = getattr(error, "path", "")
        where = f" at {path}" if path not in ("", "$") else ""
        reason = error.reason if isinstance(error, SerdeError) else repr(error)
        development.warn(
            f"the value is not of the annotated type {type_name(self._annotation)}{where}: {reason}. It passes as "
            "plain JSON; correct the annotation or the value, or have such values refused with "
            "`awaken.app(..., strict=True)`",
            place=place,
        )
