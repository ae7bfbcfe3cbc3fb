"""Values larger than any window arrive in every place, on every transport."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest

from tests.e2e.services.bulk import produce

if TYPE_CHECKING:
    import httpx

    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client

pytestmark = [pytest.mark.slow, pytest.mark.lanes("h2-v6", "h2-v7-suspending", "h1-v6")]
MB = 1_000_000
RAW = {"content-type": "application/octet-stream"}


def checksum(size: int) -> int:
    return zlib.crc32(produce(size))


def post(client: Client, path: str, body: bytes) -> httpx.Response:
    return client.ingress.post(path, content=body, headers=RAW, timeout=30).raise_for_status()


@pytest.mark.parametrize("size", [3 * MB, 30 * MB])
def test_input_arrives(client: Client, size: int) -> None:
    assert post(client, "/Bulk/weigh", produce(size)).json() == checksum(size)


@pytest.mark.parametrize("size", [30 * MB])
def test_result_arrives(client: Client, size: int) -> None:
    answer = client.ingress.post("/Bulk/make", json=size, timeout=30)

    assert zlib.crc32(answer.raise_for_status().content) == checksum(size)


@pytest.mark.parametrize("size", [8 * MB])
def test_value_of_a_run_goes_through_calls(client: Client, size: int) -> None:
    assert client.call("Bulk/pass_on", size) == [checksum(size)] * 3


@pytest.mark.parametrize("size", [8 * MB, 30 * MB])
def test_state_leaves_its_key_usable(client: Client, size: int) -> None:
    path = f"/BulkStore/k{size}/keep"

    assert post(client, path, produce(size)).json() == 0
    assert post(client, path, b"small").json() == checksum(size)
    assert post(client, path, b"").json() == zlib.crc32(b"small")


def test_large_awakeables_resume_a_journal_that_is_large_already(client: Client, effects: Effects) -> None:
    invocation = client.send("Bulk/receive", effects.path)

    client.resolve(effects.wait_for_one("first"), produce(4 * MB)).raise_for_status()
    client.resolve(effects.wait_for_one("second"), produce(8 * MB)).raise_for_status()

    assert client.attach(invocation) == [checksum(3 * MB), checksum(4 * MB), checksum(8 * MB)]
