"""Registrations that take long: they delay nobody, and the one that began last counts."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from awaken.runtime.deployments import DeploymentNotFoundError, Overrides

from tests.unit.runtime.fakes import CannedEndpoint, DictStore, Network, make_deployments, manifest

if TYPE_CHECKING:
    from awaken.runtime.deployments import Deployments, Registration


def service(name: str) -> bytes:
    return manifest([{"name": name, "ty": "SERVICE", "handlers": [{"name": "h"}]}])


async def begin(
    deployments: Deployments, endpoint: CannedEndpoint, *, force: bool = False
) -> asyncio.Task[Registration]:
    """Begin a registration, and return when the endpoint was asked."""
    asked = len(endpoint.waiting)
    task = asyncio.create_task(deployments.register("http://slow", force=force))
    async with asyncio.timeout(5):
        while len(endpoint.waiting) == asked:
            await asyncio.sleep(0)
    return task


async def test_silent_endpoint_delays_no_other_change() -> None:
    slow = CannedEndpoint(body=service("Slow"), is_silent=True)
    deployments = make_deployments(Network(slow=slow, one=CannedEndpoint(), two=CannedEndpoint()).dial)
    first = await deployments.register("http://one")
    task = await begin(deployments, slow)

    second = await deployments.register("http://two")
    await deployments.override("Svc", Overrides(public=False))
    await deployments.update(second.record.deployment_id, additional_headers={"a": "b"}, overwrite=True)
    await deployments.remove(first.record.deployment_id)

    assert not task.done()
    slow.answer()
    assert (await task).is_new
    assert deployments.service("Slow") is not None


async def test_change_in_place_keeps_what_was_changed_while_it_waited() -> None:
    endpoint = CannedEndpoint()
    deployments = make_deployments(Network(slow=endpoint).dial)
    deployment_id = (await deployments.register("http://slow")).record.deployment_id
    endpoint.is_silent = True
    task = asyncio.create_task(deployments.update(deployment_id, overwrite=True))
    while not endpoint.waiting:
        await asyncio.sleep(0)

    await deployments.override("Svc", Overrides(abort_timeout_ms=5))
    endpoint.answer()

    assert (await task).overrides["Svc"].abort_timeout_ms == 5
    service = deployments.service("Svc")
    assert service is not None
    assert service.handlers["echo"].abort_timeout_ms == 5


async def test_change_in_place_of_what_is_removed_meanwhile_is_refused() -> None:
    endpoint = CannedEndpoint()
    deployments = make_deployments(Network(slow=endpoint).dial)
    deployment_id = (await deployments.register("http://slow")).record.deployment_id
    endpoint.is_silent = True
    task = asyncio.create_task(deployments.update(deployment_id, overwrite=True))
    while not endpoint.waiting:
        await asyncio.sleep(0)

    await deployments.remove(deployment_id)
    endpoint.answer()

    with pytest.raises(DeploymentNotFoundError):
        await task
    assert deployments.services() == []


async def test_one_endpoint_registered_twice_at_once_is_one_deployment() -> None:
    slow = CannedEndpoint(is_silent=True)
    store = DictStore()
    deployments = make_deployments(Network(slow=slow).dial, store)
    tasks = [await begin(deployments, slow), await begin(deployments, slow)]

    slow.answer()
    slow.answer()
    one, two = await asyncio.gather(*tasks)

    assert one.record == two.record
    assert [one.is_new, two.is_new] == [True, False]
    assert len(store.documents) == 1


@pytest.mark.parametrize("is_last_first", [True, False])
async def test_registration_that_began_last_counts(is_last_first: bool) -> None:
    """As with `awaken dev --reload`, whose older answer may come after the newer one."""
    slow = CannedEndpoint(body=service("Old"), is_silent=True)
    deployments = make_deployments(Network(slow=slow).dial)
    old = await begin(deployments, slow, force=True)
    slow.body = service("New")
    new = await begin(deployments, slow, force=True)

    if is_last_first:
        slow.waiting.reverse()
    slow.answer()
    await (new if is_last_first else old)
    slow.answer()
    await asyncio.gather(old, new)

    assert [found.name for found in deployments.services()] == ["New"]


async def test_deployment_that_cannot_be_read_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    store = DictStore()
    network = Network(one=CannedEndpoint(), two=CannedEndpoint(body=service("Two")))
    before = make_deployments(network.dial, store)
    one = (await before.register("http://one")).record
    two = (await before.register("http://two")).record
    document = json.loads(store.documents[one.deployment_id])
    document["manifest"]["services"][0]["abortTimeout"] = "forever"
    store.documents[one.deployment_id] = json.dumps(document)
    store.documents["dp_1nothing"] = msgspec.json.encode(msgspec.structs.replace(two, revisions={})).decode()

    deployments = make_deployments(network.dial, store)

    assert [record.deployment_id for record in deployments.records()] == [two.deployment_id]
    assert [found.name for found in deployments.services()] == ["Two"]
    assert set(deployments.unreadable) == {one.deployment_id, "dp_1nothing"}
    assert "abortTimeout" in deployments.unreadable[one.deployment_id]
    assert one.deployment_id in caplog.text
    await deployments.remove("dp_1nothing")
    assert set(store.documents) == {one.deployment_id, two.deployment_id}
    assert set(deployments.unreadable) == {one.deployment_id}
