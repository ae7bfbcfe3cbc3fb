"""Both SDKs' clients call the same handlers."""

from __future__ import annotations

import importlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.compat.sdk import PACKAGES
from tests.compat.serving import SDKS
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.compat.side import Side
    from tests.e2e.effects import Effects


class Calling:
    """One SDK's client, and the handlers as that SDK declares them; `awaken serve` runs them."""

    def __init__(self, package: str, client: Any, prefix: str) -> None:
        self.client = client
        self.HttpError = getattr(importlib.import_module(package), "HttpError")  # noqa: B009  # a module, to checkers
        self.prefix = prefix
        restate = importlib.import_module(package)
        greeter, counter = restate.Service(f"{prefix}Greeter"), restate.VirtualObject(f"{prefix}Counter")
        signing = restate.Workflow(f"{prefix}Signing")
        payloads, failing = restate.Service(f"{prefix}Payloads"), restate.Service(f"{prefix}Failing")

        async def takes_text(ctx: Any, argument: str) -> str:
            raise NotImplementedError

        async def takes_number(ctx: Any, argument: int) -> int:
            raise NotImplementedError

        async def takes_anything(ctx: Any, argument: Any) -> Any:
            raise NotImplementedError

        async def takes_nothing(ctx: Any) -> Any:
            raise NotImplementedError

        self.greet = greeter.handler("greet")(takes_text)
        self.note = greeter.handler("note")(takes_anything)
        self.about = greeter.handler("about")(takes_nothing)
        self.add = counter.handler("add")(takes_number)
        self.run = signing.main("run")(takes_text)
        self.decide = signing.handler("decide")(takes_anything)
        self.plain = payloads.handler("plain")(takes_anything)
        self.terminal = failing.handler("terminal")(takes_anything)


@pytest.fixture(params=SDKS)
async def calling(request: pytest.FixtureRequest, sides: dict[str, Side]) -> AsyncIterator[Calling]:
    package, side = PACKAGES[str(request.param)], sides["awaken"]
    create_client: Any = importlib.import_module(package).create_client  # type: ignore[attr-defined,unused-ignore]
    async with create_client(str(side.client.ingress.base_url)) as client:
        yield Calling(package, client, side.serving.prefix)


async def test_calls_of_every_kind(calling: Calling) -> None:
    client, key = calling.client, uuid4().hex

    assert await client.service_call(calling.greet, "Ada") == "Hello Ada!"
    assert await client.service_call(calling.about, None)
    assert await client.object_call(calling.add, key, 2) == 2
    assert await client.object_call(calling.add, key=key, arg=3) == 5
    assert (
        await client.generic_call(
            f"{calling.prefix}Counter", "add", b"4", key=key, headers={"content-type": "application/json"}
        )
        == b"9"
    )


async def test_sends_give_invocation_ids(calling: Calling, effects: Effects) -> None:
    client, key = calling.client, uuid4().hex

    handles = [
        await client.service_send(calling.note, {"effects": effects.path, "text": "sent"}),
        await client.object_send(calling.add, key, 1),
        await client.workflow_send(calling.run, key, "contract"),
        await client.workflow_send(calling.decide, key, 3),
        await client.generic_send(
            f"{calling.prefix}Counter", "add", b"1", key=key, headers={"content-type": "application/json"}
        ),
    ]

    assert all(handle.invocation_id.startswith("inv_1") for handle in handles)
    assert effects.wait_for_one("note") == "sent"


async def test_idempotency_key_and_headers_travel(calling: Calling, effects: Effects) -> None:
    request = {"effects": effects.path, "text": "once"}

    first = await calling.client.service_send(calling.note, request, idempotency_key=effects.path)
    second = await calling.client.service_send(calling.note, request, idempotency_key=effects.path)
    about = await calling.client.service_call(calling.about, None, headers={"x-mine": "yes"})

    assert first.invocation_id == second.invocation_id
    assert about["x-mine"] == "yes"


async def test_failure_is_an_http_error_with_its_status(calling: Calling) -> None:
    with pytest.raises(calling.HttpError) as caught:
        await calling.client.service_call(
            calling.terminal, {"message": "teapot", "code": 418, "metadata": {}}
        )

    assert caught.value.status_code == 418
    assert json.loads(caught.value.body)["message"] == "teapot"


async def test_failure_has_the_message_of_the_handler(calling: Calling) -> None:
    with pytest.raises(calling.HttpError) as caught:
        await calling.client.service_call(
            calling.terminal, {"message": "no tea", "code": 418, "metadata": {}}
        )

    assert caught.value.message == "no tea"


async def test_failure_with_code_200_is_raised(calling: Calling) -> None:
    with pytest.raises(calling.HttpError):
        await calling.client.service_call(calling.terminal, {"message": "odd", "code": 200, "metadata": {}})


async def test_delayed_send_is_accepted(calling: Calling, effects: Effects) -> None:
    request = {"effects": effects.path, "text": "later"}

    await calling.client.service_send(calling.note, request, send_delay=timedelta(milliseconds=50))

    assert eventually(lambda: effects.values("note")) == ["later"]


@pytest.mark.parametrize(
    "key", ["a/b", "100%25", "a?b", "ü"], ids=["slash", "percent", "question", "unicode"]
)
async def test_keys_keep_their_shape(calling: Calling, sides: dict[str, Side], key: str) -> None:
    key += uuid4().hex

    await calling.client.object_call(calling.add, key, 1)

    keys = sides["awaken"].client.query("SELECT DISTINCT service_key FROM state")
    assert key in {row["service_key"] for row in keys}


async def test_none_is_an_argument(calling: Calling) -> None:
    assert await calling.client.service_call(calling.plain, None) is None


async def test_bytes_need_no_content_type(calling: Calling) -> None:
    assert await calling.client.generic_call(f"{calling.prefix}Greeter", "greet", b'"Ada"') == b'"Hello Ada!"'
