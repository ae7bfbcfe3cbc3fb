"""Tokens and certificates that clients find in the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.client.credentials import is_refused, make_tls_context, read_token

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWAKEN_TOKEN", "AWAKEN_TOKEN_FILE", "AWAKEN_CLIENT_CERT", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_the_argument_comes_before_the_variable_and_that_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(" of-a-file\r\n")

    assert read_token() is None
    monkeypatch.setenv("AWAKEN_TOKEN_FILE", str(tmp_path / "token"))
    assert read_token() == "of-a-file"
    monkeypatch.setenv("AWAKEN_TOKEN", "of-a-variable")
    assert read_token() == "of-a-variable"
    assert read_token("of-an-argument") == "of-an-argument"
    assert read_token("") is None
    monkeypatch.setenv("AWAKEN_TOKEN", "")
    assert read_token() == "of-a-file"


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"", "has no token"), (b"a\nb", "has a space"), (b"\xff", "is not a text"), (None, "cannot read")],
)
def test_a_file_without_one_token_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, text: str
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("AWAKEN_TOKEN_FILE", str(path))

    with pytest.raises(ValueError, match=f"AWAKEN_TOKEN_FILE.*token.*{text}|AWAKEN_TOKEN_FILE: {text}"):
        read_token()


def test_a_token_that_no_header_can_carry_is_refused_without_printing_it() -> None:
    with pytest.raises(ValueError, match="the token has a space") as raised:
        read_token("secret\r\nx-more: yes")

    assert "secret" not in str(raised.value)


def test_files_for_tls_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    with pytest.raises(ValueError, match=r"SSL_CERT_FILE.*none cannot be read"):
        make_tls_context()
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("AWAKEN_CLIENT_CERT", str(tmp_path / "mine.pem"))
    with pytest.raises(ValueError, match=r"AWAKEN_CLIENT_CERT.*mine\.pem"):
        make_tls_context()


def test_the_code_of_a_handler_asks_for_no_token() -> None:
    assert is_refused(401, {})
    assert is_refused(403, {"www-authenticate": "Bearer"})
    assert not is_refused(403, {})
    assert not is_refused(401, {"x-restate-error-source": "invocation"})
