"""Where links lead, from code and from the environment."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks, current_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNER = LinkSigner({"a": b"k" * 32})
KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture(autouse=True)
def _unconfigured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWAKEN_CALLBACK_KEYS", f"a:{KEY}")
    monkeypatch.setenv("AWAKEN_CALLBACK_URL", "https://example.org/callbacks")
    configure_callbacks(None)
    yield
    configure_callbacks(None)


@pytest.mark.parametrize(
    "url",
    ["http://localhost/callbacks", "https://example.org", "http://[::1]:8080/x", "http://127.0.0.1:0/x"],
)
def test_addresses_of_links(url: str) -> None:
    assert CallbackSettings(url, SIGNER).url == url


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.org/callbacks",
            "/callbacks",
            "ftp://example.org",
            "javascript:alert(1)",
            "http://",
            "//x/y",
        ),
        *(
            "http://x:port/",
            "http://x:99999/",
            "http://[::1/",
            "http://x/a b",
            "http://x/?a=b",
            "http://x/#a",
        ),
        *("http://x/\n", "http://x/\ud800", "http://x/" + "y" * 600),
    ],
    ids=ascii,
)
def test_addresses_that_no_link_can_have_are_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="the URL of callbacks"):
        CallbackSettings(url, SIGNER)

    if url and url.isprintable():
        monkeypatch.setenv("AWAKEN_CALLBACK_URL", url)
        with pytest.raises(ValueError, match="AWAKEN_CALLBACK_URL"):
            current_settings()


@pytest.mark.parametrize(
    "keys",
    [
        *(
            "x",
            "x:",
            f"{KEY}:x",
            f"a b:{KEY}",
            "a:c2hvcnQ=",
            "a:???",
            f"a:{KEY},a:{KEY}",
            f"a:{KEY},",
            f":{KEY}",
        ),
        *(f"{KEY}", f"a:{KEY[:-1]}", f"a:{KEY}é", "a" * 33 + f":{KEY}"),
    ],
)
def test_malformed_keys_are_told_without_showing_one(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWAKEN_CALLBACK_KEYS", keys)

    with pytest.raises(ValueError, match="AWAKEN_CALLBACK_KEYS: ") as error:
        current_settings()

    assert KEY[:-1] not in str(error.value)
