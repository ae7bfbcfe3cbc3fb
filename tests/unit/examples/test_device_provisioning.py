"""The provisioning of the cookbook: devices that are away, slow or broken, and a plan that is cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awaken
import pytest
from awaken.testing import Environment, crash_everywhere, open_environment

from examples.device_provisioning import provisioning
from examples.device_provisioning.device import Device
from examples.device_provisioning.provisioning import Plan, Report, Status
from tests.unit.examples.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE = Report(is_installed=True)


@pytest.fixture
def device() -> Iterator[Device]:
    """A device that never reports by itself; tests answer for it."""
    with serving(Device(0, delay_s=None)) as server:
        yield server


@pytest.fixture
def awaken_app() -> awaken.Endpoint:
    return provisioning.app


async def begin(env: Environment, device: Device, *versions: str) -> str:
    sent = await env.client.object_send(provisioning.provision, "sn-1", Plan(device.url, list(versions)))
    return sent.invocation_id


async def status(env: Environment) -> Status:
    return await env.client.object_call(provisioning.status, "sn-1", None)


async def test_versions_are_installed_one_after_the_other(awaken_env: Environment, device: Device) -> None:
    invocation = await begin(awaken_env, device, "1.0", "2.0")

    await awaken_env.awakeable("report").resolve(DONE)
    await awaken_env.settle()
    between = await status(awaken_env)
    await awaken_env.awakeable("report").resolve(DONE)

    outcome = await awaken_env.client.attach(invocation, type_hint=Status)
    assert between == Status("1.0", "installing 2.0")
    assert outcome == await status(awaken_env) == Status("2.0", "ready")
    assert [command["version"] for command in device.commands] == ["1.0", "2.0"]
    assert device.commands[0]["answer_to"].startswith("http://127.0.0.1:8080/restate/awakeables/sign_1")


async def test_what_is_installed_is_not_installed_again(awaken_env: Environment, device: Device) -> None:
    first = await begin(awaken_env, device, "1.0")
    await awaken_env.awakeable("report").resolve(DONE)
    await awaken_env.client.attach(first)

    second = await begin(awaken_env, device, "1.0", "1.1")
    await awaken_env.awakeable("report").resolve(DONE)
    await awaken_env.client.attach(second)

    assert [command["version"] for command in device.commands] == ["1.0", "1.1"]


async def test_a_device_that_is_off_is_asked_again_for_hours(awaken_env: Environment, device: Device) -> None:
    device.absences = 12
    invocation = await begin(awaken_env, device, "1.0")
    await awaken_env.settle()

    await awaken_env.advance(hours=2)
    await awaken_env.awakeable("report").resolve(DONE)

    assert (await awaken_env.client.attach(invocation, type_hint=Status)).firmware == "1.0"
    assert device.absences == 0


async def test_a_device_that_does_not_answer_is_asked_three_times(
    awaken_env: Environment, device: Device
) -> None:
    invocation = await begin(awaken_env, device, "1.0")
    await awaken_env.settle()

    await awaken_env.advance(hours=6)

    with pytest.raises(awaken.HttpError, match=r"did not install 1\.0 in 3 attempts: no answer in 2:00:00"):
        await awaken_env.client.attach(invocation)
    assert len(device.commands) == 3
    assert len({command["answer_to"] for command in device.commands}) == 3
    assert (await status(awaken_env)).doing.startswith("failed: sn-1 did not install 1.0")


async def test_an_installation_that_failed_is_tried_after_a_pause(
    awaken_env: Environment, device: Device
) -> None:
    invocation = await begin(awaken_env, device, "1.0")
    await awaken_env.awakeable("report").resolve(Report(is_installed=False, error="battery low"))
    await awaken_env.settle()
    before = len(device.commands)

    await awaken_env.advance(minutes=30)
    await awaken_env.awakeable("report").resolve(DONE)

    assert (await awaken_env.client.attach(invocation, type_hint=Status)).firmware == "1.0"
    assert (before, len(device.commands)) == (1, 2)


async def test_cancelling_stops_the_device(awaken_env: Environment, device: Device) -> None:
    invocation = await begin(awaken_env, device, "1.0")
    await awaken_env.awakeable("report").id()

    await awaken_env.client.cancel(invocation)

    with pytest.raises(awaken.HttpError) as cancelled:
        await awaken_env.client.attach(invocation)
    assert cancelled.value.code == 409
    assert device.is_stopped
    assert await status(awaken_env) == Status("factory", "cancelled")


async def test_a_second_plan_waits_for_the_first(awaken_env: Environment, device: Device) -> None:
    first = await begin(awaken_env, device, "1.0")
    second = await begin(awaken_env, device, "2.0")
    await awaken_env.settle()
    before = [command["version"] for command in device.commands]

    for invocation in (first, second):
        await awaken_env.awakeable("report", invocation_id=invocation).resolve(DONE)
        await awaken_env.client.attach(invocation)

    assert before == ["1.0"]
    assert (await status(awaken_env)).firmware == "2.0"


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_no_crash_changes_what_is_installed(device: Device) -> None:
    """The decorator asserts that result and state are the same after every crash."""

    @crash_everywhere(app=provisioning.app, max_positions=40)
    async def scenario(env: Environment) -> Status:
        invocation = await begin(env, device, "1.0", "2.0")
        await env.awakeable("report").resolve(DONE)
        await env.settle()
        await env.advance(hours=2)  # the device does not answer, and is asked again
        await env.client.awakeable(device.commands[-1]["answer_to"].split("/")[-2], type_hint=Report).resolve(
            DONE
        )
        return await env.client.attach(invocation, type_hint=Status)

    await scenario()


async def test_replays_send_no_command_again(device: Device) -> None:
    async with open_environment(provisioning.app, always_replay=True) as env:
        invocation = await begin(env, device, "1.0")
        await env.awakeable("report").resolve(DONE)
        await env.client.attach(invocation)

    assert len(device.commands) == 1
