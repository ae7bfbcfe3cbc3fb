"""The payment of the cookbook: every order is charged once, and ends as paid, declined or refunded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.testing import Environment, crash_everywhere, open_environment

from examples.payment import payment
from examples.payment.payment import Order, Receipt
from examples.payment.provider import Provider
from tests.unit.examples.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ORDER = Order("4711", "4242", 1999)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with serving(Provider(0, webhooks=None)) as server:
        monkeypatch.setattr(payment, "PROVIDER", server.url)
        yield server


@pytest.fixture
def awaken_app() -> awaken.Endpoint:
    return payment.app


async def send_webhook(env: Environment, *, status: str = "succeeded", **headers: str) -> None:
    """Do what the provider does: the webhook names the awakeable that the charge was made with."""
    reference = await env.awakeable("settled").id()
    body = json.dumps({"type": f"charge.{status}", "charge": "ch_1", "reference": reference}).encode()
    signature = {"provider-signature": payment.signature_header(body)} | headers
    await env.client.generic_call("webhooks", "receive", body, headers=signature)


@pytest.mark.parametrize(("status", "outcome"), [("succeeded", "paid"), ("declined", "declined")])
async def test_webhook_settles_the_payment(
    awaken_env: Environment, provider: Provider, status: str, outcome: Any
) -> None:
    sent = await awaken_env.client.service_send(payment.pay, ORDER)

    await send_webhook(awaken_env, status=status)

    receipt = await awaken_env.client.attach(sent.invocation_id, type_hint=Receipt)
    assert receipt == Receipt("4711", "ch_1", outcome)


async def test_money_goes_back_when_no_webhook_comes(awaken_env: Environment, provider: Provider) -> None:
    sent = await awaken_env.client.service_send(payment.pay, ORDER)
    await awaken_env.settle()

    await awaken_env.advance(minutes=15)

    receipt = await awaken_env.client.attach(sent.invocation_id, type_hint=Receipt)
    assert receipt.status == "refunded"
    assert provider.charges["charge-4711"]["status"] == "refunded"


async def test_provider_that_is_down_is_asked_again(awaken_env: Environment, provider: Provider) -> None:
    provider.failures = 2
    sent = await awaken_env.client.service_send(payment.pay, ORDER)

    await send_webhook(awaken_env)

    await awaken_env.client.attach(sent.invocation_id)
    assert provider.requests == ["/charges"] * 3
    assert len(provider.charges) == 1


async def test_what_the_provider_refuses_ends_the_payment(
    awaken_env: Environment, provider: Provider
) -> None:
    with pytest.raises(awaken.HttpError, match="cannot charge 0 cents") as refused:
        await awaken_env.client.service_call(payment.pay, Order("4712", "4242", 0))

    assert refused.value.code == 422


@pytest.mark.parametrize("signature", ["", "t=1,v1=", "t=1,v1=abc", f"t=1,v1={payment.sign(b'other', '1')}"])
async def test_forged_webhook_is_refused(awaken_env: Environment, provider: Provider, signature: str) -> None:
    sent = await awaken_env.client.service_send(payment.pay, ORDER)

    with pytest.raises(awaken.HttpError, match="signature of the webhook is wrong") as refused:
        await send_webhook(awaken_env, **{"provider-signature": signature})

    assert refused.value.code == 401
    with pytest.raises(awaken.NotReadyError):
        await awaken_env.client.output(sent.invocation_id)


async def test_old_webhook_is_refused(awaken_env: Environment, provider: Provider) -> None:
    body = b"{}"
    signature = payment.signature_header(body)
    await awaken_env.advance(minutes=6)

    with pytest.raises(awaken.HttpError, match="too long ago"):
        await awaken_env.client.generic_call(
            "webhooks", "receive", body, headers={"provider-signature": signature}
        )


@pytest.mark.slow
async def test_no_crash_charges_twice(provider: Provider) -> None:
    """The decorator asserts that the receipt is the same after every crash."""

    @crash_everywhere(app=payment.app)
    async def scenario(env: Environment) -> Receipt:
        provider.charges.clear()
        sent = await env.client.service_send(payment.pay, ORDER)
        await send_webhook(env)
        receipt = await env.client.attach(sent.invocation_id, type_hint=Receipt)
        assert [charge["status"] for charge in provider.charges.values()] == ["pending"]
        return receipt

    await scenario()


async def test_replays_execute_nothing_again(provider: Provider) -> None:
    async with open_environment(payment.app, always_replay=True) as env:
        sent = await env.client.service_send(payment.pay, ORDER)
        await send_webhook(env)
        await env.client.attach(sent.invocation_id)

    assert provider.requests == ["/charges"]
