"""Serialization of all values: inputs, outputs, state, results of runs, awakeables, signals and promises.

The rules of the default serde:

* `None` is the empty body, in both directions.
* Everything else is JSON in the format of `json.dumps`, so that journals of other SDKs replay. If the whole value is a
  pydantic model or a `msgspec.Struct`, its own library writes it, in compact form.
* Reading follows the annotation. It may consist of dataclasses, typed dicts, named tuples, enums, dates, `UUID`,
  `Decimal`, sets, tuples, unions, `msgspec.Struct` and pydantic models, nested in any way. Without an annotation, or
  with `Any`, reading returns plain JSON values.
* Unless the application is strict, builtin annotations (`int`, `list[str]`, `dict[str, float]`, unions of them) are not
  validated, and JSON values pass unchanged. Sets, tuples and `bytes` inside of values are converted if they fit. If an
  annotation contains any other type, all of it is validated. The result of a finished run or handler is never rejected:
  if it does not fit, it passes as plain JSON. In development mode, a warning names the place.
* Types that neither msgspec nor this package supports (`Path`, `HttpUrl`, conditions such as `Field(pattern=...)`) are
  read and written by pydantic, if it is installed. Values of types that nothing can read (protocols, ordinary classes,
  `Callable`) pass as plain JSON, unless the application is strict.
* In a typed dict, the declared keys are converted. Keys may be missing, and additional keys pass unchanged. An
  `Iterable` becomes a list.
* `bytes` is passed verbatim if it is the whole value, and as base64 text inside of other values.
* Sets are written in sorted order: a replay compares bytes, and the order of a set differs between processes. Writing
  rejects not-a-number and infinities. Half of a surrogate pair is escaped, as `json.dumps` does.

A value that does not fit raises `awaken.errors.SerdeError`.
"""

from awaken.serde.base import BytesSerde, Serde
from awaken.serde.default import DefaultSerde, JsonSerde
from awaken.serde.models import MsgspecJsonSerde, PydanticJsonSerde, is_pydantic

__all__ = [
    "BytesSerde",
    "DefaultSerde",
    "JsonSerde",
    "MsgspecJsonSerde",
    "PydanticJsonSerde",
    "Serde",
    "is_pydantic",
]
