"""Checking the answer to a callback against its declared type before the awakeable is resolved."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from awaken.errors import SerdeError
from awaken.serde import DefaultSerde

__all__ = ["InvalidAnswerError", "Problem", "check_answer"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One part of an answer that does not fit."""

    #: Where in the answer, from the root `$`.
    path: str
    message: str


class InvalidAnswerError(Exception):
    """The answer does not have the type that the handler declared; the awakeable stays open."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
        self.problems = problems


def check_answer(body: bytes, annotation: Any) -> None:
    """Decode an answer as its handler will.

    Raises:
        InvalidAnswerError: it does not decode.
    """
    try:
        json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswerError([Problem("$", f"this is not JSON: {error}")]) from error
    if annotation is None:
        return
    serde: DefaultSerde[Any] = DefaultSerde(annotation)  # not lenient: the answer comes from outside
    try:
        serde.deserialize(body)
    except SerdeError as error:
        raise InvalidAnswerError(_problems(error)) from error


def _problems(error: SerdeError) -> list[Problem]:
    cause = error.__cause__
    if type(cause).__module__.startswith("pydantic"):
        details: list[Any] = getattr(cause, "errors", list)()
        return [Problem(_path(detail["loc"]), str(detail["msg"])) for detail in details]
    return [Problem(error.path or "$", error.reason)]


def _path(location: tuple[str | int, ...]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
