"""Helpers for types, and of the test harness, under the official SDK's name for this module."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from awaken.testing.harness import HarnessEnvironment

__all__ = ["HarnessEnvironment", "extract_core_type"]


def extract_core_type(annotation: Any) -> tuple[Literal["optional", "simple"], Any]:
    """Split an optional annotation into its kind and its type.

    Returns:
        `("optional", T)` for `T | None`; `("simple", annotation)` for everything else, including wider unions.
    """
    if get_origin(annotation) in (Union, UnionType):
        members = get_args(annotation)
        others = [member for member in members if member is not NoneType]
        if len(others) == 1 and len(members) == 2:
            return "optional", others[0]
    return "simple", annotation


def __getattr__(name: str) -> Any:
    if name == "HarnessEnvironment":  # imported only when used, since it brings the whole test kit
        from awaken.testing.harness import HarnessEnvironment

        return HarnessEnvironment
    raise AttributeError(f"module 'awaken.types' has no attribute {name!r}")
