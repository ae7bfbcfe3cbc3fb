"""What is given to a callback is checked and encoded by every interface of a runtime in the same way."""

from __future__ import annotations

import base64
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import awaken
import grpc.aio
import httpx
import pytest
import pytest_asyncio
from awaken import _core
from awaken.callbacks import create_callback_app
from awaken.client import RestateClient, create_client
from awaken.control.answers import EncodedAnswerError, InvalidAnswerError
from awaken.control.client import ControlClient, connect_control
from awaken.control.remote import RemoteOperations, connect_runtime
from awaken.control.server import start_control_server
from awaken.hosting.runtime_server import RuntimeServer
from awaken.inbox import create_inbox
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks
from awaken.serde.codec_source import CodecSource
from awaken.serde.journal_codec import JournalValueCodec
from awaken.testing import Environment, open_environment

from tests.unit.control.completing import complete

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


ANYWHERE = ("127.0.0.1", 0)
SETTINGS = CallbackSettings("http://links", LinkSigner({"test": b"k" * 32}))
RIGHT, RESULT = b'{"approved": true, "amount": 3}', "True 3"
MARK = b"sealed:"


@dataclass
class Verdict:
    approved: bool
    amount: int


class Sealing(JournalValueCodec):
    """Values that were not sealed cannot be opened."""

    def encode(self, buf: bytes) -> bytes:
        return MARK + base64.b85encode(buf)

    async def decode(self, buf: bytes) -> bytes:
        if not buf.startswith(MARK):
            raise ValueError("this is not sealed")
        return base64.b85decode(buf.removeprefix(MARK))


judging = awaken.Service("Judging")
links: list[str] = []


@judging.handler()
async def judge(ctx: awaken.Context) -> str:
    callback = ctx.callback(Verdict, name="pay?")
    links.append(callback.url)
    verdict = await callback
    return f"{verdict.approved} {verdict.amount}"


@judging.handler()
async def listen(ctx: awaken.Context) -> bytes:
    """Wait for a plain awakeable."""
    return await ctx.awakeable(type_hint=bytes)


@dataclass
class Interfaces:
    """A runtime, with an awakeable that waits, and all its interfaces."""

    environment: Environment
    codec: Sealing | None
    remote: RemoteOperations
    control: ControlClient
    gateway: ControlClient
    client: RestateClient
    link_pages: httpx.AsyncClient
    inbox: httpx.AsyncClient
    #: Of ingress and admin API.
    urls: tuple[str, str]

    async def ask(self, handler: Any = judge) -> tuple[str, str]:
        """Return an invocation, and the awakeable that it waits for."""
        sent = await self.environment.client.service_send(handler, None)
        await self.environment.settle()
        raw = _core.parse_invocation_id(sent.invocation_id)
        return sent.invocation_id, _core.format_awakeable_id(raw, 17)

    async def result(self, invocation_id: str) -> Any:
        return await self.environment.client.attach(invocation_id)

    async def is_open(self, invocation_id: str) -> bool:
        await self.environment.settle()
        return self.environment.invocation(invocation_id).status != "completed"


@pytest_asyncio.fixture
async def interfaces(request: pytest.FixtureRequest) -> AsyncIterator[Interfaces]:
    """With the codec that a test asks for by an indirect parameter."""
    codec: Sealing | None = getattr(request, "param", None)
    configure_callbacks(SETTINGS)
    links.clear()
    async with AsyncExitStack() as stack:
        app = awaken.app([judging], journal_value_codec=codec)
        environment = await stack.enter_async_context(open_environment(app))
        runtime = environment.embedded.runtime
        embedded = environment.embedded
        server = RuntimeServer(embedded.ingress, embedded.admin, ingress_bind=ANYWHERE, admin_bind=ANYWHERE)
        await server.open()
        stack.push_async_callback(server.close, 0)
        remote = connect_runtime(server.ingress_url, server.admin_url)
        stack.push_async_callback(remote.close)
        controls = []
        for operations in (runtime, remote):
            served = await start_control_server(operations)
            stack.push_async_callback(served.close, 0)
            controls.append(await stack.enter_async_context(connect_control(f"127.0.0.1:{served.port}")))
        client = await stack.enter_async_context(create_client(server.ingress_url))
        browsers = [
            await stack.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://links")
            )
            for app in (create_callback_app(settings=SETTINGS, operations=runtime), create_inbox(runtime))
        ]
        (control, gateway), (link_pages, inbox) = controls, browsers
        urls = (server.ingress_url, server.admin_url)
        yield Interfaces(environment, codec, remote, control, gateway, client, link_pages, inbox, urls)
    configure_callbacks(None)


