"""What well-behaved parties do: start invocations, answer what waits by every interface, and read results.

Each insists until it has its answer: the process may be killed at any moment.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import httpx
from awaken import _core
from awaken.control.v1 import awakeables_pb2, awakeables_pb2_grpc

from tests.e2e.endpoint import ROOT
from tests.e2e.ingress import InvocationFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doors.setups import Setup
    from tests.soak.ledger import Ledger

__all__ = ["Flows"]

T = TypeVar("T")

KEYS = 10
PAUSE_S = 0.1
#: How long one flow may take, all kills included.
PATIENCE_S = 120
FIRST_AWAKEABLE = 17


class Flows:
    """The flows of one thread.

    Args:
        setup: what serves them.
        ledger: gets what they did.
        path: for the traces of handlers.
        seed: decides what they do.
    """

    def __init__(self, setup: Setup, ledger: Ledger, path: Path, seed: int) -> None:
        self._setup = setup
        self._ledger = ledger
        self._path = path
        self._seed = seed
        self._number = 0
        #: What became of the last attempt to give an answer, for the report of one that never arrives.
        self._last = ""
        self._chance = random.Random(seed)

    def step(self) -> None:
        """Do one thing from start to end."""
        self._number += 1
        chance = self._chance.random()
        if chance < 0.3:
            self._add()
        elif chance < 0.4:
            self._store()
        elif chance < 0.5:
            self._fail()
        else:
            # The links of a gateway need an address of their own.
            self._wait_for_an_answer(is_linked=chance > 0.9 and self._setup.kind != "gateway")

    def _name(self) -> str:
        return f"{self._seed}-{self._number}"

    def _key(self) -> str:
        return f"key{self._chance.randrange(KEYS)}"

    def _add(self) -> None:
        key, number = self._key(), self._chance.randint(1, 9)
        headers = {"idempotency-key": f"add {self._name()}"}
        self._insist(lambda: self._setup.client.call(f"Counter/{key}/add", number, headers=headers))
        self._ledger.add(key, number)

    def _store(self) -> None:
        value = self._name() + "x" * self._chance.choice((10, 10_000, 1_000_000))
        key = f"of {self._seed}"
        headers = {"idempotency-key": f"put {self._name()}"}
        self._insist(lambda: self._setup.client.call(f"Keeper/{key}/put", value, headers=headers))
        stored = self._insist(lambda: self._setup.client.call(f"Keeper/{key}/get"))
        self._ledger.count("values")
        if stored != value:
            self._ledger.complain(f"{self._name()} stored {len(value)} characters and read {stored!r:.80}")

    def _fail(self) -> None:
        reason = f"no {self._name()}"
        headers = {"idempotency-key": f"fail {self._name()}"}
        try:
            answer = self._insist(lambda: self._setup.client.call("Greeter/fail", reason, headers=headers))
            self._ledger.complain(f"{self._name()} should have failed, and answered {answer!r:.80}")
        except InvocationFailed as failed:
            self._ledger.count("failures")
            if failed.message != reason:
                self._ledger.complain(f"{self._name()} failed with {failed}")

    def _wait_for_an_answer(self, *, is_linked: bool) -> None:
        name, key = self._name(), self._key()
        order = {
            "name": name,
            "key": key,
            "pause_ms": self._chance.choice((0, 0, 50, 500)),
            "path": str(self._path),
            "is_linked": is_linked,
        }
        headers = {"idempotency-key": f"flow {name}"}
        invocation = str(self._insist(lambda: self._setup.client.send("Flows/run", order, headers=headers)))
        answer = f"for {name}"
        how = (
            "link" if is_linked else self._chance.choices(("http", "grpc", "inbox", "cli"), (60, 35, 4, 1))[0]
        )
        give: Callable[[str, str], None] = getattr(self, f"_answer_by_{how}")
        deadline = time.monotonic() + PATIENCE_S
        while not self._insist(lambda: self._setup.client.is_completed(invocation)):
            if time.monotonic() > deadline:
                self._ledger.complain(
                    f"{name} ({invocation}, answered by {how}) has not ended in {PATIENCE_S} s: {self._last}"
                )
                return
            self._try(lambda: give(invocation, answer))
            time.sleep(PAUSE_S)
        result = self._insist(lambda: self._setup.client.attach(invocation))
        if result != {"name": name, "answer": answer}:
            self._ledger.complain(f"{name} ({invocation}, answered by {how}) returned {result!r:.200}")
        self._ledger.finish(f"answers by {how}", name, key)

    # Each gives an answer. Whether it arrived shows in the result, and they are called until there is one.

    def _answer_by_http(self, invocation: str, answer: str) -> None:
        self._setup.client.resolve(_awakeable_of(invocation), _json(answer))

    def _answer_by_grpc(self, invocation: str, answer: str) -> None:
        with grpc.insecure_channel(self._setup.grpc) as channel:
            stub = awakeables_pb2_grpc.AwakeablesStub(channel)  # type: ignore[no-untyped-call]
            request = awakeables_pb2.ResolveRequest(id=_awakeable_of(invocation), value=_json(answer))
            stub.Resolve(request, timeout=10)

    def _answer_by_cli(self, invocation: str, answer: str) -> None:
        command = (sys.executable, "-m", "awaken.cli", "resolve", _awakeable_of(invocation))
        at = ("--ingress", self._setup.ingress_url)
        ended = subprocess.run(
            [*command, "--json", _json(answer).decode(), *at],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        self._last = f"exit {ended.returncode}, {ended.stdout}{ended.stderr}"

    def _answer_by_inbox(self, invocation: str, answer: str) -> None:
        page = f"{self._setup.inbox_url}/awakeables/{_awakeable_of(invocation)}"
        # Loading the authorities of TLS would take longer than everything else.
        with httpx.Client(timeout=10, verify=False) as browser:
            form = browser.get(page)
            token = re.search(r'name="form" value="([^"]+)"', form.text)
            if token is None:
                return
            fields = {"form": token.group(1), "do": "resolve", "value": _json(answer).decode()}
            browser.post(page, data=fields)

    def _answer_by_link(self, _: str, answer: str) -> None:
        written = Path(f"{self._path}.{answer.removeprefix('for ')}")
        if written.exists():
            httpx.post(written.read_text(), json=answer, timeout=10, verify=False)

    def _insist(self, ask: Callable[[], T]) -> T:
        """Repeat a request until something answers it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return ask()
            except httpx.TransportError:
                pass
            except InvocationFailed as failed:
                if failed.code != httpx.codes.SERVICE_UNAVAILABLE:
                    raise
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing answered {self._name()} for {PATIENCE_S} s")
            self._ledger.count("repeated requests")
            time.sleep(PAUSE_S)

    def _try(self, give: Callable[[], Any]) -> None:
        try:
            give()
        except (httpx.TransportError, grpc.RpcError, subprocess.TimeoutExpired) as error:
            self._ledger.count("repeated answers")
            self._last = repr(error)


def _awakeable_of(invocation: str) -> str:
    return _core.format_awakeable_id(_core.parse_invocation_id(invocation), FIRST_AWAKEABLE)


def _json(text: str) -> bytes:
    return f'"{text}"'.encode()
