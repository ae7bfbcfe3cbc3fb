"""A parameter of calls and sends is the same in all of them, within a scope and from a client as well."""

from __future__ import annotations

import inspect
from collections import defaultdict

from awaken import Context, RestateClient, ScopedContext, SyncRestateClient
from awaken.client import RestateScopedClient, SyncRestateScopedClient

CALLERS = (
    *(Context, ScopedContext),
    *(RestateClient, RestateScopedClient, SyncRestateClient, SyncRestateScopedClient),
)
#: The argument: bytes of a generic call, and of the handler's type elsewhere.
APART = {"arg"}


def test_parameters_of_one_name_are_declared_alike() -> None:
    found: defaultdict[str, set[tuple[str, object]]] = defaultdict(set)
    for caller in CALLERS:
        for name, method in inspect.getmembers(caller, inspect.isfunction):
            if name.endswith(("_call", "_send")) and not name.startswith("_"):
                for parameter in list(inspect.signature(method).parameters.values())[1:]:
                    if parameter.name == "key" and name.startswith("generic"):
                        continue  # where the key is optional
                    found[parameter.name].add((parameter.annotation, parameter.default))

    assert {"tpe", "key", "send_delay", "limit_key", "idempotency_key", "headers"} <= found.keys()
    assert {name: kinds for name, kinds in found.items() if len(kinds) > 1 and name not in APART} == {}
