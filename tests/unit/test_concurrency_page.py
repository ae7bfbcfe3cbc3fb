"""The example of docs/how-to/concurrency.md, executed: a replayed invocation, with and without an answer in time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests import frames
from tests.unit.endpoint.fakes import Call

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "concurrency.md"


@pytest.mark.parametrize(
    ("told_first", "answer"),
    [(frames.signal(17, b"false"), b'"declined"'), (frames.sleep_completion(6), b'"desk for 20"')],
)
async def test_example_of_the_page_works(told_first: bytes, answer: bytes) -> None:
    example = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(example[1], str(PAGE), "exec"), names)

    call = Call(names["orders"], "quote")
    journal = [frames.sleep_command(1), frames.sleep_command(2)]
    journal += [frames.sleep_completion(1), frames.sleep_completion(2)]
    journal += [frames.run_command(3, "ask north"), frames.run_command(4, "ask south")]
    journal += [frames.run_completion(3, b"20"), frames.run_completion(4, b"25")]
    journal += [
        frames.run_command(5, "mail"),
        frames.run_completion(5, b""),
        frames.sleep_command(6),
        told_first,
    ]
    call.send(frames.request(b'"desk"', *journal))
    await call.until_ended()

    assert call.answer == ["Output", "End"]
    assert answer in call.exchange.body
