"""Applications of the cookbook as processes, with the outside parties that they talk to."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from examples.data_pipeline.source import Source
from examples.device_provisioning.device import Device
from examples.payment.provider import Provider
from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client
from tests.e2e.waiting import eventually
from tests.unit.examples.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.runtime import Runtime, RuntimeFactory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


class Kitchen:
    """A runtime, and endpoints that are registered with it."""

    def __init__(self, runtime: Runtime, directory: Path, stack: ExitStack) -> None:
        self.runtime = runtime
        self.client = stack.enter_context(Client(runtime.ingress_url, runtime.admin_url))
        self._directory = directory
        self._stack = stack

    def serve(self, app: str, **environment: str) -> EndpointProcess:
        endpoint = EndpointProcess(self._directory, app, environment=environment)
        self._stack.callback(endpoint.kill)
        endpoint.start()
        self.client.register(endpoint.url, use_http_11=False)
        return endpoint


@pytest.fixture
def kitchen(create_runtime: RuntimeFactory, tmp_path: Path) -> Iterator[Kitchen]:
    runtime = create_runtime(tmp_path, {})
    with ExitStack() as stack:
        stack.callback(runtime.kill)
        runtime.start()
        yield Kitchen(runtime, tmp_path, stack)


@pytest.mark.parametrize(("card", "outcome"), [("4242", "paid"), ("0002", "declined"), ("0003", "refunded")])
def test_payment_ends_as_the_provider_says(kitchen: Kitchen, card: str, outcome: str) -> None:
    webhooks = f"{kitchen.runtime.ingress_url}/webhooks/receive"
    with serving(Provider(0, webhooks, delay_s=0.05)) as provider:
        provider.failures = 1
        kitchen.serve("examples.payment.payment:app", PROVIDER_URL=provider.url, PATIENCE_MINUTES="0.05")

        receipt = kitchen.client.call("payments/pay", {"number": "4711", "card": card, "cents": 1999})

    assert receipt == {"order": "4711", "charge": "ch_1", "status": outcome}
    assert len(provider.charges) == 1


def test_payment_survives_its_endpoint(kitchen: Kitchen) -> None:
    webhooks = f"{kitchen.runtime.ingress_url}/webhooks/receive"
    with serving(Provider(0, webhooks, delay_s=1)) as provider:
        endpoint = kitchen.serve("examples.payment.payment:app", PROVIDER_URL=provider.url)
        payment = kitchen.client.send("payments/pay", {"number": "4711", "card": "4242", "cents": 1999})
        eventually(lambda: provider.charges, what="the charge")
        endpoint.kill()
        endpoint.start()

        receipt = kitchen.client.attach(payment)

    assert receipt["status"] == "paid"
    assert len(provider.charges) == 1


def test_device_reports_to_the_ingress(kitchen: Kitchen) -> None:
    with serving(Device(0, delay_s=0.05)) as device:
        device.absences = 1
        kitchen.serve(
            "examples.device_provisioning.provisioning:app", ANSWERS_URL=kitchen.runtime.ingress_url
        )
        plan = {"address": device.url, "versions": ["1.0", "1.1", "2.0"]}

        outcome = kitchen.client.call("Device/sn-1/provision", plan)

    assert outcome == {"firmware": "2.0", "doing": "ready"}
    assert device.installed == ["1.0", "1.1", "2.0"]


def test_device_is_stopped_when_its_plan_is_cancelled(kitchen: Kitchen) -> None:
    with serving(Device(0, delay_s=None)) as device:
        kitchen.serve(
            "examples.device_provisioning.provisioning:app", ANSWERS_URL=kitchen.runtime.ingress_url
        )
        plan = kitchen.client.send("Device/sn-1/provision", {"address": device.url, "versions": ["1.0"]})
        eventually(lambda: device.commands, what="the command")
        kitchen.client.cancel(plan)
        failure = kitchen.client.failure(plan)

    assert failure.code == 409
    assert device.is_stopped
    assert kitchen.client.call("Device/sn-1/status") == {"firmware": "factory", "doing": "cancelled"}


def test_pipeline_goes_on_after_its_processes_were_killed(kitchen: Kitchen, tmp_path: Path) -> None:
    with serving(Source(0)) as source:
        target = str(tmp_path / "prices.db")
        endpoint = kitchen.serve("examples.data_pipeline.pipeline:app", SOURCE_URL=source.url, TARGET=target)
        job = kitchen.client.send("Pipeline/nightly/run", {"records": 1000, "at_once": 20})

        def progress() -> dict[str, Any]:
            return kitchen.client.call("Pipeline/nightly/progress") or {"done": 0}

        eventually(progress, lambda seen: seen["done"] >= 200, within=60, what="the first records")
        endpoint.kill()
        kitchen.runtime.kill()
        before = source.requests.total()
        kitchen.runtime.start()
        endpoint.start()
        kitchen.client.ingress.timeout = 90
        summary = kitchen.client.attach(job)

    assert summary["copied"] == 999
    assert list(summary["failed"]) == ["13"]
    assert progress() == {"done": 1000, "of": 1000}
    with closing(sqlite3.connect(target)) as database:
        assert database.execute("SELECT count(*), sum(cents) FROM price").fetchone() == (
            999,
            summary["total_cents"],
        )
    # Every tenth record is fetched twice, and those that were under way when the processes died once more.
    assert 200 <= before < 1000
    assert source.requests.total() <= 1000 + 100 + 20
