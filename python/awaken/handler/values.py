"""Serializes the values that a handler passes, and chooses the serdes for those it gets.

A mistake that the same code would repeat raises a `UsageError` before anything is journaled.
"""

from __future__ import annotations

import re
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from awaken.errors import RetryableError, SerdeError, TerminalError, UsageError
from awaken.handler.advice import AWAIT, instead_of, refuse
from awaken.serde import DefaultSerde, Serde
from awaken.serde.validation import error_text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["serde_for", "write"]

#: Values that are not types. Beginners may pass one as `type_hint`.
_VALUES = (str, bytes, int, float, list, dict, tuple, set)

#: Errors that a serde raises because of the value, and would raise again. Others, such as network errors, are retried.
_REPEATED = (
    *(SerdeError, TypeError, ValueError, AttributeError, LookupError),
    *(ArithmeticError, NotImplementedError, RecursionError),
)

#: Names of awaitables in the errors of serdes. Such an error gets different advice.
_UNAWAITED = re.compile(
    r"\b(RestateDurable\w*Future|OptionalFuture|RunFuture|DurablePromise|Callback|SendHandle|UnawaitedCoroutine|coroutine)\b"
)


def write(serde: Serde[Any], value: Any, subject: str | Callable[[], str]) -> bytes:
    """Serialize a value.

    Args:
        serde: serializes the value.
        value: the value.
        subject: names it in the error text, as in `state "cart"`, or returns such a name.

    Raises:
        UsageError: the value cannot be serialized, in this attempt or in any other.
    """
    try:
        body = serde.serialize(value)
    except (TerminalError, RetryableError):
        raise
    except _REPEATED as error:
        raise _unwritable(serde, value, subject if isinstance(subject, str) else subject(), error) from error
    if type(body) is bytes:
        return body
    if not isinstance(subject, str):
        subject = subject()
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise UsageError(
            f"cannot write {subject}: {type(serde).__name__}.serialize returned a value of type {type(body).__name__}; "
            "a serde has to return bytes, as in json.dumps(value).encode()"
        )
    return bytes(body)


def _unwritable(serde: Serde[Any], value: Any, subject: str, error: Exception) -> UsageError:
    if isinstance(value, Coroutine):
        value.close()  # or Python would warn that it was never awaited
    kind = type(value).__name__
    if not isinstance(error, SerdeError):
        reason = f"{type(serde).__name__} raised {error_text(error)} for a value of type {kind}"
        return UsageError(f"cannot write {subject}: {reason}")
    where = f" at {error.path}" if error.path not in ("", "$") else ""
    advice = instead_of(value)
    if advice is None and _UNAWAITED.search(f"{kind} {error.reason}"):
        advice = AWAIT
    if advice is None:
        advice = (
            "convert it to what JSON has (text, numbers, lists, dicts with text as keys), or give a serde"
        )
    return UsageError(f"cannot write {subject}, of type {error.type_name}{where}: {error.reason}; {advice}")


def serde_for(serde: Serde[Any], type_hint: Any, what: str) -> Serde[Any]:
    """Return the serde for a value to read: the given one, or the default one for the type.

    Raises:
        UsageError: the serde is not a serde, or the hint is not a type.
    """
    if not isinstance(serde, DefaultSerde):
        _expect_serde(serde, f"the serde of {what}")
        return serde
    if type_hint is None:
        return serde
    if isinstance(type_hint, _VALUES):
        refuse(type_hint, f"the type_hint of {what}", "give a type, such as int or list[str]")
    return serde.with_maybe_type(type_hint)


def _expect_serde(serde: object, what: str) -> None:
    """Raise unless this is a serde."""
    if isinstance(serde, Serde) or (hasattr(serde, "serialize") and hasattr(serde, "deserialize")):
        return
    if isinstance(serde, type):
        hint = (
            "give an instance of the serde"
            if issubclass(serde, Serde)
            else f"write type_hint={serde.__name__}"
        )
        raise UsageError(f"{what} is the class {serde.__name__}; {hint}")
    refuse(serde, what, "give a serde, such as awaken.serde.JsonSerde()")