WRONG = [
    b'{"approved": true, "amount": "many"}',
    b'{"approved": true}',
    b"[]",
    b"1",
    b"{",
    b"",
    b"NaN",
    b"\xff",
]


@pytest.mark.parametrize("value", WRONG)
async def test_value_of_another_type_is_refused_by_every_interface(
    interfaces: Interfaces, value: bytes
) -> None:
    invocation, awakeable = await interfaces.ask()
    texts = []

    for control in (interfaces.control, interfaces.gateway):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await control.resolve(awakeable, value)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        texts.append(refused.value.details())
    with pytest.raises(InvalidAnswerError) as wrong:
        await complete(interfaces.remote, awakeable, value)
    texts.append(str(wrong.value))
    with pytest.raises(awaken.HttpError) as over_http:
        await interfaces.client.awakeable(awakeable, serde=awaken.serde.BytesSerde()).resolve(value)
    assert over_http.value.status_code == 400
    texts.append(over_http.value.message)
    headers = {"content-type": "application/json"}
    by_link = await interfaces.link_pages.post(
        links[0].removeprefix("http://links"), content=value, headers=headers
    )

    assert by_link.status_code == 422
    assert len(set(texts)) == 1, texts
    assert "does not fit its declared type" in str(texts[0])
    assert await interfaces.is_open(invocation)
    assert (await interfaces.control.resolve(awakeable, RIGHT)).outcome
    assert await interfaces.result(invocation) == RESULT


@pytest.mark.parametrize("value", [b"\xff\x00", b"", b"{", b'"text"'])
async def test_plain_awakeable_takes_any_bytes(interfaces: Interfaces, value: bytes) -> None:
    for resolve in (interfaces.control.resolve, interfaces.gateway.resolve):
        invocation, awakeable = await interfaces.ask(listen)

        assert (await resolve(awakeable, value)).outcome

        assert not await interfaces.is_open(invocation)


both = pytest.mark.parametrize("interfaces", [Sealing()], indirect=True)


@both
async def test_answers_are_encoded_where_the_codec_is(interfaces: Interfaces) -> None:
    async def by_grpc(awakeable: str) -> object:
        return await interfaces.control.resolve(awakeable, RIGHT)

    async def by_encoding_client(awakeable: str) -> object:
        assert interfaces.codec is not None
        return await interfaces.gateway.resolve(awakeable, interfaces.codec.encode(RIGHT), encoded=True)

    async def by_link(_: str) -> object:
        path = links[-1].removeprefix("http://links")
        answer = await interfaces.link_pages.post(
            path, content=RIGHT, headers={"content-type": "application/json"}
        )
        return answer.raise_for_status()

    async def by_inbox(awakeable: str) -> object:
        page = await interfaces.inbox.get(f"/awakeables/{awakeable}")
        form = re.search(r'name="form" value="(\w+)"', page.text)
        assert form is not None
        fields = {"form": form.group(1), "do": "resolve", "field.approved": "true", "field.amount": "3"}
        answer = await interfaces.inbox.post(f"/awakeables/{awakeable}", data=fields)
        assert answer.status_code == 303
        return answer

    async def by_test_kit(_: str) -> None:
        await interfaces.environment.awakeable("pay?").resolve(Verdict(True, 3))

    for answer in (by_grpc, by_encoding_client, by_link, by_inbox, by_test_kit):
        invocation, awakeable = await interfaces.ask()

        await answer(awakeable)

        assert await interfaces.result(invocation) == RESULT, answer


