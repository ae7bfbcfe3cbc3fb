"""Values above the limit of 32 MiB are refused at once, with advice; nothing hangs, and nothing is retried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.ingress import InvocationFailed
from tests.e2e.services.sizes import make_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client

#: Just above the largest message that runtimes accept: 32 MiB and 256 KiB.
SIZE = 33 * 1024 * 1024 + 1

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.lanes("h2-v6", "h2-v7-suspending")]


@pytest.mark.parametrize(
    ("target", "argument", "message"),
    [
        ("Sizes/make", SIZE, "Output"),
        ("Sizes/run", SIZE, "ProposeRunCompletion"),
        ("Hoard/{key}/put", SIZE, "SetState"),
        ("Sizes/call", SIZE, "Call"),
        ("Sizes/send", {"effects": "", "size": SIZE}, "OneWayCall"),
        ("Sizes/resolve", {"id": "{awakeable}", "size": SIZE}, "CompleteAwakeable"),
        ("Sizes/send_signal", {"id": "{invocation}", "size": SIZE}, "SendSignal"),
        ("Vow/{key}/give", SIZE, "CompletePromise"),
    ],
)
def test_handler_that_makes_it_fails_for_good(
    client: Client, effects: Effects, target: str, argument: Any, message: str
) -> None:
    if message == "CompleteAwakeable":
        client.send("Sizes/wait", effects.path)
        argument = {**argument, "id": effects.wait_for_one("id")}
    if message == "SendSignal":
        argument = {**argument, "id": client.send("Sizes/wait_for_signal", effects.path)}

    with pytest.raises(InvocationFailed) as caught:
        client.call(target.format(key=uuid4().hex), argument)

    assert caught.value.source == "invocation"
    assert f"cannot send {message} message of 346" in caught.value.message
    assert "the peer accepts 33816575; store the value elsewhere and send a reference" in caught.value.message


def test_ingress_refuses_it(client: Client, effects: Effects, request: pytest.FixtureRequest) -> None:
    body = b'"%s"' % make_text(SIZE).encode()
    json = {"content-type": "application/json"}
    client.send("Sizes/wait", effects.path)
    awakeable = effects.wait_for_one("id")

    answers = [
        _status(lambda: client.ingress.post("/Sizes/take", content=body, headers=json)),
        _status(lambda: client.ingress.post("/Sizes/take", content=iter([body]), headers=json)),
        _status(lambda: client.ingress.post("/Sizes/take/send", content=body, headers=json)),
        _status(lambda: client.resolve(awakeable, body)),
    ]

    is_server = request.config.getoption("--runtime") == "server"
    assert set(answers) <= ({413, None} if is_server else {413})


def _status(post: Callable[[], httpx.Response]) -> int | None:
    """Return the status; None if the server closes the connection while the body is being sent."""
    try:
        return post().status_code
    except httpx.TransportError:
        return None
