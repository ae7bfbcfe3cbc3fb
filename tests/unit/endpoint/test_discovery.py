"""The manifest has what was declared, in the version that the runtime reads, and nothing that a server refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pydantic
import pytest
from awaken.endpoint.discovery import Discovery, content_type, negotiate
from awaken.object import VirtualObject
from awaken.retry_policy import InvocationRetryPolicy
from awaken.serde import BytesSerde, PydanticJsonSerde
from awaken.service import Service
from awaken.workflow import Workflow

if TYPE_CHECKING:
    from awaken.context import Context
    from awaken.service.definition import Definition

#: What a server of version 1.7.12 sends.
SERVER_ACCEPT = ", ".join(f"application/vnd.restate.endpointmanifest.v{v}+json" for v in (1, 2, 3, 4))


@dataclass
class Order:
    item: str


class Model(pydantic.BaseModel):
    parent: Model | None = None


def manifest(*services: Definition, version: int = 4) -> dict[str, Any]:
    answer = discovery(*services).answer(content_type(version), is_bidirectional=True)
    assert answer.status == 200, answer.body
    assert answer.content_type == f"application/vnd.restate.endpointmanifest.v{version}+json"
    described: dict[str, Any] = json.loads(answer.body)
    return described


def discovery(*services: Definition, **options: Any) -> Discovery:
    return Discovery(services, min_protocol_version=5, max_protocol_version=7, **options)


def handler_of(service: Definition, version: int = 4) -> dict[str, Any]:
    (described,) = manifest(service, version=version)["services"]
    (handler,) = described["handlers"]
    result: dict[str, Any] = handler
    return result


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        (SERVER_ACCEPT, 4),
        ("application/vnd.restate.endpointmanifest.v2+json", 2),
        (
            "application/vnd.restate.endpointmanifest.v3+json,application/vnd.restate.endpointmanifest.v2+json",
            3,
        ),
        ("application/vnd.restate.endpointmanifest.v4+json;q=0.5 , text/html", 4),
        (SERVER_ACCEPT + ", application/vnd.restate.endpointmanifest.v5+json", 5),
        ("*/*", 4),
        ("text/html, application/json;q=0.8", 4),
        ("", 4),
        (None, 4),
        ("application/vnd.restate.endpointmanifest.v1+json", None),
        ("application/vnd.restate.endpointmanifest.v6+json", None),
        ("text/html", None),
        ("*/*;q=0", None),
    ],
)
def test_highest_version_both_sides_know_is_chosen(accept: str | None, version: int | None) -> None:
    assert negotiate(accept) == version


def test_nothing_acceptable_is_told() -> None:
    answer = discovery().answer("application/xml", is_bidirectional=True)

    assert answer.status == 415
    assert b"versions 2, 3, 4, 5" in answer.body


def test_root_without_services() -> None:
    assert manifest() == {
        "protocolMode": "BIDI_STREAM",
        "minProtocolVersion": 5,
        "maxProtocolVersion": 7,
        "services": [],
    }


@pytest.mark.parametrize(
    ("given", "is_bidirectional", "mode"),
    [
        (None, True, "BIDI_STREAM"),
        (None, False, "REQUEST_RESPONSE"),
        ("bidi", False, "BIDI_STREAM"),
        ("request_response", True, "REQUEST_RESPONSE"),
    ],
)
def test_protocol_mode_follows_the_exchange_unless_it_is_set(
    given: Any, is_bidirectional: bool, mode: str
) -> None:
    answer = discovery(protocol_mode=given).answer(None, is_bidirectional=is_bidirectional)

    assert json.loads(answer.body)["protocolMode"] == mode


def test_compression_is_told_where_the_version_has_it() -> None:
    endpoint = discovery(lambda_compression="zstd")

    assert json.loads(endpoint.manifest(4, "bidi"))["lambdaCompression"] == "zstd"
    assert "lambdaCompression" not in json.loads(endpoint.manifest(3, "bidi"))


def test_manifest_is_built_once() -> None:
    endpoint = discovery(service())

    assert endpoint.manifest(4, "bidi") is endpoint.manifest(4, "bidi")
    assert endpoint.manifest(4, "bidi") != endpoint.manifest(4, "request_response")


def test_types_of_services_and_handlers() -> None:
    counter, signup = VirtualObject("Counter"), Workflow("Signup")
    counter.handler()(_run)
    counter.handler("peek", kind="shared")(_run)
    signup.main()(_run)
    signup.handler("status")(_run)

    types = {
        described["name"]: (described["ty"], {h["name"]: h.get("ty") for h in described["handlers"]})
        for described in manifest(service(), counter, signup)["services"]
    }

    assert types == {
        "Greeter": ("SERVICE", {"greet": None}),
        "Counter": ("VIRTUAL_OBJECT", {"run": "EXCLUSIVE", "peek": "SHARED"}),
        "Signup": ("WORKFLOW", {"run": "WORKFLOW", "status": "SHARED"}),
    }


def test_payloads_of_a_typed_handler() -> None:
    assert handler_of(service(), version=2) == {
        "name": "greet",
        "documentation": "Greet.",
        "input": {
            "required": False,
            "contentType": "application/json",
            "jsonSchema": {
                "title": "Order",
                "type": "object",
                "properties": {"item": {"type": "string"}},
                "required": ["item"],
            },
        },
        "output": {
            "setContentTypeIfEmpty": False,
            "contentType": "application/json",
            "jsonSchema": {"type": "array", "items": {"type": "string"}},
        },
    }


def test_handler_of_the_context_alone_takes_and_promises_nothing() -> None:
    bare = Service("S")
    bare.handler()(_run)

    assert handler_of(bare) == {"name": "run", "input": {}, "output": {"setContentTypeIfEmpty": False}}


def test_untyped_payload_has_no_schema() -> None:
    untyped = Service("S")

    @untyped.handler(input_serde=BytesSerde(), accept="image/png")
    async def paint(ctx: Context, image: bytes) -> Any:
        return image

    described = handler_of(untyped)
    assert described["input"] == {"required": False, "contentType": "image/png"}
    assert described["output"] == {"setContentTypeIfEmpty": False, "contentType": "application/json"}


def test_every_reference_in_a_schema_is_found_from_its_root() -> None:
    nested = Service("S")

    @nested.handler(output_serde=PydanticJsonSerde(Model))
    async def nest(ctx: Context, arg: dict[str, list[Model] | Order]) -> Model:
        return Model()

    described = handler_of(nested)
    for schema in (described["input"]["jsonSchema"], described["output"]["jsonSchema"]):
        references = list(_references(schema))
        assert references
        for reference in references:
            assert reference.removeprefix("#/$defs/") in schema["$defs"]


OPTIONS: dict[str, Any] = {
    "metadata": {"team": "x"},
    "inactivity_timeout": timedelta(microseconds=1),
    "abort_timeout": timedelta(minutes=2),
    "journal_retention": timedelta(0),
    "idempotency_retention": timedelta(days=3),
    "enable_lazy_state": False,
    "ingress_private": True,
    "invocation_retry_policy": InvocationRetryPolicy(
        timedelta(milliseconds=50), 1.5, timedelta(seconds=1), 3, "kill"
    ),
}
DESCRIBED_OPTIONS = {
    "metadata": {"team": "x"},
    "inactivityTimeout": 1,
    "abortTimeout": 120_000,
    "journalRetention": 0,
    "idempotencyRetention": 259_200_000,
    "enableLazyState": False,
    "ingressPrivate": True,
    "retryPolicyInitialInterval": 50,
    "retryPolicyMaxInterval": 1000,
    "retryPolicyMaxAttempts": 3,
    "retryPolicyExponentiationFactor": 1.5,
    "retryPolicyOnMaxAttempts": "KILL",
}


def test_options_are_told_for_services_and_handlers() -> None:
    counter = VirtualObject("Counter", "Counts.", **OPTIONS)
    counter.handler(**OPTIONS)(_run)

    (described,) = manifest(counter)["services"]
    (handler,) = described.pop("handlers")

    assert described == {
        "name": "Counter",
        "ty": "VIRTUAL_OBJECT",
        "documentation": "Counts.",
        **DESCRIBED_OPTIONS,
    }
    assert {name: handler[name] for name in DESCRIBED_OPTIONS} == DESCRIBED_OPTIONS
    integers = [
        value for name, value in handler.items() if name.endswith(("Timeout", "Retention", "Interval"))
    ]
    assert all(type(value) is int for value in integers)


def test_retention_of_a_workflow_is_told_on_its_main_handler() -> None:
    signup = Workflow("Signup")
    signup.main(workflow_retention=timedelta(hours=1))(_run)

    assert handler_of(signup)["workflowCompletionRetention"] == 3_600_000


def test_options_that_were_not_given_are_left_out() -> None:
    assert b"null" not in discovery(service()).manifest(4, "bidi")


@pytest.mark.parametrize(
    ("preload", "version", "members"),
    [
        (True, 4, {"enableLazyState": False}),
        (False, 3, {"enableLazyState": True}),
        (["a"], 4, {"enableLazyState": True}),
        (["a"], 5, {"enableLazyState": True, "eagerStateKeysWhitelist": ["a"]}),
    ],
)
def test_preloaded_state_is_told_as_well_as_the_version_can(preload: Any, version: int, members: Any) -> None:
    counter = VirtualObject("Counter")
    counter.handler(state_preload=preload)(_run)

    described = handler_of(counter, version)

    assert {name: value for name, value in described.items() if "State" in name} == members


@pytest.mark.parametrize(
    ("option", "since"),
    [
        ({"inactivity_timeout": timedelta(1)}, 3),
        ({"ingress_private": True}, 3),
        ({"idempotency_retention": timedelta(1)}, 3),
        ({"state_preload": ["a"]}, 3),
        ({"invocation_retry_policy": InvocationRetryPolicy(max_attempts=1)}, 4),
    ],
)
def test_option_the_version_lacks_is_an_error_that_names_it(option: dict[str, Any], since: int) -> None:
    counter = VirtualObject("Counter")
    counter.handler(**option)(_run)
    endpoint = discovery(counter)

    refused = endpoint.answer(content_type(since - 1), is_bidirectional=True)

    assert refused.status == 500
    assert refused.content_type.startswith("text/plain")
    (name,) = option
    assert f"Counter/run: {name} needs manifest version {since}" in refused.body.decode()
    assert endpoint.answer(content_type(since), is_bidirectional=True).status == 200


def test_workflow_without_main_handler_is_an_error() -> None:
    answer = discovery(Workflow("Signup")).answer(None, is_bidirectional=True)

    assert answer.status == 500
    assert b"workflow Signup has no main handler" in answer.body


def test_annotation_that_cannot_be_resolved_is_an_error_that_names_it() -> None:
    broken = Service("S")
    broken.handler()(_unresolvable)

    answer = discovery(broken).answer(None, is_bidirectional=True)

    assert answer.status == 500
    assert b"S/_unresolvable at" in answer.body


def service() -> Service:
    greeter = Service("Greeter")

    @greeter.handler()
    async def greet(ctx: Context, order: Order) -> list[str]:
        """Greet."""
        return [order.item]

    return greeter


async def _run_handler(ctx: Any) -> None: ...


_run: Any = _run_handler
_run.__name__ = "run"


async def _unresolvable(ctx: Any, arg: Missing) -> None:  # type: ignore[name-defined]  # noqa: F821
    ...


def _references(schema: Any) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
