"""Builds the same situation on a runtime: something in every state that a command can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.e2e.ingress import Client

DONE: Final = ("completed",)
WAITING: Final = ("suspended",)


def build(client: Client, endpoint_url: str) -> dict[str, str]:
    """Register the application three times, start everything, and return ids by name.

    The first deployment is removed while an invocation is pinned to it, the second serves an old revision, and the
    third, which speaks HTTP/1.1, the newest one.
    """
    names = {"gone": client.register(f"{endpoint_url}/gone", use_http_11=False)}
    names["zombie"] = _start(client, "Greeter/ask", WAITING)
    names["old"] = client.register(endpoint_url, use_http_11=False)
    names["stale"] = _start(client, "Greeter/ask", WAITING)
    names["newest"] = client.register(f"{endpoint_url}/v2", use_http_11=True)
    client.admin.delete(f"/deployments/{names['gone']}", params={"force": "true"}).raise_for_status()

    client.call("Greeter/greet", "ann", headers={"idempotency-key": "once"})
    names["greeted"] = client.send("Greeter/greet", "ann", headers={"idempotency-key": "once"})
    names["refused"] = _start(client, "Greeter/refuse", DONE, "no coffee here")
    names["napping"] = _start(client, "Greeter/nap", WAITING)
    names["stumbled"] = _start(client, "Greeter/stumble", ("backing-off",))
    names["tripped"] = _start(client, "Greeter/trip", ("backing-off",))
    names["gave_up"] = _start(client, "Greeter/give_up", ("paused",))
    names["scheduled"] = client.send("Greeter/greet", "later", delay="1d")

    values = {"name": "Bob", "balance": 12.5, "tags": ["a", "é"], "nested": {"a": {"b": None}}}
    client.call("Account/bob/write", values)
    client.call("Account/bill/write_bytes")
    names["filled"] = _start(client, "Account/long/fill", DONE, 150)
    client.call("Account/a b ä/deposit", 7)
    names["holding"] = _start(client, "Account/alice/hold", WAITING)
    names["queued"] = client.send("Account/alice/deposit", 3)

    names["signing_up"] = _start(client, "Signup/ann/run", WAITING, "ann@example.com")
    names["signed_up"] = client.send("Signup/ben/run", "ben@example.com")
    confirmed = _start(client, "Signup/ben/confirm", DONE, "by mail")
    client.attach(names["signed_up"])
    # Of several invocations of one key and status, `services status` shows any.
    client.admin.patch(f"/invocations/{confirmed}/purge").raise_for_status()
    names["touring"] = _start(client, "Greeter/tour", WAITING, "ann")
    return names


def _start(client: Client, target: str, statuses: tuple[str, ...], argument: object = ...) -> str:
    invocation_id = client.send(target, argument)
    client.wait_for_status(invocation_id, statuses)
    return invocation_id
