"""The pages of the console with odd names, values and requests, in front of a runtime in the test's process."""

from __future__ import annotations

import base64
import json
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import awaken
import httpx
import pytest
import pytest_asyncio
from awaken import _core
from awaken.control.operations import Target
from awaken.inbox import create_inbox
from awaken.inbox.curl_lines import curl_line
from awaken.inbox.example_values import example_of
from awaken.inbox.invocation_filters import InvocationFilters
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks
from awaken.serde.codec_source import CodecSource
from awaken.serde.journal_codec import JournalValueCodec
from awaken.testing import Environment, open_environment

from tests.doors.attacks import templates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

EVIL = "<script>alert(1)</script>"
UNKNOWN = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"


@dataclass
class Order:
    """What somebody wants."""

    count: int
    tags: list[str] = field(default_factory=list)


shop = awaken.VirtualObject("Shop")
tools = awaken.Service("Tools")


@pytest.fixture(autouse=True)
def links() -> Iterator[None]:
    configure_callbacks(CallbackSettings("http://links", LinkSigner({"test": b"k" * 32})))
    yield
    configure_callbacks(None)


secret = awaken.Service("Secret", ingress_private=True)
trip = awaken.Workflow("Trip")


@shop.handler()
async def order(ctx: awaken.ObjectContext, wanted: Order) -> str:
    """Order something."""
    ctx.set(EVIL, EVIL)
    ctx.set("binary", b"\xff\x00", serde=awaken.serde.BytesSerde())
    ctx.set("huge", "x" * 9_000_000)
    return f"{wanted.count} {','.join(wanted.tags)}"


@tools.handler()
async def wait(ctx: awaken.Context) -> str:
    _, result = ctx.awakeable(type_hint=str)
    return await result


@tools.handler()
async def big(ctx: awaken.Context) -> int:
    return len(await ctx.run_typed(EVIL, lambda: "x" * 20_000_000))


@tools.handler()
async def ask(ctx: awaken.Context) -> str:
    return await ctx.callback(str, name="well?")


@tools.handler()
async def echo(ctx: awaken.Context, value: Any) -> Any:
    return value


@secret.handler()
async def hidden(ctx: awaken.Context) -> int:
    return 1


@trip.main()
async def run(ctx: awaken.WorkflowContext, to: str) -> str:
    return to


class Sealing(JournalValueCodec):
    """Values that were not sealed cannot be opened."""

    def encode(self, buf: bytes) -> bytes:
        return b"sealed:" + base64.b85encode(buf)

    async def decode(self, buf: bytes) -> bytes:
        if not buf.startswith(b"sealed:"):
            raise ValueError("this is not sealed")
        return base64.b85decode(buf.removeprefix(b"sealed:"))


class Console:
    """A browser without scripts."""

    def __init__(self, environment: Environment, browser: httpx.AsyncClient) -> None:
        self.environment = environment
        self.browser = browser

    async def get(self, path: str, status: int = 200) -> str:
        answer = await self.browser.get(path)
        assert answer.status_code == status, (path, answer.text)
        assert EVIL not in answer.text
        return answer.text

    async def send_form(self, path: str, **fields: str) -> httpx.Response:
        """Open a page and send its form with these fields."""
        page = await self.get(path)
        hidden = dict(re.findall(r'<input type="hidden" name="([\w.#]+)" value="([^"]*)"', page))
        hidden = {name: unescape(value) for name, value in hidden.items()}
        return await self.browser.post(path, data=hidden | fields)

    async def result_of(self, path: str, **fields: str) -> str:
        sent = await self.send_form(path, do="call", **fields)
        assert sent.status_code == 303, sent.text
        return await self.get(sent.headers["location"])

    async def call(self, target: str, body: Any = ..., key: str | None = None) -> str:
        """Start a handler and return its invocation."""
        service, _, handler = target.partition("/")
        content = None if body is ... else json.dumps(body).encode()
        runtime = self.environment.embedded.runtime
        from awaken.control.operations import InvocationRequest

        headers = [] if content is None else [("content-type", "application/json")]
        request = InvocationRequest(Target(service, handler, key), content or b"", headers)
        accepted = await runtime.send(request)
        await self.environment.settle()
        return accepted.invocation_id