@both
async def test_who_cannot_encode_is_refused(interfaces: Interfaces) -> None:
    invocation, awakeable = await interfaces.ask()
    elsewhere = create_callback_app(settings=SETTINGS, operations=interfaces.remote)
    transport = httpx.ASGITransport(elsewhere)
    inbox = httpx.ASGITransport(create_inbox(interfaces.remote))
    path = links[0].removeprefix("http://links")

    with pytest.raises(grpc.aio.AioRpcError, match="journal value codec") as refused:
        await interfaces.gateway.resolve(awakeable, RIGHT)
    with pytest.raises(awaken.HttpError, match="is not encoded by the application's journal value codec"):
        await interfaces.client.awakeable(awakeable, type_hint=Verdict).resolve(Verdict(True, 3))
    with pytest.raises(EncodedAnswerError):
        await complete(interfaces.remote, awakeable, RIGHT)
    async with httpx.AsyncClient(transport=transport, base_url="http://links") as browser:
        opened = await browser.get(path)
        answered = await browser.post(path, content=RIGHT, headers={"content-type": "application/json"})
    async with httpx.AsyncClient(transport=inbox, base_url="http://links") as browser:
        in_inbox = await browser.get(f"/awakeables/{awakeable}")
        listed = await browser.get("/")

    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert [page.status_code for page in (opened, answered, in_inbox, listed)] == [501, 501, 501, 200]
    assert "<form" not in opened.text + in_inbox.text
    assert await interfaces.is_open(invocation)
    assert (await interfaces.control.resolve(awakeable, RIGHT)).outcome
    assert await interfaces.result(invocation) == RESULT


@both
async def test_type_is_checked_behind_the_codec(interfaces: Interfaces) -> None:
    invocation, awakeable = await interfaces.ask()
    assert interfaces.codec is not None

    for value, encoded in ((b"{}", False), (interfaces.codec.encode(b"{}"), True), (RIGHT, True)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await interfaces.control.resolve(awakeable, value, encoded=encoded)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    assert await interfaces.is_open(invocation)


@both
async def test_rejections_are_not_encoded(interfaces: Interfaces) -> None:
    invocation, awakeable = await interfaces.ask()

    await interfaces.gateway.reject(awakeable, "no budget")

    with pytest.raises(awaken.HttpError, match="no budget"):
        await interfaces.result(invocation)
    interfaces.environment.take_failures()


@both
async def test_codec_that_a_route_was_given_encodes(interfaces: Interfaces) -> None:
    invocation, _ = await interfaces.ask()
    app = create_callback_app(*interfaces.urls, settings=SETTINGS, journal_value_codec=Sealing())

    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://links") as browser,
    ):
        answered = await browser.post(
            links[0].removeprefix("http://links"), content=RIGHT, headers={"content-type": "application/json"}
        )

    assert answered.status_code == 200
    assert await interfaces.result(invocation) == RESULT


class Unreachable(Sealing):
    """The key service is away."""

    def encode(self, buf: bytes) -> bytes:
        raise TimeoutError("no keys")

    async def decode(self, buf: bytes) -> bytes:
        raise ConnectionError("no keys")


@both
async def test_codec_that_fails_is_no_fault_of_the_answer(
    interfaces: Interfaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    invocation, awakeable = await interfaces.ask()
    codecs = dict.fromkeys(interfaces.environment.embedded.runtime.codecs, CodecSource(Unreachable()))
    working = interfaces.environment.embedded.runtime.codecs
    monkeypatch.setattr(interfaces.environment.embedded.runtime, "codecs", codecs)

    for encoded in (False, True):
        with pytest.raises(grpc.aio.AioRpcError, match="no keys") as refused:
            await interfaces.control.resolve(awakeable, RIGHT, encoded=encoded)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    with pytest.raises(awaken.HttpError, match="no keys") as over_http:
        await interfaces.client.awakeable(awakeable, serde=awaken.serde.BytesSerde()).resolve(RIGHT)
    by_link = await interfaces.link_pages.post(
        links[0].removeprefix("http://links"), content=RIGHT, headers={"content-type": "application/json"}
    )

    assert (over_http.value.status_code, by_link.status_code) == (503, 503)
    monkeypatch.setattr(interfaces.environment.embedded.runtime, "codecs", working)
    assert (await interfaces.control.resolve(awakeable, RIGHT)).outcome
    assert await interfaces.result(invocation) == RESULT


async def test_link_without_settings_is_told_without_a_traceback(
    interfaces: Interfaces, caplog: pytest.LogCaptureFixture
) -> None:
    configure_callbacks(None)
    route = create_callback_app(operations=interfaces.environment.embedded.runtime)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(route), base_url="http://links") as browser:
        opened = await browser.get("/token")

    assert opened.status_code == 500
    assert "AWAKEN_CALLBACK_KEYS" not in opened.text
    assert "AWAKEN_CALLBACK_KEYS" in caplog.text
