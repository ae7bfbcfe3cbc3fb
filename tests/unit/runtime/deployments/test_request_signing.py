"""Requests that endpoints can check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken import _core
from awaken.runtime.deployments import Deployments
from awaken.runtime.deployments.request_signing import RequestSigning
from awaken.runtime.identity_key import read_private_key
from awaken.runtime.settings import RuntimeSettings
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.signing import Signer
from tests.unit.runtime.fakes import CannedEndpoint, DictStore, Network, Ticks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def pem(signer: Signer, tmp_path: Path) -> str:
    signer.write(tmp_path / "key.pem")
    return (tmp_path / "key.pem").read_text()


def test_what_is_signed_is_accepted_by_those_who_know_the_key(signer: Signer, pem: str) -> None:
    signing = RequestSigning(pem, lambda: 1_000.9)

    headers = signing.headers("/invoke/S/h?x=1", {"x-restate-service-key": "a%2Fb"})

    assert signing.public_key == signer.public_key
    token, scheme = headers["x-restate-jwt-v1"], headers["x-restate-signature-scheme"]
    keys = _core.IdentityKeys([signer.public_key])
    assert keys.refusal(scheme, token, "/prefix/invoke/S/h", 1_000) is None
    assert keys.refusal(scheme, token, "/invoke/S/other", 1_000) is not None
    assert keys.refusal(scheme, token, "/invoke/S/h", 1_061) is not None
    assert _core.IdentityKeys([Signer().public_key]).refusal(scheme, token, "/invoke/S/h", 1_000) is not None


async def test_discovery_and_invocations_are_signed(signer: Signer, pem: str) -> None:
    network = Network(one=CannedEndpoint())
    settings = RuntimeSettings(identity_key_pem=pem)
    deployments = Deployments(DictStore(), network.dial, now_ms=Ticks(), defaults=settings)

    deployment_id = (await deployments.register("http://one")).record.deployment_id
    dialer = deployments.dialer(deployment_id)
    assert dialer is not None
    dialer.open("POST", "/invoke/Svc/echo", {}, lambda: None)

    requests = network.endpoints["http://one/"].requests
    assert [path for _, path, _ in requests] == ["/discover", "/invoke/Svc/echo"]
    assert all("x-restate-jwt-v1" in headers for _, _, headers in requests)


def other_key() -> str:
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("pem", "text"),
    [
        ("", "exactly one PRIVATE KEY"),
        ("-----BEGIN PRIVATE KEY-----\n*\n-----END PRIVATE KEY-----", "not valid PEM"),
        ("-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----", "not an Ed25519 key"),
        (other_key(), "not an Ed25519 key"),
    ],
)
def test_other_files_are_refused(pem: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        read_private_key(pem)


def test_two_keys_are_refused(pem: str) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        read_private_key(pem + pem)


@pytest.mark.parametrize(
    "variable",
    [
        "RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE",
        "RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE",
    ],
)
def test_the_key_is_read_from_the_file_that_the_environment_names(
    tmp_path: Path, pem: str, variable: str
) -> None:
    settings = RuntimeSettings.from_environment({variable: str(tmp_path / "key.pem")})

    assert settings.identity_key_pem == pem
    with pytest.raises(ValueError, match=variable):
        RuntimeSettings.from_environment({variable: str(tmp_path / "missing.pem")})
    for content in (b"", b"\xff", b"key"):
        (tmp_path / "other.pem").write_bytes(content)
        with pytest.raises(ValueError, match=rf"{variable}: .*other\.pem: .*exactly one PRIVATE KEY"):
            RuntimeSettings.from_environment({variable: str(tmp_path / "other.pem")})


def test_of_two_names_of_the_key_the_one_counts_that_the_server_prefers(tmp_path: Path, pem: str) -> None:
    environment = {
        "RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE": str(tmp_path / "missing.pem"),
        "RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE": str(tmp_path / "key.pem"),
    }

    assert RuntimeSettings.from_environment(environment).identity_key_pem == pem


def test_the_secret_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 secret bytes, not 31"):
        _core.RequestSigner(bytes(31))
