"""Callers of a cluster: each repeats its request, through any living node, until a response confirms it."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.cluster.nodes import Cluster

#: After that, another node is asked. A node keeps requests to a partition without a leader open.
ANSWER_TIMEOUT_S: Final = 5
#: A partition is without a leader for about 5 s; more on a busy machine.
INSIST_TIMEOUT_S: Final = 90
PAUSE_S: Final = 0.05
ACCEPTED: Final = 202
ALREADY_INVOKED: Final = 409


class Callers:
    """Any number of callers at once. Every request may be repeated: by its key, or because the second has no effect."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._http = httpx.Client(timeout=ANSWER_TIMEOUT_S)
        self._lock = threading.Lock()
        #: How often which response, or lack of one, made a caller repeat its request.
        self.retries: Counter[str] = Counter()
        #: The longest time in seconds that a caller needed, by kind of request.
        self.slowest: dict[str, float] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def start(self, workflow: str, request: Any) -> str:
        """Start a workflow, given as `Name/key`, and return the id of its invocation."""
        answer = self._insist("start", "POST", f"/{workflow}/run/send", json=request, expected={ACCEPTED})
        return str(answer.json()["invocationId"])

    def resolve(self, awakeable_id: str, body: bytes) -> None:
        """Resolve an awakeable."""
        path = f"/restate/awakeables/{awakeable_id}/resolve"
        self._insist("resolve", "POST", path, content=body, expected={ACCEPTED})

    def add(self, counter: str, idempotency_key: str) -> None:
        """Add 1 to a counter."""
        headers = {"idempotency-key": idempotency_key}
        self._insist("add", "POST", f"/Counter/{counter}/add", json=1, headers=headers)

    def total(self, counter: str) -> int:
        """Return what a counter has."""
        return int(self._insist("total", "POST", f"/Counter/{counter}/total").json())

    def result(self, workflow: str) -> Any:
        """Wait for the end of a workflow and return its result."""
        return self._insist("result", "GET", f"/restate/workflow/{workflow}/attach").json()

    def attach(self, invocation_id: str) -> Any:
        """Wait for the end of an invocation and return its result."""
        return self._insist("attach", "GET", f"/restate/invocation/{invocation_id}/attach").json()

    def start_again(self, workflow: str, request: Any) -> int:
        """Start a workflow that was started before, and return the status of the response."""
        again = self._insist("again", "POST", f"/{workflow}/run", json=request, expected={ALREADY_INVOKED})
        return again.status_code

    def _insist(
        self,
        kind: str,
        method: str,
        path: str,
        *,
        expected: Collection[int] = (httpx.codes.OK,),
        **content: Any,
    ) -> httpx.Response:
        began = time.monotonic()
        reasons: list[str] = []
        while time.monotonic() < began + INSIST_TIMEOUT_S:
            node = random.choice(self._cluster.living)
            try:
                answer = self._http.request(method, node.ingress_url + path, **content)
            except httpx.TransportError as error:
                reasons.append(f"{kind}: {type(error).__name__}")
            else:
                if answer.status_code in expected:
                    self._note(kind, reasons, time.monotonic() - began)
                    return answer
                reasons.append(f"{kind}: {answer.status_code} {answer.text[:200]}")
            time.sleep(PAUSE_S)
        raise TimeoutError(
            f"{method} {path} was not confirmed within {INSIST_TIMEOUT_S} s: {Counter(reasons)}"
        )

    def _note(self, kind: str, reasons: list[str], took_s: float) -> None:
        with self._lock:
            self.retries.update(reasons)
            self.slowest[kind] = max(took_s, self.slowest.get(kind, 0))
