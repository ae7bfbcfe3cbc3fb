"""The shop, with time that moves when we say so, and crashes everywhere."""

from decimal import Decimal
from pathlib import Path

import awaken
import mail
import payments
import pytest
from approvals import Decision
from awaken.testing import Environment, crash_everywhere
from delivery import arrived, lost, picked_up
from orders import Order, Receipt, app, place
from stock import add

LAMP = Order("o-1", "ada@example.com", "lamp", 2, Decimal(80))
DESK = Order("o-2", "ada@example.com", "desk", 4, Decimal(400))


@pytest.fixture
def awaken_app() -> awaken.Endpoint:
    return app


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the mails and the ledger of a test to itself."""
    monkeypatch.chdir(tmp_path)


async def test_order_is_delivered(awaken_env: Environment) -> None:
    client = awaken_env.client
    await client.object_call(add, "lamp", 5)
    order = await client.service_send(place, LAMP)
    await awaken_env.settle()
    await client.workflow_call(picked_up, "o-1", "TR-7")
    await client.workflow_call(arrived, "o-1", None)

    receipt = await client.attach(order.invocation_id, type_hint=Receipt)

    assert receipt == Receipt("o-1", Decimal(160), "pay-o-1", "TR-7")
    assert awaken_env.state("stock", "lamp") == {"shelf": {"free": 3, "reserved": {}}}


async def test_customer_is_asked_after_a_week(awaken_env: Environment) -> None:
    await test_order_is_delivered(awaken_env)
    await awaken_env.advance(days=6)
    assert "how do you like" not in mail.OUTBOX.read_text()

    await awaken_env.advance(days=1)

    assert "how do you like your lamp?" in mail.OUTBOX.read_text()


async def test_nobody_decides_for_two_days(awaken_env: Environment) -> None:
    order = await awaken_env.client.service_send(place, DESK)
    await awaken_env.advance(days=2)

    with pytest.raises(awaken.HttpError, match="nobody approved order o-2"):
        await awaken_env.client.attach(order.invocation_id)

    assert mail.OUTBOX.read_text().count("please approve") == 2
    assert not payments.LEDGER.exists()


@crash_everywhere
async def test_lost_order_is_undone_through_every_crash(env: Environment) -> list[str]:
    payments.LEDGER.unlink(missing_ok=True)
    await env.client.object_call(add, "desk", 5, idempotency_key="desks")
    order = await env.client.service_send(place, DESK, idempotency_key="order-o-2")
    await env.awakeable().resolve(Decision(approved=True, by="Grace"))
    await env.client.workflow_call(picked_up, "o-2", "TR-8", idempotency_key="TR-8-picked-up")
    await env.client.workflow_call(lost, "o-2", "fell off the truck", idempotency_key="TR-8-lost")

    with pytest.raises(awaken.HttpError, match="fell off the truck"):
        await env.client.attach(order.invocation_id)

    assert env.state("stock", "desk") == {"shelf": {"free": 5, "reserved": {}}}
    return payments.LEDGER.read_text().splitlines()
