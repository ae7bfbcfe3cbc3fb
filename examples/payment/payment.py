"""A payment: charge a card once, wait for the provider's webhook, and give the money back if it does not come."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal

import awaken
import httpx

PROVIDER = os.environ.get("PROVIDER_URL", "http://127.0.0.1:7070")
WEBHOOK_SECRET = os.environ.get("WEBHOOK_SECRET", "whsec_only_for_tests").encode()
PATIENCE = timedelta(minutes=float(os.environ.get("PATIENCE_MINUTES", "15")))
#: How old a signed webhook may be, so that nobody can send an old one again.
TOLERANCE = timedelta(minutes=5)
#: The provider may be down for a while; after that, people have to look.
RETRIES = awaken.RunOptions[Any](
    initial_retry_interval=timedelta(milliseconds=200), max_duration=timedelta(hours=1)
)

payments = awaken.Service("payments")
webhooks = awaken.Service("webhooks")


@dataclass
class Order:
    number: str
    card: str
    cents: int


@dataclass
class Settlement:
    """What the provider says of a charge."""

    charge: str
    status: Literal["succeeded", "declined"]


@dataclass
class Receipt:
    order: str
    charge: str
    status: Literal["paid", "declined", "refunded"]


@payments.handler()
async def pay(ctx: awaken.Context, order: Order) -> Receipt:
    """Charge the card of an order. It ends when the provider has said how that went, or after `PATIENCE`."""
    settled = ctx.awakeable(type_hint=Settlement, name="settled")
    charge = await ctx.run_typed("charge", create_charge, RETRIES, order=order, reference=settled.id)
    try:
        settlement = await settled.result(timeout=PATIENCE)
    except TimeoutError:
        # It may still go through. A refund also stops a charge that is on its way.
        await ctx.run_typed("refund", refund, RETRIES, charge=charge)
        return Receipt(order.number, charge, "refunded")
    return Receipt(order.number, charge, "paid" if settlement.status == "succeeded" else "declined")


async def create_charge(order: Order, reference: str) -> str:
    """Ask the provider for a charge, and return its id. Repeated with the same key, it is the same charge."""
    answer = await call_provider(
        "/charges", f"charge-{order.number}", asdict(order) | {"reference": reference}
    )
    return str(answer["id"])


async def refund(charge: str) -> None:
    await call_provider(f"/charges/{charge}/refund", f"refund-{charge}", {})


async def call_provider(path: str, idempotency_key: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post to the provider. What it refuses is final, everything else is worth another try."""
    async with httpx.AsyncClient(base_url=PROVIDER, timeout=10) as client:
        response = await client.post(path, json=body, headers={"idempotency-key": idempotency_key})
    if response.is_client_error:
        raise awaken.TerminalError(f"the provider refused {path}: {response.text}", response.status_code)
    answer: dict[str, Any] = response.raise_for_status().json()
    return answer


@webhooks.handler()
async def receive(ctx: awaken.Context, body: bytes) -> None:
    """Receive a webhook of the provider, and pass it on to the payment that waits for it."""
    now = await ctx.time()
    check_signature(ctx.request().headers.get("provider-signature", ""), body, now)
    event = json.loads(body)
    if event["type"] in ("charge.succeeded", "charge.declined"):
        settlement = Settlement(event["charge"], event["type"].removeprefix("charge."))
        ctx.resolve_awakeable(event["reference"], settlement)


def check_signature(header: str, body: bytes, now: float) -> None:
    """Refuse what the provider did not sign, or signed too long ago.

    Args:
        header: `t=SECONDS,v1=HEX`, as the provider sends it.
        body: the bytes that were signed, together with the time.
        now: in seconds since 1970.
    """
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    signed_at, signature = parts.get("t", ""), parts.get("v1", "")
    if not hmac.compare_digest(sign(body, signed_at), signature):
        raise awaken.TerminalError("the signature of the webhook is wrong", 401)
    if abs(now - int(signed_at)) > TOLERANCE.total_seconds():
        raise awaken.TerminalError(f"the webhook was signed at {signed_at}, which is too long ago", 401)


def sign(body: bytes, signed_at: str) -> str:
    return hmac.new(WEBHOOK_SECRET, signed_at.encode() + b"." + body, hashlib.sha256).hexdigest()


def signature_header(body: bytes) -> str:
    """Sign a body as the provider does, for tests."""
    now = str(int(time.time()))
    return f"t={now},v1={sign(body, now)}"


app = awaken.app([payments, webhooks])
