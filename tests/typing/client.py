"""What type checkers know about clients. The mistakes at the end must be errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

import awaken
from awaken.client import (
    AwakeableOutcome,
    AwakeableStatus,
    ClientAwakeable,
    RestateClientSendHandle,
    SyncClientAwakeable,
)

from tests.typing.services import Order, add, greet, run

if TYPE_CHECKING:
    from awaken.client import RestateClient, SyncRestateClient


async def check_async(client: RestateClient) -> None:
    assert_type(await client.service_call(greet, Order("tea")), list[str])
    assert_type(await client.object_call(add, "k", 1), int)
    assert_type(await client.workflow_attach(run, "w"), bool)
    assert_type(await client.workflow_output(run, "w"), bool)
    assert_type(await client.service_send(greet, Order("tea")), RestateClientSendHandle)
    assert_type(await client.scope("s").service_call(greet, Order("tea")), list[str])
    assert_type(await client.generic_call("S", "h", b""), bytes)
    assert_type(await client.attach("inv", type_hint=Order), Order)
    assert_type(await client.attach("inv"), Any)
    assert_type(client.awakeable("id", type_hint=Order), ClientAwakeable[Order])
    assert_type(await client.awakeable("id").resolve(1), AwakeableOutcome)
    assert_type(await client.awakeable("id").status(), AwakeableStatus)


def check_sync(client: SyncRestateClient) -> None:
    assert_type(client.service_call(greet, Order("tea")), list[str])
    assert_type(client.workflow_attach(run, "w"), bool)
    assert_type(client.attach("inv", type_hint=Order), Order)
    assert_type(client.scope("s").service_call(greet, Order("tea")), list[str])
    assert_type(client.awakeable("id", type_hint=Order), SyncClientAwakeable[Order])


async def check_opening() -> None:
    async with awaken.create_client() as client:
        assert_type(client, awaken.RestateClient)
    with awaken.create_sync_client("http://127.0.0.1:8080") as blocking:
        assert_type(blocking, awaken.SyncRestateClient)


async def check_mistakes(client: RestateClient) -> None:
    await client.service_call(greet, "tea")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.awakeable("id", type_hint=Order).resolve("tea")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.object_call(add, 1)  # type: ignore[call-arg,arg-type]  # pyright: ignore[reportCallIssue]
