"""Tokens, certificates and addresses as options: what cannot work is said at the start."""

from __future__ import annotations

import datetime
import subprocess
from typing import TYPE_CHECKING

import pytest
import trustme
from awaken.cli import app
from awaken.cli.access_options import Access, read_access
from awaken.cli.addresses import is_loopback
from awaken.cli.failures import CommandError, UsageError
from awaken.control.access import Group
from typer.testing import CliRunner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates and keys that are right, and others in which something is wrong."""
    directory = tmp_path_factory.mktemp("files")
    authority = trustme.CA()
    long_ago, at_last = datetime.datetime(2020, 1, 2), datetime.datetime(2090, 1, 2)
    made = {
        "good": authority.issue_cert("127.0.0.1"),
        "other": authority.issue_cert("127.0.0.1"),
        "rsa": authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA),
        "old": authority.issue_cert("127.0.0.1", not_after=long_ago),
        "early": authority.issue_cert(
            "127.0.0.1", not_before=at_last, not_after=datetime.datetime(2091, 1, 2)
        ),
    }
    for name, certificate in made.items():
        chain = b"".join(one.bytes() for one in certificate.cert_chain_pems)
        (directory / f"{name}.pem").write_bytes(chain)
        (directory / f"{name}.key").write_bytes(certificate.private_key_pem.bytes())
    (directory / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    (directory / "broken.key").write_text("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n")
    (directory / "empty").touch()
    (directory / "binary").write_bytes(bytes(range(256)))
    encrypt = ["openssl", "pkey", "-aes256", "-passout", "pass:x", "-in", "good.key", "-out", "locked.key"]
    subprocess.run(encrypt, cwd=directory, check=True, capture_output=True)
    authority.cert_pem.write_to_path(directory / "ca.pem")
    return directory


@pytest.mark.parametrize(
    ("certificate", "key", "roots", "text"),
    [
        ("good.pem", "other.key", None, "other.key is not the key of the certificate in good.pem"),
        ("good.pem", "rsa.key", None, "rsa.key is not the key of the certificate in good.pem"),
        ("old.pem", "old.key", None, "the certificate in old.pem expired on Jan  2 00:00:00 2020 GMT"),
        ("early.pem", "early.key", None, "early.pem is not valid before Jan  2 00:00:00 2090 GMT"),
        ("good.key", "good.pem", None, "--tls-cert: good.key is not a PEM file with a certificate"),
        ("good.pem", "good.pem", None, "--tls-key: good.pem is not a PEM file with a private key"),
        ("binary", "good.key", None, "--tls-cert: binary is not a PEM file"),
        ("empty", "good.key", None, "--tls-cert: empty is not a PEM file"),
        ("broken.pem", "good.key", None, "--tls-cert: broken.pem has a certificate that cannot be read"),
        ("good.pem", "broken.key", None, "--tls-key: broken.key has a key that cannot be read"),
        ("good.pem", "locked.key", None, "--tls-key: locked.key is encrypted"),
        ("none.pem", "good.key", None, "--tls-cert: cannot read none.pem: No such file or directory"),
        ("good.pem", ".", None, "--tls-key: cannot read .: Is a directory"),
        ("good.pem", "good.key", "good.key", "--tls-client-ca: good.key is not a PEM file"),
        ("good.pem", "good.key", "broken.pem", "--tls-client-ca: broken.pem has no certificate"),
        ("good.pem", None, None, "--tls-cert is given without --tls-key"),
        (None, "good.key", None, "--tls-key is given without --tls-cert"),
        (None, None, "ca.pem", "--tls-client-ca needs --tls-cert and --tls-key"),
    ],
)
@pytest.mark.parametrize("command", [["runtime"], ["gateway"], ["serve", "none:none"]])
def test_files_that_do_not_work_are_named(
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    certificate: str | None,
    key: str | None,
    roots: str | None,
    text: str,
) -> None:
    if command[0] == "serve" and roots is not None:
        return  # it has no such option
    monkeypatch.chdir(files)
    options = {"--tls-cert": certificate, "--tls-key": key, "--tls-client-ca": roots}
    given = [word for name, value in options.items() if value is not None for word in (name, value)]

    result = CliRunner().invoke(app, [*command, *given])

    assert result.exit_code == (2 if "is given without" in text or "needs --tls-cert" in text else 1)
    assert text.replace("  ", " ") in " ".join(result.stderr.split())
    assert result.stderr.count("\n") == 1


def test_files_that_work_are_taken(files: Path) -> None:
    for name in ("good", "rsa"):
        access = read_access(
            files / f"{name}.pem", files / f"{name}.key", files / "ca.pem", None, None, insecure=False
        )

        assert access.tls is not None
        assert access.http_tls is not None


def test_tokens_of_a_file_count_as_those_of_options(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("read:b\r\n\n  all:c  \n")

    access = read_access(None, None, None, ["read:a", "invoke:b"], path, insecure=False)

    assert access.tokens == {"a": {Group.READ}, "b": {Group.READ, Group.INVOKE}, "c": {Group.ALL}}
    assert "all" not in repr(access)


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"", "has no token"), (b"read\n", "GROUP:TOKEN"), (b"\xff", "is not a text"), (None, "No such file")],
)
def test_a_file_without_tokens_is_refused(tmp_path: Path, content: bytes | None, text: str) -> None:
    path = tmp_path / "tokens"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CommandError, match=text):
        read_access(None, None, None, None, path, insecure=False)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.10", "127.1", "localhost", "::1", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"]
)
def test_loopback_needs_no_token(host: str) -> None:
    Access().check_exposure({"--admin": (host, 1)})

    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "0", "::", "::ffff:0.0.0.0", "10.0.0.1", "fe80::1", "192.0.2.7"])
def test_every_other_address_does(host: str) -> None:
    with pytest.raises(UsageError, match="would be open to everyone"):
        Access().check_exposure({"--admin": (host, 1), "--grpc": None})


def test_a_token_or_certificates_of_clients_guard_an_address(files: Path) -> None:
    wide = {"--admin": ("0.0.0.0", 1)}
    pair = files / "good.pem", files / "good.key"

    read_access(None, None, None, ["all:a"], None, insecure=False).check_exposure(wide)
    read_access(*pair, files / "ca.pem", None, None, insecure=False).check_exposure(wide)
    with pytest.raises(UsageError):
        read_access(*pair, None, None, None, insecure=False).check_exposure(wide)


def test_a_short_token_is_told_where_others_can_reach_it(capsys: pytest.CaptureFixture[str]) -> None:
    for token, host, is_told in (
        ("0f6c2a", "0.0.0.0", True),
        ("0f6c2a", "127.0.0.1", False),
        ("0b6f3c52d8e94a10", "0.0.0.0", False),
    ):
        access = read_access(None, None, None, [f"all:{token}"], None, insecure=False)
        access.check_exposure({"--admin": (host, 1)})

        printed = capsys.readouterr().err
        assert ("a token of 6 characters can be guessed" in printed) is is_told
        assert token not in printed


def test_a_host_that_is_not_known_is_named() -> None:
    with pytest.raises(CommandError, match=r"'no such\.host' is not an address of this machine"):
        Access().check_exposure({"--admin": ("no such.host", 1)})


def test_it_is_the_exit_status_of_a_wrong_option(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(app, ["runtime", "--admin", "0.0.0.0:0"])

    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())
