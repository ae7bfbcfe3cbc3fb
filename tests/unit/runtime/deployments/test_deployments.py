"""Deployments: revisions, what a repeated registration does, and what is left after a restart."""

from __future__ import annotations

import pytest
from awaken.runtime.deployments import DeploymentNotFoundError, Overrides, RegistrationError

from tests.unit.runtime.fakes import CannedEndpoint, DictStore, Network, make_deployments, manifest


async def test_serves_what_it_discovers() -> None:
    network = Network(one=CannedEndpoint())
    deployments = make_deployments(network.dial)

    registration = await deployments.register("http://one", additional_headers={"X-Team": "a"})

    assert registration.is_new
    assert registration.record.deployment_id.startswith("dp_1")
    assert len(registration.record.deployment_id) == 26
    assert {service.name: service.revision for service in deployments.services()} == {
        "Svc": 1,
        "Obj": 1,
        "Wf": 1,
    }
    incr = deployments.handler("Obj", "incr")
    assert incr is not None
    assert incr.is_exclusive
    latest = deployments.latest_deployment("Obj")
    assert latest is not None
    assert latest.is_bidirectional
    method, path, headers = network.endpoints["http://one/"].requests[0]
    assert (method, path) == ("GET", "/discover")
    assert "endpointmanifest.v4+json" in headers["accept"]
    assert headers["X-Team"] == "a"


async def test_a_known_address_changes_nothing_unless_forced() -> None:
    network = Network(one=CannedEndpoint())
    deployments = make_deployments(network.dial)
    first = await deployments.register("http://one")

    again = await deployments.register("http://ONE/?x=1")
    forced = await deployments.register("http://one/", force=True)

    assert not again.is_new
    assert again.record == first.record
    assert not forced.is_new
    assert forced.record.deployment_id == first.record.deployment_id
    assert forced.record.revisions["Svc"] == 2
    assert forced.record.created_at_ms > first.record.created_at_ms
    assert len(network.endpoints["http://one/"].requests) == 2


async def test_the_latest_revision_wins_and_falls_back_when_it_is_removed() -> None:
    network = Network(one=CannedEndpoint(), two=CannedEndpoint())
    deployments = make_deployments(network.dial)
    first = (await deployments.register("http://one")).record.deployment_id
    second = (await deployments.register("http://two")).record.deployment_id

    latest = deployments.latest_deployment("Svc")
    assert latest is not None
    assert latest.deployment_id == second
    assert latest.services["Svc"].revision == 2
    await deployments.register("http://one", force=True)
    latest = deployments.latest_deployment("Svc")
    assert latest is not None
    assert latest.deployment_id == first

    await deployments.remove(first)
    latest = deployments.latest_deployment("Svc")
    assert latest is not None
    assert latest.deployment_id == second
    await deployments.remove(second)
    assert deployments.service("Svc") is None
    assert (await deployments.register("http://one")).record.revisions["Svc"] == 1
    with pytest.raises(DeploymentNotFoundError):
        await deployments.remove(second)


async def test_a_dry_run_leaves_nothing_behind() -> None:
    store = DictStore()
    deployments = make_deployments(Network(one=CannedEndpoint()).dial, store)

    registration = await deployments.register("http://one", dry_run=True)

    assert registration.is_new
    assert store.documents == {}
    assert deployments.services() == []


async def test_everything_is_there_after_a_restart() -> None:
    store = DictStore()
    network = Network(one=CannedEndpoint(), two=CannedEndpoint())
    deployments = make_deployments(network.dial, store)
    await deployments.register("http://one", use_http_11=True, metadata={"commit": "1"})
    await deployments.register("http://two")
    await deployments.override("Svc", Overrides(public=False, abort_timeout_ms=5))

    again = make_deployments(network.dial, store)

    assert again.records() == deployments.records()
    assert again.services() == deployments.services()
    service = again.service("Svc")
    assert service is not None
    assert not service.is_public
    assert service.handlers["echo"].abort_timeout_ms == 5