@pytest_asyncio.fixture
async def console() -> AsyncIterator[Console]:
    async with AsyncExitStack() as stack:
        app = awaken.app([shop, tools, secret, trip])
        environment = await stack.enter_async_context(open_environment(app))
        pages = create_inbox(environment.embedded.runtime, now_ms=lambda: environment.now_ms)
        transport = httpx.ASGITransport(pages)
        browser = httpx.AsyncClient(transport=transport, base_url="http://inbox")
        yield Console(environment, await stack.enter_async_context(browser))


async def test_lists_grow_without_scripts_and_make_the_body(console: Console) -> None:
    path = "/services/Shop/order"
    page = await console.get(path)
    add = re.search(r'name="do" value="(add [^"]+)"', page)
    assert add is not None
    grown = await console.send_form(path, key="a", **{"field.count": "2", "do": add[1]})
    names = re.findall(r'name="(field\.tags[^"]*)"', grown.text)
    size = {
        name: value
        for name, value in re.findall(r'name="([^"]*)" value="(\d)"', grown.text)
        if "tags" in name
    }

    fields = {"field.count": "2", **size, **{name: EVIL for name in names if name not in size}}
    shown = await console.result_of(path, key=f"k/{EVIL}", **fields)

    assert grown.status_code == 200
    assert 'value="2"' in grown.text, "what was typed stays"
    assert f"2 {EVIL}" in unescape(unescape(re.sub("<[^>]*>", "", shown.partition("<main")[2])))


async def test_no_route_changes_anything_for_a_form_of_another_page(console: Console) -> None:
    invocation = await console.call("Tools/wait")
    awakeable = _core.format_awakeable_id(_core.parse_invocation_id(invocation), 17)
    place = "service=Shop&key=a&name=b"
    await console.environment.embedded.runtime.edit_state("Shop", "a", {"b": b"1"}, None)
    await console.environment.settle()
    changing = {
        "/awakeables": (f"/awakeables?id={awakeable}&id=x", {"do": "resolve", "value": '"x"'}),
        "/awakeables/{id}": (f"/awakeables/{awakeable}", {"do": "resolve", "value": '"x"'}),
        "/invocations/{id}/{change}": (f"/invocations/{invocation}/kill", {"do": "kill"}),
        "/services/{service}/{handler}": ("/services/Tools/wait", {"do": "send"}),
        "/state/delete": (f"/state/delete?{place}", {"do": "delete"}),
        "/state/edit": (f"/state/edit?{place}", {"do": "save", "kind": "text", "value": "x"}),
    }
    runtime = console.environment.embedded.runtime
    tables = (
        "SELECT id, status FROM sys_invocation ORDER BY id",
        "SELECT key, value FROM state ORDER BY key",
    )
    before = [await runtime.ask(sql) for sql in tables]
    other = await console.get("/services/Tools/echo")
    token = other.partition('name="form" value="')[2].partition('"')[0]

    for path, fields in changing.values():
        await console.get(path)  # sets its cookie
        for form in ({}, {"form": ""}, {"form": token}):
            sent = await console.browser.post(path, data={**fields, **form})
            assert (sent.status_code, "Open the page again" in sent.text) == (403, True), path

    routes = create_inbox(runtime).routes
    assert {path for method, path in templates(routes) if method == "POST"} == set(changing)
    assert [await runtime.ask(sql) for sql in tables] == before


@pytest.mark.parametrize("name", ["theme.css", "inbox.css", "console.css", "inbox.js", "console.js"])
async def test_files_are_asked_for_again_so_that_they_fit_to_their_pages(console: Console, name: str) -> None:
    answer = await console.browser.get(f"/static/{name}")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_a_handler_takes_is_called_its_input(console: Console) -> None:
    page = await console.get("/services/Tools/echo")
    wrong = await console.send_form("/services/Tools/echo", do="call", value="")

    assert re.findall(r'<label class="field-label" for="f-value">(\w+)', page) == ["Input"]
    assert "Input</a>: is missing; fill it in" in wrong.text


async def test_enter_calls_and_removes_no_item_of_a_list(console: Console) -> None:
    page = await console.get("/services/Shop/order")

    # Browsers press the first button of a form.
    first = re.search(r"<button[^>]*>", page.partition('<form method="post"')[2])
    assert first is not None
    assert 'name="do" value="call"' in first[0]


