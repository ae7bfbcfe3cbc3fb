"""Types that msgspec does not support. Pydantic reads them if it is installed, and otherwise this module does.

Values of a type that neither can read (a class with its own constructor, a protocol, `Callable`) are not an error: they
pass as plain JSON, as in other SDKs, and the reader states the reason in its `problem`.
"""

from __future__ import annotations

import enum
from collections import Counter, OrderedDict, abc, defaultdict, deque
from functools import partial
from types import GenericAlias, NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, LiteralString, get_args, get_origin

import msgspec
from msgspec import inspect

from awaken.serde.annotations import is_union, named_type, type_name
from awaken.serde.constraints import as_msgspec, constraints_of
from awaken.serde.models import is_pydantic
from awaken.serde.readers import ChoiceReader, MappingReader, PlainReader, PydanticReader, SubclassReader
from awaken.serde.typed_dicts import is_dataclass_type, is_typed_dict

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.serde.readers import Reader

__all__ = ["foreign_reader", "is_foreign", "is_readable", "msgspec_form", "read_by_pydantic"]

_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
#: Builtins that people derive classes from.
_BASES = (str, int, float, dict, list, tuple, frozenset, set, bytes)
_FACTORIES = (int, float, str, bool, list, dict, set)
#: Pydantic's names for types without a JSON form, and for those that it reads lazily.
_NOT_JSON = frozenset(("callable", "custom-error", "generator", "is-instance", "is-subclass"))


def is_readable(annotation: Any) -> bool:
    """Return whether msgspec can decode this type, possibly by calling back.

    Raises:
        NameError: the type refers to a name that does not exist yet.
    """
    try:
        msgspec.json.Decoder(annotation)
    except TypeError:
        return False
    except AttributeError as error:  # of a module that is still being imported
        raise NameError(str(error)) from error
    return True


def msgspec_form(annotated: Any) -> Any:
    """Return an `Annotated` in a form that msgspec understands; None if msgspec cannot check its conditions."""
    constraints = constraints_of(annotated)
    metas = as_msgspec(constraints)
    if not constraints or metas == list(annotated.__metadata__):
        return annotated
    if metas is None:
        return None
    parts = (get_args(annotated)[0], *metas)
    form: Any = Annotated[parts]
    return form if is_readable(form) else None


def is_foreign(annotation: Any) -> bool:
    """Return whether msgspec needs help with this type itself, rather than with its parts."""
    origin, args = get_origin(annotation), get_args(annotation)
    kind = origin or annotation
    if kind in (..., abc.Iterable, LiteralString) or is_union(annotation):
        return False
    if is_pydantic(kind) or is_typed_dict(kind) or is_dataclass_type(kind):
        return False
    if origin is Annotated:
        return msgspec_form(annotation) is None
    if origin is Literal:
        return not is_readable(annotation)
    if isinstance(kind, enum.EnumMeta):
        return issubclass(kind, enum.Flag) or not is_readable(kind)
    if kind in _MAPPINGS:
        return bool(args) and _has_odd_keys(args[0])
    try:
        return isinstance(inspect.type_info(kind), inspect.CustomType)
    except TypeError:
        return True


def _has_odd_keys(key: Any) -> bool:
    """Return whether msgspec does not read keys of this type from the text that they are written as."""
    key = named_type(key)
    if is_union(key):
        return any(map(_has_odd_keys, get_args(key)))
    return key in (bool, None, NoneType) or is_foreign(key)


def foreign_reader(annotation: Any, typed: Callable[[Any], Reader]) -> Reader:
    """Return the reader of a foreign type.

    Args:
        annotation: the type.
        typed: returns the reader of a type inside of it.
    """
    origin = get_origin(annotation)
    kind = origin or annotation
    if isinstance(kind, enum.EnumMeta):
        return ChoiceReader(annotation, kind, kind)
    if origin is Literal:
        return ChoiceReader(annotation, get_args(annotation), None)
    if kind in _MAPPINGS:
        key, value = get_args(annotation)
        return MappingReader(annotation, typed(key), typed(value))
    if kind in (deque, Counter, OrderedDict, defaultdict):
        return _read_collection(annotation, typed)
    return (
        read_by_pydantic(annotation) or _read_by_base(annotation, typed) or _read_plainly(annotation, typed)
    )


def _read_collection(annotation: Any, typed: Callable[[Any], Reader]) -> SubclassReader:
    kind, args = get_origin(annotation) or annotation, get_args(annotation)
    base: Any = list if kind is deque else dict
    if args:
        base = GenericAlias(base, (*args, int) if kind is Counter else args)
    make = kind
    if kind is defaultdict:  # the factory is code and not in the type; the builtin is a good guess
        value = get_origin(args[1]) or args[1] if args else None
        make = partial(defaultdict, value if value in _FACTORIES else None)
    return SubclassReader(annotation, typed(base), make)


def read_by_pydantic(annotation: Any) -> PydanticReader | None:
    """Return the reader of pydantic; None if pydantic is not installed or does not support the type."""
    try:
        reader = PydanticReader(annotation)
    except (ImportError, TypeError):
        return None
    return None if reader.adapter.core_schema["type"] in _NOT_JSON else reader


def _read_by_base(annotation: Any, typed: Callable[[Any], Reader]) -> SubclassReader | None:
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type):
        for base in _BASES:
            if issubclass(kind, base) and kind is not base:
                return SubclassReader(kind, typed(base))
    return None


def _read_plainly(annotation: Any, typed: Callable[[Any], Reader]) -> Reader:
    if get_origin(annotation) is Annotated:  # with conditions that only pydantic can check
        return typed(get_args(annotation)[0])
    return PlainReader(
        annotation,
        f"{type_name(annotation)} is not a dataclass, typed dict, msgspec.Struct or pydantic model; use one of these, "
        "or pass a serde of your own",
    )
