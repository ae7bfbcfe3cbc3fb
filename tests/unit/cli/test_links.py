"""Where links of `awaken dev` lead and which keys sign them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from awaken.cli.failures import CommandError
from awaken.cli.links import prepare_links
from awaken.links import CallbackSettings, Link, LinkSigner, configure_callbacks, current_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "http://127.0.0.1:8080/restate/callbacks"
KEY = b"k" * 32
LINK = Link("sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ", "name", "json", 0)


@pytest.fixture(autouse=True)
def _unconfigured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("AWAKEN_CALLBACK_URL", raising=False)
    monkeypatch.delenv("AWAKEN_CALLBACK_KEYS", raising=False)
    configure_callbacks(None)
    yield
    configure_callbacks(None)


def test_key_is_made_once(tmp_path: Path) -> None:
    prepare_links(str(tmp_path))(URL)
    first = current_settings()
    configure_callbacks(None)
    prepare_links(str(tmp_path))(URL)

    assert current_settings().url == URL
    assert current_settings().signer.verify(first.signer.sign(LINK)) == LINK


def test_address_and_keys_of_the_environment_count_each_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWAKEN_CALLBACK_KEYS", f"new:{base64.b64encode(KEY).decode()}")
    prepare_links(str(tmp_path))(URL)
    by_keys = current_settings()
    configure_callbacks(None)
    monkeypatch.delenv("AWAKEN_CALLBACK_KEYS")
    monkeypatch.setenv("AWAKEN_CALLBACK_URL", "https://links.example.org/")
    prepare_links(str(tmp_path))(URL)

    assert by_keys.url == URL
    assert LinkSigner({"new": KEY}).verify(by_keys.signer.sign(LINK)) == LINK
    assert current_settings().url == "https://links.example.org"


def test_settings_of_the_application_stay(tmp_path: Path) -> None:
    mine = CallbackSettings("https://app.example.org/callbacks", LinkSigner({"mine": KEY}))
    configure_callbacks(mine)

    prepare_links(str(tmp_path))(URL)

    assert current_settings() is mine
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("AWAKEN_CALLBACK_KEYS", "secret", "AWAKEN_CALLBACK_KEYS: key 1 is not written as ID:BASE64"),
        ("AWAKEN_CALLBACK_KEYS", "id:c2hvcnQ=", "AWAKEN_CALLBACK_KEYS: key 'id' has 5 bytes"),
        (
            "AWAKEN_CALLBACK_URL",
            "ftp://x",
            "AWAKEN_CALLBACK_URL is 'ftp://x', which is not an http or https URL",
        ),
    ],
)
def test_malformed_settings_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(CommandError, match=message):
        prepare_links(str(tmp_path))


def test_damaged_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "callback.key").write_bytes(b"")

    with pytest.raises(CommandError, match=r"callback\.key has 0 bytes and is not a key; restore it"):
        prepare_links(str(tmp_path))


def test_unusable_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "callback.key").mkdir()

    with pytest.raises(
        CommandError, match=r"cannot read or write .*callback\.key, which signs links: Is a directory"
    ):
        prepare_links(str(tmp_path))
