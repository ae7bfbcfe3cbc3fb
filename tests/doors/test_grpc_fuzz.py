"""Nothing that a caller sends over gRPC is an internal error, or one that asks to try again what cannot succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from awaken.control.v1 import awakeables_pb2, common_pb2, invocations_pb2
from google.protobuf.duration_pb2 import Duration
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doors.test_grpc import Stubs, connect

if TYPE_CHECKING:
    from tests.doors.setups import Setup

CODE = grpc.StatusCode
#: The deadline is the caller's own: handlers may wait, and streams go on.
ALLOWED = {
    *(CODE.OK, CODE.INVALID_ARGUMENT, CODE.NOT_FOUND, CODE.ALREADY_EXISTS, CODE.FAILED_PRECONDITION),
    *(CODE.RESOURCE_EXHAUSTED, CODE.DEADLINE_EXCEEDED),
}
#: Messages of each run of the test.
EXAMPLES = 200
INT64 = 2**63 - 1
ID = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
AWAKEABLE = "sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ"

odd = st.sampled_from(
    [
        *(
            "",
            ".",
            "..",
            "/",
            "a/b",
            "%2F",
            "a\0b",
            "\0",
            "\r\nx: y",
            " ",
            "\t",
            "é",
            "\U0001f600",
            "?a=b",
            "#",
        ),
        *("'; DROP TABLE invocation; --", "x" * 20_000, "é" * 9_000, "restate", "send", "Greeter", "greet"),
    ]
)
text = odd | st.text(max_size=20)
ids = text | st.sampled_from(
    [ID, AWAKEABLE, AWAKEABLE.replace("sign_1", "prom_1"), ID[:-1], "inv_1" + "0" * 33]
)
services = st.sampled_from(["Greeter", "Keeper"]) | text
handlers = st.sampled_from(["greet", "get", "headers"]) | text
targets = st.builds(common_pb2.Target, service=services, handler=handlers, key=st.none() | text)
odd_bodies = [b"", b'"you"', b"[" * 200_000, b"\xff\xfe", b"9" * 5000, b'{"a":NaN}', b'{"a":' * 5000]
bodies = st.sampled_from(odd_bodies) | st.binary(max_size=50)
headers = st.dictionaries(
    st.sampled_from(["content-length", "transfer-encoding", "host", "x-a", "X-A", ":path", "te", "cookie"])
    | text,
    st.sampled_from(["1", "chunked", "a\r\nb: c", "é", " x ", "x" * 13_000]) | text,
    max_size=3,
)
durations = st.builds(
    Duration,
    seconds=st.sampled_from([0, 0, 0, -1, INT64, -INT64, 10**12, 253_402_300_799]),
    nanos=st.sampled_from([0, 0, -1, 1, 999_999_999, 2**31 - 1, -(2**31)]),
)
pages: Any = {
    "page_size": st.sampled_from([0, 1, 2**32 - 1]),
    "page_token": text | st.sampled_from(["1", "9" * 18]),
}
calls: Any = {
    "target": targets,
    "body": bodies,
    "content_type": st.sampled_from(["", "application/json", "text/plain", "\n"]) | text,
    "headers": headers,
    "idempotency_key": st.none() | text,
}
only: Any = {"service": st.none() | text, "key": st.none() | text}
failures = st.builds(
    common_pb2.Failure,
    code=st.sampled_from([0, 500, 1, 2**32 - 1]),
    message=text,
    metadata=st.dictionaries(text, text, max_size=1),
)
MESSAGES: dict[str, st.SearchStrategy[Any]] = {
    "Awakeables.Resolve": st.builds(awakeables_pb2.ResolveRequest, id=ids, value=bodies),
    "Awakeables.Reject": st.builds(awakeables_pb2.RejectRequest, id=ids, failure=failures),
    "Awakeables.Get": st.builds(awakeables_pb2.GetAwakeableRequest, id=ids),
    "Awakeables.List": st.builds(awakeables_pb2.ListAwakeablesRequest, **only, **pages),
    "Awakeables.Watch": st.builds(awakeables_pb2.WatchAwakeablesRequest, **only, interval=durations),
    "Invocations.Invoke": st.builds(invocations_pb2.InvokeRequest, **calls),
    "Invocations.Send": st.builds(invocations_pb2.SendRequest, **calls, delay=st.none() | durations),
    "Invocations.List": st.builds(
        invocations_pb2.ListInvocationsRequest,
        statuses=st.lists(text | st.just("running"), max_size=3),
        handler=st.none() | text,
        **only,
        **pages,
    ),
    "Invocations.Watch": st.builds(
        invocations_pb2.WatchInvocationRequest, invocation_id=ids, interval=durations
    ),
    **{
        f"Invocations.{method}": st.builds(getattr(invocations_pb2, request), invocation_id=ids)
        for method, request in (
            ("Attach", "AttachRequest"),
            ("GetOutput", "GetOutputRequest"),
            ("Cancel", "CancelRequest"),
            ("Kill", "KillRequest"),
            ("Get", "GetInvocationRequest"),
        )
    },
}


@pytest.mark.timeout(120)
def test_no_message_is_an_internal_error(doors: Setup) -> None:
    with connect(doors.grpc) as stubs:

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(
            st.sampled_from(sorted(MESSAGES)).flatmap(lambda name: st.tuples(st.just(name), MESSAGES[name]))
        )
        def send(call: tuple[str, Any]) -> None:
            name, message = call
            code, text = outcome(stubs, name, message)
            assert code in ALLOWED, (name, code, text, message)
            assert code is CODE.OK or text, (name, code)

        send()


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_bytes_that_are_no_message_are_invalid(doors: Setup, name: str) -> None:
    service, _, method = name.partition(".")
    with grpc.insecure_channel(doors.grpc) as channel:
        path = f"/awaken.control.v1.{service}/{method}"
        make: Any = channel.unary_stream if method == "Watch" else channel.unary_unary
        call = make(path, None, None)
        # A field of text that is not UTF-8, a message that ends early, and bytes that are none.
        for data in (b"\x0a\x02\xff\xfe", b"\x0a\xff\xff\xff\xff\x0f", b"\xff" * 1000):
            with pytest.raises(grpc.RpcError) as caught:
                list(call(data, timeout=10))
            assert caught.value.code() is CODE.INVALID_ARGUMENT, (data, caught.value.details())


@pytest.mark.parametrize("size", [10_000, 10_000_000])
def test_large_texts_are_refused_with_short_ones(doors: Setup, size: int) -> None:
    large = "9" * size
    messages = {
        "Awakeables.List": awakeables_pb2.ListAwakeablesRequest(page_token=large),
        "Awakeables.Get": awakeables_pb2.GetAwakeableRequest(id=large),
        "Awakeables.Resolve": awakeables_pb2.ResolveRequest(id=large),
        "Invocations.List": invocations_pb2.ListInvocationsRequest(page_token=large),
        "Invocations.Get": invocations_pb2.GetInvocationRequest(invocation_id=large),
        "Invocations.Watch": invocations_pb2.WatchInvocationRequest(invocation_id=large),
        "Invocations.Send": invocations_pb2.SendRequest(
            target=common_pb2.Target(service="Greeter", handler="greet" + large)
        ),
    }
    with connect(doors.grpc) as stubs:
        for name, message in messages.items():
            code, text = outcome(stubs, name, message)
            assert code in (CODE.INVALID_ARGUMENT, CODE.NOT_FOUND), (name, code, text)
            assert 0 < len(text) <= 700, (name, len(text))


def outcome(stubs: Stubs, name: str, message: Any) -> tuple[grpc.StatusCode, str]:
    """Return how a call ends, or that it goes on."""
    service, _, method = name.partition(".")
    call = getattr(getattr(stubs, service.lower()), method)
    try:
        answer = call(message, timeout=0.3 if method == "Watch" else 5)
        if method == "Watch":
            list(answer)
    except grpc.RpcError as error:
        return error.code(), str(error.details())
    return CODE.OK, ""
