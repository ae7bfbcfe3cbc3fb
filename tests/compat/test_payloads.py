"""Values that enter and leave handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.compat.side import Side

JSON = "application/json"


@pytest.mark.parametrize(
    ("handler", "body", "content_type", "answer"),
    [
        ("pydantic", b'{"name": "tea", "price": 1.5}', JSON, b'{"name":"tea","price":3.0}'),
        ("struct", b'{"weight": 2}', JSON, b'{"weight":4}'),
        ("plain", b'{"a":[1,2.50,null,true],"\xc3\xbc":"\xc3\xbc"}', JSON, None),
        ("plain", b"1e3", JSON, b"1000.0"),
        ("plain", b"", JSON, b""),
        ("plain", b"null", JSON, b""),
        ("optional", b'"a"', JSON, b'"aa"'),
        ("optional", b"", JSON, b""),
        ("raw", b"\x00\xff\x01", "application/octet-stream", b"\x01\xff\x00"),
        ("own", b"LOUD", "text/plain", b"LOUD!"),
        ("explicit", b'{"name": "tea", "price": 1}', JSON, b'{"name": "tea"}'),
        ("without_annotation", b"[1]", JSON, b'{"got": [1]}'),
    ],
)
def test_bytes_that_come_out(
    side: Side, handler: str, body: bytes, content_type: str, answer: bytes | None
) -> None:
    response = side.post(f"Payloads/{handler}", body, content_type)

    assert response.status_code == 200, response.text
    expected = b'{"a": [1, 2.5, null, true], "\\u00fc": "\\u00fc"}' if answer is None else answer
    assert response.content == expected


@pytest.mark.parametrize("body", [b"2", b"2.0", b"2.5", b'"x"', b"true", b"[1.5]", b'{"a": 1.5}'])
@pytest.mark.parametrize(
    "handler", ["whole", "whole_list", "fraction", "words", "table", "relayed", "charged", "ordinary"]
)
def test_json_passes_annotations_that_are_not_checked(side: Side, handler: str, body: bytes) -> None:
    response = side.post(f"Payloads/{handler}", body, JSON)

    assert response.status_code == 200, response.text
    assert response.content == body


@pytest.mark.parametrize(
    "body", [b'"\\ud800"', b'{"\\udfff": ["\\ud800x"]}', b"1180591620717411303424", b"-0.0"]
)
def test_odd_text_and_numbers_come_out_as_they_went_in(side: Side, body: bytes) -> None:
    assert side.post("Payloads/plain", body, JSON).content == body


def test_model_with_aliases_is_read_by_alias_and_written_by_name(side: Side) -> None:
    assert side.post("Payloads/aliased", b'{"firstName": "a"}', JSON).content == b'{"first_name":"a"}'


@pytest.mark.parametrize(
    ("handler", "argument", "answer"),
    [
        ("dataclass_in", {"name": "tea", "amount": 2}, "2 tea"),
        ("dataclass_out", ..., {"name": "tea", "amount": 2}),
        ("list_of_models_in", [{"name": "tea", "price": 1}, {"name": "milk", "price": 2}], "tea milk"),
        ("list_of_models_out", ..., [{"name": "tea", "price": 2.0}]),
        ("uuid_out", ..., "00000000-0000-0000-0000-000000000007"),
        ("datetime_out", ..., "2026-01-02T00:00:00Z"),
        ("enum_out", ..., "red"),
        ("set_out", ..., [1]),
    ],
    ids=[
        *("dataclass_in", "dataclass_out", "list_of_models_in", "list_of_models_out"),
        *("uuid_out", "datetime_out", "enum_out", "set_out"),
    ],
)
def test_annotated_types_cross(side: Side, handler: str, argument: Any, answer: Any) -> None:
    assert side.call(f"Strict/{handler}", argument) == answer


def test_bytes_cross_as_they_are(side: Side) -> None:
    assert side.post("Strict/bytes_out", b"", "").content == b"\x00\xff"


def test_not_a_number_is_refused_when_it_is_written(side: Side) -> None:
    response = side.post("Strict/not_a_number", b"", "")

    assert response.status_code == 500
    assert "nan" in response.json()["message"].lower()


@pytest.mark.parametrize("service", ["Payloads", "Strict"])
def test_schema_tells_what_is_inside(side: Side, service: str) -> None:
    answer = side.client.admin.get(f"/services/{side.serving.prefix}{service}").json()
    schemas = {h["name"]: h for h in answer["handlers"]}

    if service == "Payloads":
        assert set(schemas["pydantic"]["input_json_schema"]["properties"]) == {"name", "price"}
    else:
        assert "name" in str(schemas["dataclass_in"]["input_json_schema"])
        assert "price" in str(schemas["list_of_models_in"]["input_json_schema"])