async def test_list_that_was_left_blank_keeps_its_input_when_something_else_does_not_fit(
    console: Console,
) -> None:
    page = await console.get("/services/Shop/order")
    wrong = await console.send_form("/services/Shop/order", do="call", key="a", **{"field.tags.0": ""})

    assert wrong.status_code == 422
    assert ('name="field.tags.0"' in page, 'name="field.tags.0"' in wrong.text) == (True, True)


async def test_what_does_not_fit_is_shown_beside_its_field_and_sends_nothing(console: Console) -> None:
    before = await console.environment.embedded.runtime.ask("SELECT count(*) AS n FROM sys_invocation")

    wrong = await console.send_form("/services/Shop/order", do="call", key="", **{"field.count": "many"})
    late = await console.send_form("/services/Tools/wait", do="call", delay="1", unit="h")
    odd = await console.send_form("/services/Tools/wait", do="send", delay="soon", unit="h")
    neither = await console.send_form("/services/Tools/wait")

    assert [one.status_code for one in (wrong, late, odd, neither)] == [422] * 4
    assert "many" in wrong.text
    assert "Key" in wrong.text
    assert (
        await console.environment.embedded.runtime.ask("SELECT count(*) AS n FROM sys_invocation") == before
    )


async def test_private_handlers_and_repeated_workflows_are_explained(console: Console) -> None:
    private = await console.send_form("/services/Secret/hidden", do="send")
    first = await console.send_form("/services/Trip/run", do="send", key="a", value="Rome")
    second = await console.send_form("/services/Trip/run", do="send", key="a", value="Oslo")

    assert private.status_code in {400, 404}
    assert "private" in private.text
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"].partition("?")[0] == second.headers["location"].partition("?")[0]
    assert "sent before" in await console.get(second.headers["location"])


async def test_delayed_send_is_shown_as_scheduled(console: Console) -> None:
    sent = await console.send_form("/services/Tools/wait", do="send", delay="2", unit="h")
    page = await console.get(sent.headers["location"])

    assert "Waits for its time" in page
    assert "scheduled" in page


async def test_call_that_takes_long_shows_the_running_invocation(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("awaken.inbox.calling._PATIENCE_SECONDS", 0.05)
    sent = await console.send_form("/services/Tools/wait", do="call")
    result = await console.browser.get(sent.headers["location"])

    assert result.status_code == 303
    assert "It was called, and has no result yet" in await console.get(result.headers["location"])


async def test_the_list_says_what_each_invocation_waits_for(console: Console) -> None:
    asking = await console.call("Tools/ask")
    waiting = await console.call("Tools/wait")
    await console.environment.settle()

    page = await console.get("/invocations?service=Tools")

    for invocation, name in ((asking, "well?"), (waiting, "awakeable 17")):
        awakeable = _core.format_awakeable_id(_core.parse_invocation_id(invocation), 17)
        assert f'Waits for <a href="/awakeables/{awakeable}">{name}</a>' in page


async def test_values_of_megabytes_are_not_shown_and_do_not_hurt(console: Console) -> None:
    invocation = await console.call("Tools/big")
    page = await console.get(f"/invocations/{invocation}")
    (index,) = re.findall(r'/entries/(\d+)">Result', page)[:1]
    value = await console.get(f"/invocations/{invocation}/entries/{index}")

    assert "20.0 MB, too large to show here" in value
    assert len(page) < 50_000
    assert "Run" in page


async def test_state_with_odd_names_and_values_is_shown(console: Console) -> None:
    key = f"a/b?c=d&e#{EVIL}%\u202e"
    await console.call("Shop/order", {"count": 1}, key=key)
    place = f"service=Shop&key={quote(key)}"

    listed = await console.get("/state?service=Shop")
    shown = await console.get(f"/state/key?{place}")
    huge = await console.get(f"/state/value?{place}&name=huge")
    binary = await console.get(f"/state/edit?{place}&name=binary", 413)
    absent = await console.get(f"/state/value?{place}&name=nothing", 404)
    invocations = await console.get(f"/invocations?{place}")

    assert place in unescape(listed)
    assert "ff 00" in shown
    assert "\u202e" not in shown + listed
    assert "9.0 MB" in shown
    assert "too large" in huge
    assert "has 9000" in binary
    assert "may have been cleared" in absent
    assert "/invocations/inv_1" in invocations


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/invocations/{UNKNOWN}", 404),
        ("/invocations/garbage", 400),
        (f"/invocations/{UNKNOWN}/kill", 404),
        (f"/invocations/{UNKNOWN}/entries/0", 404),
        ("/services/No", 404),
        ("/services/Tools/no", 404),
        ("/services/Tools/wait/result?invocation=garbage", 400),
        (f"/services/Tools/wait/result?invocation={UNKNOWN}", 404),
        ("/state/key", 400),
        ("/state?service=No", 200),
        ("/state/edit?service=No&key=a", 404),
        ("/invocations?status=odd&page=-1&age=x&id=%27%25&key=%00", 200),
        (f"/invocations?service={quote(EVIL)}&handler={quote(EVIL)}&key={quote(EVIL)}", 200),
        ("/invocations?page=99999999", 200),
        ("/state?service=%00&prefix=%00", 200),
        ("/state/key?service=Shop&key=%00", 400),
    ],
)
async def test_odd_requests_are_answered(console: Console, path: str, status: int) -> None:
    await console.get(path, status)


