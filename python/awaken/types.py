"""Helpers for types, under the name that the official SDK gives this module."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

__all__ = ["extract_core_type"]


def extract_core_type(annotation: Any) -> tuple[Literal["optional", "simple"], Any]:
    """Tell whether an annotation is one type or None, and which type that is.

    Returns:
        `("optional", T)` for `T | None`; `("simple", annotation)` for everything else, wider unions included.
    """
    if get_origin(annotation) in (Union, UnionType):
        members = get_args(annotation)
        others = [member for member in members if member is not NoneType]
        if len(others) == 1 and len(members) == 2:
            return "optional", others[0]
    return "simple", annotation
