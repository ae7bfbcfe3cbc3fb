"""Checking what people and programs answer to a callback against its declared type, before anything is resolved.

Every door uses this: links, inbox, gRPC, and through the runtime's ingress clients and the command line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from awaken.approvals import read_answered
from awaken.control.errors import InvalidRequestError, OperationError, UnavailableError
from awaken.control.schema_fit import find_misfit
from awaken.errors import SerdeError
from awaken.links import find_type
from awaken.serde import DefaultSerde
from awaken.serde.annotations import is_raw
from awaken.serde.schema import schema_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.operations import AnswerRules

__all__ = [
    "EncodedAnswerError",
    "InvalidAnswerError",
    "Problem",
    "check_answer",
    "check_written",
    "decode_answer",
    "encode_answer",
    "known_type",
    "schema_of_answer",
    "write_answer",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One part of an answer that does not fit."""

    #: Where in the answer, from the root `$`.
    path: str
    message: str


class InvalidAnswerError(InvalidRequestError):
    """The answer does not have the type that the handler declared; the awakeable stays open."""

    def __init__(self, problems: list[Problem]) -> None:
        described = "; ".join(f"{problem.path}: {problem.message}" for problem in problems)
        super().__init__(f"the answer does not fit its declared type, and nothing was changed: {described}")
        self.problems = problems


class EncodedAnswerError(OperationError):
    """The handler reads values through a codec that this process does not have."""

    grpc_status = "FAILED_PRECONDITION"
    http_status = 501

    def __init__(self) -> None:
        super().__init__(
            "the handler reads its answer through the journal value codec of its application, which this process does "
            "not have, so nothing was changed; answer where the application runs, or resolve it by a client with the "
            "codec"
        )


async def write_answer(rules: AnswerRules, value: bytes) -> bytes:
    """Return the bytes for the journal of a plain value that came from outside.

    Args:
        rules: of the awakeable.
        value: as its type writes it, usually JSON.

    Raises:
        InvalidAnswerError: it is not of the declared type.
        EncodedAnswerError: it has to be encoded, and this process does not have the codec.
        UnavailableError: the codec failed.
    """
    if rules.type_name is not None:
        check_answer(value, known_type(rules.type_name))
    return await encode_answer(rules, value)


async def encode_answer(rules: AnswerRules, value: bytes) -> bytes:
    """Return the bytes for the journal of a value that was checked. Raises as `write_answer`."""
    if not rules.is_encoded:
        return value
    if rules.codec is None:
        raise EncodedAnswerError
    try:
        return (await rules.codec.get()).encode(value)
    except Exception as error:
        raise _failed(error) from error


async def check_written(rules: AnswerRules, value: bytes) -> bytes | None:
    """Check bytes for the journal that came from outside, as far as this process can read them.

    Returns:
        The value as its type writes it, and of an approval as a door does; None if it cannot be read here.

    Raises:
        InvalidAnswerError: they are not encoded, or not of the declared type.
        UnavailableError: the codec cannot be had, or its key service cannot be reached.
    """
    if rules.is_encoded and rules.codec is None:
        return None
    decoded = await decode_answer(rules, value)
    answer = decoded if rules.approval is None else read_answered(decoded).answer
    if answer is not None and rules.type_name is not None:
        check_answer(answer, known_type(rules.type_name))
    return decoded


async def decode_answer(rules: AnswerRules, value: bytes) -> bytes:
    """Return a value from outside as its type writes it. Raises as `check_written`.

    Args:
        rules: of the awakeable; they have the codec if they ask for one.
        value: for the journal.
    """
    if not rules.is_encoded or rules.codec is None:
        return value
    try:
        codec = await rules.codec.get()
    except Exception as error:
        raise _failed(error) from error
    try:
        return await codec.decode(value)
    except OSError as error:  # of a key service, also TimeoutError
        raise _failed(error) from error
    except Exception as error:
        reason = (
            f"it is not encoded by the application's journal value codec ({type(error).__name__}: {error})"
        )
        raise InvalidAnswerError([Problem("$", reason)]) from error


def _failed(error: Exception) -> UnavailableError:
    return UnavailableError(
        f"the application's journal value codec failed, and nothing was changed ({type(error).__name__}: {error}); try "
        "again later"
    )


def known_type(name: str | None) -> Any:
    """Return the type with a name from a journal; None, which is any JSON, if this process does not know the type."""
    try:
        return find_type(name or "")
    except LookupError:
        return None


def schema_of_answer(annotation: Any) -> dict[str, Any] | None:
    """Return the JSON Schema of a type; None if it has none, or if any JSON is accepted."""
    if annotation is None:
        return None
    try:
        return schema_for(annotation)
    except Exception:  # of classes that are no types of values, and of what they declare
        return None


def check_answer(body: bytes, annotation: Any, schema: Mapping[str, Any] | None = None) -> None:
    """Decode an answer as its handler will.

    Args:
        body: the answer. No bytes mean None.
        annotation: its declared type; None for any JSON, or if this process does not know the type.
        schema: JSON Schema from the journal, which counts if there is no type.

    Raises:
        InvalidAnswerError: it does not decode.
    """
    if annotation is not None and is_raw(annotation):
        return
    body = body or b"null"  # a handler would get None, whatever type it declared
    try:
        text = body.decode()  # handlers read no other encoding
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidAnswerError([Problem("$", f"this is not JSON: {reason}")]) from error
    if annotation is None:
        misfit = None if schema is None else find_misfit(value, schema)
        if misfit is not None:
            raise InvalidAnswerError([Problem(*misfit)])
        return
    serde: DefaultSerde[Any] = DefaultSerde(annotation)  # not lenient: the answer comes from outside
    try:
        serde.deserialize(body)
    except SerdeError as error:
        raise InvalidAnswerError(_problems(error)) from error
    except TypeError:
        return  # the class is no type of values: the handler cannot read it either, and says so


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


def _problems(error: SerdeError) -> list[Problem]:
    cause = error.__cause__
    if type(cause).__module__.startswith("pydantic"):
        details: list[Any] = getattr(cause, "errors", list)()
        return [Problem(_path(detail["loc"]), str(detail["msg"])) for detail in details]
    return [Problem(error.path or "$", error.reason)]


def _path(location: tuple[str | int, ...]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