async def test_part_of_a_journal_that_does_not_exist_is_empty(console: Console) -> None:
    invocation = await console.call("Tools/wait")

    for wish in ("from=0", "from=99999999", "from=-1", "from=x", "part=1"):
        await console.get(f"/invocations/{invocation}?{wish}")


async def test_values_can_be_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWAKEN_INBOX_VALUES", "off")
    async with open_environment(awaken.app([tools, shop])) as environment:
        transport = httpx.ASGITransport(create_inbox(environment.embedded.runtime))
        async with httpx.AsyncClient(transport=transport, base_url="http://inbox") as browser:
            console = Console(environment, browser)
            invocation = await console.call("Tools/echo", "confidential")
            page = await console.get(f"/invocations/{invocation}")
            entry = await console.get(f"/invocations/{invocation}/entries/0")
            result = await console.get(f"/services/Tools/echo/result?invocation={invocation}")
            await console.call("Shop/order", {"count": 1}, key="k")
            state = await console.get("/state/key?service=Shop&key=k")

    assert "confidential" not in page + entry + result
    assert "/entries/" not in page
    assert "AWAKEN_INBOX_VALUES is off" in entry
    assert "ff 00" not in state


async def test_values_pass_the_codec_of_the_application() -> None:
    codec = Sealing()
    async with open_environment(awaken.app([tools, shop], journal_value_codec=codec)) as environment:
        runtime = environment.embedded.runtime
        pages = create_inbox(runtime)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(pages), base_url="http://inbox"
        ) as browser:
            console = Console(environment, browser)
            known = runtime.codecs
            runtime.codecs = {"Tools": CodecSource(codec)}
            shown = await console.result_of("/services/Tools/echo", value='"open"')
            invocation = re.search(r"/invocations/(inv_\w+)", shown)
            assert invocation is not None
            opened = await console.get(f"/invocations/{invocation[1]}/entries/0")
            runtime.codecs = {}
            sealed = await console.get(f"/invocations/{invocation[1]}/entries/0")
            waiting = await console.call("Tools/ask")
            hidden = await console.get(f"/invocations/{waiting}")
            closed = await console.get(f"/invocations/{waiting}/entries/0")
            runtime.codecs = known

    assert "&#34;open&#34;" in shown
    assert "&#34;open&#34;" in opened
    assert "sealed:" in sealed, "nothing in this journal says that values are encoded"
    assert "/entries/" not in hidden
    assert "which this process does not have" in hidden
    assert "which this process does not have" in closed


def test_filters_survive_their_url() -> None:
    filters = InvocationFilters("suspended", "A", "h", "a/b é&", "inv_1", "over-1h", "", 3)

    query = dict(httpx.QueryParams(filters.url(page=3).removeprefix("?")))

    assert InvocationFilters.read(query) == filters
    assert InvocationFilters.read({"key": ""}).key is None


def test_curl_line_can_be_pasted() -> None:
    line = curl_line("http://h:1/", Target("S", "h", "a'b/c"), '{"x": "it\'s"}')

    assert line.startswith("curl http://h:1/S/a%27b%2Fc/h --json ")
    assert curl_line("http://h:1", Target("S", "h"), None) == "curl http://h:1/S/h --request POST"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (None, None),
        ({"type": "string"}, "text"),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}, {"a": 1}),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "array", "items": {"$ref": "#/$defs/A"}}}}, [[None]]),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, True),
        ({"type": 7, "properties": []}, {}),
    ],
)
def test_examples_fit_their_schemas(schema: Any, expected: Any) -> None:
    assert example_of(schema) == expected
