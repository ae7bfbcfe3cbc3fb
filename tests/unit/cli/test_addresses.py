"""Addresses as people write them."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from awaken.cli import app
from awaken.cli.addresses import parse_bind, parse_url, parse_urls, reachable_url
from awaken.cli.failures import CommandError
from typer.testing import CliRunner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9080", ("127.0.0.1", 9080)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:9080", ("::1", 9080)),
        (" 0.0.0.0:65535 ", ("0.0.0.0", 65535)),
    ],
)
def test_address_to_listen_on_is_split(text: str, address: tuple[str, int]) -> None:
    assert parse_bind(text) == address


@pytest.mark.parametrize(
    "text", ["", "9080", ":9080", "host", "::1:9080", "http://x:1", "h:x", "h:65536", "h:-1", "h:²"]
)
def test_other_text_is_no_address_to_listen_on(text: str) -> None:
    with pytest.raises(CommandError, match=r"write|PORT"):
        parse_bind(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://x.example/prefix/", "https://x.example/prefix"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_url_is_completed(text: str, url: str) -> None:
    assert parse_url(text, "an ingress") == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://x",
        "http://",
        "http://h:x",
        "http://h:99999",
        "http://a b",
        "/x",
        "http://h?q=1",
        "http://h/#f",
    ],
)
def test_other_text_is_no_url(text: str) -> None:
    with pytest.raises(CommandError, match="is not the URL of an ingress"):
        parse_url(text, "an ingress")


@pytest.mark.parametrize(
    "text", ["http://me:secret@h:1", "me:secret@h", "http://secret@h", "http://me:secret@h:x"]
)
def test_url_with_a_password_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(CommandError, match="AWAKEN_TOKEN") as refusal:
        parse_url(text, "an ingress")

    assert "secret" not in str(refusal.value)


def test_address_of_all_interfaces_is_not_dialled() -> None:
    assert reachable_url("http://0.0.0.0:9080") == "http://127.0.0.1:9080"
    assert reachable_url("https://[::]:9080") == "https://[::1]:9080"
    assert reachable_url("http://10.0.0.1:9080") == "http://10.0.0.1:9080"


def test_several_urls_are_given_in_one_text_or_in_several() -> None:
    urls = parse_urls(["http://a:1, b:2", "https://c/"], "an ingress")

    assert urls == ["http://a:1", "http://b:2", "https://c"]


@pytest.mark.parametrize("texts", [["http://a:1,"], ["http://a:1", "x y"]])
def test_each_of_several_urls_is_checked(texts: list[str]) -> None:
    with pytest.raises(CommandError, match="is not the URL of an ingress"):
        parse_urls(texts, "an ingress")


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["runtime"], "--ingress"),
        (["serve", "awaken:Service"], "--bind"),
        (["gateway"], "--grpc"),
        (["gateway", "--grpc", "127.0.0.1:0"], "--inbox"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:99999", "the port in '127.0.0.1:99999' is '99999'; write a number from 0"),
        ("127.0.0.1", "'127.0.0.1' is not an address to listen on; write HOST:PORT"),
        ("::1:80", "'::1:80' is not an address to listen on; write HOST:PORT"),
        ("a..b:80", "'a..b' in 'a..b:80' cannot be the name of a machine"),
        ("\x1b[2J..:80", r"'\x1b[2J..' in '\x1b[2J..:80' cannot be the name of a machine"),
        ("in use", "something uses it already; stop that, or choose another address with "),
        ("elsewhere", "this machine does not have that address; write 127.0.0.1:1, or choose another"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_line(
    command: list[str],
    option: str,
    address: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = {"in use": f"127.0.0.1:{taken.getsockname()[1]}", "elsewhere": "192.0.2.1:1"}
        anonymous = ["--inbox-anonymous"] if option == "--inbox" else []
        insecure = ["--insecure", *anonymous] if address == "elsewhere" and command[0] != "serve" else []
        result = CliRunner().invoke(app, [*command, option, where.get(address, address), *insecure])

    *_, told = result.stderr.splitlines()
    assert result.exit_code == (1 if address in where else 2)
    assert told.startswith("error: ")
    assert message in told
    assert "Traceback" not in result.stderr
