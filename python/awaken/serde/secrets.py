"""Secrets of pydantic, which it writes as stars, so that the value would be lost silently.

Writing them raises an error instead. The plain value would end up in a journal that operators can read. An author who
wants that has to ask for it, with a `field_serializer` that calls `get_secret_value()`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, get_args

__all__ = ["WOULD_BE_STARS", "has_masked", "is_secret", "mentions_secret"]

WOULD_BE_STARS: Final = (
    "a secret would be written as stars and lost; keep the secret elsewhere and write a reference to it, or have the "
    "journal keep it with a `field_serializer` that returns `get_secret_value()`"
)


def is_secret(kind: Any) -> bool:
    """Return whether this is the class of a secret."""
    return isinstance(kind, type) and hasattr(kind, "get_secret_value")


@lru_cache(maxsize=1024)
def mentions_secret(kind: Any) -> bool:
    """Return whether a model contains a secret, in its fields or in types inside of them."""
    seen: list[Any] = []
    pending = [kind]
    while pending:
        part = pending.pop()
        if is_secret(part):
            return True
        if any(part is known for known in seen):
            continue
        seen.append(part)
        pending.extend(get_args(part))
        if isinstance(part, type):
            pending.extend(field.annotation for field in getattr(part, "__pydantic_fields__", {}).values())
            pending.extend(
                hint for hint in getattr(part, "__annotations__", {}).values() if not isinstance(hint, str)
            )
    return False


def has_masked(value: Any, plain: Any) -> bool:
    """Return whether a secret has become stars.

    Args:
        value: the value.
        plain: the value as it would be written.
    """
    if is_secret(type(value)):
        secret = value.get_secret_value()
        is_text = isinstance(plain, str) and plain != secret
        return is_text and (plain == str(value) or not plain.strip("*"))
    if isinstance(plain, dict):
        if isinstance(value, dict):
            return any(has_masked(child, plain.get(key)) for key, child in value.items())
        fields = getattr(type(value), "__pydantic_fields__", {})
        return any(
            has_masked(child, plain[key])
            for name, child in getattr(value, "__dict__", {}).items()
            for key in {name, getattr(fields.get(name), "serialization_alias", None)} & plain.keys()
        )
    if isinstance(plain, list) and isinstance(value, (list, tuple, set, frozenset)):
        return any(map(has_masked, value, plain))
    # A root model is written as its root.
    return hasattr(value, "root") and has_masked(value.root, plain)
