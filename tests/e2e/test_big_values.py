"""Values up to the limit of 32 MiB, in every place where values occur."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest
from awaken.client import create_client, create_sync_client

from tests.e2e.services.sizes import echo, make_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client
    from tests.e2e.lanes import Lane

MB = 1_000_000
#: Above one window of HTTP/2, and near the limit.
SIZES = (2_200_000, 30 * MB)
#: Above two windows, and some of them.
MORE_SIZES = (3 * MB, 8 * MB)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.lanes("h2-v6", "h2-v7-suspending", "h1-v6"),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_long = metafunc.config.getoption("--long-bytes")
    metafunc.parametrize("size", SIZES + MORE_SIZES if is_long else SIZES)


@pytest.fixture(autouse=True)
def _patience(client: Client) -> Iterator[None]:
    """Allow as much time for several copies of 30 MB as a busy machine takes."""
    usual, client.ingress.timeout = client.ingress.timeout, httpx.Timeout(90)
    yield
    client.ingress.timeout = usual


def once() -> dict[str, str]:
    """Use an idempotency key, so that the result is kept for a later request."""
    return {"idempotency-key": uuid4().hex}


def test_argument_reaches_the_handler(client: Client, size: int) -> None:
    assert client.call("Sizes/take", make_text(size)) == size - 2


def test_result_reaches_the_caller(client: Client, size: int) -> None:
    assert client.call("Sizes/make", size) == make_text(size)


def test_result_of_an_action_is_replayed(client: Client, size: int) -> None:
    assert client.call("Sizes/run", size) == [size - 2, 998]


def test_state_is_kept_and_read(client: Client, size: int) -> None:
    key = uuid4().hex

    assert client.call(f"Hoard/{key}/put", size) == size - 2
    assert client.call(f"Hoard/{key}/size") == size - 2
    assert client.call(f"Hoard/{key}/size_when_asked") == size - 2


def test_calls_between_handlers_carry_it_both_ways(client: Client, size: int) -> None:
    assert client.call("Sizes/call", size) == [size - 2, size - 2]


def test_send_carries_it(client: Client, effects: Effects, size: int) -> None:
    client.call("Sizes/send", {"effects": effects.path, "size": size})

    assert effects.wait_for_one("length") == str(size - 2)


def test_result_is_attached_to_from_outside_and_by_a_handler(client: Client, size: int) -> None:
    invocation = client.call("Sizes/make", size, headers=once())
    sent = client.send("Sizes/make", size, headers=once())

    assert client.attach(sent) == invocation == make_text(size)
    assert client.call("Sizes/attach", sent) == size - 2


def test_awakeable_is_resolved_over_the_ingress(client: Client, effects: Effects, size: int) -> None:
    invocation = client.send("Sizes/wait", effects.path, headers=once())

    client.resolve(effects.wait_for_one("id"), b'"%s"' % make_text(size).encode()).raise_for_status()

    assert client.attach(invocation) == size - 2


def test_awakeable_is_resolved_by_a_handler(client: Client, effects: Effects, size: int) -> None:
    invocation = client.send("Sizes/wait", effects.path, headers=once())

    client.call("Sizes/resolve", {"id": effects.wait_for_one("id"), "size": size})

    assert client.attach(invocation) == size - 2


def test_promise_is_resolved_and_read(client: Client, size: int) -> None:
    key = uuid4().hex
    run = client.send(f"Vow/{key}/keep")

    assert client.call(f"Vow/{key}/give", size) == size - 2
    assert client.attach(run) == size - 2


@pytest.mark.lanes("h2-v7-suspending")
def test_signal_carries_it(client: Client, effects: Effects, size: int) -> None:
    invocation = client.send("Sizes/wait_for_signal", effects.path, headers=once())

    client.call("Sizes/send_signal", {"id": effects.wait_for_one("id"), "size": size})

    assert client.attach(invocation) == size - 2


@pytest.mark.lanes("h2-v6")
async def test_clients_carry_it_both_ways(lane: Lane, size: int) -> None:
    text = make_text(size)

    async with create_client(lane.runtime.ingress_url) as client:
        answer = await client.service_call(echo, text)
    with create_sync_client(lane.runtime.ingress_url) as blocking:
        blocked = blocking.service_call(echo, text)

    assert answer == text
    assert blocked == text
