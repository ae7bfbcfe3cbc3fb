"""scripts/capture_vector.py records exchanges in the format of the vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.capture_vector import Recorder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Event = MutableMapping[str, Any]

VECTORS = Path(__file__).parent / "vectors"


ATTEMPTS = {
    f"{path.stem}-{number}": attempt
    for path in sorted(VECTORS.glob("*.json"))
    for number, attempt in enumerate(json.loads(path.read_bytes()).get("attempts", []))
}


@pytest.mark.parametrize("name", ATTEMPTS)
async def test_recorded_steps_are_those_of_the_vector(name: str) -> None:
    attempt = ATTEMPTS[name]
    steps = iter(attempt["steps"])

    async def replay(
        scope: Event, receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]
    ) -> None:
        for step in attempt["steps"]:
            await (receive() if step["direction"] == "to_endpoint" else send(event_of("http.response.body")))

    def event_of(kind: str) -> Event:
        step = next(steps)
        return {"type": kind, "body": bytes.fromhex(step.get("hex", "")), "more_body": "end" not in step}

    async def receive() -> Event:
        return event_of("http.request")

    async def send(event: Event) -> None:
        pass

    recorder = Recorder(replay)
    content_type = f"application/vnd.restate.invocation.v{attempt['version']}".encode()
    scope = {"type": "http", "path": attempt["path"], "headers": [(b"content-type", content_type)]}
    await recorder(scope, receive, send)

    assert recorder.attempts == [attempt]
