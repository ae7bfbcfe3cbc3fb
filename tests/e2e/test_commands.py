"""The commands of operators, against a runtime that has work to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from awaken.cli import app
from typer.testing import CliRunner

from tests.e2e.services.outside import record
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client
    from tests.e2e.lanes import Lane

pytestmark = pytest.mark.lanes("h2-v6-suspending")


def run(lane: Lane, *arguments: str, exit_code: int = 0) -> Any:
    """Run a command with JSON output and return what it printed."""
    command = [*arguments, "--admin", lane.runtime.admin_url, "--json-output"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout) if result.stdout else None


def status_of(lane: Lane, invocation_id: str) -> str | None:
    listed = run(lane, "invocations", "list", "--limit", "1000")
    return next((str(row["status"]) for row in listed if row["id"] == invocation_id), None)


def wait_for(lane: Lane, invocation_id: str, status: str | None) -> None:
    eventually(lambda: status_of(lane, invocation_id) == status, what=f"{invocation_id} being {status}")


def test_pending_awakeable_is_listed_under_the_id_that_resolves_it(
    lane: Lane, client: Client, effects: Effects
) -> None:
    key = "the key"
    invocation_id = client.send(f"Keeper/{key}/keep", effects.path)
    wait_for(lane, invocation_id, "suspended")

    listed = run(lane, "awakeables", "list", "--service", "Keeper", "--key", key)

    assert [found["invocation"] for found in listed] == [invocation_id]
    assert (listed[0]["handler"], listed[0]["key"]) == ("Keeper/keep", key)
    client.resolve(listed[0]["id"], b'"kept"')
    client.attach(invocation_id)
    assert run(lane, "awakeables", "list", "--service", "Keeper", "--key", key) == []


def test_invocation_is_shown_with_its_journal(lane: Lane, client: Client, effects: Effects) -> None:
    invocation_id = client.send("Awaiting/value", effects.path)
    wait_for(lane, invocation_id, "suspended")

    shown = run(lane, "invocations", "show", invocation_id)

    assert (shown["target"], shown["status"]) == ("Awaiting/value", "suspended")
    assert [entry["entry_type"] for entry in shown["journal"]][:2] == ["Command: Input", "Command: Run"]
    run(lane, "invocations", "kill", invocation_id)


def test_the_beginning_of_an_id_names_an_invocation(lane: Lane, client: Client, effects: Effects) -> None:
    invocation_id = client.send("Awaiting/value", effects.path)
    wait_for(lane, invocation_id, "suspended")

    assert run(lane, "invocations", "show", invocation_id[:20])["id"] == invocation_id
    assert run(lane, "invocations", "kill", f"{invocation_id[:30]}…")[0]["id"] == invocation_id
    assert run(lane, "invocations", "show", "inv_1zzzzzzzz", exit_code=1) is None


def test_list_takes_conditions(lane: Lane, client: Client, effects: Effects) -> None:
    invocation_id = client.send("Awaiting/number", effects.path)
    wait_for(lane, invocation_id, "suspended")

    chosen = run(
        *(
            lane,
            "invocations",
            "list",
            "--service",
            "Awaiting",
            "--handler",
            "number",
            "--status",
            "suspended",
        )
    )

    assert [row["id"] for row in chosen] == [invocation_id]
    assert run(lane, "invocations", "list", "--service", "it's none") == []
    run(lane, "invocations", "kill", invocation_id)


def test_cancel_kill_purge_and_restart(lane: Lane, client: Client, effects: Effects) -> None:
    cancelled = client.send("Awaiting/value", effects.path)
    killed = client.send("Awaiting/value", effects.path)
    wait_for(lane, cancelled, "suspended")
    wait_for(lane, killed, "suspended")

    assert run(lane, "invocations", "cancel", cancelled) == [{"id": cancelled, "status": 202}]
    assert run(lane, "invocations", "kill", killed) == [{"id": killed, "status": 200}]

    assert (client.failure(cancelled).code, client.failure(killed).message) == (409, "killed")
    wait_for(lane, cancelled, "completed")
    restarted = run(lane, "invocations", "restart", cancelled)[0]["new_invocation_id"]
    wait_for(lane, restarted, "suspended")
    run(lane, "invocations", "kill", restarted)
    wait_for(lane, restarted, "completed")
    run(lane, "invocations", "purge", cancelled, killed, restarted)
    wait_for(lane, cancelled, None)
    assert status_of(lane, killed) is None


def test_paused_invocation_is_shown_with_what_paused_it(lane: Lane, client: Client) -> None:
    invocation_id = client.send("Failing/pausing")
    wait_for(lane, invocation_id, "paused")

    shown = run(lane, "invocations", "show", invocation_id)
    listed = run(lane, "invocations", "list", "--status", "paused", "--limit", "1000")
    client.kill(invocation_id)

    assert [row["last_failure"] for row in listed if row["id"] == invocation_id] == [shown["last_failure"]]
    assert shown["last_failure"].startswith("[500")
    assert (
        "] ZeroDivisionError('division by zero')\nTraceback (most recent call last):\n"
        in shown["last_failure"]
    )
    assert "in pausing\n" in shown["last_failure"]


def test_pause_and_resume(lane: Lane, client: Client, effects: Effects) -> None:
    # Its second execution executes another action: a mismatch, after which it backs off for minutes.
    invocation_id = client.send("Patient/changed", effects.path)
    wait_for(lane, invocation_id, "backing-off")
    assert len(effects.values("execution")) == 2

    assert run(lane, "invocations", "pause", invocation_id) == [{"id": invocation_id, "status": 202}]
    wait_for(lane, invocation_id, "paused")
    assert run(lane, "invocations", "resume", invocation_id) == [{"id": invocation_id, "status": 200}]

    eventually(lambda: len(effects.values("execution")) == 3, what="the third execution")
    run(lane, "invocations", "kill", invocation_id)


@pytest.mark.parametrize("is_removed", [False, True], ids=["beside it", "removed and registered again"])
def test_a_mismatch_is_moved_to_a_deployment_that_fits(
    private_lane: Lane, effects: Effects, is_removed: bool
) -> None:
    lane, client = private_lane, private_lane.client
    (old,) = run(lane, "deployments", "list")
    invocation_id = client.send("Patient/changed_until_mended", effects.path)
    wait_for(lane, invocation_id, "backing-off")
    assert len(effects.values("execution")) == 2
    newer = lane.endpoint if is_removed else lane.another_endpoint()
    if is_removed:
        removal = ["deployments", "remove", old["id"], "--force", "--admin", lane.runtime.admin_url]
        assert "move it to a deployment that fits" in CliRunner().invoke(app, removal).stdout
    else:
        newer.start()
    try:
        client.register(newer.url, use_http_11=False)
        record(effects.path, "mended")

        moved = run(lane, "invocations", "resume", invocation_id, "--deployment", "latest")

        assert moved == [{"id": invocation_id, "status": 200, "paused_while": "backing-off"}]
        assert client.attach(invocation_id) == "done"
        assert len(effects.values("action")) == 1
    finally:
        if not is_removed:
            newer.kill()


def test_one_that_cannot_be_moved_goes_on_where_it_was(lane: Lane, client: Client, effects: Effects) -> None:
    invocation_id = client.send("Patient/changed", effects.path)
    wait_for(lane, invocation_id, "backing-off")
    assert len(effects.values("execution")) == 2
    move = ["invocations", "resume", invocation_id, "--deployment", "dp_14LsPzGz9HBxXIeBoH5wYUh"]

    refused = CliRunner().invoke(app, [*move, "--admin", lane.runtime.admin_url])

    assert refused.exit_code == 1
    assert "deployment" in refused.stderr
    eventually(lambda: len(effects.values("execution")) == 3, what="the third execution")
    wait_for(lane, invocation_id, "backing-off")
    run(lane, "invocations", "kill", invocation_id)


def test_one_that_fails_does_not_stop_the_others(lane: Lane, client: Client, effects: Effects) -> None:
    waiting = client.send("Awaiting/value", effects.path)
    done = client.send("Greeter/greet", "x")
    client.attach(done)
    wait_for(lane, waiting, "suspended")

    outcomes = run(lane, "invocations", "kill", done, waiting, exit_code=1)

    assert "already completed" in outcomes[0]["error"]
    assert outcomes[1] == {"id": waiting, "status": 200}


def test_awakeable_is_shown_as_it_stands(lane: Lane, client: Client, effects: Effects) -> None:
    invocation_id = client.send("Callbacks/decide", effects.path)
    awakeable = effects.wait_for_one("link").split()[0]
    wait_for(lane, invocation_id, "suspended")
    show = ("awakeables", "show", awakeable)

    pending = run(lane, *show)
    client.kill(invocation_id)
    wait_for(lane, invocation_id, "completed")
    over = run(lane, *show)

    assert (pending["state"], pending["labels"]) == ("pending", {"team": "red"})
    assert (over["state"], over["invocation"]) == ("invocation completed", invocation_id)


def complete(lane: Lane, *arguments: str) -> tuple[int, str, str]:
    """Complete an awakeable; return the exit code, and what the command printed on stdout and stderr."""
    result = CliRunner().invoke(app, [*arguments, "--ingress", lane.runtime.ingress_url])
    return result.exit_code, result.stdout, result.stderr


def test_who_is_asked_later_is_not_listed_as_asked(lane: Lane, client: Client) -> None:
    given = {"title": "Pay?", "approvers": ["ann"], "escalate": {"3600": ["boss"]}}
    invocation_id = client.send("Office/later/approve", given)
    wait_for(lane, invocation_id, "suspended")

    (found,) = [one for one in run(lane, "awakeables", "list") if one["invocation"] == invocation_id]
    shown = run(lane, "awakeables", "show", found["id"])
    client.kill(invocation_id)

    assert found["approvers"] == shown["approvers"] == ["ann"]


def test_completion_prints_what_the_runtime_reports(
    lane: Lane, client: Client, effects: Effects, request: pytest.FixtureRequest
) -> None:
    invocation_id = client.send("Awaiting/value", effects.path)
    wait_for(lane, invocation_id, "suspended")
    (found,) = [one for one in run(lane, "awakeables", "list") if one["invocation"] == invocation_id]
    awakeable = found["id"]

    first = complete(lane, "resolve", awakeable, "--json", '"yes"')
    client.attach(invocation_id)
    second = complete(lane, "reject", awakeable, "too late")

    if request.config.getoption("--runtime") == "embedded":
        assert first == (0, f"{awakeable} has this result\n", "")
        assert second == (1, "", f"error: {awakeable} has a result already; the first one counts\n")
    else:  # a server does not report the outcome
        accepted = f"the runtime accepted the result of {awakeable} and does not report whether it counts\n"
        assert first == second == (0, accepted, "")


def test_completion_prints_what_the_admin_api_tells(lane: Lane, client: Client, effects: Effects) -> None:
    admin = ("--admin", lane.runtime.admin_url)
    invocation_id = client.send("Awaiting/value", effects.path)
    wait_for(lane, invocation_id, "suspended")
    (found,) = [one for one in run(lane, "awakeables", "list") if one["invocation"] == invocation_id]
    awakeable = found["id"]

    first = complete(lane, "resolve", awakeable, "--json", '"yes"', *admin)
    client.attach(invocation_id)
    second = complete(lane, "reject", awakeable, "too late", *admin)

    assert first == (0, f"{awakeable} has this result\n", "")
    assert second == (1, "", f"error: {awakeable} has a result already; the first one counts\n")


def test_value_of_a_callback_is_checked_before_it_is_given(
    lane: Lane, client: Client, effects: Effects
) -> None:
    invocation_id = client.send("Callbacks/confirm", effects.path)
    awakeable = effects.wait_for_one("link").split()[0]
    wait_for(lane, invocation_id, "suspended")
    admin = ("--admin", lane.runtime.admin_url)

    wrong = complete(lane, "resolve", awakeable, "--json", '"yes"', *admin)
    right = complete(lane, "resolve", awakeable, "--json", "true", *admin)

    assert wrong[:2] == (1, "")
    assert "does not fit its declared type" in wrong[2]
    assert right == (0, f"{awakeable} has this result\n", "")
    assert client.attach(invocation_id) is True


def test_deployments_are_listed_with_what_needs_them(lane: Lane, client: Client, effects: Effects) -> None:
    invocation_id = client.send("Awaiting/value", effects.path)
    wait_for(lane, invocation_id, "suspended")

    listed = run(lane, "deployments", "list")

    (used,) = [one for one in listed if one["open_invocations"]]
    assert used["address"].rstrip("/") == lane.endpoint.url
    (service,) = [one for one in used["services"] if one["name"] == "Awaiting"]
    assert service["is_newest"] is True


def test_a_deployment_is_removed_only_when_nothing_needs_it(private_lane: Lane, effects: Effects) -> None:
    lane, client = private_lane, private_lane.client
    (old,) = run(lane, "deployments", "list")
    invocation_id = client.send("Awaiting/value", effects.path)
    wait_for(lane, invocation_id, "suspended")

    def refused() -> str:
        arguments = ["deployments", "remove", old["id"], "--admin", lane.runtime.admin_url]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 1
        return result.stderr

    reason = refused()
    assert "1 open invocation is pinned to it" in reason
    assert "register the endpoint that replaces it first" in reason

    newer = lane.another_endpoint()
    newer.start()
    try:
        newer_id = client.register(newer.url, use_http_11=False)
        reason = refused()
        assert "1 open invocation is pinned to it" in reason
        assert "register" not in reason

        (waiting,) = run(lane, "awakeables", "list")
        client.resolve(waiting["id"], b'"done"')
        client.attach(invocation_id)
        assert run(lane, "deployments", "remove", old["id"])["open_invocations"] == 0
        assert [one["id"] for one in run(lane, "deployments", "list")] == [newer_id]
    finally:
        newer.kill()


def test_an_unknown_deployment_is_named(lane: Lane) -> None:
    command = ["deployments", "remove", "dp_1unknown", "--admin", lane.runtime.admin_url]

    result = CliRunner().invoke(app, command)

    assert result.exit_code == 1
    assert "there is no deployment dp_1unknown" in result.stderr
