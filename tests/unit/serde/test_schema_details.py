"""What schemas say beyond those of msgspec and pydantic: formats, and the order of declaration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time  # noqa: TC003 -- annotations are read at run time
from decimal import Decimal  # noqa: TC003 -- annotations are read at run time
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pytest
from awaken.serde.schema import schema_for
from pydantic import BaseModel, Field, NaiveDatetime


class Size(Enum):
    SMALL = "small"
    LARGE = "large"
    MEDIUM = "medium"


@dataclass
class Inner:
    at: time


@dataclass
class Plain:
    moment: datetime
    local: Annotated[datetime, msgspec.Meta(tz=False)]
    moments: list[datetime]
    by_name: dict[str, datetime]
    inner: Inner | None
    size: Size
    word: Literal["zebra", "ant"] | None


class Unordered(TypedDict):
    zeta: int
    alpha: Literal["b", "a"]


@dataclass
class Mixed:
    zeta: Annotated[int, Field(gt=0)]
    alpha: Annotated[str, Field(title="A")]


class Model(BaseModel):
    price: Decimal
    prices: list[Decimal]
    local: NaiveDatetime
    plain: Plain


def properties_of(annotation: Any) -> dict[str, Any]:
    schema = schema_for(annotation)
    assert schema is not None
    found: dict[str, Any] = schema["properties"]
    return found


def test_moments_have_their_formats() -> None:
    schema = schema_for(Plain)

    assert schema is not None
    found = schema["properties"]
    assert (found["moment"]["format"], found["local"]["format"]) == ("date-time", "date-time-local")
    assert (
        found["moments"]["items"]["format"]
        == found["by_name"]["additionalProperties"]["format"]
        == "date-time"
    )
    assert schema["$defs"]["Inner"]["properties"]["at"]["format"] == "time"


def test_choices_have_the_order_in_which_they_are_declared() -> None:
    schema = schema_for(Plain)

    assert schema is not None
    assert schema["$defs"]["Size"]["enum"] == ["small", "large", "medium"]
    assert {"enum": ["zebra", "ant"]} in schema["properties"]["word"]["anyOf"]
    assert schema_for(Literal[3, 1, 2]) == {"enum": [3, 1, 2]}
    assert schema_for(list[Literal["b", "a"]]) == {"type": "array", "items": {"enum": ["b", "a"]}}


@pytest.mark.parametrize("annotation", [Unordered, Mixed])
def test_fields_have_the_order_in_which_they_are_declared(annotation: Any) -> None:
    assert list(properties_of(annotation)) == ["zeta", "alpha"]


def test_models_name_decimals_and_moments_without_a_zone() -> None:
    found = properties_of(Model)

    assert found["price"]["anyOf"][-1]["format"] == "decimal"
    assert found["prices"]["items"]["anyOf"][-1]["format"] == "decimal"
    assert found["local"]["format"] == "date-time-local"
