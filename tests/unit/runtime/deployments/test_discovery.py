"""Endpoints that do not answer, or not as endpoints do."""

from __future__ import annotations

import pytest
from awaken.runtime.deployments import RegistrationError

from tests.unit.runtime.fakes import CannedEndpoint, Network, make_deployments, manifest


async def refusal(endpoint: CannedEndpoint, uri: str = "http://one") -> RegistrationError:
    deployments = make_deployments(Network(one=endpoint).dial)
    with pytest.raises(RegistrationError) as refused:
        await deployments.register(uri)
    assert deployments.services() == []
    return refused.value


async def test_an_endpoint_that_comes_late_is_waited_for() -> None:
    deployments = make_deployments(Network(one=CannedEndpoint(failures=1)).dial)

    assert (await deployments.register("http://one")).is_new


async def test_nobody_listens() -> None:
    error = await refusal(CannedEndpoint(failures=1000))

    assert (error.status, error.code) == (500, "META0003")
    assert "connection refused" in str(error)


async def test_an_http_11_server_is_recognized() -> None:
    error = await refusal(CannedEndpoint(only_http_11=True))

    assert (error.status, error.code) == (500, "META0014")
    assert "--use-http1.1" in str(error)


@pytest.mark.parametrize(
    ("endpoint", "status", "code", "text"),
    [
        (CannedEndpoint(status=404, body=b"who?"), 500, "META0003", "got status code '404'"),
        (CannedEndpoint(status=503), 500, "META0003", "got status code '503'"),
        (CannedEndpoint(content_type="application/json"), 500, "META0013", "content type"),
        (CannedEndpoint(body=b"{}"), 500, "META0013", "protocolMode"),
        (CannedEndpoint(body=b"{"), 500, None, "not valid"),
        (CannedEndpoint(body=manifest(protocolMode="OTHER")), 500, None, "OTHER"),
        (CannedEndpoint(body=manifest(extra=1)), 500, None, "extra"),
        (CannedEndpoint(body=manifest(minProtocolVersion=6, maxProtocolVersion=5)), 500, "META0013", "6..5"),
        (CannedEndpoint(body=manifest(minProtocolVersion=1, maxProtocolVersion=4)), 500, "META0012", "1..4"),
        (CannedEndpoint(body=manifest(minProtocolVersion=8, maxProtocolVersion=9)), 500, "META0012", "8..9"),
    ],
)
async def test_what_is_no_endpoint(
    endpoint: CannedEndpoint, status: int, code: str | None, text: str
) -> None:
    error = await refusal(endpoint)

    assert (error.status, error.code) == (status, code)
    assert text in str(error)


@pytest.mark.parametrize("uri", ["/x", "one:9080", "", "ftp://one", "http://", "http://[::"])
async def test_addresses_have_to_be_absolute(uri: str) -> None:
    error = await refusal(CannedEndpoint(), uri)

    assert (error.status, error.code) == (400, None)
    assert "The request field 'uri' is invalid" in str(error)


def handler(**members: object) -> dict[str, object]:
    return {"name": "h", **members}


@pytest.mark.parametrize(
    ("service", "code", "text"),
    [
        ({"name": "restate_x", "ty": "SERVICE", "handlers": []}, "META0005", "reserved"),
        ({"name": "OpenAPI", "ty": "SERVICE", "handlers": []}, "META0005", "reserved"),
        ({"name": "S", "ty": "SERVICE", "handlers": [handler(ty="EXCLUSIVE")]}, None, "no EXCLUSIVE"),
        ({"name": "S", "ty": "VIRTUAL_OBJECT", "handlers": [handler(ty="WORKFLOW")]}, None, "no WORKFLOW"),
        ({"name": "S", "ty": "WORKFLOW", "handlers": [handler(ty="EXCLUSIVE")]}, None, "no EXCLUSIVE"),
        (
            {"name": "S", "ty": "SERVICE", "handlers": [handler(workflowCompletionRetention=1)]},
            None,
            "workflowCompletionRetention",
        ),
        (
            {"name": "S", "ty": "WORKFLOW", "handlers": [handler(ty="WORKFLOW", idempotencyRetention=1)]},
            None,
            "idempotencyRetention",
        ),
        (
            {
                "name": "S",
                "ty": "SERVICE",
                "ingressPrivate": True,
                "handlers": [handler(ingressPrivate=False)],
            },
            None,
            "cannot be public",
        ),
        ({"name": "S", "ty": "SERVICE", "handlers": [handler(input={"contentType": "x"})]}, None, "input"),
        ({"name": "S", "ty": "SERVICE", "handlers": [handler(output={"jsonSchema": 3})]}, None, "schema"),
    ],
)
async def test_contradictions_are_refused(service: dict[str, object], code: str | None, text: str) -> None:
    error = await refusal(CannedEndpoint(body=manifest([service])))

    assert (error.status, error.code) == (400, code)
    assert text in str(error)


