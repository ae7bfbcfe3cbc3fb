"""Values to bytes and back, one path for every place where values cross.

Inputs, outputs, state, runs, awakeables, signals and promises all use these classes. The rules:

* `None` is the empty body, in both directions.
* Everything else is JSON, written as `json.dumps` writes it, so that journals of other SDKs replay. A
  pydantic model or a `msgspec.Struct` at the top is written by its own library, in its compact form.
* Reading follows the annotation: dataclasses, typed dicts, named tuples, enums, dates, `UUID`, `Decimal`,
  sets, tuples, unions, `msgspec.Struct` and pydantic models, also inside each other. Without an annotation,
  or with `Any`, plain JSON values come out.
* Where nothing says `strict`, builtin annotations (`int`, `list[str]`, `dict[str, float]`, unions of them) are not
  checked: JSON passes as it is. Sets, tuples and `bytes` inside of values are converted where the value fits. One type
  that is more than that, anywhere in an annotation, has all of it checked. The result of a finished run or handler is
  never refused: what does not fit passes as plain JSON. In development mode a warning names the place.
* What neither msgspec nor this package knows (`Path`, `HttpUrl`, `deque`, conditions such as `Field(pattern=...)`) is
  read and written by pydantic where it is installed. What cannot be read (protocols, ordinary classes, `Callable`)
  comes as plain JSON, unless the application is strict.
* Of a typed dict, what is declared and there is converted; keys may be missing, and others stay as they are. An
  `Iterable` gives a list.
* `bytes` crosses verbatim where it is the whole value, and as base64 text inside of other values.
* Sets are written in sorted order, because the order of a set changes from process to process and a replay
  compares bytes. Not-a-number and infinities are refused when written; half of a surrogate pair is
  text that `json.dumps` escapes, and so is this.

What does not fit raises `awaken.errors.SerdeError`.
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
