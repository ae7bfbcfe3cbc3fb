"""A pydantic model can read what it writes, in every place; values that would lose something are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pydantic
import pytest
from awaken.errors import SerdeError
from awaken.serde import DefaultSerde, PydanticJsonSerde
from pydantic import AliasChoices, AliasPath, ConfigDict, Field, SecretBytes, SecretStr
from pydantic.alias_generators import to_camel
from restate.serde import DefaultSerde as OfficialSerde


class Camel(pydantic.BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    first_name: str
    next_of_kin: list[Camel] = []


class Lenient(pydantic.BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")
    first_name: str


class Told(pydantic.BaseModel):
    """A model that is configured to be written by alias."""

    model_config = ConfigDict(alias_generator=to_camel, serialize_by_alias=True)
    first_name: str


class Apart(pydantic.BaseModel):
    read: int = Field(validation_alias="r")
    written: int = Field(serialization_alias="w", default=0)
    one_of: int = Field(validation_alias=AliasChoices("o", AliasPath("list", 0)), default=1)


class Cat(pydantic.BaseModel):
    kind: Literal["cat"] = Field("cat", alias="petType")


class Dog(pydantic.BaseModel):
    kind: Literal["dog"] = Field("dog", alias="petType")


class Owner(pydantic.BaseModel):
    pet_: Annotated[Cat | Dog, Field(discriminator="kind")] = Field(alias="pet")


@pydantic.dataclasses.dataclass(config=ConfigDict(alias_generator=to_camel))
class Checked:
    last_name: str


class Box(pydantic.BaseModel):
    model_config = ConfigDict(extra="forbid")
    width: int
    inner: Box | None = None

    @pydantic.computed_field(alias="areaOf")  # type: ignore[prop-decorator]
    @property
    def area(self) -> int:
        return self.width**2


class Shelf(pydantic.BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)
    all_boxes: list[Box] | dict[str, Box]


class Kept(pydantic.BaseModel):
    numbers: pydantic.Json[list[int]]
    text: pydantic.Json[str] = "a"


@dataclass
class Holder:
    camel: Camel
    box: Box | None = None


CAMEL = Camel(firstName="a", nextOfKin=[Camel(firstName="b")])  # type: ignore[call-arg]
BOX = Box(width=2, inner=Box(width=1))

VALUES: list[tuple[Any, Any]] = [
    (Camel, CAMEL),
    (Lenient, Lenient(first_name="a")),
    (Told, Told(firstName="a")),  # type: ignore[call-arg]
    (Apart, Apart(r=1, written=2, o=3)),  # type: ignore[call-arg]
    (Owner, Owner(pet=Dog())),  # type: ignore[call-arg]
    (Checked, Checked(lastName="z")),  # type: ignore[call-arg]
    (Box, BOX),
    (Shelf, Shelf(allBoxes=[BOX, BOX])),  # type: ignore[call-arg]
    (Shelf, Shelf(allBoxes={"a": BOX})),  # type: ignore[call-arg]
    (Kept, Kept(numbers="[1]", text='"b"')),  # type: ignore[arg-type]
    (Camel | None, CAMEL),
    (Camel | Box, BOX),
    (list[Camel], [CAMEL]),
    (dict[str, Camel], {"a": CAMEL}),
    (tuple[Camel, ...], (CAMEL,)),
    (Holder, Holder(CAMEL, BOX)),
    (list[Checked], [Checked(lastName="z")]),  # type: ignore[call-arg]
    (list[Box | Camel], [BOX, CAMEL]),
]
IDS = [str(getattr(hint, "__name__", hint)).replace("tests.unit.test_models.", "") for hint, _ in VALUES]


@pytest.mark.parametrize(("hint", "value"), VALUES, ids=IDS)
def test_what_a_model_writes_it_reads(hint: Any, value: Any) -> None:
    for serde in (DefaultSerde(hint), DefaultSerde[Any]().with_maybe_type(hint)):
        assert serde.deserialize(serde.serialize(value)) == value


@pytest.mark.parametrize(("hint", "value"), VALUES, ids=IDS)
def test_a_model_at_the_top_has_the_bytes_of_the_official_sdk(hint: Any, value: Any) -> None:
    if not isinstance(hint, type) or not issubclass(hint, pydantic.BaseModel):
        return
    assert DefaultSerde(hint).serialize(value) == OfficialSerde(hint).serialize(value)
    assert PydanticJsonSerde(hint).serialize(value) == OfficialSerde(hint).serialize(value)
    assert PydanticJsonSerde(hint).deserialize(PydanticJsonSerde(hint).serialize(value)) == value


def test_fields_are_written_by_name_and_read_by_both() -> None:
    serde = DefaultSerde(Camel)

    assert serde.serialize(Camel(firstName="a")) == b'{"first_name":"a","next_of_kin":[]}'  # type: ignore[call-arg]
    for text in (b'{"first_name": "a"}', b'{"firstName": "a"}'):
        assert serde.deserialize(text) == Camel(firstName="a")  # type: ignore[call-arg]
    assert DefaultSerde(Told).serialize(Told(firstName="a")) == b'{"firstName":"a"}'  # type: ignore[call-arg]


def test_key_that_a_model_forbids_is_refused_though_it_computes_others() -> None:
    with pytest.raises(SerdeError, match="Extra inputs are not permitted") as caught:
        DefaultSerde(Box).deserialize(b'{"width": 1, "areaOf": 1, "height": 2}')

    assert caught.value.path == "$.height"


class Login(pydantic.BaseModel):
    name: str
    password: SecretStr


class Nested(pydantic.BaseModel):
    logins: list[Login]
    token: SecretBytes | None = None


class Revealing(pydantic.BaseModel):
    password: SecretStr

    @pydantic.field_serializer("password", when_used="json")
    def _reveal(self, password: SecretStr) -> str:
        return password.get_secret_value()


LOGIN = Login(name="a", password="x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (LOGIN, "$.password"),
        ([LOGIN], "$[0].password"),
        (Nested(logins=[LOGIN]), "$.logins[0].password"),
        (Nested(logins=[], token=b"t"), "$.token"),  # type: ignore[arg-type]
        (SecretStr("x"), "$"),
        ({"a": SecretStr("x")}, "$.a"),
        (pydantic.RootModel[SecretStr](SecretStr("x")), "$.root"),
    ],
    ids=repr,
)
def test_secret_is_refused_rather_than_written_as_stars(value: Any, path: str) -> None:
    with pytest.raises(SerdeError, match="would be written as stars and lost") as caught:
        DefaultSerde[Any]().serialize(value)

    assert caught.value.path == path
    assert caught.value.action == "write"


def test_secret_that_is_written_as_it_is_comes_back() -> None:
    for hint, value in ((Revealing, Revealing(password="x")), (Login, Login(name="a", password=""))):  # type: ignore[arg-type]
        assert DefaultSerde(hint).deserialize(DefaultSerde(hint).serialize(value)) == value
    assert DefaultSerde(Login).deserialize(b'{"name": "a", "password": "x"}') == LOGIN


def test_stars_of_the_author_are_text() -> None:
    assert DefaultSerde(Camel).serialize(Camel(firstName="*" * 10)) == (  # type: ignore[call-arg]
        b'{"first_name":"**********","next_of_kin":[]}'
    )