@pytest.mark.parametrize(
    ("service", "text"),
    [
        ({"name": "1st", "ty": "SERVICE", "handlers": []}, "'1st' is not a valid service name"),
        (
            {"name": "S", "ty": "SERVICE", "handlers": [{"name": "a-b"}]},
            "S/a-b: 'a-b' is not a valid handler",
        ),
        (
            {"name": "S", "ty": "SERVICE", "handlers": [], "workflowCompletionRetention": 1},
            "only for workflows",
        ),
    ],
)
async def test_what_no_manifest_may_say_is_a_failure_of_the_endpoint(
    service: dict[str, object], text: str
) -> None:
    error = await refusal(CannedEndpoint(body=manifest([service])))

    assert (error.status, error.code) == (500, None)
    assert text in str(error)


@pytest.mark.parametrize(
    "member",
    [
        "journalRetention",
        "idempotencyRetention",
        "inactivityTimeout",
        "abortTimeout",
        "retryPolicyInitialInterval",
        "retryPolicyMaxInterval",
    ],
)
@pytest.mark.parametrize("milliseconds", [2**64, 2**63 - 1, 253_402_300_799_999])
async def test_durations_beyond_the_last_date_are_refused(member: str, milliseconds: int) -> None:
    of_service = {"name": "S", "ty": "SERVICE", "handlers": [], member: milliseconds}
    of_handler = {"name": "S", "ty": "SERVICE", "handlers": [handler(**{member: milliseconds})]}

    for service, where in ((of_service, "S"), (of_handler, "S/h")):
        error = await refusal(CannedEndpoint(body=manifest([service])))
        assert error.status == 400
        assert str(error).startswith(
            f"{where}: {member} is {milliseconds} ms, which ends after the year 9999"
        )


async def test_more_attempts_than_can_be_counted_are_refused() -> None:
    service = {"name": "S", "ty": "SERVICE", "handlers": [handler(retryPolicyMaxAttempts=2**64)]}

    error = await refusal(CannedEndpoint(body=manifest([service])))

    assert error.status == 400
    assert "S/h: retryPolicyMaxAttempts is 18446744073709551616" in str(error)


@pytest.mark.parametrize("depth", [128, 900, 100_000])
@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
async def test_schemas_nested_too_deep_are_refused(depth: int, begin: bytes, end: bytes) -> None:
    service = {"name": "S", "ty": "SERVICE", "handlers": [handler(input={"jsonSchema": {"a": "DEEP"}})]}
    body = manifest([service]).replace(b'"DEEP"', begin * depth + b"1" + end * depth)

    error = await refusal(CannedEndpoint(body=body))

    assert error.status == 400
    assert "nested more than 128 levels deep" in str(error)


async def test_schemas_as_deep_as_the_server_takes_are_served() -> None:
    service = {"name": "S", "ty": "SERVICE", "handlers": [handler(input={"jsonSchema": {"a": "DEEP"}})]}
    body = manifest([service]).replace(b'"DEEP"', b"[" * 100 + b"]" * 100)
    deployments = make_deployments(Network(one=CannedEndpoint(body=body)).dial)

    assert (await deployments.register("http://one")).is_new


async def test_two_services_of_one_name_are_refused() -> None:
    service = {"name": "S", "ty": "SERVICE", "handlers": []}

    assert (await refusal(CannedEndpoint(body=manifest([service, service])))).status == 400