async def test_a_changed_type_needs_insisting() -> None:
    changed = manifest([{"name": "Svc", "ty": "VIRTUAL_OBJECT", "handlers": []}])
    network = Network(one=CannedEndpoint(), two=CannedEndpoint(body=changed))
    deployments = make_deployments(network.dial)
    await deployments.register("http://one")

    with pytest.raises(RegistrationError, match=r"changing the service type") as refusal:
        await deployments.register("http://two")
    assert (refusal.value.status, refusal.value.code) == (409, "META0006")

    await deployments.register("http://two", breaking=True)
    service = deployments.service("Svc")
    assert service is not None
    assert service.kind == "object"


async def test_over_http_11_every_wait_suspends() -> None:
    deployments = make_deployments(Network(one=CannedEndpoint()).dial)

    await deployments.register("http://one", use_http_11=True)

    echo = deployments.handler("Svc", "echo")
    assert echo is not None
    assert echo.inactivity_timeout_ms == 0


async def test_moving_keeps_revisions_and_closes_the_old_way() -> None:
    network = Network(one=CannedEndpoint(), elsewhere=CannedEndpoint(body=manifest([])))
    deployments = make_deployments(network.dial)
    deployment_id = (await deployments.register("http://one")).record.deployment_id
    assert deployments.dialer(deployment_id) is not None
    old = network.dialers[-1]

    record = await deployments.update(deployment_id, uri="http://elsewhere")

    assert record.uri == "http://elsewhere/"
    assert record.revisions["Svc"] == 1
    assert deployments.service("Svc") is not None
    assert old.is_closed


async def test_moving_to_where_nothing_answers_is_refused() -> None:
    network = Network(one=CannedEndpoint(), nowhere=CannedEndpoint(failures=9))
    deployments = make_deployments(network.dial)
    deployment_id = (await deployments.register("http://one")).record.deployment_id

    with pytest.raises(RegistrationError, match="http://nowhere/"):
        await deployments.update(deployment_id, uri="http://nowhere")

    assert deployments.record(deployment_id).uri == "http://one/"


async def test_a_forced_registration_forgets_headers_and_metadata() -> None:
    network = Network(one=CannedEndpoint())
    deployments = make_deployments(network.dial)
    await deployments.register("http://one", additional_headers={"x": "1"}, metadata={"a": "b"})

    record = (await deployments.register("http://one", force=True)).record

    assert (record.additional_headers, record.metadata) == ({}, {})


async def test_overwriting_discovers_again_in_place() -> None:
    network = Network(one=CannedEndpoint())
    deployments = make_deployments(network.dial)
    deployment_id = (await deployments.register("http://one")).record.deployment_id
    network.endpoints["http://two/"] = CannedEndpoint(
        body=manifest([{"name": "Svc", "ty": "WORKFLOW", "handlers": []}])
    )

    record = await deployments.update(deployment_id, uri="http://two", overwrite=True)

    assert record.revisions == {"Svc": 1}
    service = deployments.service("Svc")
    assert service is not None
    assert service.kind == "workflow"
    assert deployments.service("Obj") is None


async def test_the_dialer_sends_the_additional_headers() -> None:
    network = Network(one=CannedEndpoint())
    deployments = make_deployments(network.dial)
    registration = await deployments.register("http://one", additional_headers={"Authorization": "secret"})

    dialer = deployments.dialer(registration.record.deployment_id)
    assert dialer is not None
    dialer.open("POST", "/invoke/Svc/echo", {"content-type": "x"}, lambda: None)

    _, _, headers = network.endpoints["http://one/"].requests[-1]
    assert headers == {
        "x-restate-cluster-name": "localcluster",
        "authorization": "secret",
        "content-type": "x",
    }
    assert deployments.dialer("dp_1nobody") is None
    await deployments.close()
    assert network.dialers[-1].is_closed
